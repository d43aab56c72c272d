//! Registered models over the wire: made, renamed, described, tagged, deleted, and their aliases.
//!
//! Invariants: a name is that of one model that is not deleted; a deletion frees it, and is undone like any other.

use axum::Router;
use axum::routing::{delete, get, patch, post};
use mltrack::{Code, Model, ModelId, ModelShelf, ModelSummary};
use serde_json::{Value, json};

use super::registry_call::call;
use super::registry_check::{
    check_alias, check_key, check_name, check_reserved, check_tag, is_prompt as has_prompt_tag,
    number, stage, tags,
};
use super::registry_wire::{is_prompt, latest, live, model_json, version_json, versions};
use super::{Answer, MlflowError, Reason, endpoint, model_source::no_version, registry_check};
use crate::fields::Fields;
use crate::shared::Shared;

/// The endpoints.
pub fn routes() -> Router<Shared> {
    let of_alias = post(call(set_alias))
        .delete(call(delete_alias))
        .get(call(get_by_alias));
    let newest = get(call(latest_versions)).post(call(latest_versions));
    [
        ("create", post(call(create))),
        ("rename", post(call(rename))),
        ("update", patch(call(update))),
        ("delete", delete(call(remove))),
        ("get", get(call(show))),
        ("get-latest-versions", newest),
        ("set-tag", post(call(set_tag))),
        ("delete-tag", delete(call(delete_tag))),
        ("alias", of_alias),
    ]
    .into_iter()
    .fold(Router::new(), |router, (name, methods)| {
        endpoint(
            router,
            &format!("/2.0/mlflow/registered-models/{name}"),
            methods,
        )
    })
}

/// An error of a model that is not there, or whose name is none.
pub fn no_model(name: &str) -> MlflowError {
    match check_name("name", name) {
        Err(error) => error,
        Ok(()) => MlflowError::missing(format!("Registered Model with name={name} not found")),
    }
}

/// Answers from the model of this name.
pub fn with_model<T>(
    shared: &Shared,
    name: &str,
    look: impl FnOnce(ModelShelf<'_>, &ModelSummary) -> Answer<T>,
) -> Answer<T> {
    shared.tracker().with_models(|shelf| {
        let model = shelf.named(name).ok_or_else(|| no_model(name))?;
        look(shelf, model)
    })?
}

/// A handle to the model of this name.
pub fn handle(shared: &Shared, name: &str) -> Answer<Model> {
    let id = with_model(shared, name, |_, model| Ok(model.id))?;
    Ok(shared.tracker().model_by_id(id))
}

/// A model in an answer.
fn answered(shared: &Shared, id: ModelId) -> Answer<Value> {
    let model = shared.tracker().with_models(|shelf| {
        let model = shelf.model(id)?;
        Some(model_json(shelf, model))
    })?;
    Ok(json!({"registered_model": model}))
}

fn create(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let name = fields.text("name")?;
    check_name("name", name)?;
    let tags = tags(fields)?;
    let is_new_prompt = has_prompt_tag(&tags);
    let description = fields.optional_text("description")?.unwrap_or_default();
    let new = shared.tracker().new_model(name).description(description);
    let new = tags
        .into_iter()
        .fold(new, |new, (key, value)| new.tag(key, value));
    match new.create() {
        Ok(model) => answered(shared, model.id()),
        Err(error) if error.code() == Code::Conflict => Err(taken(shared, name, is_new_prompt)),
        Err(error) => Err(error.into()),
    }
}

/// An error of a name that is taken, which tells models from prompts.
fn taken(shared: &Shared, name: &str, is_new_prompt: bool) -> MlflowError {
    let old = with_model(shared, name, |_, model| Ok(is_prompt(model)));
    let word = |is_prompt: bool| {
        if is_prompt {
            "Prompt"
        } else {
            "Registered Model"
        }
    };
    let new = word(is_new_prompt);
    let text = match old {
        Ok(is_old_prompt) if is_old_prompt != is_new_prompt => format!(
            "Tried to create a {} with name '{name}', but the name is already taken by a {}. MLflow does not allow creating a model and a prompt with the same name.",
            new.to_lowercase(),
            word(is_old_prompt).to_lowercase()
        ),
        _ => format!("{new} (name={name}) already exists."),
    };
    MlflowError::new(Reason::ResourceAlreadyExists, text)
}

fn show(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let name = fields.text("name")?;
    let model = with_model(shared, name, |shelf, model| Ok(model_json(shelf, model)))?;
    Ok(json!({"registered_model": model}))
}

fn rename(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, new_name) = (fields.text("name")?, fields.text("new_name")?);
    check_name("new_name", new_name)?;
    let model = handle(shared, name)?;
    if name != new_name {
        model.rename(new_name).map_err(|error| match error.code() {
            Code::Conflict => {
                let text = format!("Registered Model (name={new_name}) already exists.");
                MlflowError::new(Reason::ResourceAlreadyExists, text)
            }
            _ => error.into(),
        })?;
    }
    answered(shared, model.id())
}

