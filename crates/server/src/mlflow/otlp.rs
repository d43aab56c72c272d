//! Spans sent in the OpenTelemetry protocol over HTTP: `POST /v1/traces`, in protocol buffers or JSON. Who packed the
//! body is nobody's concern here: it comes unpacked.
//!
//! Invariants: a request is kept whole or refused whole, but for one whose spans need several batches; facts of a trace
//! are guessed from spans only where no client has said them.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use mltrack::{Change, ExperimentId};
use serde_json::{Value, json};

use super::otlp_json::read_json;
use super::otlp_message::{DEPTH_MAX, OtlpError, Sent, read_protobuf};
use super::span::{attribute, dumped, message, plain, status};
use super::trace::{
    FINISHED_METADATA, KIND, LOCATION_TAG, RUN_METADATA, SPAN_KIND, SPANS_TAG, Trace, location,
};
use super::{Answer, act, trace_links};
use crate::blocking::blocking;
use crate::shared::Shared;

/// So many spans are taken at once.
const SPANS_MAX: usize = 10_000;
/// Spans of one batch of the log, and their bytes.
const BATCH_COUNT: usize = 4_096;
const BATCH_LEN: usize = 4 << 20;
/// Previews are at most so long, in characters.
const PREVIEW_LEN: usize = 1000;
/// Attributes with this beginning become tags of the trace.
const TAG_PREFIX: &str = "mlflow.traceTag.";

/// The attribute of a resource that names the program.
const SERVICE_NAME: &str = "service.name";
/// The programs whose name pages show.
const SERVICES: [&str; 5] = [
    "claude-code",
    "codex_cli_rs",
    "codex_vscode",
    "gemini-cli",
    "qwen-code",
];

/// The endpoint.
pub fn routes() -> Router<Shared> {
    Router::new().route("/v1/traces", post(export))
}

async fn export(State(shared): State<Shared>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let len_max = shared.options().body_len_max;
    let Ok(bytes) = axum::body::to_bytes(body, len_max).await else {
        let what = format!("The body has more than {len_max} bytes");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, &what);
    };
    blocking(move || taken(&shared, &head.headers, &bytes).unwrap_or_else(|refusal| *refusal)).await
}

fn refused(status: StatusCode, what: &str) -> Response {
    (status, axum::Json(json!({ "detail": what }))).into_response()
}

fn taken(shared: &Shared, headers: &HeaderMap, bytes: &[u8]) -> Result<Response, Box<Response>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bad = |what: &str| Box::new(refused(StatusCode::BAD_REQUEST, what));
    let Some(experiment) = text("x-mlflow-experiment-id") else {
        let what = "The header x-mlflow-experiment-id is required";
        return Err(Box::new(refused(StatusCode::UNPROCESSABLE_ENTITY, what)));
    };
    let kind = text(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let is_json = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => true,
        "application/x-protobuf" => false,
        _ => {
            return Err(bad(&format!(
                "Invalid Content-Type: {kind}. Expected: application/x-protobuf or application/json"
            )));
        }
    };
    let spans = if is_json {
        read_json(bytes)
    } else {
        read_protobuf(bytes)
    };
    let spans = spans.map_err(|error| match error {
        OtlpError::Id => Box::new(refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            &error.to_string(),
        )),
        error => bad(&error.to_string()),
    })?;
    if spans.is_empty() {
        return Err(bad("Invalid OpenTelemetry format - no spans found"));
    }
    if spans.len() > SPANS_MAX {
        return Err(bad(&format!(
            "The request has {} spans, and at most {SPANS_MAX} are taken: send them in several requests",
            spans.len()
        )));
    }
    let run = text("x-mlflow-run-id").filter(|run| !run.is_empty());
    keep(shared, experiment, run, spans).map_err(|error| Box::new(error.into_response()))?;
    // The answer that says that everything was taken is an empty message.
    Ok(if is_json {
        ([(header::CONTENT_TYPE, "application/json")], "{}").into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/x-protobuf")], "").into_response()
    })
}

