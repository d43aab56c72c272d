//! What handlers of this interface have in common when they keep things as documents.
//!
//! Invariant: every change names who made it and by which call.

use mltrack::{Documents, ExperimentId};
use serde_json::{Map, Value};

use super::registry_call::NOBODY;
use super::wire::artifact_location;
use super::{Answer, MlflowError, experiments};
use crate::caller::Acting;
use crate::shared::Shared;

/// Documents of a kind, changed by a call: in the name of whoever showed a key, else of nobody that is known.
pub fn documents(shared: &Shared, kind: &str, command: &str) -> Documents {
    let (actor, command) = actor(command);
    shared.tracker().documents(kind).by(&actor, &command)
}

/// Who does what this thread does, and by which command: whoever showed a key by the call that he made, else nobody that
/// is known by this one.
pub fn actor(command: &str) -> (String, String) {
    Acting::current().map_or_else(
        || (NOBODY.to_owned(), command.to_owned()),
        |acting| acting.by().clone(),
    )
}

/// An experiment that things may be added to: where its artifacts are.
pub fn active_experiment(shared: &Shared, text: &str) -> Answer<(ExperimentId, String)> {
    let id = experiments::parse_id(text)?;
    let known = experiments::active(shared.tracker(), id)?;
    Ok((id, artifact_location(id, &known.tags)))
}

/// Pairs of `key` and `value`, as requests write tags.
pub fn pairs(values: &[&Value]) -> Answer<Vec<(String, String)>> {
    let pair = |value: &&Value| {
        let key = value.get("key").and_then(Value::as_str).unwrap_or_default();
        if key.is_empty() {
            return Err(MlflowError::required("key"));
        }
        let value = value
            .get("value")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok((key.to_owned(), value.to_owned()))
    };
    values.iter().map(pair).collect()
}

/// Reads the fields of an object of texts, such as the tags of a trace. What is no text is written as JSON.
pub fn texts(value: Option<&Value>) -> Vec<(String, String)> {
    let empty = Map::new();
    let object = value.and_then(Value::as_object).unwrap_or(&empty);
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    object
        .iter()
        .map(|(key, value)| (key.clone(), text(value)))
        .collect()
}