fn update(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let model = handle(shared, fields.text("name")?)?;
    model.describe(fields.optional_text("description")?.unwrap_or_default())?;
    answered(shared, model.id())
}

fn remove(shared: &Shared, fields: &Fields) -> Answer<Value> {
    handle(shared, fields.text("name")?)?.delete()?;
    Ok(json!({}))
}

fn latest_versions(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let name = fields.text("name")?;
    let asked = fields.texts("stages")?;
    with_model(shared, name, |shelf, model| {
        let asked: Answer<Vec<&str>> = asked.into_iter().map(stage).collect();
        let mut stages = asked?;
        if stages.is_empty() {
            stages = registry_check::STAGES.to_vec();
        }
        let newest = latest(model, &stages).into_iter();
        let newest: Vec<Value> = newest
            .map(|version| version_json(shelf, model, version, true))
            .collect();
        Ok(if newest.is_empty() {
            json!({})
        } else {
            json!({"model_versions": newest})
        })
    })
}

fn set_tag(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, key) = (fields.text("name")?, fields.text("key")?);
    let value = fields.optional_text("value")?.unwrap_or_default();
    check_tag(key, value)?;
    let model = handle(shared, name)?;
    model.tag(&[(key.to_owned(), value.to_owned())], &[])?;
    Ok(json!({}))
}

fn delete_tag(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, key) = (fields.text("name")?, fields.text("key")?);
    check_key(key)?;
    let (id, has_it) = with_model(shared, name, |_, model| {
        Ok((model.id, model.tags.contains_key(key)))
    })?;
    if has_it {
        let model = shared.tracker().model_by_id(id);
        model.tag(&[], &[key.to_owned()])?;
    }
    Ok(json!({}))
}

fn set_alias(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, alias) = (fields.text("name")?, fields.text("alias")?);
    let number = number(fields)?;
    check_alias(alias)?;
    check_reserved(alias)?;
    let found = shared.tracker().with_models(|shelf| {
        let model = shelf.named(name)?;
        live(model, number).map(|_| model.id)
    })?;
    let id = found.ok_or_else(|| no_version(name, number))?;
    let model = shared.tracker().model_by_id(id);
    model.set_alias(alias, number)?;
    Ok(json!({}))
}

fn delete_alias(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, alias) = (fields.text("name")?, fields.text("alias")?);
    let (id, has_it) = with_model(shared, name, |_, model| {
        Ok((model.id, model.aliases.contains_key(alias)))
    })?;
    if !has_it {
        check_alias(alias)?;
        return Ok(json!({}));
    }
    let model = shared.tracker().model_by_id(id);
    model.remove_alias(alias)?;
    Ok(json!({}))
}

fn get_by_alias(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let (name, alias) = (fields.text("name")?, fields.text("alias")?);
    with_model(shared, name, |shelf, model| {
        let version = if alias.eq_ignore_ascii_case("latest") {
            let newest = versions(model).next_back();
            newest.ok_or_else(|| {
                MlflowError::missing(format!("Latest version not found for model {name}."))
            })?
        } else {
            let number = model.aliases.get(alias);
            let version = number.and_then(|number| live(model, *number));
            version.ok_or_else(|| match check_alias(alias) {
                Err(error) => error,
                Ok(()) => {
                    MlflowError::invalid(format!("Registered model alias {alias} not found."))
                }
            })?
        };
        let version = version_json(shelf, model, version, true);
        Ok(json!({"model_version": version}))
    })
}
