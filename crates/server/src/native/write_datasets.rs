//! Making and changing datasets and their versions.
//!
//! Invariant: with `If-Match` a change is made only while the dataset is as the tag says.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{DatasetId, NewDatasetVersion, Tracker};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{if_match_tag, tag_of, with_tag};
use super::named;
use super::registry_change::{
    BumpName, DatasetVersionChange, NewThing, Removal, ThingChange, number_of, selector,
};
use super::registry_form::{DatasetForm, DatasetVersionForm};
use super::write_experiments::{DryAsk, precondition};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(edit, delete))
        .routes(routes!(restore))
        .routes(routes!(add_version))
        .routes(routes!(edit_version, remove_version))
        .routes(routes!(restore_version))
}

/// A new version of a dataset: files that come with it, or a reference to where they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewDatasetVersionForm {
    /// Its files by name, as text. They are stored.
    pub files: BTreeMap<String, String>,
    /// Where its content is, or where it comes from.
    pub source: Option<String>,
    /// What tells its content from others, when the content is elsewhere; with a source and without files.
    pub digest: Option<String>,
    /// Its semantic version.
    pub version: Option<String>,
    /// Which part of the last semantic version is counted up for it instead.
    pub bump: Option<BumpName>,
    /// How many rows it has.
    pub rows: Option<u64>,
    /// How many bytes it has, when the content is elsewhere.
    pub bytes: Option<u64>,
    /// Its schema.
    pub schema: Option<Value>,
    /// What its columns hold.
    pub profile: Option<Value>,
    /// What it was derived from: versions such as `raw@v2`.
    pub parents: Vec<String>,
    /// How it was derived.
    pub transformation: Option<String>,
    /// The run that made it.
    pub run: Option<String>,
    /// Its tags. Their keys pick the version.
    pub tags: BTreeMap<String, String>,
}

/// Make a dataset
#[utoipa::path(post, path = "/datasets", tag = "datasets", request_body = NewThing,
    responses((status = 201, description = "it is made", body = DatasetForm), Faults))]
async fn create(State(shared): State<Shared>, Body(asked): Body<NewThing>) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let mut new = tracker.new_dataset(&asked.name);
        if let Some(text) = asked.description {
            new = new.description(text);
        }
        for (key, value) in asked.tags {
            new = new.tag(key, value);
        }
        let id = new.create()?.id();
        Ok((StatusCode::CREATED, told(tracker, id)?).into_response())
    })
    .await
}

/// Change a dataset
#[utoipa::path(patch, path = "/datasets/{dataset}", tag = "datasets", request_body = ThingChange,
    params(("dataset" = String, Path, description = "its name or its id"),
        ("If-Match" = Option<String>, Header, description = "only while this is its ETag")),
    responses((status = 200, description = "as it is now", body = DatasetForm), Faults))]
async fn edit(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ThingChange>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let dataset = tracker.find_dataset(&name)?;
        let change = change.edit();
        conditional(tracker, dataset.id(), &headers, || dataset.change(&change))?;
        told(tracker, dataset.id())
    })
    .await
}

/// Delete a dataset
#[utoipa::path(delete, path = "/datasets/{dataset}", tag = "datasets",
    params(("dataset" = String, Path, description = "its name or its id"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn delete(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let dataset = shared.tracker().find_dataset(&name)?;
        Removal::of(dataset.id().to_string(), ask.dry_run, || dataset.delete()).map(Json)
    })
    .await
}

/// Take a dataset back from its deletion
#[utoipa::path(post, path = "/datasets/{dataset}/restore", tag = "datasets",
    params(("dataset" = String, Path, description = "the name it had")),
    responses((status = 200, description = "as it is now", body = DatasetForm), Faults))]
async fn restore(State(shared): State<Shared>, Path(name): Path<String>) -> Answer {
    blocking(move || {
        shared.tracker().restore_dataset(&name)?;
        let id = shared.tracker().find_dataset(&name)?.id();
        told(shared.tracker(), id)
    })
    .await
}

/// Add a version to a dataset
#[utoipa::path(post, path = "/datasets/{dataset}/versions", tag = "datasets", request_body = NewDatasetVersionForm,
    params(("dataset" = String, Path, description = "its name or its id")),
    responses((status = 201, description = "it is added", body = DatasetVersionForm),
        (status = 200, description = "the newest version has this content already", body = DatasetVersionForm), Faults))]
