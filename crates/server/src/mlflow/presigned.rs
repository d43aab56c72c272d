//! Links to files, for who shall fetch or put one without a key of the server.
//!
//! Invariants: a link is given for one file and ends; where the bytes are in a bucket that gives links itself, a link to
//! fetch goes there, else it comes back here; what it leads to is checked as by the proxy.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use mltrack::{RunId, Tracker};
use serde_json::{Value, json};

use super::artifact_list::root_of;
use super::check::parse_run_id;
use super::endpoint;
use super::error::{Answer, MlflowError};
use super::logged_model_files::folder_of_model;
use super::message::Message;
use super::proxy::{admit, content_at, take};
use super::proxy_path::{Place, checked, folder_of};
use super::send_bytes::send;
use super::signed_link::{
    Origin, Right, SECONDS_DEFAULT, SECONDS_MAX, SIGNED, Signer, refuse_read_only,
};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// The calls that give links, and what the links lead to.
pub fn routes() -> Router<Shared> {
    let methods = get(fetch).put(put_file);
    let router = Router::new().route(&format!("{SIGNED}/file/{{*path}}"), methods);
    let give = get(link_of_proxy);
    let router = endpoint(router, "/2.0/mlflow-artifacts/presigned/{*path}", give);
    let download = post(link_to_fetch);
    let router = endpoint(
        router,
        "/2.0/mlflow/artifacts/presigned-download-url",
        download,
    );
    let upload = post(link_to_put);
    endpoint(router, "/2.0/mlflow/artifacts/presigned-upload-url", upload)
}

async fn link_of_proxy(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    Origin(origin): Origin,
) -> Answer<Json<Value>> {
    let path = checked(&path)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let (url, len) = link_at(&tracker, &path, &origin, SECONDS_DEFAULT)?;
        Ok(Json(json!({"url": url, "headers": {}, "file_size": len})))
    })
    .await
}

async fn link_to_fetch(
    State(shared): State<Shared>,
    Origin(origin): Origin,
    message: Message,
) -> Answer<Json<Value>> {
    let run = parse_run_id(message.0.text("run_id")?)?;
    let path = checked(message.0.text("path")?)?;
    let seconds = seconds(&message.0)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let path = path_of_run(&tracker, run, &path)?;
        let (url, len) = link_at(&tracker, &path, &origin, seconds)?;
        Ok(Json(json!({"presigned_url": url, "file_size": len})))
    })
    .await
}

async fn link_to_put(
    State(shared): State<Shared>,
    Origin(origin): Origin,
    message: Message,
) -> Answer<Json<Value>> {
    let fields = message.0;
    let given = |name| {
        fields
            .optional_text(name)
            .map(|text| text.unwrap_or_default().to_owned())
    };
    let (run, model) = (given("run_id")?, given("model_id")?);
    if run.is_empty() == model.is_empty() {
        let what = "Exactly one of run_id and model_id must be provided.";
        return Err(MlflowError::invalid(what));
    }
    let path = checked(fields.text("path")?)?;
    let seconds = seconds(&fields)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let path = if model.is_empty() {
            path_of_run(&tracker, parse_run_id(&run)?, &path)?
        } else {
            checked(&format!("{}/{path}", folder_of_model(&tracker, &model)?))?
        };
        admit(&tracker, &Place::of(&tracker, &path)?)?;
        let link = Signer::of(&tracker)?.link(&Right::Put(&path), seconds);
        Ok(Json(json!({"presigned_url": format!("{origin}{link}")})))
    })
    .await
}

/// How long a link lasts.
fn seconds(fields: &Fields) -> Answer<i64> {
    let seconds = fields.optional_integer("expiration")?;
    let seconds = seconds.unwrap_or(SECONDS_DEFAULT);
    if !(1..=SECONDS_MAX).contains(&seconds) {
        let what =
            format!("expiration must be between 1 and {SECONDS_MAX} seconds (got {seconds}).");
        return Err(MlflowError::invalid(what));
    }
    Ok(seconds)
}

/// The path of the proxy of a run's file.
fn path_of_run(tracker: &Tracker, run: RunId, path: &str) -> Answer<String> {
    let root = root_of(tracker, run)?;
    let folder = folder_of(&root).ok_or_else(|| {
        MlflowError::invalid(format!(
            "the artifacts of this run are not here but at {root}"
        ))
    })?;
    checked(&format!("{folder}/{path}"))
}

/// Where a file can be fetched, and how long it is.
fn link_at(tracker: &Tracker, path: &str, origin: &str, seconds: i64) -> Answer<(String, u64)> {
    let content = content_at(tracker, path)?;
    if let Place::Run(run, inside) = Place::of(tracker, path)?
        && let Some(artifact) = tracker.newest_artifact(run, &inside)?
    {
        let lasts = Duration::from_secs(seconds.unsigned_abs());
        match tracker.link_artifact(&artifact, lasts) {
            Ok(link) => return Ok((link.url, content.len)),
            // A folder gives no links: this server does.
            Err(error) if error.code() == mltrack::Code::Unsupported => {}
            Err(error) => return Err(error.into()),
        }
    }
    let link = Signer::of(tracker)?.link(&Right::Get(path), seconds);
    Ok((format!("{origin}{link}"), content.len))
}

async fn fetch(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let path = checked(&path)?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let tracker = shared.tracker().clone();
    let content = blocking(move || {
        Signer::of(&tracker)?.check(&Right::Get(&path), &query)?;
        content_at(&tracker, &path)
    });
    send(shared.tracker().clone(), content.await?, &headers).await
}

async fn put_file(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    request: Request,
) -> Answer<Json<Value>> {
    refuse_read_only(&shared)?;
    let path = checked(&path)?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (tracker, signed) = (shared.tracker().clone(), path.clone());
    blocking(move || Signer::of(&tracker)?.check(&Right::Put(&signed), &query)).await?;
    take(&shared, path, request).await?;
    Ok(Json(json!({})))
}
