//! Making and changing models, their versions, stages and aliases.
//!
//! Invariant: with `If-Match` a change is made only while the model is as the tag says.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{ModelId, NewModelVersion, Tracker};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{if_match_tag, tag_of, with_tag};
use super::named;
use super::registry_change::{
    BumpName, ModelVersionChange, NewThing, Removal, ThingChange, number_of, selector,
};
use super::registry_form::{ModelForm, ModelVersionForm};
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
        .routes(routes!(move_version))
        .routes(routes!(set_alias, remove_alias))
}

/// A new version of a model.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewModelVersionForm {
    /// The artifacts it is made of, by their ids.
    pub artifacts: Vec<String>,
    /// Where it comes from: a URI or a path.
    pub source: Option<String>,
    /// The run that made it.
    pub run: Option<String>,
    /// What can load it.
    pub flavour: Option<String>,
    /// What goes in and out.
    pub signature: Option<Value>,
    /// What else is said of it.
    pub metadata: Option<Value>,
    /// Its semantic version.
    pub version: Option<String>,
    /// Which part of the last semantic version is counted up for it instead.
    pub bump: Option<BumpName>,
    /// What it is.
    pub description: Option<String>,
    /// Its tags. Their keys pick the version.
    pub tags: BTreeMap<String, String>,
}

/// Where a version goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageAsk {
    /// The stage.
    pub stage: StageName,
    /// Whether every other version in this stage is archived.
    #[serde(default)]
    pub alone: bool,
}

/// The stages that a version can be in.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub enum StageName {
    /// In none yet.
    None,
    /// It is being tried.
    Staging,
    /// It is in use.
    Production,
    /// It was in use.
    Archived,
}

/// What an alias leads to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasAsk {
    /// The version's number.
    #[schema(minimum = 1)]
    pub version: u64,
}

/// Make a model
#[utoipa::path(post, path = "/models", tag = "models", request_body = NewThing,
    responses((status = 201, description = "it is made", body = ModelForm), Faults))]
async fn create(State(shared): State<Shared>, Body(asked): Body<NewThing>) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let mut new = tracker.new_model(&asked.name);
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

/// Change a model
#[utoipa::path(patch, path = "/models/{model}", tag = "models", request_body = ThingChange,
    params(("model" = String, Path, description = "its name or its id"),
        ("If-Match" = Option<String>, Header, description = "only while this is its ETag")),
    responses((status = 200, description = "as it is now", body = ModelForm), Faults))]
async fn edit(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ThingChange>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let model = tracker.find_model(&name)?;
        let change = change.edit();
        conditional(tracker, model.id(), &headers, || model.change(&change))?;
        told(tracker, model.id())
    })
    .await
}

/// Delete a model
#[utoipa::path(delete, path = "/models/{model}", tag = "models",
    params(("model" = String, Path, description = "its name or its id"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn delete(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let model = shared.tracker().find_model(&name)?;
        Removal::of(model.id().to_string(), ask.dry_run, || model.delete()).map(Json)
    })
    .await
}

/// Take a model back from its deletion
#[utoipa::path(post, path = "/models/{model}/restore", tag = "models",
    params(("model" = String, Path, description = "the name it had")),
    responses((status = 200, description = "as it is now", body = ModelForm), Faults))]
async fn restore(State(shared): State<Shared>, Path(name): Path<String>) -> Answer {
    blocking(move || {
        shared.tracker().restore_model(&name)?;
        let id = shared.tracker().find_model(&name)?.id();
        told(shared.tracker(), id)
    })
    .await
}

/// Add a version to a model
#[utoipa::path(post, path = "/models/{model}/versions", tag = "models", request_body = NewModelVersionForm,
    params(("model" = String, Path, description = "its name or its id")),
    responses((status = 201, description = "it is added", body = ModelVersionForm), Faults))]
async fn add_version(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Body(asked): Body<NewModelVersionForm>,
) -> Answer<(StatusCode, Json<ModelVersionForm>)> {
    blocking(move || {
        let tracker = shared.tracker();
        let model = tracker.find_model(&name)?;
        let added = described(tracker, model.version(), asked)?.add()?;
        let form = ModelVersionForm::from(mltrack::ModelVersionSummary::clone(&added));
        Ok((StatusCode::CREATED, Json(form)))
    })
    .await
}

