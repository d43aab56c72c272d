//! Artifacts: which there are, and their bytes.
//!
//! Invariant: bytes are sent as an attachment whose type no browser guesses, whole or the range that is asked for.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use mltrack::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, at, time_text};
use super::named;
use super::openapi::Bytes;
use super::page::{Page, answer, limit_of, token_of};
use super::registry_change::Removal;
use super::write_experiments::DryAsk;
use crate::blocking::blocking;
use crate::mlflow::{Content, send, take};
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(of_run, put))
        .routes(routes!(get, remove))
        .routes(routes!(restore))
        .routes(routes!(bytes))
}

/// Which artifacts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArtifactsAsk {
    /// Only those of this run.
    pub run: Option<String>,
    /// Only those of runs of this experiment.
    pub experiment: Option<String>,
    /// Only those at this path; `*` and `?` stand for any letters.
    pub path: Option<String>,
    /// Only those of this kind, such as `model` or `image`.
    pub kind: Option<String>,
    /// Every version instead of the newest.
    pub versions: bool,
    /// Removed ones too.
    pub removed: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
    /// Only these members of each, with commas between them.
    pub fields: Vec<String>,
}

/// Where an artifact is put.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PutAsk {
    /// Its path in the run, such as `plots/roc.png`. What is there already gets a new version.
    pub path: String,
}

/// A file that a run has logged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Artifact)]
pub struct ArtifactForm {
    /// Its id.
    pub id: String,
    /// The run.
    pub run: String,
    /// The run's name.
    pub run_name: String,
    /// Its path in the run.
    pub path: String,
    /// Its version, from 1.
    pub version: u32,
    /// What it is: `model`, `image`, `file`, ..
    pub kind: String,
    /// Its media type.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes.
    pub blake3: String,
    /// The step it was logged at.
    pub step: Option<i64>,
    /// Its metadata.
    pub metadata: Option<serde_json::Value>,
    /// The record that logged it.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub logged: String,
    /// Why it was removed, when it was.
    pub removed: Option<String>,
}

/// The artifacts of the store
#[utoipa::path(get, path = "/artifacts", tag = "artifacts", params(ArtifactsAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<ArtifactForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn list(State(shared): State<Shared>, Ask(ask): Ask<ArtifactsAsk>) -> Answer {
    blocking(move || find(&shared, &ask)).await
}

/// The artifacts of a run
#[utoipa::path(get, path = "/runs/{run}/artifacts", tag = "artifacts",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), ArtifactsAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<ArtifactForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn of_run(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(mut ask): Ask<ArtifactsAsk>,
) -> Answer {
    ask.run = Some(name);
    blocking(move || find(&shared, &ask)).await
}

/// Put an artifact into a run
#[utoipa::path(put, path = "/runs/{run}/artifacts", tag = "artifacts",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), PutAsk),
    request_body(content = Bytes, content_type = "application/octet-stream"),
    responses((status = 201, description = "it is stored", body = ArtifactForm), Faults))]
async fn put(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<PutAsk>,
    request: Request,
) -> Answer<(StatusCode, Json<ArtifactForm>)> {
    let known = shared.clone();
    let (place, run, path) = blocking(move || -> Answer<_> {
        let path = mltrack::artifact_path(&ask.path)?;
        let (run, _) = named::run_at(known.tracker(), &name, Moment::Now)?;
        known.tracker().check_takes_artifacts(run.id)?;
        let place = format!("{}/{}/artifacts/{path}", run.experiment, run.id);
        Ok((place, run.id, path))
    })
    .await?;
    take(&shared, place, request).await.map_err(|error| {
        let (code, message) = error.parts();
        Fault::new(code, message)
    })?;
    let stored = blocking(move || shared.tracker().artifact(run, &path)).await?;
    Ok((StatusCode::CREATED, Json(stored.into())))
}

/// An artifact
#[utoipa::path(get, path = "/artifacts/{artifact}", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id")),
    responses((status = 200, description = "what is known of it", body = ArtifactForm), Faults))]