fn keep(shared: &Shared, experiment: &str, run: Option<&str>, spans: Vec<Sent>) -> Answer<()> {
    let (experiment, place) = act::active_experiment(shared, experiment)?;
    let mut traces: BTreeMap<String, Vec<Sent>> = BTreeMap::new();
    let mut documents = Vec::with_capacity(spans.len());
    for mut span in spans {
        let trace = format!("tr-{}", span.trace);
        complete(&mut span.body, &trace);
        if span.is_root {
            name_service(&mut span);
        }
        documents.push((format!("{trace}/{}", span.span), span.body.to_string()));
        traces.entry(trace).or_default().push(span);
    }
    put(shared, documents)?;
    for (id, spans) in &traces {
        let told = Told::of(spans);
        let place = location(&place, id);
        act::documents(shared, KIND, "POST v1/traces").update(id, |known| {
            let known = known.and_then(|known| Trace::of(known).ok());
            let mut trace = known.unwrap_or_else(|| told.begin(experiment, &place));
            told.add_to(&mut trace, run);
            Ok(Change::Put(trace.body()))
        })?;
        trace_links::settle(shared, id)?;
    }
    Ok(())
}

fn put(shared: &Shared, documents: Vec<(String, String)>) -> Answer<()> {
    let kept = act::documents(shared, SPAN_KIND, "POST v1/traces");
    let (mut batch, mut len) = (Vec::new(), 0);
    for document in documents {
        let next = document.0.len() + document.1.len();
        if !batch.is_empty() && (batch.len() == BATCH_COUNT || len + next > BATCH_LEN) {
            kept.put_many(std::mem::take(&mut batch))?;
            len = 0;
        }
        len += next;
        batch.push(document);
    }
    kept.put_many(batch)?;
    Ok(())
}

/// Names the trace in the span, and unfolds inputs and outputs that were sent as JSON texts. One that is nested too deep
/// stays a text.
fn complete(span: &mut Value, trace: &str) {
    let Some(attributes) = span["attributes"].as_array_mut() else {
        return;
    };
    attributes.retain(|attribute| attribute["key"] != "mlflow.traceRequestId");
    for attribute in attributes.iter_mut() {
        let is_folded =
            attribute["key"] == "mlflow.spanInputs" || attribute["key"] == "mlflow.spanOutputs";
        let text = attribute["value"]["string_value"]
            .as_str()
            .filter(|_| is_folded);
        let unfolded = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(value) = unfolded.filter(|value| (1..=DEPTH_MAX).contains(&depth(value))) {
            attribute["value"] = message(&value);
        }
    }
    attributes.push(json!({ "key": "mlflow.traceRequestId", "value": { "string_value": trace } }));
}

/// How deep lists and objects are nested; nothing for what is neither.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(pairs) => 1 + pairs.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Notes on a first span by which of the programs that pages know it was sent.
fn name_service(span: &mut Sent) {
    let name = span.resource.iter().find(|(key, _)| key == SERVICE_NAME);
    let Some(name) = name.map(|(_, value)| text(&plain(value))) else {
        return;
    };
    if let Some(attributes) = span.body["attributes"].as_array_mut()
        && SERVICES.contains(&name.as_str())
    {
        attributes.retain(|attribute| attribute["key"] != SERVICE_NAME);
        attributes.push(json!({ "key": SERVICE_NAME, "value": { "string_value": name } }));
    }
}

