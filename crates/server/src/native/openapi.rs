//! The document that describes the interface to programs: `/api/v1/openapi.json`, `OpenAPI` 3.1.
//!
//! Invariant: it is made from the routes themselves; `docs/openapi.json` is the same text.

use std::sync::OnceLock;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{Paths, RefOr, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use super::error::{ErrorBody, ErrorCode};
use super::ingest::{Acknowledgement, IngestLine};
use super::live_event::EventForm;
use super::live_tick::Tick;
use super::verify::VerifyLine;
use crate::access::{Need, need};
use crate::shared::Shared;

/// What is true of the interface as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mltrack",
        description = "Experiments, runs and everything about them, over one store. `docs/api.md` tells it with examples.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(Acknowledgement, ErrorBody, ErrorCode, EventForm, IngestLine, Tick, VerifyLine)),
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
        name_operations(&mut whole.paths);
        let components = whole.components.get_or_insert_default();
        let errors = super::error::described();
        let errors = errors.map(|(name, response)| (name, response.into()));
        components.responses.extend(errors);
        let mut text = whole.to_pretty_json().unwrap_or_default();
        text.push('\n');
        text
    })
}

/// Bytes of any kind.
pub struct Bytes;

impl PartialSchema for Bytes {
    fn schema() -> RefOr<Schema> {
        let bytes = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        bytes.format(Some(format)).into()
    }
}

impl ToSchema for Bytes {}

/// The header that every changing call may have.
fn key_parameter() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some("sent again with the same key, the call is done once"))
        .schema(Some(text))
        .build()
}

/// Names every operation by its method and path, such as `get_runs_run_notes`: no two have the same. Each that changes
/// something may have a key.
fn name_operations(paths: &mut Paths) {
    for (path, item) in &mut paths.paths {
        let words: Vec<&str> = path
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let words = words.join("_");
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else {
                continue;
            };
            operation.operation_id = Some(format!("{method}_{words}"));
            let asked = method.to_uppercase().parse();
            if asked.is_ok_and(|asked| need(&asked, &format!("/api/v1{path}")) > Need::Look) {
                let parameters = operation.parameters.get_or_insert_default();
                parameters.push(key_parameter().into());
            }
        }
    }
}

pub fn routes() -> Router<Shared> {
    let answer = || async { ([(header::CONTENT_TYPE, "application/json")], document()) };
    Router::new().route("/openapi.json", get(answer))
}
