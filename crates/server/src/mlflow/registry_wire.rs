//! Models and their versions as `MLflow`'s wire writes them.
//!
//! Invariants: a version that is removed is never written, nor is an alias that leads to one; what was registered by the
//! library or on the command line is written as well as what came over the wire.

use mltrack::{ModelShelf, ModelSummary, ModelVersionSummary};
use serde::Serialize;
use serde_json::Value;

use super::model_place::{Told, source};
use super::registry_call::NOBODY;
use super::registry_check::STAGES;

/// A pair of a key and a value.
#[derive(Serialize)]
struct Pair<'a> {
    key: &'a str,
    value: &'a str,
}

/// An alias and where it leads.
#[derive(Serialize)]
struct Alias<'a> {
    alias: &'a str,
    version: String,
}

/// A model.
#[derive(Serialize)]
struct ModelForm<'a> {
    name: &'a str,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    latest_versions: Vec<VersionForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Alias<'a>>,
}

/// A version.
#[derive(Serialize)]
struct VersionForm<'a> {
    name: &'a str,
    version: String,
    creation_timestamp: i64,
    last_updated_timestamp: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    user_id: &'a str,
    current_stage: &'a str,
    description: &'a str,
    source: String,
    run_id: String,
    status: &'static str,
    run_link: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    model_id: String,
}

/// A model on the wire.
pub fn model_json(shelf: ModelShelf<'_>, model: &ModelSummary) -> Value {
    let aliases = model.aliases.iter();
    let aliases = aliases.filter(|(_, number)| live(model, **number).is_some());
    written(&ModelForm {
        name: &model.name,
        creation_timestamp: milliseconds(model.created.time_ns),
        last_updated_timestamp: milliseconds(model.updated_ns),
        description: &model.description,
        latest_versions: latest(model, &STAGES)
            .into_iter()
            .map(|version| version_form(shelf, model, version, false))
            .collect(),
        tags: pairs(&model.tags),
        aliases: aliases
            .map(|(alias, number)| Alias {
                alias,
                version: number.to_string(),
            })
            .collect(),
    })
}

/// A version on the wire, with the aliases that lead to it where the wire has them.
pub fn version_json(
    shelf: ModelShelf<'_>,
    model: &ModelSummary,
    version: &ModelVersionSummary,
    has_aliases: bool,
) -> Value {
    written(&version_form(shelf, model, version, has_aliases))
}

fn version_form<'a>(
    shelf: ModelShelf<'a>,
    model: &'a ModelSummary,
    version: &'a ModelVersionSummary,
    has_aliases: bool,
) -> VersionForm<'a> {
    let told = Told::of(version);
    let run = version.run.and_then(|run| shelf.run(run));
    let aliases = model.aliases.iter();
    let own = aliases.filter(|(_, number)| has_aliases && **number == version.number);
    VersionForm {
        name: &model.name,
        version: version.number.to_string(),
        creation_timestamp: milliseconds(version.time_ns),
        last_updated_timestamp: milliseconds(version.updated_ns),
        user_id: Some(version.actor.as_str())
            .filter(|actor| *actor != NOBODY)
            .unwrap_or_default(),
        current_stage: &version.stage,
        description: &version.description,
        source: source(shelf, version),
        run_id: run.map_or(told.run_id, |(run, _)| run.to_string()),
        status: "READY",
        run_link: told.run_link,
        tags: pairs(&version.tags),
        aliases: own.map(|(alias, _)| alias.as_str()).collect(),
        model_id: told.model_id,
    }
}

/// The newest version of each of these stages, in the order in which the stages first occur.
pub fn latest<'a>(model: &'a ModelSummary, stages: &[&str]) -> Vec<&'a ModelVersionSummary> {
    let mut newest: Vec<&ModelVersionSummary> = Vec::new();
    for version in versions(model).filter(|version| stages.contains(&version.stage.as_str())) {
        match newest.iter_mut().find(|known| known.stage == version.stage) {
            Some(known) => *known = version,
            None => newest.push(version),
        }
    }
    newest
}

/// The versions that are not removed, by their numbers.
pub fn versions(model: &ModelSummary) -> impl DoubleEndedIterator<Item = &ModelVersionSummary> {
    let versions = model.versions.iter();
    versions.filter(|version| version.removed.is_none())
}

/// A version that is not removed.
pub fn live(model: &ModelSummary, number: u64) -> Option<&ModelVersionSummary> {
    let version = model.version(number);
    version.filter(|version| version.removed.is_none())
}

/// Whether a model is a prompt.
pub fn is_prompt(model: &ModelSummary) -> bool {
    let tag = model.tags.get(super::registry_check::IS_PROMPT);
    tag.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn pairs(tags: &std::collections::BTreeMap<String, String>) -> Vec<Pair<'_>> {
    tags.iter()
        .map(|(key, value)| Pair { key, value })
        .collect()
}

fn milliseconds(time_ns: i64) -> i64 {
    time_ns.div_euclid(1_000_000)
}

fn written(form: &impl Serialize) -> Value {
    serde_json::to_value(form).expect("texts, numbers and lists have a JSON form")
}
