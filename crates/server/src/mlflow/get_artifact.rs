//! Artifacts as `MLflow`'s pages ask for them: by run and path, outside of the proxy, and small files put by a page.
//!
//! Invariant: what is sent and taken here is the same as by the proxy, with the same checks.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};

use super::check::{no_run, parse_run_id};
use super::error::{Answer, MlflowError};
use super::history::run_id;
use super::message::Message;
use super::proxy::{content_of, take};
use super::proxy_path::checked;
use super::send_bytes::send;
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// What a page may put at once.
const UPLOAD_LEN_MAX: u64 = 10 << 20;

/// The endpoints that pages use.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/get-artifact", get(of_run))
        .route("/ajax-api/2.0/mlflow/upload-artifact", post(upload))
}

async fn of_run(State(shared): State<Shared>, headers: HeaderMap, message: Message) -> Answer {
    let run = parse_run_id(run_id(&message.0)?)?;
    let path = checked(message.0.text("path")?)?;
    let tracker = shared.tracker().clone();
    let found = blocking(move || {
        content_of(&tracker, run, &path).map_err(|error| or_no_run(error, &tracker, run))
    });
    let content = found.await?;
    send(shared.tracker().clone(), content, &headers).await
}

/// An unknown run, in the words that clients look at.
fn or_no_run(error: MlflowError, tracker: &mltrack::Tracker, run: mltrack::RunId) -> MlflowError {
    match tracker.experiment_of_run(run, "") {
        Ok(None) => no_run(run),
        _ => error,
    }
}

async fn upload(State(shared): State<Shared>, request: Request) -> Answer<()> {
    let fields = Fields::of_query(request.uri().query().unwrap_or_default());
    let missing = |what: &str| MlflowError::invalid(format!("Request must specify {what}."));
    let run = fields.text("run_uuid").map_err(|_| missing("run_uuid"))?;
    let path = fields.text("path").map_err(|_| missing("path"))?;
    let path = checked(path)?;
    let run = parse_run_id(run)?;
    let tracker = shared.tracker().clone();
    let known = blocking(move || tracker.experiment_of_run(run, "")).await?;
    let (experiment, _) = known.ok_or_else(|| no_run(run))?;
    let body = body_of(request).await?;
    let path = format!("{experiment}/{run}/artifacts/{path}");
    take(&shared, path, body).await
}

/// The same request with its whole body, which is neither empty nor too large.
async fn body_of(request: Request) -> Answer<Request> {
    let (head, body) = request.into_parts();
    let max = usize::try_from(UPLOAD_LEN_MAX).unwrap_or(usize::MAX);
    let bytes = axum::body::to_bytes(body, max)
        .await
        .map_err(|_| MlflowError::invalid("Artifact size is too large. Max size is 10MB."))?;
    if bytes.is_empty() {
        return Err(MlflowError::invalid("Request must specify data."));
    }
    Ok(Request::from_parts(head, bytes.into()))
}
