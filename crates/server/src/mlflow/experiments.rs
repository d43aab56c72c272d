//! Experiments: made, looked at, renamed, tagged, deleted and brought back.
//!
//! Invariant: the name of a deleted experiment stays taken here, so that it can always be brought back.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use mltrack::{Code, ExperimentFacts, ExperimentId, Tracker};
use serde_json::json;

use super::check;
use super::error::{Answer, MlflowError, Reason};
use super::message::Message;
use super::{endpoint, wire};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

const NAME_LEN_MAX: usize = 500;
const TAG_LEN_MAX: usize = 5000;

/// The routes of experiments that are no searches.
pub fn routes() -> Router<Shared> {
    let parts = [
        ("get", get(show)),
        ("get-by-name", get(show_by_name)),
        ("create", post(create)),
        ("delete", post(delete)),
        ("restore", post(restore)),
        ("update", post(update)),
        ("set-experiment-tag", post(set_tag)),
        ("delete-experiment-tag", post(delete_tag)),
    ];
    parts
        .into_iter()
        .fold(Router::new(), |router, (name, methods)| {
            endpoint(router, &format!("/2.0/mlflow/experiments/{name}"), methods)
        })
}

/// The experiment that a request names. It need not exist.
pub fn id_of(fields: &Fields) -> Answer<ExperimentId> {
    parse_id(fields.text("experiment_id")?)
}

/// The experiment with this id. It need not exist.
pub fn parse_id(text: &str) -> Answer<ExperimentId> {
    text.parse().map_err(|_| {
        let what =
            format!("Invalid experiment ID '{text}'. Experiment ID must be a valid integer.");
        MlflowError::invalid(what)
    })
}

/// What an experiment is, or the error that there is none.
pub fn facts(tracker: &Tracker, id: ExperimentId) -> Answer<ExperimentFacts> {
    tracker
        .experiment_facts(id)
        .map_err(|error| match error.code() {
            Code::NotFound => no_experiment(id),
            _ => error.into(),
        })
}

fn no_experiment(id: ExperimentId) -> MlflowError {
    MlflowError::missing(format!("No Experiment with id={id} exists"))
}

/// The same for one that must not be deleted.
pub fn active(tracker: &Tracker, id: ExperimentId) -> Answer<ExperimentFacts> {
    let known = facts(tracker, id)?;
    if known.is_deleted {
        return Err(not_active(id));
    }
    Ok(known)
}

/// The error for a deleted experiment.
pub fn not_active(id: ExperimentId) -> MlflowError {
    MlflowError::invalid(format!(
        "The experiment {id} must be in the 'active' state. Current state is deleted."
    ))
}

async fn show(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let known = facts(shared.tracker(), id_of(&fields)?)?;
        Ok(one(&known))
    })
    .await
}

async fn show_by_name(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let name = fields.text("experiment_name")?;
        let known = of_name(shared.tracker(), name)?;
        let missing =
            || MlflowError::missing(format!("Could not find experiment with name '{name}'"));
        Ok(one(&known.ok_or_else(missing)?))
    })
    .await
}

fn one(known: &ExperimentFacts) -> Response {
    wire::answer(&json!({"experiment": wire::experiment_facts_json(known)}))
}

fn of_name(tracker: &Tracker, name: &str) -> Answer<Option<ExperimentFacts>> {
    match tracker.experiment_facts_of_name(name) {
        Ok(known) => Ok(Some(known)),
        Err(error) if error.code() == Code::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn create(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let name = fields.text("name")?;
        let location = fields.optional_text("artifact_location")?;
        let location = location.filter(|location| !location.is_empty());
        location.map_or(Ok(()), check_location)?;
        let location = location.map(absolute);
        check::length("name", name, NAME_LEN_MAX)?;
        let tracker = shared.tracker();
        refuse_taken(tracker, name)?;
        let mut new = tracker.new_experiment(name);
        for (key, value) in check::pairs(&fields, "tags")? {
            check::not_ours(key)?;
            check::length("value", value, TAG_LEN_MAX)?;
            new = new.tag(key, value);
        }
        if let Some(location) = &location {
            new = new.tag(wire::ARTIFACT_LOCATION, location.as_str());
        }
        let made = new.create().map_err(|error| match error.code() {
            Code::Conflict => exists(name),
            _ => error.into(),
        })?;
        if let Some(root) = shared
            .options()
            .artifact_root
            .as_deref()
            .filter(|_| location.is_none())
        {
            let place = format!("{}/{}", root.trim_end_matches('/'), made.id());
            made.set_tag(wire::ARTIFACT_LOCATION, &place)?;
        }
        Ok(wire::answer(
            &json!({"experiment_id": made.id().to_string()}),
        ))
    })
    .await
}

