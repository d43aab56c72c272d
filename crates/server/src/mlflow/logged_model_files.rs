//! The files of logged models and of versions of registered models, as pages ask for them.
//!
//! Invariant: where they are is what the model says, and they are sent and listed as by the proxy.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use mltrack::Tracker;
use serde_json::Value;

use super::artifact_list::{after, entries_at, page, root_of};
use super::check::parse_run_id;
use super::endpoint;
use super::error::{Answer, MlflowError, Reason};
use super::logged_model::{KIND, LoggedModel, not_found};
use super::message::Message;
use super::model_source::no_version;
use super::proxy::content_at;
use super::proxy_path::{checked, folder_of};
use super::send_bytes::send;
use crate::blocking::blocking;
use crate::shared::Shared;

/// Where files of models are.
pub fn routes() -> Router<Shared> {
    let router = Router::new()
        .route("/model-versions/get-artifact", get(of_version))
        .route(
            "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
            get(of_model),
        );
    endpoint(
        router,
        "/2.0/mlflow/logged-models/{model_id}/artifacts/directories",
        get(list_of_model),
    )
}

async fn of_model(
    State(shared): State<Shared>,
    Path(model): Path<String>,
    headers: HeaderMap,
    message: Message,
) -> Answer {
    let path = message.0.optional_text("artifact_file_path")?;
    let path = path.filter(|path| !path.is_empty()).ok_or_else(|| {
        let what = "Request must include the \"artifact_file_path\" query parameter.";
        MlflowError::new(Reason::BadRequest, what)
    })?;
    let path = checked(path)?;
    let tracker = shared.tracker().clone();
    let content = blocking(move || {
        let folder = folder_of_model(&tracker, &model)?;
        content_at(&tracker, &checked(&format!("{folder}/{path}"))?)
    });
    send(shared.tracker().clone(), content.await?, &headers).await
}

async fn list_of_model(
    State(shared): State<Shared>,
    Path(model): Path<String>,
    message: Message,
) -> Answer<Json<Value>> {
    let folder = message.0.optional_text("artifact_directory_path")?;
    let folder = checked(folder.unwrap_or_default())?;
    let after = after(message.0.optional_text("page_token")?)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let location = location_of_model(&tracker, &model)?;
        let root = proxied(&location)?;
        let entries = entries_at(&tracker, &checked(&format!("{root}/{folder}"))?)?;
        let mut answer = page(&entries, &folder, after.as_deref());
        answer.insert("root_uri".to_owned(), location.into());
        Ok(Json(Value::Object(answer)))
    })
    .await
}

async fn of_version(State(shared): State<Shared>, headers: HeaderMap, message: Message) -> Answer {
    let model = message.0.text("name")?.to_owned();
    let version = message.0.text("version")?.to_owned();
    let path = checked(message.0.text("path")?)?;
    let tracker = shared.tracker().clone();
    let content = blocking(move || {
        let source = source_of(&tracker, &model, &version)?;
        let folder = folder_of_source(&tracker, &source)?;
        content_at(&tracker, &checked(&format!("{folder}/{path}"))?)
    });
    send(shared.tracker().clone(), content.await?, &headers).await
}

/// Where a logged model says that its files are.
fn location_of_model(tracker: &Tracker, model: &str) -> Answer<String> {
    let found = tracker.documents(KIND).get(model)?;
    let found = found.ok_or_else(|| not_found(model))?;
    Ok(LoggedModel::of(&found)?.artifact_uri)
}

/// The folder of the proxy that has the files of a logged model.
pub fn folder_of_model(tracker: &Tracker, model: &str) -> Answer<String> {
    proxied(&location_of_model(tracker, model)?)
}

/// What a version of a registered model says that it was made of.
fn source_of(tracker: &Tracker, model: &str, version: &str) -> Answer<String> {
    let missing = || no_version(model, version);
    let number: u64 = version.parse().map_err(|_| missing())?;
    let found = tracker.with_models(|shelf| {
        let version = shelf.named(model)?.version(number);
        let version = version.filter(|version| version.removed.is_none())?;
        Some(version.source.clone())
    })?;
    found.ok_or_else(missing)
}

/// The folder of the proxy that a source names: a place of the proxy, a run's folder, or a logged model.
fn folder_of_source(tracker: &Tracker, source: &str) -> Answer<String> {
    if let Some(rest) = source.strip_prefix("runs:/") {
        let (run, inside) = rest.split_once('/').unwrap_or((rest, ""));
        let run = parse_run_id(run)?;
        return Ok(format!("{}/{inside}", proxied(&root_of(tracker, run)?)?));
    }
    match source.strip_prefix("models:/") {
        Some(model) => folder_of_model(tracker, model),
        None => proxied(source),
    }
}

fn proxied(location: &str) -> Answer<String> {
    folder_of(location)
        .map(str::to_owned)
        .ok_or_else(|| MlflowError::invalid(format!("these files are not here but at {location}")))
}
