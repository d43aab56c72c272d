//! The document that describes the interface to programs: `/api/v1/openapi.json`, `OpenAPI` 3.1.
//!
//! Invariant: it is made from the routes themselves; `docs/openapi.json` is the same text.

use std::sync::OnceLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::OpenApi;

use super::error::{ErrorBody, ErrorCode};
use super::ingest::{Acknowledgement, IngestLine};
use super::live_event::EventForm;
use super::live_tick::Tick;
use crate::shared::Shared;

/// What is true of the interface as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mltrack",
        description = "Experiments, runs and everything about them, over one store. `docs/api.md` tells it with examples.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Acknowledgement, ErrorBody, ErrorCode, EventForm, IngestLine, Tick)),
    servers((url = "/api/v1")),
)]
struct Whole;

/// The document, as it stands in `docs/openapi.json`.
pub fn document() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let (_, paths) = super::parts().split_for_parts();
        let mut whole = Whole::openapi();
        whole.merge(paths);
        let components = whole.components.get_or_insert_default();
        let errors = super::error::described();
        let errors = errors.map(|(name, response)| (name, response.into()));
        components.responses.extend(errors);
        let mut text = whole.to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    })
}

pub fn routes() -> Router<Shared> {
    let answer = || async { ([(header::CONTENT_TYPE, "application/json")], document()) };
    Router::new().route("/openapi.json", get(answer))
}
