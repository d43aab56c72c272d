//! The things of a store that have some words in their text.
//!
//! 1. A thing is found when every word is in its text, in any case. The text of an experiment: name, description,
//!    hypothesis, owner, tags. Of a run: id, name, host, command, who made it, why it failed. A parameter or a tag is found
//!    by its name; where its name alone does not have all the words, by name and value together, each value by itself. A
//!    metric is found by its name and context, a note by its text; datasets, models and artifacts as `things` says.
//! 2. Kinds come in one order, the things of a kind in the order of their names, runs newest first.
//! 3. A run that has one note is not looked up in the log, for what is known about it has its last note.

mod things;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use mltrack_event::{Event, RunId, WallTime};
use mltrack_log::Lsn;

use crate::artifact::Artifact;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::run_query::Page;
use crate::summary::{ExperimentSummary, RunSummary};
use crate::tail::Cursor;
use crate::tracker::Tracker;

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WordHitKind {
    /// An experiment.
    Experiment,
    /// A run.
    Run,
    /// A parameter, whichever runs have it.
    Param,
    /// A tag, whichever runs have it.
    Tag,
    /// A metric, whichever runs have it.
    Metric,
    /// A note on a run.
    Note,
    /// A dataset.
    Dataset,
    /// A model.
    Model,
    /// An artifact of a run, in its newest version.
    Artifact,
}

impl WordHitKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [WordHitKind; 9] = [
        WordHitKind::Experiment,
        WordHitKind::Run,
        WordHitKind::Param,
        WordHitKind::Tag,
        WordHitKind::Metric,
        WordHitKind::Note,
        WordHitKind::Dataset,
        WordHitKind::Model,
        WordHitKind::Artifact,
    ];
}

/// Something that was found.
#[derive(Clone, Debug)]
pub struct WordHit {
    /// What it is.
    pub kind: WordHitKind,
    /// Of the thing itself, and of a note its run's; parameters, tags and metrics have none.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// What more is said of it: a value, a description, a state, a note's text, which version.
    pub value: Option<String>,
    /// The experiment it belongs to, or is.
    pub experiment: Option<String>,
    /// The runs that have it, that took it in, that are in it, or that it is.
    pub runs: Vec<RunId>,
}

/// A question for words; see [`Tracker::find_words`].
#[derive(Clone, Debug)]
#[must_use = "nothing is looked for before `fetch`"]
pub struct WordsQuery {
    tracker: Tracker,
    words: Words,
    kinds: Vec<WordHitKind>,
    moment: Moment,
}

/// Words to look for, in lower case.
#[derive(Clone, Debug)]
struct Words(Vec<String>);

impl Words {
    fn new(query: &str) -> Words {
        Words(query.split_whitespace().map(str::to_lowercase).collect())
    }

    /// Whether all of them are in these texts together.
    fn are_in(&self, texts: &[&str]) -> bool {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let is_in = |word: &String| texts.iter().any(|text| text.contains(word.as_str()));
        self.0.iter().all(is_in)
    }
}

impl Tracker {
    /// A question for things that have all of some words in their text.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.run().param("optimizer", "adam").start()?;
    /// let found = tracker.find_words("Adam optim").fetch()?;
    /// assert_eq!(found.items[0].name, "optimizer");
    /// assert_eq!(found.items[0].runs, [run.id()]);
    /// # run.finish()
    /// # }
    /// ```
    pub fn find_words(&self, words: &str) -> WordsQuery {
        WordsQuery {
            tracker: self.clone(),
            words: Words::new(words),
            kinds: WordHitKind::ALL.to_vec(),
            moment: Moment::Now,
        }
    }
}

