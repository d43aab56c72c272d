//! Our own interface: `/api/v1`.
//!
//! Invariants: an answer is what the library says, in JSON; an error is one body, with the library's code; the document
//! at `/api/v1/openapi.json` is made from the same lines as the routes, so that neither has what the other lacks.

mod activity;
mod activity_edges;
mod artifact_check;
mod artifacts;
mod ask;
mod axis;
mod bulk;
mod checks;
mod column;
mod columns;
mod columns_form;
mod command;
mod command_child;
mod compare;
mod compare_form;
mod console;
mod curve;
mod curve_bucket;
mod dependences;
mod environments;
mod error;
mod etag;
mod events;
mod experiment_form;
mod experiments;
mod frame;
mod groups;
mod histories;
mod history_form;
mod idempotency;
mod ingest;
mod ingest_key;
mod lines;
mod live;
mod live_event;
mod live_feed;
mod live_tick;
mod live_wish;
mod moment;
mod named;
mod number;
mod openapi;
mod page;
mod placing;
mod preferences;
mod records;
mod registry;
mod registry_change;
mod registry_form;
mod remembered;
mod run_form;
mod run_groups;
mod runs;
mod smooth;
mod spread;
mod store;
mod values;
mod verify;
mod version_check;
mod version_files;
mod views;
mod words;
mod write_datasets;
mod write_experiments;
mod write_models;
mod write_runs;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;

use crate::shared::Shared;

pub use checks::Checks;
pub use live::Live;
pub use moment::{Moment, time_text};
pub use named::{experiment_at, run_at, runs_at};
pub use remembered::Remembered;
pub use verify::LogChecks;

/// The routes below `/api/v1`.
pub fn routes(shared: &Shared) -> Router<Shared> {
    let (router, _) = parts().split_for_parts();
    let router = router
        .merge(openapi::routes())
        // Below the answers to what no route takes: a key is looked at only with a call that could do something.
        .layer(from_fn_with_state(shared.clone(), idempotency::once))
        .fallback(frame::no_path)
        .method_not_allowed_fallback(frame::no_method)
        .layer(from_fn(frame::frame));
    Router::new().nest("/api/v1", router)
}

/// Every route with its part of the document.
fn parts() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(experiments::routes())
        .merge(runs::routes())
        .merge(histories::routes())
        .merge(groups::routes())
        .merge(events::routes())
        .merge(store::routes())
        .merge(activity::routes())
        .merge(records::routes())
        .merge(verify::routes())
        .merge(console::routes())
        .merge(artifacts::routes())
        .merge(artifact_check::routes())
        .merge(registry::routes())
        .merge(version_files::routes())
        .merge(version_check::routes())
        .merge(dependences::routes())
        .merge(values::routes())
        .merge(columns::routes())
        .merge(compare::routes())
        .merge(run_groups::routes())
        .merge(bulk::routes())
        .merge(views::routes())
        .merge(preferences::routes())
        .merge(words::routes())
        .merge(environments::routes())
        .merge(write_experiments::routes())
        .merge(write_runs::routes())
        .merge(write_datasets::routes())
        .merge(write_models::routes())
        .merge(ingest::routes())
        .merge(command::routes())
}