async fn add_version(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Body(asked): Body<NewDatasetVersionForm>,
) -> Answer<(StatusCode, Json<DatasetVersionForm>)> {
    blocking(move || {
        let tracker = shared.tracker();
        let dataset = tracker.find_dataset(&name)?;
        let new = described(tracker, dataset.version(), asked)?;
        let added = new.add()?;
        let status = if added.is_new() {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let form = DatasetVersionForm::from(mltrack::DatasetVersionSummary::clone(&added));
        Ok((status, Json(form)))
    })
    .await
}

/// The version as the library takes it.
fn described(
    tracker: &Tracker,
    mut new: NewDatasetVersion,
    asked: NewDatasetVersionForm,
) -> Answer<NewDatasetVersion> {
    new = match (asked.source, asked.digest) {
        (Some(source), Some(digest)) => new.reference(source, digest),
        (Some(source), None) => new.source(source),
        (None, Some(_)) => {
            return Err(Fault::invalid("a digest without a source says nothing")
                .hint("say where the content is, or send it as files"));
        }
        (None, None) => new,
    };
    for (name, text) in asked.files {
        new = new.bytes(&name, text);
    }
    new = match (asked.version, asked.bump) {
        (Some(_), Some(_)) => {
            let what = "version and bump both say what its semantic version is";
            return Err(Fault::invalid(what).hint("leave one of them out"));
        }
        (Some(version), None) => new.version_name(&version),
        (None, Some(part)) => new.bump(part.into()),
        (None, None) => new,
    };
    if let Some(count) = asked.rows {
        new = new.rows(count);
    }
    if let Some(bytes) = asked.bytes {
        new = new.len(bytes);
    }
    if let Some(schema) = &asked.schema {
        new = new.schema(schema);
    }
    if let Some(profile) = &asked.profile {
        new = new.profile(profile);
    }
    for parent in &asked.parents {
        new = new.derived_from(&tracker.dataset_version(parent)?);
    }
    if let Some(text) = asked.transformation {
        new = new.transformation(text);
    }
    if let Some(run) = &asked.run {
        new = new.made_by_run(named::run_id(tracker, run)?.key());
    }
    Ok(asked
        .tags
        .into_iter()
        .fold(new, |new, (key, value)| new.tag(key, value)))
}

/// Change a version of a dataset
#[utoipa::path(patch, path = "/datasets/{dataset}/versions/{version}", tag = "datasets", request_body = DatasetVersionChange,
    params(("dataset" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as latest"),
        ("If-Match" = Option<String>, Header, description = "only while this is the dataset's ETag")),
    responses((status = 200, description = "the dataset as it is now", body = DatasetForm), Faults))]
async fn edit_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
    Body(change): Body<DatasetVersionChange>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let found = tracker.dataset_version(&selector(&name, &version))?;
        let change = change.edit();
        conditional(tracker, found.dataset_id(), &headers, || {
            found.change(&change)
        })?;
        told(tracker, found.dataset_id())
    })
    .await
}

/// Remove a version of a dataset
#[utoipa::path(delete, path = "/datasets/{dataset}/versions/{version}", tag = "datasets",
    params(("dataset" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as latest"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn remove_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let found = shared
            .tracker()
            .dataset_version(&selector(&name, &version))?;
        Removal::of(found.selector(), ask.dry_run, || found.remove()).map(Json)
    })
    .await
}

/// Bring a removed version of a dataset back
#[utoipa::path(post, path = "/datasets/{dataset}/versions/{version}/restore", tag = "datasets",
    params(("dataset" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number")),
    responses((status = 200, description = "the dataset as it is now", body = DatasetForm), Faults))]
async fn restore_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
) -> Answer {
    blocking(move || {
        let dataset = shared.tracker().find_dataset(&name)?;
        dataset.restore_version(number_of(&version)?)?;
        told(shared.tracker(), dataset.id())
    })
    .await
}

/// Makes a change while the dataset has the tag that `If-Match` names.
fn conditional<T>(
    tracker: &Tracker,
    id: DatasetId,
    headers: &HeaderMap,
    change: impl FnOnce() -> mltrack::Result<T>,
) -> Answer<T> {
    let Some(tag) = if_match_tag(headers) else {
        return Ok(change()?);
    };
    let is_so =
        move |known: &mltrack::DatasetSummary| tag_of(&DatasetForm::new(known.clone())) == tag;
    let changed = tracker.while_dataset(id, is_so, change);
    changed.map_err(|error| precondition(error, true))
}

fn told(tracker: &Tracker, id: DatasetId) -> Answer<Response> {
    let form = DatasetForm::new(tracker.registry().dataset(&id.to_string())?.item);
    Ok(with_tag(&form, &tag_of(&form)))
}
