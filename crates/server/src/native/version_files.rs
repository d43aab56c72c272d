//! The files of versions of datasets and models: which they are, and their bytes.
//!
//! Invariants: a path is the one that the file gets when the version is written to a folder; bytes are sent as those of
//! artifacts are, and only of files that the version has.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use mltrack::{StoredFile, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::openapi::Bytes;
use super::page::{Page, limit_of};
use crate::blocking::blocking;
use crate::mlflow::{Content, send};
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(of_dataset))
        .routes(routes!(dataset_bytes))
        .routes(routes!(of_model))
        .routes(routes!(model_bytes))
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FilesAsk {
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
}

/// Which file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileAsk {
    /// Its path, as the list of the version's files tells it.
    pub path: String,
}

/// Files of a version.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionFiles {
    /// The version, whatever selected it: what asks for the next page and for the bytes of just these files.
    pub selector: String,
    /// Where it was added from.
    pub source: String,
    /// The files on this page.
    pub items: Vec<VersionFile>,
    /// How many there are on all pages together.
    pub total: u64,
    /// The last record of the store.
    pub lsn: u64,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A file of a version.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionFile {
    /// Its path.
    pub path: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The BLAKE3 hash of its bytes.
    pub blake3: String,
}

/// A version, and what it consists of.
struct Found {
    selector: String,
    source: String,
    files: Vec<StoredFile>,
}

impl Found {
    fn dataset(tracker: &Tracker, selector: &str) -> Answer<Found> {
        let version = tracker.dataset_version(selector)?;
        Ok(Found {
            selector: version.selector(),
            source: version.source.clone(),
            files: version.checkout_below("")?.list(),
        })
    }

    fn model(tracker: &Tracker, selector: &str) -> Answer<Found> {
        let version = tracker.model_version(selector)?;
        Ok(Found {
            selector: version.selector(),
            source: version.source.clone(),
            files: version.checkout("")?.list(),
        })
    }

    fn page(self, tracker: &Tracker, ask: &FilesAsk) -> Answer<Json<VersionFiles>> {
        let (cursor, limit) = (ask.cursor.as_deref(), limit_of(ask.limit)?);
        let lsn = tracker.experiments().limit(0).fetch()?.lsn;
        let form = |file: StoredFile| VersionFile {
            path: file.path,
            bytes: file.len,
            blake3: file.blob.to_string(),
        };
        let page = Page::cut(self.files, form, lsn, (cursor, limit))?;
        Ok(Json(VersionFiles {
            selector: self.selector,
            source: self.source,
            items: page.items,
            total: page.total,
            lsn: page.lsn,
            next: page.next,
        }))
    }

    fn content(self, path: &str) -> Answer<Content> {
        let file = self.files.into_iter().find(|file| file.path == path);
        let file = file.ok_or_else(|| {
            Fault::missing(format!("{} has no file {path:?}", self.selector))
                .hint("its files are listed at the same path with files instead of bytes")
        })?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(Content {
            name: name.to_owned(),
            media_type: "application/octet-stream".to_owned(),
            blob: file.blob,
            len: file.len,
        })
    }
}

/// The files of a version of a dataset
#[utoipa::path(get, path = "/datasets/{dataset}/files", tag = "datasets",
    params(("dataset" = String, Path, description = "its name, or a version such as digits@v2"), FilesAsk),
    responses((status = 200, description = "a page of them", body = VersionFiles), Faults))]
async fn of_dataset(
    State(shared): State<Shared>,
    Path(selector): Path<String>,
    Ask(ask): Ask<FilesAsk>,
) -> Answer<Json<VersionFiles>> {
    blocking(move || Found::dataset(shared.tracker(), &selector)?.page(shared.tracker(), &ask))
        .await
}

/// The bytes of a file of a version of a dataset
#[utoipa::path(get, path = "/datasets/{dataset}/bytes", tag = "datasets",
    params(("dataset" = String, Path, description = "its name, or a version such as digits@v2"), FileAsk,
        ("Range" = Option<String>, Header, description = "such as bytes=0-1023")),
    responses(
        (status = 200, description = "all of them", content((Bytes = "*/*"))),
        (status = 206, description = "those of the range", content((Bytes = "*/*"))),
        (status = 304, description = "the client has them"),
        Faults,
    ))]
async fn dataset_bytes(
    State(shared): State<Shared>,
    Path(selector): Path<String>,
    Ask(ask): Ask<FileAsk>,
    headers: HeaderMap,
) -> Answer {
    let tracker = shared.tracker().clone();
    let content =
        blocking(move || Found::dataset(shared.tracker(), &selector)?.content(&ask.path)).await?;
    sent(tracker, content, &headers).await
}

/// The files of a version of a model
#[utoipa::path(get, path = "/models/{model}/files", tag = "models",
    params(("model" = String, Path, description = "its name, or a version such as resnet@champion"), FilesAsk),
    responses((status = 200, description = "a page of them", body = VersionFiles), Faults))]
async fn of_model(
    State(shared): State<Shared>,
    Path(selector): Path<String>,
    Ask(ask): Ask<FilesAsk>,
) -> Answer<Json<VersionFiles>> {
    blocking(move || Found::model(shared.tracker(), &selector)?.page(shared.tracker(), &ask)).await
}

/// The bytes of a file of a version of a model
#[utoipa::path(get, path = "/models/{model}/bytes", tag = "models",
    params(("model" = String, Path, description = "its name, or a version such as resnet@champion"), FileAsk,
        ("Range" = Option<String>, Header, description = "such as bytes=0-1023")),
    responses(
        (status = 200, description = "all of them", content((Bytes = "*/*"))),
        (status = 206, description = "those of the range", content((Bytes = "*/*"))),
        (status = 304, description = "the client has them"),
        Faults,
    ))]
async fn model_bytes(
    State(shared): State<Shared>,
    Path(selector): Path<String>,
    Ask(ask): Ask<FileAsk>,
    headers: HeaderMap,
) -> Answer {
    let tracker = shared.tracker().clone();
    let content =
        blocking(move || Found::model(shared.tracker(), &selector)?.content(&ask.path)).await?;
    sent(tracker, content, &headers).await
}

async fn sent(tracker: Tracker, content: Content, headers: &HeaderMap) -> Answer {
    send(tracker, content, headers).await.map_err(|error| {
        let (code, message) = error.parts();
        Fault::new(code, message)
    })
}
