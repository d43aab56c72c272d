//! What happened, as webhooks tell it: events of the log put into the words of the wire.
//!
//! Invariant: an event says what changed; names and whether a model is a prompt are those of now, so that a receiver
//! finds the thing under the name that it is told.

use std::collections::BTreeMap;

use mltrack::{Event, ModelId, ModelShelf, ModelSummary};
use serde_json::{Map, Value, json};

use super::kind::Kind;
use crate::mlflow::{IS_PROMPT, PROMPT_TEXT, PROMPT_TYPE, Told, source};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// What kind of thing.
    pub kind: Kind,
    /// What is told about it.
    pub data: Value,
}

/// The types of events that may tell anything.
pub const TYPES: [&str; 5] = [
    "model_created",
    "model_edited",
    "model_version_added",
    "model_version_edited",
    "model_alias_set",
];

/// What an event of the log tells. Nothing for one about a model that is not known.
pub fn occurrences(shelf: ModelShelf<'_>, event: &Event) -> Vec<Occurrence> {
    let Some(model) = model_of(event).and_then(|id| shelf.model(id)) else {
        return Vec::new();
    };
    let is_prompt = model
        .tags
        .get(IS_PROMPT)
        .is_some_and(|value| value == "true");
    let told = |of_model: &str, of_prompt: &str, data: Value| {
        let kind = Kind::parse(if is_prompt { of_prompt } else { of_model })?;
        Some(Occurrence { kind, data })
    };
    match event {
        Event::ModelCreated(created) => {
            let data = created_data(model, &created.description, &created.tags, is_prompt);
            told("registered_model.created", "prompt.created", data)
                .into_iter()
                .collect()
        }
        Event::ModelEdited(edited) if is_prompt => {
            let set = edited.set.iter().filter_map(|(key, value)| {
                let data = json!({"name": model.name, "key": key, "value": value});
                told("", "prompt_tag.set", data)
            });
            let removed = edited.remove.iter().filter_map(|key| {
                told(
                    "",
                    "prompt_tag.deleted",
                    json!({"name": model.name, "key": key}),
                )
            });
            set.chain(removed).collect()
        }
        Event::ModelVersionAdded(added) => {
            let data = added_data(shelf, model, added.number, is_prompt);
            let data =
                data.and_then(|data| told("model_version.created", "prompt_version.created", data));
            data.into_iter().collect()
        }
        Event::ModelVersionEdited(edited) => {
            let (name, version) = (&model.name, edited.number.to_string());
            let set = edited.set.iter().filter_map(|(key, value)| {
                let data = json!({"name": name, "version": version, "key": key, "value": value});
                told("model_version_tag.set", "prompt_version_tag.set", data)
            });
            let removed = edited.remove.iter().filter_map(|key| {
                let data = json!({"name": name, "version": version, "key": key});
                told(
                    "model_version_tag.deleted",
                    "prompt_version_tag.deleted",
                    data,
                )
            });
            set.chain(removed).collect()
        }
        Event::ModelAliasSet(set) => {
            let mut data = json!({"name": model.name, "alias": set.alias});
            let occurrence = if let Some(number) = set.number {
                data["version"] = number.to_string().into();
                told("model_version_alias.created", "prompt_alias.created", data)
            } else {
                told("model_version_alias.deleted", "prompt_alias.deleted", data)
            };
            occurrence.into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// What is told of a model that was made.
fn created_data(
    model: &ModelSummary,
    description: &str,
    given: &[(String, String)],
    is_prompt: bool,
) -> Value {
    let hidden: &[&str] = if is_prompt {
        &[IS_PROMPT, PROMPT_TYPE]
    } else {
        &[]
    };
    json!({
        "name": model.name,
        "tags": tags(given.iter().map(|(key, value)| (key, value)), hidden),
        "description": description,
    })
}

fn model_of(event: &Event) -> Option<ModelId> {
    Some(match event {
        Event::ModelCreated(created) => created.model,
        Event::ModelEdited(edited) => edited.model,
        Event::ModelVersionAdded(added) => added.model,
        Event::ModelVersionEdited(edited) => edited.model,
        Event::ModelAliasSet(set) => set.model,
        _ => return None,
    })
}

/// What is told of a new version. Its description stands in the record behind, so it is that of now.
fn added_data(
    shelf: ModelShelf<'_>,
    model: &ModelSummary,
    number: u64,
    is_prompt: bool,
) -> Option<Value> {
    let version = model.version(number)?;
    let description = Some(&version.description).filter(|text| !text.is_empty());
    let pairs = |tags: &BTreeMap<String, String>, hidden: &[&str]| self::tags(tags.iter(), hidden);
    let mut data = json!({
        "name": model.name,
        "version": number.to_string(),
        "description": description,
    });
    if is_prompt {
        data["template"] = json!(version.tags.get(PROMPT_TEXT));
        data["tags"] = pairs(&version.tags, &[IS_PROMPT, PROMPT_TYPE, PROMPT_TEXT]);
        return Some(data);
    }
    let run = version.run.and_then(|run| shelf.run(run));
    let run_id = run.map_or_else(|| Told::of(version).run_id, |(run, _)| run.to_string());
    data["source"] = source(shelf, version).into();
    data["run_id"] = json!(Some(run_id).filter(|run_id| !run_id.is_empty()));
    data["tags"] = pairs(&version.tags, &[]);
    Some(data)
}

fn tags<'a>(pairs: impl Iterator<Item = (&'a String, &'a String)>, hidden: &[&str]) -> Value {
    let seen = pairs.filter(|(key, _)| !hidden.contains(&key.as_str()));
    let seen = seen.map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    Value::Object(seen.collect::<Map<String, Value>>())
}
