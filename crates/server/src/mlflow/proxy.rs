//! The artifact proxy: `mlflow-artifacts/artifacts/PATH`, which clients put files to and get them from.
//!
//! Invariants: an upload is answered when every byte of it is stored and the event that names it is in the log; one that
//! ends early, or does not fit, leaves nothing that can be found.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::routing::get;
use axum::{Json, Router};
use mltrack::{Artifact, RunId, Tracker};
use serde_json::{Value, json};

use super::body_reader::reader_of;
use super::error::{Answer, MlflowError};
use super::proxy_path::{Place, checked};
use super::send_bytes::{Content, send};
use super::{act, endpoint, proxy_file};
use crate::blocking::blocking;
use crate::shared::Shared;

/// Where the proxy's files are.
pub fn routes() -> Router<Shared> {
    let methods = get(download).put(upload).delete(remove);
    endpoint(
        Router::new(),
        "/2.0/mlflow-artifacts/artifacts/{*path}",
        methods,
    )
}

async fn download(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let path = checked(&path)?;
    let tracker = shared.tracker().clone();
    let content = blocking(move || content_at(&tracker, &path)).await?;
    send(shared.tracker().clone(), content, &headers).await
}

async fn upload(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    request: Request,
) -> Answer<Json<Value>> {
    let path = checked(&path)?;
    take(&shared, path, request).await?;
    Ok(Json(json!({})))
}

async fn remove(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    method: Method,
) -> Answer<Json<Value>> {
    let path = checked(&path)?;
    let by = by(&method, &path);
    let tracker = shared.tracker().clone();
    blocking(move || remove_at(&tracker, &path, &by)).await?;
    Ok(Json(json!({})))
}

/// Stores the body of a request under a path that was checked.
pub async fn take(shared: &Shared, path: String, request: Request) -> Answer<()> {
    let by = by(request.method(), &path);
    let tracker = shared.tracker().clone();
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(len) = declared {
        tracker.check_artifact_len(&path, len)?;
    }
    store_body(tracker, path, by, request.into_body()).await
}

async fn store_body(tracker: Tracker, path: String, by: By, body: Body) -> Answer<()> {
    let (pump, reader) = reader_of(body);
    let stored = blocking(move || {
        let place = Place::of(&tracker, &path)?;
        admit(&tracker, &place)?;
        let stored = tracker.store_bytes(reader)?;
        name(&tracker, &place, &stored, &by)
    });
    let ((), stored) = tokio::join!(pump.run(), stored);
    stored
}

/// Who does it, and by which command: what an event says.
pub type By = (String, String);

/// Who does what a request to a path of the proxy asks for: whoever showed a key, else nobody that is known.
pub fn by(method: &Method, path: &str) -> By {
    act::actor(&format!("{method} mlflow-artifacts/artifacts/{path}"))
}

/// Refuses bytes for what takes none, before any is read.
pub fn admit(tracker: &Tracker, place: &Place) -> Answer<()> {
    match place {
        Place::Run(_, path) if path.is_empty() => Err(MlflowError::invalid("Invalid path")),
        Place::Run(run, _) => takes_artifacts(tracker, *run),
        Place::File(path) if path.is_empty() => Err(MlflowError::invalid("Invalid path")),
        Place::File(_) => Ok(()),
    }
}

fn takes_artifacts(tracker: &Tracker, run: RunId) -> Answer<()> {
    tracker.check_takes_artifacts(run).map_err(|error| {
        if error.code() == mltrack::Code::InvalidState {
            return MlflowError::invalid(format!(
                "The run {run} must be in the 'active' state. Current state is deleted."
            ));
        }
        error.into()
    })
}

/// Says in the log that stored bytes are what is at a place.
pub fn name(
    tracker: &Tracker,
    place: &Place,
    stored: &mltrack::StoredBytes,
    by: &By,
) -> Answer<()> {
    match place {
        Place::Run(run, path) => {
            tracker.log_stored(*run, path, stored, (&by.0, &by.1))?;
            Ok(())
        }
        Place::File(path) => proxy_file::put(tracker, path, stored, by),
    }
}

/// What is to be sent for a path.
pub fn content_at(tracker: &Tracker, path: &str) -> Answer<Content> {
    match Place::of(tracker, path)? {
        Place::Run(run, inside) => content_of(tracker, run, &inside),
        Place::File(path) => file_at(tracker, &path),
    }
}

/// What is to be sent for an artifact of a run.
pub fn content_of(tracker: &Tracker, run: RunId, path: &str) -> Answer<Content> {
    if let Some(artifact) = tracker.newest_artifact(run, path)? {
        return Ok(Content {
            name: last_part(path).to_owned(),
            media_type: artifact.media_type.to_string(),
            blob: artifact.blob,
            len: artifact.len,
        });
    }
    let below = tracker.artifacts().run(run).path(path).limit(1).fetch()?;
    Err(if below.total > 0 {
        folder_at(path)
    } else {
        none_at(path)
    })
}

fn file_at(tracker: &Tracker, path: &str) -> Answer<Content> {
    match proxy_file::find(tracker, path)? {
        Some(content) => Ok(content),
        None if proxy_file::is_folder(tracker, path)? => Err(folder_at(path)),
        None => Err(none_at(path)),
    }
}

fn folder_at(path: &str) -> MlflowError {
    MlflowError::invalid(format!(
        "Artifact path refers to a directory, not a file: '{path}'"
    ))
}

fn none_at(path: &str) -> MlflowError {
    MlflowError::missing(format!("No such artifact: '{path}'"))
}

/// The name of a file without its folders.
pub fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Removes what is at a path or below it; nothing there is nothing to do.
fn remove_at(tracker: &Tracker, path: &str, by: &By) -> Answer<()> {
    let (run, inside) = match Place::of(tracker, path)? {
        Place::Run(run, inside) => (run, inside),
        Place::File(path) => return proxy_file::remove(tracker, &path, by),
    };
    let everything = tracker.artifacts().run(run).all_versions().path(&inside);
    let artifacts: Vec<Artifact> = everything.fetch()?.items;
    if !artifacts.is_empty() {
        tracker.remove_artifacts(&artifacts)?;
    }
    Ok(())
}
