//! The things of a store that have some words in their text.
//!
//! The text of an experiment: name, description, hypothesis, owner, tags. Of a run: id, name, host, command, who made
//! it, why it failed. A parameter or a tag is found by its name; where its name alone does not have all the words, by
//! name and value together, each value by itself. A metric is found by its name and context, a note by its text.

use std::collections::BTreeMap;

use mltrack::{ExperimentSummary, RunId, RunSummary, Tracker};

use super::{Kind, notes};
use crate::context::Context;
use crate::failure::Outcome;
use crate::look::At;

#[derive(Clone, Debug)]
pub struct Hit {
    pub kind: Kind,
    /// Of a run, a note's run, or an experiment.
    pub id: Option<String>,
    pub name: String,
    pub value: Option<String>,
    pub experiment: Option<String>,
    /// That have it, that are in it, or that it is.
    pub runs: Vec<RunId>,
}

/// Words to look for, in lower case.
pub struct Words(Vec<String>);

impl Words {
    pub fn new(query: &[String]) -> Words {
        let words = query.iter().flat_map(|part| part.split_whitespace());
        Words(words.map(str::to_lowercase).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of them are in these texts together.
    pub fn are_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let is_in = |word: &String| texts.iter().any(|text| text.contains(word.as_str()));
        self.0.iter().all(is_in)
    }
}

/// Sorted by kind; and the lsn up to which the answer goes.
pub fn find(
    tracker: &Tracker,
    words: &Words,
    kinds: &[Kind],
    at: At,
    context: &Context,
) -> Outcome<(Vec<Hit>, u64)> {
    let page = at.of_runs(tracker.runs(), context).fetch()?;
    let runs = page.items;
    let lsn = page.lsn.map_or(0, mltrack::Lsn::get);
    let wants = |kind| kinds.contains(&kind);
    let mut hits = Vec::new();
    if wants(Kind::Experiment) {
        let query = tracker.experiments().with_archived();
        let experiments = at.of_experiments(query, context).fetch()?.items;
        let found = experiments.iter().filter(|it| is_experiment(it, words));
        hits.extend(found.map(|experiment| of_experiment(experiment, &runs)));
    }
    if wants(Kind::Run) {
        hits.extend(runs.iter().filter(|run| is_run(run, words)).map(of_run));
    }
    if wants(Kind::Param) {
        let params = runs.iter().flat_map(|run| {
            let params = run.params.iter();
            params.map(|(name, value)| (run.id, name.as_str(), value.to_string()))
        });
        hits.extend(pairs(Kind::Param, params, words));
    }
    if wants(Kind::Tag) {
        let tags = runs.iter().flat_map(|run| {
            let tags = run.tags.iter();
            tags.map(|(name, value)| (run.id, name.as_str(), value.clone()))
        });
        hits.extend(pairs(Kind::Tag, tags, words));
    }
    if wants(Kind::Metric) {
        let metrics = runs
            .iter()
            .flat_map(|run| run.metrics.keys().map(|label| (run.id, label.as_str())));
        hits.extend(names(metrics, words));
    }
    if wants(Kind::Note) {
        hits.extend(notes::find(tracker, &runs, words, lsn)?);
    }
    Ok((hits, lsn))
}

fn is_experiment(experiment: &ExperimentSummary, words: &Words) -> bool {
    let tags = tags_text(&experiment.tags);
    words.are_in(&[
        &experiment.name,
        &experiment.description,
        &experiment.hypothesis,
        &experiment.owner,
        &tags,
    ])
}

fn tags_text(tags: &BTreeMap<String, String>) -> String {
    let tags = tags.iter().map(|(key, value)| format!("{key}={value}"));
    tags.collect::<Vec<_>>().join("\n")
}

fn of_experiment(experiment: &ExperimentSummary, runs: &[RunSummary]) -> Hit {
    let runs = runs.iter().filter(|run| run.experiment == experiment.id);
    let about = Some(experiment.description.clone());
    Hit {
        kind: Kind::Experiment,
        id: Some(experiment.id.to_string()),
        name: experiment.name.clone(),
        value: about.filter(|about| !about.is_empty()),
        experiment: Some(experiment.name.clone()),
        runs: runs.map(|run| run.id).collect(),
    }
}

fn is_run(run: &RunSummary, words: &Words) -> bool {
    let id = run.id.to_string();
    let (error, cause) = error_texts(run);
    words.are_in(&[
        &id,
        &run.name,
        &run.host,
        &run.command,
        &run.actor,
        error,
        cause,
    ])
}

fn error_texts(run: &RunSummary) -> (&str, &str) {
    run.error.as_ref().map_or(("", ""), |error| {
        let cause = error.cause.as_deref().unwrap_or_default();
        (error.message.as_str(), cause)
    })
}

/// `a3f9f00d kind-elk`
pub fn title(run: &RunSummary) -> String {
    format!("{} {}", run.id.short(), run.name)
        .trim_end()
        .to_owned()
}

fn of_run(run: &RunSummary) -> Hit {
    let state = run.state.to_string();
    let value = match error_texts(run).0 {
        "" => state,
        error => format!("{state}: {error}"),
    };
    Hit {
        kind: Kind::Run,
        id: Some(run.id.to_string()),
        name: title(run),
        value: Some(value),
        experiment: Some(run.experiment_name.clone()),
        runs: vec![run.id],
    }
}

/// Names that have the words, and values of other names that have them.
fn pairs<'a>(
    kind: Kind,
    pairs: impl Iterator<Item = (RunId, &'a str, String)>,
    words: &Words,
) -> Vec<Hit> {
    let mut found: BTreeMap<(&str, Option<String>), Vec<RunId>> = BTreeMap::new();
    // Most runs have the same few names.
    let mut is_name: BTreeMap<&str, bool> = BTreeMap::new();
    for (run, name, value) in pairs {
        let by_name = *is_name.entry(name).or_insert_with(|| words.are_in(&[name]));
        if by_name {
            found.entry((name, None)).or_default().push(run);
        } else if words.are_in(&[name, &value]) {
            found.entry((name, Some(value))).or_default().push(run);
        }
    }
    let hit = |((name, value), runs): ((&str, Option<String>), Vec<RunId>)| Hit {
        kind,
        id: None,
        name: name.to_owned(),
        value,
        experiment: None,
        runs,
    };
    found.into_iter().map(hit).collect()
}

fn names<'a>(labels: impl Iterator<Item = (RunId, &'a str)>, words: &Words) -> Vec<Hit> {
    let mut found: BTreeMap<&str, Vec<RunId>> = BTreeMap::new();
    for (run, label) in labels {
        found.entry(label).or_default().push(run);
    }
    let hit = |(label, runs): (&str, Vec<RunId>)| Hit {
        kind: Kind::Metric,
        id: None,
        name: label.to_owned(),
        value: None,
        experiment: None,
        runs,
    };
    let is_it = |(label, _): &(&str, Vec<RunId>)| words.are_in(&[label]);
    found.into_iter().filter(is_it).map(hit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        Words::new(&[text.to_owned()])
    }

    #[test]
    fn all_words_are_in_some_text_in_any_case() {
        assert!(words("resnet LR").are_in(&["ResNet-50", "lr=0.1"]));
        assert!(!words("resnet wd").are_in(&["ResNet-50", "lr=0.1"]));
        assert!(words("  ").is_empty());
    }

    #[test]
    fn a_pair_is_found_by_its_name_or_else_by_each_value() {
        let run = RunId::from_bytes;
        let given = [
            (run([1; 16]), "optimizer", "adam"),
            (run([2; 16]), "optimizer", "sgd"),
            (run([2; 16]), "adam.beta", "0.9"),
            (run([3; 16]), "optimizer", "adamw"),
        ];
        let hits = |text: &str| -> Vec<String> {
            let given = given
                .iter()
                .map(|(run, name, value)| (*run, *name, (*value).to_owned()));
            let hits = pairs(Kind::Param, given, &words(text));
            let line = |hit: &Hit| format!("{} {:?} {}", hit.name, hit.value, hit.runs.len());
            hits.iter().map(line).collect()
        };
        assert_eq!(hits("optimizer"), ["optimizer None 3"]);
        assert_eq!(
            hits("adam"),
            [
                "adam.beta None 1",
                "optimizer Some(\"adam\") 1",
                "optimizer Some(\"adamw\") 1"
            ]
        );
        assert_eq!(hits("optimizer sgd"), ["optimizer Some(\"sgd\") 1"]);
    }
}