async fn get(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<ArtifactForm>> {
    let found = blocking(move || by_id(&shared, &id)).await?;
    Ok(Json(found.into()))
}

/// Remove an artifact
///
/// It is in no list any more; restoring or undoing brings it back until `gc`.
#[utoipa::path(delete, path = "/artifacts/{artifact}", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn remove(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let artifact = by_id(&shared, &id)?;
        let what = artifact.reference();
        let remove = || Ok(shared.tracker().remove_artifacts(&[artifact])?.lsn());
        Removal::of(what, ask.dry_run, remove).map(Json)
    })
    .await
}

/// Bring a removed artifact back
#[utoipa::path(post, path = "/artifacts/{artifact}/restore", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id")),
    responses((status = 200, description = "as it is now", body = ArtifactForm), Faults))]
async fn restore(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Answer<Json<ArtifactForm>> {
    blocking(move || {
        let artifact = by_id(&shared, &id)?;
        shared.tracker().restore_artifacts(&[artifact])?;
        by_id(&shared, &id).map(|artifact| Json(artifact.into()))
    })
    .await
}

/// The bytes of an artifact
#[utoipa::path(get, path = "/artifacts/{artifact}/bytes", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id"),
        ("Range" = Option<String>, Header, description = "such as bytes=0-1023")),
    responses(
        (status = 200, description = "all of them", content((Bytes = "*/*"))),
        (status = 206, description = "those of the range", content((Bytes = "*/*"))),
        (status = 304, description = "the client has them"),
        Faults,
    ))]
async fn bytes(State(shared): State<Shared>, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let tracker = shared.tracker().clone();
    let found = blocking(move || by_id(&shared, &id)).await?;
    let name = found.path.rsplit('/').next().unwrap_or(&found.path);
    let content = Content {
        name: name.to_owned(),
        media_type: found.media_type.to_string(),
        blob: found.blob,
        len: found.len,
    };
    send(tracker, content, &headers).await.map_err(|error| {
        let (code, message) = error.parts();
        Fault::new(code, message)
    })
}

pub(super) fn by_id(shared: &Shared, id: &str) -> Answer<Artifact> {
    let id = id.parse().map_err(mltrack::Error::from)?;
    Ok(shared.tracker().artifact_by_id(id)?)
}

fn find(shared: &Shared, ask: &ArtifactsAsk) -> Answer {
    let tracker = shared.tracker();
    let mut query = tracker.artifacts().limit(limit_of(ask.limit)?);
    if let Some(run) = &ask.run {
        query = query.run(named::run_id(tracker, run)?);
    }
    if let Some(name) = &ask.experiment {
        query = query.experiment(named::experiment(tracker, name)?.name());
    }
    if let Some(path) = &ask.path {
        query = query.path(path);
    }
    if let Some(kind) = &ask.kind {
        query = query.kind(ArtifactKind::from(kind.as_str()));
    }
    if ask.versions {
        query = query.all_versions();
    }
    if ask.removed {
        query = query.with_removed();
    }
    query = at!(query, Moment::of(ask.at.as_deref())?);
    if let Some(cursor) = &ask.cursor {
        query = query.page(token_of(cursor)?);
    }
    answer(&Page::of(query.fetch()?, ArtifactForm::from), &ask.fields)
}

impl From<Artifact> for ArtifactForm {
    fn from(artifact: Artifact) -> ArtifactForm {
        ArtifactForm {
            id: artifact.id.to_string(),
            run: artifact.run.to_string(),
            run_name: artifact.run_name.to_string(),
            path: artifact.path,
            version: artifact.version,
            kind: artifact.kind.name().to_owned(),
            media_type: artifact.media_type.to_string(),
            bytes: artifact.len,
            blake3: artifact.blob.to_string(),
            step: artifact.step,
            metadata: serde_json::from_str(&artifact.metadata).ok(),
            lsn: artifact.lsn.get(),
            logged: time_text(artifact.logged),
            removed: artifact.removed.map(|removed| removed.why),
        }
    }
}