/// What the spans of one trace say about it.
#[derive(Debug, Default)]
struct Told {
    begin_ms: i64,
    end_ms: Option<i64>,
    root_state: Option<&'static str>,
    request: Option<String>,
    response: Option<String>,
    metadata: Vec<(&'static str, String)>,
    tags: Vec<(String, String)>,
}

impl Told {
    fn of(spans: &[Sent]) -> Told {
        let time = |span: &Sent, name: &str| Some((span.body[name].as_u64()? / 1_000_000) as i64);
        let begin = spans
            .iter()
            .filter_map(|span| time(span, "start_time_unix_nano"))
            .min();
        let mut told = Told {
            begin_ms: begin.unwrap_or(0),
            end_ms: spans
                .iter()
                .filter_map(|span| time(span, "end_time_unix_nano"))
                .max(),
            ..Told::default()
        };
        for span in spans {
            told.add_attributes(&span.body);
        }
        if let Some(root) = spans.iter().find(|span| span.is_root) {
            told.add_root(&root.body);
        }
        let resource = spans.iter().find(|span| !span.resource.is_empty());
        for (key, value) in resource.into_iter().flat_map(|span| &span.resource) {
            if !key.starts_with("telemetry.sdk.") && !key.starts_with("mlflow.") {
                told.tags.push((key.clone(), text(&plain(value))));
            }
        }
        told
    }

    fn add_attributes(&mut self, span: &Value) {
        let wanted = [
            (
                "mlflow.trace.session",
                ["session.id", "gen_ai.conversation.id"].as_slice(),
            ),
            ("mlflow.trace.user", ["user.id"].as_slice()),
        ];
        for (name, keys) in wanted {
            if self.metadata.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(value) = keys.iter().find_map(|key| attribute(span, key)) {
                self.metadata.push((name, text(&value)));
            }
        }
    }

    fn add_root(&mut self, root: &Value) {
        self.root_state = Some(if status(root) == "ERROR" {
            "ERROR"
        } else {
            "OK"
        });
        let preview = |key: &str| {
            let full = dumped(&attribute(root, key)?);
            Some(match full.char_indices().nth(PREVIEW_LEN - 3) {
                Some((at, _)) if full.chars().count() > PREVIEW_LEN => {
                    format!("{}...", &full[..at])
                }
                _ => full,
            })
        };
        self.request = preview("mlflow.spanInputs");
        self.response = preview("mlflow.spanOutputs");
        for attribute in root["attributes"].as_array().into_iter().flatten() {
            let key = attribute["key"].as_str().unwrap_or_default();
            if let Some(tag) = key.strip_prefix(TAG_PREFIX) {
                self.tags
                    .push((tag.to_owned(), text(&plain(&attribute["value"]))));
            }
        }
    }

    fn begin(&self, experiment: ExperimentId, place: &str) -> Trace {
        Trace {
            experiment_id: experiment.0,
            request_time_ms: self.begin_ms,
            execution_ms: self.end_ms.map(|end| end - self.begin_ms),
            state: "IN_PROGRESS".to_owned(),
            tags: BTreeMap::from([(LOCATION_TAG.to_owned(), place.to_owned())]),
            ..Trace::default()
        }
    }

    fn add_to(&self, trace: &mut Trace, run: Option<&str>) {
        if !trace.metadata.contains_key(FINISHED_METADATA) {
            let known_end = trace
                .execution_ms
                .map(|duration| trace.request_time_ms + duration);
            trace.request_time_ms = trace.request_time_ms.min(self.begin_ms);
            let end = known_end.max(self.end_ms);
            trace.execution_ms = end.map(|end| end - trace.request_time_ms);
        }
        if let Some(state) = self.root_state
            && matches!(trace.state.as_str(), "IN_PROGRESS" | "STATE_UNSPECIFIED")
        {
            state.clone_into(&mut trace.state);
        }
        trace.request_preview = trace
            .request_preview
            .take()
            .or_else(|| self.request.clone());
        trace.response_preview = trace
            .response_preview
            .take()
            .or_else(|| self.response.clone());
        for (name, value) in &self.metadata {
            trace
                .metadata
                .entry((*name).to_owned())
                .or_insert_with(|| value.clone());
        }
        trace
            .tags
            .insert(SPANS_TAG.to_owned(), "TRACKING_STORE".to_owned());
        trace.tags.extend(self.tags.iter().cloned());
        if let Some(run) = run {
            trace
                .metadata
                .entry(RUN_METADATA.to_owned())
                .or_insert_with(|| run.to_owned());
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| dumped(value), str::to_owned)
}