/// A place by which everybody means the same: a folder is below the one that the server was started in.
fn absolute(location: &str) -> String {
    if location.contains(':') {
        return location.to_owned();
    }
    let absolute = std::path::absolute(location);
    absolute.map_or_else(|_| location.to_owned(), |path| path.display().to_string())
}

/// A place for artifacts is a plain folder or address.
fn check_location(location: &str) -> Answer<()> {
    if location.starts_with("runs:") {
        return Err(MlflowError::invalid(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    if location.contains(['#', ';']) {
        let what = "'artifact_location' URL can't include fragments or params.";
        return Err(MlflowError::invalid(what));
    }
    if location
        .split_once('?')
        .is_some_and(|(_, query)| query.contains(".."))
    {
        return Err(MlflowError::invalid(
            "Invalid query string: it must not lead upwards",
        ));
    }
    check::length("artifact_location", location, 2048)
}

fn exists(name: &str) -> MlflowError {
    let what = format!("Experiment(name={name}) already exists.");
    MlflowError::new(Reason::ResourceAlreadyExists, what)
}

fn refuse_taken(tracker: &Tracker, name: &str) -> Answer<()> {
    match of_name(tracker, name)? {
        Some(_) => Err(exists(name)),
        None => Ok(()),
    }
}

async fn delete(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = id_of(&fields)?;
        if facts(shared.tracker(), id)?.is_deleted {
            return Err(no_experiment(id));
        }
        shared.tracker().experiment_by_id(id)?.delete()?;
        Ok(wire::nothing())
    })
    .await
}

async fn restore(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let id = id_of(&fields)?;
        if !facts(shared.tracker(), id)?.is_deleted {
            return Err(no_experiment(id));
        }
        shared.tracker().experiment_by_id(id)?.restore()?;
        Ok(wire::nothing())
    })
    .await
}

async fn update(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let (id, name) = (id_of(&fields)?, fields.text("new_name")?);
        check::length("name", name, NAME_LEN_MAX)?;
        let tracker = shared.tracker();
        let known = facts(tracker, id)?;
        if known.is_deleted {
            let what = "Cannot rename a non-active experiment.";
            return Err(MlflowError::new(Reason::InvalidState, what));
        }
        if known.name != name {
            refuse_taken(tracker, name)?;
            tracker.experiment_by_id(id)?.edit().name(name).save()?;
        }
        Ok(wire::nothing())
    })
    .await
}

async fn set_tag(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let (id, key) = (id_of(&fields)?, fields.text("key")?);
        let value = fields.optional_text("value")?.unwrap_or_default();
        check::name(key, || "key".into())?;
        check::not_ours(key)?;
        check::length("key", key, check::KEY_LEN_MAX)?;
        check::length("value", value, TAG_LEN_MAX)?;
        active(shared.tracker(), id)?;
        let experiment = shared.tracker().experiment_by_id(id)?;
        experiment.set_tag(key, value)?;
        Ok(wire::nothing())
    })
    .await
}

async fn delete_tag(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let (id, key) = (id_of(&fields)?, fields.text("key")?);
        let known = active(shared.tracker(), id)?;
        if !known.tags.contains_key(key) || key.starts_with(wire::HIDDEN) {
            return Err(MlflowError::missing(format!(
                "No tag with name: {key} in experiment with id {id}"
            )));
        }
        shared.tracker().experiment_by_id(id)?.remove_tag(key)?;
        Ok(wire::nothing())
    })
    .await
}
