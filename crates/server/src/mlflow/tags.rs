//! Setting and removing one tag of a run. The tag `mlflow.runName` is the run's name.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mltrack::{RemoteUpdate, RemoteWrite, RunId};
use serde_json::Value;

use super::check::{self, about_run};
use super::error::{Answer, MlflowError};
use super::message::Message;
use super::runs::{self, RUN_NAME};
use super::{endpoint, params, wire};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// The routes of tags of runs.
pub fn routes() -> Router<Shared> {
    let router = endpoint(Router::new(), "/2.0/mlflow/runs/set-tag", post(set));
    let router = endpoint(router, "/2.0/mlflow/runs/log-model", post(log_model));
    endpoint(router, "/2.0/mlflow/runs/delete-tag", post(delete))
}

async fn set(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let id = check::run_id(&fields)?;
    let key = fields.text("key")?;
    let value = fields.optional_text("value")?.unwrap_or_default();
    set_one(&shared, id, key, value)?;
    Ok(wire::nothing())
}

/// Checks a tag and sets it.
pub fn set_one(shared: &Shared, id: RunId, key: &str, value: &str) -> Answer<()> {
    let tag = tag_of(key, value, "")?;
    set_all(shared, id, vec![tag])
}

/// The tag, when it is one; `path` is where a batch has it, empty for one alone. A value that is too long is cut.
pub fn tag_of(key: &str, value: &str, path: &str) -> Answer<(String, String)> {
    let path = match path {
        "" => "key".to_owned(),
        path => format!("{path}.key"),
    };
    check::name(key, || path.clone())?;
    check::not_ours(key)?;
    check::length(&path, key, check::KEY_LEN_MAX)?;
    let value = check::cut(value, check::TAG_LEN_MAX);
    Ok((key.to_owned(), value.to_owned()))
}

/// Sets tags, and the name with its tag.
fn set_all(shared: &Shared, id: RunId, mut tags: Vec<(String, String)>) -> Answer<()> {
    // A run has a name always: what would take it away changes nothing.
    tags.retain(|(key, value)| key != RUN_NAME || !value.is_empty());
    let run = shared.tracker().remote_run(id);
    let run = run.map_err(|error| about_run(id, error))?;
    let update = RemoteUpdate {
        name: new_name(&tags),
        tags,
        ..RemoteUpdate::default()
    };
    run.update(&update).map_err(|error| about_run(id, error))?;
    Ok(())
}

/// The name that tags give a run.
pub fn new_name(tags: &[(String, String)]) -> Option<String> {
    let mut names = tags.iter().rev().filter(|(key, _)| key == RUN_NAME);
    let (_, name) = names.find(|(_, name)| !name.is_empty())?;
    Some(name.clone())
}

/// The tag that lists the models that were logged to a run in the former way.
const MODELS: &str = "mlflow.log-model.history";
const MODEL_FIELDS: [&str; 4] = ["artifact_path", "flavors", "utc_time_created", "run_id"];

async fn log_model(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || add_model(&shared, &fields)).await
}

fn add_model(shared: &Shared, fields: &Fields) -> Answer {
    let id = check::run_id(fields)?;
    let text = fields.text("model_json")?;
    let model: Value = serde_json::from_str(text).map_err(|_| {
        let what = format!("Malformed model info. \n {text} \n is not a valid JSON.");
        MlflowError::invalid(what)
    })?;
    let lacking = MODEL_FIELDS
        .iter()
        .filter(|name| model.get(**name).is_none());
    let lacking: Vec<String> = lacking.map(|name| format!("'{name}'")).collect();
    if !lacking.is_empty() {
        return Err(MlflowError::invalid(format!(
            "Model json is missing mandatory fields: {{{}}}",
            lacking.join(", ")
        )));
    }
    let run = shared.tracker().remote_run(id);
    run.map_err(|error| about_run(id, error))?;
    let known = runs::summary(shared, id)?;
    let models = known.tags.get(MODELS).map(String::as_str);
    let models = models.and_then(|models| serde_json::from_str::<Vec<Value>>(models).ok());
    let mut models = models.unwrap_or_default();
    models.push(model);
    let list = Value::from(models).to_string();
    if list.chars().count() > check::TAG_LEN_MAX {
        // A list that is cut is no list.
        let what = format!("The models of the run {id} are too many for the tag {MODELS}");
        return Err(MlflowError::invalid(what));
    }
    set_all(shared, id, vec![(MODELS.to_owned(), list)])?;
    Ok(wire::nothing())
}

async fn delete(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || remove(&shared, &fields)).await
}

fn remove(shared: &Shared, fields: &Fields) -> Answer {
    let id = check::run_id(fields)?;
    let key = fields.text("key")?;
    let run = shared.tracker().remote_run(id);
    run.map_err(|error| about_run(id, error))?;
    let known = runs::summary(shared, id)?;
    if !known.tags.contains_key(key) || key.starts_with(wire::HIDDEN) {
        return Err(MlflowError::missing(format!(
            "No tag with name: {key} in run with id {id}"
        )));
    }
    let write = RemoteWrite {
        tags_removed: vec![key.to_owned()],
        ..RemoteWrite::default()
    };
    params::write_to(shared, id, &write, |_| String::new())?;
    Ok(wire::nothing())
}
