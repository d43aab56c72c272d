//! Whole traces, with their spans: one, several, or as the file that `MLflow` shows.
//!
//! Invariant: a trace counts as whole when it has as many spans as its client said, or any when the client said nothing.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use mltrack::Document;
use serde_json::{Value, json};

use super::span::{content, dumped, spans};
use super::trace::{KIND, Trace};
use super::traces::{not_exported, not_there};
use super::wire::answer;
use super::{Answer, Message, MlflowError, Reason, assessment, endpoint};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// So many traces are answered at once.
const TRACES_MAX: usize = 1000;

/// Their endpoints.
pub fn routes() -> Router<Shared> {
    let router = endpoint(Router::new(), "/3.0/mlflow/traces/get", get(whole));
    let router = endpoint(router, "/3.0/mlflow/traces/batchGet", get(several));
    let router = endpoint(router, "/3.0/mlflow/traces/batchGetInfos", post(infos));
    router
        .route("/ajax-api/2.0/mlflow/get-trace-artifact", get(artifact))
        .route("/ajax-api/3.0/mlflow/get-trace-artifact", get(artifact))
}

async fn whole(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = fields.text("trace_id")?;
        let is_partial = fields.flag("allow_partial")?;
        let document = shared
            .tracker()
            .documents(KIND)
            .get(id)?
            .ok_or_else(|| not_there(id))?;
        let trace = Trace::of(&document)?;
        let spans = spans(&shared, id)?;
        if !is_partial && !is_whole(&trace, &spans) {
            return Err(not_exported(id));
        }
        let trace = with_spans(&shared, id, &trace, &spans)?;
        Ok(answer(&json!({ "trace": trace })))
    })
    .await
}

async fn several(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let mut traces = Vec::new();
        for document in wanted(&shared, &fields)? {
            let (id, trace) = (&document.id, Trace::of(&document)?);
            let spans = spans(&shared, id)?;
            if is_whole(&trace, &spans) {
                traces.push(with_spans(&shared, id, &trace, &spans)?);
            }
        }
        Ok(listed("traces", traces))
    })
    .await
}

async fn infos(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let mut infos = Vec::new();
        for document in wanted(&shared, &fields)? {
            let assessments = assessment::of_trace(&shared, &document.id)?;
            infos.push(Trace::of(&document)?.info(&document.id, assessments));
        }
        Ok(listed("trace_infos", infos))
    })
    .await
}

fn listed(name: &str, values: Vec<Value>) -> axum::response::Response {
    let mut body = json!({});
    if !values.is_empty() {
        body[name] = Value::Array(values);
    }
    answer(&body)
}

/// The traces that a request names and that are there.
fn wanted(shared: &Shared, fields: &Fields) -> Answer<Vec<Document>> {
    let ids = fields.texts("trace_ids")?;
    if ids.is_empty() {
        return Err(MlflowError::required("trace_ids"));
    }
    if ids.len() > TRACES_MAX {
        return Err(MlflowError::invalid(format!(
            "Cannot get more than {TRACES_MAX} traces in a single request. Provided {} traces.",
            ids.len()
        )));
    }
    let mut found = shared.tracker().documents(KIND).get_many(&ids)?;
    let experiments = fields.texts("experiment_ids")?;
    if !experiments.is_empty() {
        found.retain(|document| {
            let trace = Trace::of(document);
            trace.is_ok_and(|trace| experiments.contains(&trace.experiment_id.to_string().as_str()))
        });
    }
    Ok(found)
}

fn is_whole(trace: &Trace, spans: &[Value]) -> bool {
    let wanted = trace.span_count().unwrap_or(1);
    !spans.is_empty() && spans.len() as u64 >= wanted
}

fn with_spans(shared: &Shared, id: &str, trace: &Trace, spans: &[Value]) -> Answer<Value> {
    let info = trace.info(id, assessment::of_trace(shared, id)?);
    Ok(json!({ "trace_info": info, "spans": spans }))
}

/// The spans as the file `traces.json` has them.
async fn artifact(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = fields.optional_text("request_id")?.unwrap_or_default();
        if id.is_empty() {
            let what = "Request must include the \"request_id\" query parameter.";
            return Err(MlflowError::new(Reason::BadRequest, what));
        }
        if fields.get("path").is_some() {
            let what = "Attachments of traces are not served here: get them from the trace's artifact location.";
            return Err(MlflowError::new(Reason::NotImplemented, what));
        }
        if shared.tracker().documents(KIND).get(id)?.is_none() {
            return Err(not_there(id));
        }
        let spans: Vec<Value> = spans(&shared, id)?.iter().map(content).collect();
        let body = dumped(&json!({ "spans": spans }));
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream"),
            (header::CONTENT_DISPOSITION, "attachment; filename=traces.json"),
        ];
        Ok((headers, body).into_response())
    })
    .await
}