impl WordsQuery {
    /// Only things of these kinds.
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = WordHitKind>) -> WordsQuery {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> WordsQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> WordsQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Everything that was found, by kind.
    ///
    /// Errors: `VALIDATION_ERROR` without a word, and those of [`RunQuery::fetch`](crate::RunQuery::fetch).
    pub fn fetch(self) -> Result<Page<WordHit>> {
        if self.words.0.is_empty() {
            return Err(Error::validation("there is no word to look for"));
        }
        let runs = self.tracker.runs();
        let page = match self.moment {
            Moment::Now => runs,
            Moment::Lsn(lsn) => runs.at(lsn),
            Moment::Time(time) => runs.at_time(time),
        };
        let page = page.fetch()?;
        let found = self.find(&page.items, page.lsn)?;
        Ok(Page::whole(found, page.lsn))
    }

    fn find(&self, runs: &[RunSummary], end: Option<Lsn>) -> Result<Vec<WordHit>> {
        let (words, wants) = (&self.words, |kind| self.kinds.contains(&kind));
        let mut found = Vec::new();
        if wants(WordHitKind::Experiment) {
            let experiments = self.experiments()?;
            let experiments = experiments.iter().filter(|it| is_experiment(it, words));
            found.extend(experiments.map(|experiment| of_experiment(experiment, runs)));
        }
        if wants(WordHitKind::Run) {
            found.extend(runs.iter().filter(|run| is_run(run, words)).map(of_run));
        }
        if wants(WordHitKind::Param) {
            let params = runs.iter().flat_map(|run| {
                let params = run.params.iter();
                params.map(|(name, value)| (run.id, name.as_str(), value.to_string()))
            });
            found.extend(pairs(WordHitKind::Param, params, words));
        }
        if wants(WordHitKind::Tag) {
            let tags = runs.iter().flat_map(|run| {
                let tags = run.tags.iter();
                tags.map(|(name, value)| (run.id, name.as_str(), value.clone()))
            });
            found.extend(pairs(WordHitKind::Tag, tags, words));
        }
        if wants(WordHitKind::Metric) {
            let metrics = runs
                .iter()
                .flat_map(|run| run.metrics.keys().map(|label| (run.id, label.as_str())));
            found.extend(names(metrics, words));
        }
        if wants(WordHitKind::Note) {
            found.extend(notes(&self.tracker, runs, words, end)?);
        }
        self.find_things(runs, &mut found)?;
        Ok(found)
    }

    /// Datasets, models and artifacts.
    fn find_things(&self, runs: &[RunSummary], found: &mut Vec<WordHit>) -> Result<()> {
        let (words, wants) = (&self.words, |kind| self.kinds.contains(&kind));
        let wants_things = wants(WordHitKind::Dataset) || wants(WordHitKind::Model);
        if let Some(store) = self.tracker.store().filter(|_| wants_things) {
            store.things_at(self.moment, |state, _| {
                if wants(WordHitKind::Dataset) {
                    found.extend(things::datasets(state, runs, words));
                }
                if wants(WordHitKind::Model) {
                    found.extend(things::models(state, runs, words));
                }
                Ok(())
            })?;
        }
        if wants(WordHitKind::Artifact) {
            found.extend(things::artifacts(&self.artifacts()?, runs, words));
        }
        Ok(())
    }

    fn artifacts(&self) -> Result<Vec<Artifact>> {
        let query = self.tracker.artifacts();
        let query = match self.moment {
            Moment::Now => query,
            Moment::Lsn(lsn) => query.at(lsn),
            Moment::Time(time) => query.at_time(time),
        };
        Ok(query.fetch()?.items)
    }

    fn experiments(&self) -> Result<Vec<ExperimentSummary>> {
        let query = self.tracker.experiments().with_archived();
        let query = match self.moment {
            Moment::Now => query,
            Moment::Lsn(lsn) => query.at(lsn),
            Moment::Time(time) => query.at_time(time),
        };
        Ok(query.fetch()?.items)
    }
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

fn of_experiment(experiment: &ExperimentSummary, runs: &[RunSummary]) -> WordHit {
    let runs = runs.iter().filter(|run| run.experiment == experiment.id);
    let about = Some(experiment.description.clone());
    WordHit {
        kind: WordHitKind::Experiment,
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
fn title(run: &RunSummary) -> String {
    format!("{} {}", run.id.short(), run.name)
        .trim_end()
        .to_owned()
}

fn of_run(run: &RunSummary) -> WordHit {
    let state = run.state.to_string();
    let value = match error_texts(run).0 {
        "" => state,
        error => format!("{state}: {error}"),
    };
    WordHit {
        kind: WordHitKind::Run,
        id: Some(run.id.to_string()),
        name: title(run),
        value: Some(value),
        experiment: Some(run.experiment_name.clone()),
        runs: vec![run.id],
    }
}

/// Names that have the words, and values of other names that have them.
fn pairs<'a>(
    kind: WordHitKind,
    pairs: impl Iterator<Item = (RunId, &'a str, String)>,
    words: &Words,
) -> Vec<WordHit> {
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
    let hit = |((name, value), runs): ((&str, Option<String>), Vec<RunId>)| WordHit {
        kind,
        id: None,
        name: name.to_owned(),
        value,
        experiment: None,
        runs,
    };
    found.into_iter().map(hit).collect()
}

fn names<'a>(labels: impl Iterator<Item = (RunId, &'a str)>, words: &Words) -> Vec<WordHit> {
    let mut found: BTreeMap<&str, Vec<RunId>> = BTreeMap::new();
    for (run, label) in labels {
        found.entry(label).or_default().push(run);
    }
    let hit = |(label, runs): (&str, Vec<RunId>)| WordHit {
        kind: WordHitKind::Metric,
        id: None,
        name: label.to_owned(),
        value: None,
        experiment: None,
        runs,
    };
    let is_it = |(label, _): &(&str, Vec<RunId>)| words.are_in(&[label]);
    found.into_iter().filter(is_it).map(hit).collect()
}

/// In the order of the log within each run, runs newest first.
fn notes(
    tracker: &Tracker,
    runs: &[RunSummary],
    words: &Words,
    end: Option<Lsn>,
) -> Result<Vec<WordHit>> {
    let has_several = runs.iter().any(|run| run.notes > 1);
    let mut logged = if has_several {
        read_notes(tracker, end)?
    } else {
        HashMap::new()
    };
    let mut hits = Vec::new();
    for run in runs.iter().filter(|run| run.notes > 0) {
        let texts = match run.notes {
            1 => run.last_note.clone().into_iter().collect(),
            _ => logged
                .remove(&run.id)
                .unwrap_or_default()
                .into_values()
                .collect(),
        };
        let found = |text: &String| words.are_in(&[text]);
        let texts: Vec<String> = texts;
        hits.extend(texts.into_iter().filter(found).map(|text| WordHit {
            kind: WordHitKind::Note,
            id: Some(run.id.to_string()),
            name: title(run),
            value: Some(text),
            experiment: Some(run.experiment_name.clone()),
            runs: vec![run.id],
        }));
    }
    Ok(hits)
}

/// All notes up to an lsn, by run and by the record that added them.
fn read_notes(
    tracker: &Tracker,
    end: Option<Lsn>,
) -> Result<HashMap<RunId, BTreeMap<Lsn, String>>> {
    let mut notes: HashMap<RunId, BTreeMap<Lsn, String>> = HashMap::new();
    let mut follow = tracker
        .tail()
        .from(Cursor::Start)
        .types(["note_added"])
        .follow();
    while let Some(event) = follow.next_within(Duration::ZERO)? {
        if end.is_none_or(|end| event.lsn > end) {
            break;
        }
        if let (Some(run), Event::NoteAdded(added)) = (event.run, event.event) {
            notes.entry(run).or_default().insert(event.lsn, added.text);
        }
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Words {
        Words::new(text)
    }

    #[test]
    fn all_words_are_in_some_text_in_any_case() {
        assert!(words("resnet LR").are_in(&["ResNet-50", "lr=0.1"]));
        assert!(!words("resnet wd").are_in(&["ResNet-50", "lr=0.1"]));
        assert!(words("  ").0.is_empty());
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
            let hits = pairs(WordHitKind::Param, given, &words(text));
            let line = |hit: &WordHit| format!("{} {:?} {}", hit.name, hit.value, hit.runs.len());
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
