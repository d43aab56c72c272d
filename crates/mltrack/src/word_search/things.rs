//! Datasets, models and artifacts that have some words in their text.
//!
//! Invariants: the text of a dataset is its name, description and tags, and the names, digests and sources of its versions;
//! of a model its name, description, tags and aliases; of an artifact its path, kind and media type. Deleted ones are not
//! found, of an artifact the newest version is, and runs are told newest first.

use std::collections::{BTreeMap, HashMap, HashSet};

use mltrack_event::{RunId, RunKey};
use mltrack_projector_lineage::{Dataset, Model, Things};

use super::{WordHit, WordHitKind, Words, tags_text};
use crate::artifact::Artifact;
use crate::summary::RunSummary;

/// Datasets that have the words, in the order of their names.
pub(super) fn datasets(things: &Things, runs: &[RunSummary], words: &Words) -> Vec<WordHit> {
    let found = things
        .datasets()
        .filter(|dataset| is_dataset(dataset, words));
    let found: BTreeMap<_, _> = found.map(|dataset| (&dataset.name, dataset)).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let taken = taken(things, |run| {
        let uses = things.uses_of_run(run).datasets;
        uses.iter().map(|used| used.dataset).collect()
    });
    let hit = |dataset: &&Dataset| WordHit {
        runs: newest_first(runs, taken.get(&dataset.id)),
        ..hit(
            WordHitKind::Dataset,
            dataset.id.to_string(),
            &dataset.name,
            &dataset.description,
        )
    };
    found.values().map(hit).collect()
}

/// Models that have the words, in the order of their names.
pub(super) fn models(things: &Things, runs: &[RunSummary], words: &Words) -> Vec<WordHit> {
    let found = things.models().filter(|model| is_model(model, words));
    let found: BTreeMap<_, _> = found.map(|model| (&model.name, model)).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let taken = taken(things, |run| {
        let uses = things.uses_of_run(run).models;
        uses.iter().map(|used| used.model).collect()
    });
    let hit = |model: &&Model| WordHit {
        runs: newest_first(runs, taken.get(&model.id)),
        ..hit(
            WordHitKind::Model,
            model.id.to_string(),
            &model.name,
            &model.description,
        )
    };
    found.values().map(hit).collect()
}

/// Artifacts that have the words, in the order of their paths.
pub(super) fn artifacts(
    artifacts: &[Artifact],
    runs: &[RunSummary],
    words: &Words,
) -> Vec<WordHit> {
    let names: HashMap<RunId, &str> = runs
        .iter()
        .map(|run| (run.id, run.experiment_name.as_str()))
        .collect();
    let is_it = |artifact: &&Artifact| {
        let kind = artifact.kind.name();
        words.are_in(&[&artifact.path, kind, &artifact.media_type])
    };
    let mut found: Vec<&Artifact> = artifacts.iter().filter(is_it).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let hit = |artifact: &&Artifact| WordHit {
        experiment: names.get(&artifact.run).map(ToString::to_string),
        runs: vec![artifact.run],
        ..hit(
            WordHitKind::Artifact,
            artifact.id.to_string(),
            &artifact.path,
            &format!("v{} of {}", artifact.version, artifact.run_name),
        )
    };
    found.iter().map(hit).collect()
}

fn is_dataset(dataset: &Dataset, words: &Words) -> bool {
    let tags = tags_text(&dataset.tags);
    let versions = dataset.versions.iter().flat_map(|version| {
        let name = version.version.as_deref().unwrap_or_default();
        [name, &version.digest, &version.source]
    });
    let mut texts: Vec<&str> = versions.collect();
    texts.extend([dataset.name.as_str(), &dataset.description, &tags]);
    dataset.deleted.is_none() && words.are_in(&texts)
}

fn is_model(model: &Model, words: &Words) -> bool {
    let tags = tags_text(&model.tags);
    let mut texts: Vec<&str> = model.aliases.keys().map(String::as_str).collect();
    texts.extend([model.name.as_str(), &model.description, &tags]);
    model.deleted.is_none() && words.are_in(&texts)
}

/// Which runs took each thing in.
fn taken<Id: std::hash::Hash + Eq>(
    things: &Things,
    of_run: impl Fn(RunKey) -> Vec<Id>,
) -> HashMap<Id, HashSet<RunId>> {
    let mut taken: HashMap<Id, HashSet<RunId>> = HashMap::new();
    for run in things.runs() {
        for id in of_run(run.key()) {
            taken.entry(id).or_default().insert(run.id);
        }
    }
    taken
}

fn newest_first(runs: &[RunSummary], taken: Option<&HashSet<RunId>>) -> Vec<RunId> {
    let Some(taken) = taken else {
        return Vec::new();
    };
    let ids = runs.iter().map(|run| run.id);
    ids.filter(|id| taken.contains(id)).collect()
}

fn hit(kind: WordHitKind, id: String, name: &str, value: &str) -> WordHit {
    WordHit {
        kind,
        id: Some(id),
        name: name.to_owned(),
        value: Some(value.to_owned()).filter(|value| !value.is_empty()),
        experiment: None,
        runs: Vec::new(),
    }
}
