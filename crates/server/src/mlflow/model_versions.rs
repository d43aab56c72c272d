//! Versions of registered models over the wire: added, described, moved between stages, tagged, removed, and where their
//! bytes are.
//!
//! Invariant: a version that is removed is as if it had never been; its number is not given again.

use axum::Router;
use axum::routing::{delete, get, patch, post};
use mltrack::{ModelShelf, ModelSummary, ModelVersion, ModelVersionSummary};
use serde_json::{Value, json};

use super::model_place::download_uri;
use super::model_source::{no_version, origin};
use super::registered_models::handle;
use super::registry_call::call;
use super::registry_check::{check_key, check_tag, is_prompt, number, stage, tags};
use super::registry_wire::{live, version_json};
use super::{Answer, MlflowError, Reason, endpoint, logged_models};
use crate::fields::Fields;
use crate::shared::Shared;

/// The endpoints.
pub fn routes() -> Router<Shared> {
    [
        ("create", post(call(create))),
        ("update", patch(call(update))),
        ("transition-stage", post(call(transition))),
        ("delete", delete(call(remove))),
        ("get", get(call(show))),
        ("get-download-uri", get(call(place))),
        ("set-tag", post(call(set_tag))),
        ("delete-tag", delete(call(delete_tag))),
    ]
    .into_iter()
    .fold(Router::new(), |router, (name, methods)| {
        endpoint(
            router,
            &format!("/2.0/mlflow/model-versions/{name}"),
            methods,
        )
    })
}

/// Answers from the version that the request names.
fn with_version<T>(
    shared: &Shared,
    fields: &Fields,
    look: impl FnOnce(ModelShelf<'_>, &ModelSummary, &ModelVersionSummary) -> T,
) -> Answer<T> {
    let (name, number) = (fields.text("name")?, number(fields)?);
    let found = shared.tracker().with_models(|shelf| {
        let model = shelf.named(name)?;
        let version = live(model, number)?;
        Some(look(shelf, model, version))
    })?;
    found.ok_or_else(|| no_version(name, number))
}

/// A handle to the version that the request names, and what it looks like now.
fn handle_to(shared: &Shared, fields: &Fields) -> Answer<ModelVersion> {
    let (id, number) = with_version(shared, fields, |_, model, version| {
        (model.id, version.number)
    })?;
    let model = shared.tracker().model_by_id(id);
    Ok(model.select(&format!("v{number}"))?)
}

/// The version that the request names, in an answer.
fn answered(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let version = with_version(shared, fields, |shelf, model, version| {
        version_json(shelf, model, version, true)
    })?;
    Ok(json!({"model_version": version}))
}

fn create(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let name = fields.text("name")?;
    fields.text("source")?;
    let tags = tags(fields)?;
    let description = fields.optional_text("description")?.unwrap_or_default();
    let is_prompt = is_prompt(&tags);
    let origin = origin(shared, fields, is_prompt)?;
    let logged = origin.told.model_id.clone();
    let model = handle(shared, name)?;
    let mut new = model.version().source(&origin.source);
    new = new.description(description);
    for (key, value) in tags {
        new = new.note(key, value);
    }
    if let Some(run) = origin.run {
        new = new.made_by_run(run);
    }
    if let Some(metadata) = origin.told.metadata() {
        new = new.metadata(&metadata);
    }
    let number = new.add()?.number;
    if !is_prompt && !logged.is_empty() {
        logged_models::name_version(shared, &logged, name, number)?;
    }
    let version = shared.tracker().with_models(|shelf| {
        let model = shelf.model(model.id())?;
        let version = model.version(number)?;
        Some(version_json(shelf, model, version, true))
    })?;
    Ok(json!({"model_version": version}))
}

fn show(shared: &Shared, fields: &Fields) -> Answer<Value> {
    answered(shared, fields)
}

fn update(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let description = fields.optional_text("description")?.unwrap_or_default();
    handle_to(shared, fields)?.describe(description)?;
    answered(shared, fields)
}

fn transition(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let asked = fields.text("stage")?;
    let is_alone = fields.flag("archive_existing_versions")?;
    let to = stage(asked)?;
    if is_alone && !matches!(to, "Staging" | "Production") {
        let text = format!(
            "Model version transition cannot archive existing model versions because '{asked}' is not an Active stage. Valid stages are ['Staging', 'Production']"
        );
        return Err(MlflowError::new(Reason::InternalError, text));
    }
    let version = handle_to(shared, fields)?;
    if is_alone {
        version.move_alone_to(to)?;
    } else {
        version.move_to(to)?;
    }
    answered(shared, fields)
}

fn remove(shared: &Shared, fields: &Fields) -> Answer<Value> {
    handle_to(shared, fields)?.remove()?;
    Ok(json!({}))
}

fn place(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let uri = with_version(shared, fields, |shelf, _, version| {
        download_uri(shelf, version)
    })?;
    Ok(json!({"artifact_uri": uri}))
}

fn set_tag(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let key = fields.text("key")?;
    let value = fields.optional_text("value")?.unwrap_or_default();
    check_tag(key, value)?;
    handle_to(shared, fields)?.note(&[(key.to_owned(), value.to_owned())], &[])?;
    Ok(json!({}))
}

fn delete_tag(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let key = fields.text("key")?;
    check_key(key)?;
    let version = handle_to(shared, fields)?;
    if version.tags.contains_key(key) {
        version.note(&[], &[key.to_owned()])?;
    }
    Ok(json!({}))
}