/// The version as the library takes it.
fn described(
    tracker: &Tracker,
    mut new: NewModelVersion,
    asked: NewModelVersionForm,
) -> Answer<NewModelVersion> {
    for artifact in &asked.artifacts {
        new = new.artifact(artifact.parse().map_err(mltrack::Error::from)?);
    }
    if let Some(source) = asked.source {
        new = new.source(source);
    }
    if let Some(run) = &asked.run {
        new = new.made_by_run(named::run_id(tracker, run)?.key());
    }
    if let Some(flavour) = asked.flavour {
        new = new.flavour(flavour);
    }
    if let Some(signature) = &asked.signature {
        new = new.signature(signature);
    }
    if let Some(metadata) = &asked.metadata {
        new = new.metadata(metadata);
    }
    if let Some(text) = asked.description {
        new = new.description(text);
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
    let tags = asked.tags.into_iter();
    Ok(tags.fold(new, |new, (key, value)| new.tag(key, value)))
}

/// Change a version of a model
#[utoipa::path(patch, path = "/models/{model}/versions/{version}", tag = "models", request_body = ModelVersionChange,
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as champion"),
        ("If-Match" = Option<String>, Header, description = "only while this is the model's ETag")),
    responses((status = 200, description = "the model as it is now", body = ModelForm), Faults))]
async fn edit_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
    Body(change): Body<ModelVersionChange>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let found = tracker.model_version(&selector(&name, &version))?;
        let change = change.edit();
        conditional(tracker, found.model_id(), &headers, || {
            found.change(&change)
        })?;
        told(tracker, found.model_id())
    })
    .await
}

/// Move a version of a model to a stage
#[utoipa::path(post, path = "/models/{model}/versions/{version}/stage", tag = "models", request_body = StageAsk,
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as champion"),
        ("If-Match" = Option<String>, Header, description = "only while this is the model's ETag")),
    responses((status = 200, description = "the model as it is now", body = ModelForm), Faults))]
async fn move_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
    Body(asked): Body<StageAsk>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let found = tracker.model_version(&selector(&name, &version))?;
        let stage = match asked.stage {
            StageName::None => "None",
            StageName::Staging => "Staging",
            StageName::Production => "Production",
            StageName::Archived => "Archived",
        };
        conditional(tracker, found.model_id(), &headers, || {
            if asked.alone {
                found.move_alone_to(stage)
            } else {
                found.move_to(stage)
            }
        })?;
        told(tracker, found.model_id())
    })
    .await
}

/// Remove a version of a model
#[utoipa::path(delete, path = "/models/{model}/versions/{version}", tag = "models",
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as champion"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn remove_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let found = shared.tracker().model_version(&selector(&name, &version))?;
        Removal::of(found.selector(), ask.dry_run, || found.remove()).map(Json)
    })
    .await
}

/// Bring a removed version of a model back
#[utoipa::path(post, path = "/models/{model}/versions/{version}/restore", tag = "models",
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number")),
    responses((status = 200, description = "the model as it is now", body = ModelForm), Faults))]
async fn restore_version(
    State(shared): State<Shared>,
    Path((name, version)): Path<(String, String)>,
) -> Answer {
    blocking(move || {
        let model = shared.tracker().find_model(&name)?;
        model.restore_version(number_of(&version)?)?;
        told(shared.tracker(), model.id())
    })
    .await
}

/// Lead an alias to a version
#[utoipa::path(put, path = "/models/{model}/aliases/{alias}", tag = "models", request_body = AliasAsk,
    params(("model" = String, Path, description = "its name or its id"),
        ("alias" = String, Path, description = "such as champion"),
        ("If-Match" = Option<String>, Header, description = "only while this is the model's ETag")),
    responses((status = 200, description = "the model as it is now", body = ModelForm), Faults))]
async fn set_alias(
    State(shared): State<Shared>,
    Path((name, alias)): Path<(String, String)>,
    headers: HeaderMap,
    Body(asked): Body<AliasAsk>,
) -> Answer {
    blocking(move || {
        let tracker = shared.tracker();
        let model = tracker.find_model(&name)?;
        conditional(tracker, model.id(), &headers, || {
            model.set_alias(&alias, asked.version)
        })?;
        told(tracker, model.id())
    })
    .await
}

/// Take an alias away
#[utoipa::path(delete, path = "/models/{model}/aliases/{alias}", tag = "models",
    params(("model" = String, Path, description = "its name or its id"),
        ("alias" = String, Path, description = "such as champion"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn remove_alias(
    State(shared): State<Shared>,
    Path((name, alias)): Path<(String, String)>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let model = shared.tracker().find_model(&name)?;
        let what = format!("{name}@{alias}");
        Removal::of(what, ask.dry_run, || model.remove_alias(&alias)).map(Json)
    })
    .await
}

/// Makes a change while the model has the tag that `If-Match` names.
fn conditional<T>(
    tracker: &Tracker,
    id: ModelId,
    headers: &HeaderMap,
    change: impl FnOnce() -> mltrack::Result<T>,
) -> Answer<T> {
    let Some(tag) = if_match_tag(headers) else {
        return Ok(change()?);
    };
    let is_so = move |known: &mltrack::ModelSummary| tag_of(&ModelForm::new(known.clone())) == tag;
    let changed = tracker.while_model(id, is_so, change);
    changed.map_err(|error| precondition(error, true))
}

fn told(tracker: &Tracker, id: ModelId) -> Answer<Response> {
    let form = ModelForm::new(tracker.registry().model(&id.to_string())?.item);
    Ok(with_tag(&form, &tag_of(&form)))
}
