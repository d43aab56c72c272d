//! `MLflow`'s REST interface, as its clients of version 3 know it.
//!
//! Invariants: every route is served under `/api` and `/ajax-api` alike; statuses, codes and the texts clients look at
//! are `MLflow`'s; what is not served says so.

mod act;
mod artifact_list;
mod assessment;
mod batch;
mod body_reader;
mod check;
mod clause;
mod dataset_search;
mod direct;
mod error;
mod experiment_search;
mod experiments;
mod get_artifact;
mod history;
mod history_bulk;
mod inputs;
mod kept_histories;
mod logged_model;
mod logged_model_files;
mod logged_model_search;
mod logged_models;
mod message;
mod metrics;
mod model_place;
mod model_source;
mod model_versions;
mod moments;
mod multipart;
mod not_served;
mod otlp;
mod otlp_json;
mod otlp_message;
mod paging;
mod params;
mod pattern;
mod points;
mod presigned;
mod proxy;
mod proxy_file;
mod proxy_path;
mod raw;
mod registered_models;
mod registry_call;
mod registry_check;
mod registry_filter;
mod registry_match;
mod registry_search;
mod registry_tokens;
mod registry_wire;
mod run_search;
mod runs;
mod send_bytes;
mod signed_link;
mod span;
mod tags;
mod trace;
mod trace_delete;
mod trace_filter;
mod trace_links;
mod trace_read;
mod trace_search;
mod trace_table;
mod traces;
mod upload_parts;
mod webhooks;
pub mod wire;

use axum::Router;
use axum::routing::MethodRouter;

use crate::shared::Shared;

pub use check::wrong_type;
pub use direct::Metric;
pub use error::{Answer, MlflowError, Reason};
pub use kept_histories::{KeptHistories, forget};
pub use logged_model::experiment_of_model;
pub use message::Message;
pub use model_place::{Told, source};
pub use proxy::take;
pub use registry_check::{IS_PROMPT, PROMPT_TEXT, PROMPT_TYPE};
pub use send_bytes::{Content, send};
pub use signed_link::{Origin, SIGNED};
pub use trace_table::TraceTable;

/// All of it.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(not_served::routes())
        .merge(batch::routes())
        .merge(experiments::routes())
        .merge(inputs::routes())
        .merge(metrics::routes())
        .merge(params::routes())
        .merge(runs::routes())
        .merge(tags::routes())
        .merge(dataset_search::routes())
        .merge(experiment_search::routes())
        .merge(history::routes())
        .merge(history_bulk::routes())
        .merge(run_search::routes())
        .merge(proxy::routes())
        .merge(artifact_list::routes())
        .merge(get_artifact::routes())
        .merge(logged_models::routes())
        .merge(otlp::routes())
        .merge(traces::routes())
        .merge(registered_models::routes())
        .merge(model_versions::routes())
        .merge(registry_search::routes())
        .merge(webhooks::routes())
        .merge(logged_model_files::routes())
        .merge(multipart::routes())
        .merge(presigned::routes())
}

/// One endpoint of the interface, `path` as in `/2.0/mlflow/runs/get`, under both names it is served by.
pub fn endpoint(
    router: Router<Shared>,
    path: &str,
    methods: MethodRouter<Shared>,
) -> Router<Shared> {
    router
        .route(&format!("/api{path}"), methods.clone())
        .route(&format!("/ajax-api{path}"), methods)
}
