//! How people name what lineage knows: `run:kind-elk`, `dataset:imagenet@v3`, `model:resnet@prod`,
//! `artifact:kind-elk/model.pt@v2`, `exp:resnet`, `metric:kind-elk/loss`, `transformation:dedup`, `external:https://..`.
//!
//! Invariants: a text without a kind is a run; the form that answers show leads back to the same node; names of runs mean
//! what they mean now, names of datasets and models what they meant at the moment that is asked about.

use mltrack_event::{ArtifactId, DatasetId, ExperimentId, ModelId, NodeRef, RunId, RunKey};
use mltrack_projector_lineage::Things;

use crate::code::Code;
use crate::dataset_kind::Datasets;
use crate::error::{Error, Result};
use crate::model_kind::Models;
use crate::registry::{self, Kind};
use crate::tracker::Tracker;

/// A node as it was named, not looked up yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NodeName {
    kind: Word,
    rest: String,
}

/// A run that was looked up; `None` where none is named.
pub(crate) type FoundRun = Option<Result<RunId>>;

/// What stands before the colon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    Experiment,
    Run,
    Dataset,
    Model,
    Artifact,
    Metric,
    Transformation,
    External,
}

const WORDS: [(&str, Word); 9] = [
    ("exp", Word::Experiment),
    ("experiment", Word::Experiment),
    ("run", Word::Run),
    ("dataset", Word::Dataset),
    ("model", Word::Model),
    ("artifact", Word::Artifact),
    ("metric", Word::Metric),
    ("transformation", Word::Transformation),
    ("external", Word::External),
];

const FORMS: &str = "run:NAME, dataset:NAME@v3, model:NAME@ALIAS, artifact:RUN/PATH, exp:NAME, metric:RUN/NAME, transformation:NAME or external:URI";

impl NodeName {
    pub fn parse(text: &str) -> Result<NodeName> {
        let (word, rest) = text.split_once(':').unwrap_or(("run", text));
        let known = WORDS.iter().find(|(known, _)| *known == word);
        let Some((_, kind)) = known else {
            let what = format!("{text:?} names nothing that lineage knows: {word:?} is no kind");
            return Err(Error::validation(what).with_hint(FORMS));
        };
        if rest.is_empty() {
            return Err(Error::validation(format!("{text:?} names nothing")).with_hint(FORMS));
        }
        let rest = rest.to_owned();
        Ok(NodeName { kind: *kind, rest })
    }

    /// The run in it, looked up as everywhere. Runs have a fold of their own, which must not be asked while that of things
    /// is, so this comes first.
    pub fn find_run(&self, tracker: &Tracker) -> FoundRun {
        let name = match self.kind {
            Word::Run => &self.rest,
            Word::Artifact | Word::Metric => self.rest.split_once('/')?.0,
            _ => return None,
        };
        Some(tracker.find_run(name))
    }

    /// The node that is meant.
    pub fn resolve(&self, things: &Things, found: FoundRun) -> Result<NodeRef> {
        let rest = self.rest.as_str();
        Ok(match self.kind {
            Word::Experiment => NodeRef::Experiment(experiment(things, rest)?),
            Word::Run => NodeRef::Run(run(things, rest, found)?),
            Word::Dataset => dataset(things, rest)?,
            Word::Model => model(things, rest)?,
            Word::Artifact => artifact(things, rest, found)?,
            Word::Metric => {
                let (name, metric) = rest.split_once('/').ok_or_else(|| {
                    Error::validation(format!("metric:{rest} names no metric"))
                        .with_hint("metric:RUN/NAME")
                })?;
                NodeRef::Metric(run(things, name, found)?, metric.to_owned())
            }
            Word::Transformation => NodeRef::Transformation(rest.to_owned()),
            Word::External => NodeRef::External(rest.to_owned()),
        })
    }
}

fn experiment(things: &Things, name: &str) -> Result<ExperimentId> {
    let live = things.experiments().filter(|known| known.deleted.is_none());
    let mut found = live.filter(|known| *known.name == *name);
    let by_id = || {
        let id: ExperimentId = name.parse().ok()?;
        things.experiment(id)
    };
    if let Some(known) = found.next().or_else(by_id) {
        return Ok(known.id);
    }
    let names = things.experiments().map(|known| &*known.name);
    Err(not_found("experiment", name, names, "mltrack exp ls"))
}

/// A run by its key, or as everywhere by its name, its number or a part of its id; else one that is deleted.
fn run(things: &Things, name: &str, found: FoundRun) -> Result<RunKey> {
    if let Ok(key) = name.parse::<RunKey>()
        && things.thing_run(key).is_some()
    {
        return Ok(key);
    }
    let error = match found {
        Some(Ok(id)) => return Ok(id.key()),
        Some(Err(error)) => error,
        None => Error::new(Code::NotFound, format!("no run {name:?}")),
    };
    let is_it =
        |key: RunKey, id: String, known: &str| known == name || key.short() == name || id == name;
    let mut deleted = things
        .runs()
        .filter(|node| is_it(node.key(), node.id.to_string(), &node.name));
    match (deleted.next(), deleted.next()) {
        (Some(node), None) if error.code() == Code::NotFound => Ok(node.key()),
        _ => Err(error),
    }
}

/// Without a version all of them.
fn dataset(things: &Things, text: &str) -> Result<NodeRef> {
    if !text.contains('@') {
        return match registry::find::<Datasets>(things, text) {
            Ok(dataset) => Ok(NodeRef::Dataset(dataset.id)),
            Err(error) => Err(suggest::<Datasets>(things, text, error)),
        };
    }
    let selector = text.parse::<crate::selector::Selector>()?;
    if let Some(node) = by_number::<DatasetId>(text, |id, number| {
        things.dataset_version(id, number)?;
        Some(NodeRef::DatasetVersion(id, number))
    }) {
        return Ok(node);
    }
    match registry::resolve::<Datasets>(things, &selector) {
        Ok((dataset, number)) => Ok(NodeRef::DatasetVersion(dataset.id, number)),
        Err(error) => Err(suggest::<Datasets>(things, &selector.name, error)),
    }
}

/// The same for models.
fn model(things: &Things, text: &str) -> Result<NodeRef> {
    if !text.contains('@') {
        return match registry::find::<Models>(things, text) {
            Ok(model) => Ok(NodeRef::Model(model.id)),
            Err(error) => Err(suggest::<Models>(things, text, error)),
        };
    }
    let selector = text.parse::<crate::selector::Selector>()?;
    if let Some(node) = by_number::<ModelId>(text, |id, number| {
        things.model_version(id, number)?;
        Some(NodeRef::ModelVersion(id, number))
    }) {
        return Ok(node);
    }
    match registry::resolve::<Models>(things, &selector) {
        Ok((model, number)) => Ok(NodeRef::ModelVersion(model.id, number)),
        Err(error) => Err(suggest::<Models>(things, &selector.name, error)),
    }
}

/// The form that answers show: it leads to deleted and removed ones too.
fn by_number<I: std::str::FromStr>(
    text: &str,
    get: impl Fn(I, u64) -> Option<NodeRef>,
) -> Option<NodeRef> {
    let (id, number) = text.split_once("@v")?;
    get(id.parse().ok()?, number.parse().ok()?)
}

fn artifact(things: &Things, text: &str, found: FoundRun) -> Result<NodeRef> {
    if let Ok(id) = text.parse::<ArtifactId>()
        && things.artifact(id).is_some()
    {
        return Ok(NodeRef::Artifact(id));
    }
    let Some((name, path)) = text.split_once('/') else {
        return Err(Error::validation(format!("artifact:{text} names no path"))
            .with_hint("artifact:RUN/PATH or artifact:RUN/PATH@v2"));
    };
    let run = run(things, name, found)?;
    let newest = |path: &str| {
        let live = things.newest_artifact(run, path);
        live.or_else(|| things.versions_of(run, path).next())
    };
    let versioned = || {
        let (path, version) = path.rsplit_once('@')?;
        if version == "latest" {
            return newest(path);
        }
        let version: u32 = version.strip_prefix('v')?.parse().ok()?;
        let mut versions = things.versions_of(run, path);
        versions.find(|row| row.version == version)
    };
    if let Some(row) = newest(path).or_else(versioned) {
        return Ok(NodeRef::Artifact(row.id));
    }
    let names = things.artifacts_of(run).map(|row| &*row.path);
    let list = format!("mltrack artifact ls {name}");
    Err(not_found("artifact", path, names, &list))
}

fn suggest<K: Kind>(things: &Things, name: &str, error: Error) -> Error {
    let is_known = K::all(things).any(|item| K::facts(item).name == name);
    if is_known || error.code() != Code::NotFound {
        return error;
    }
    let live = K::all(things).filter(|item| K::facts(item).deleted.is_none());
    let names: Vec<String> = live.map(|item| K::facts(item).name.to_owned()).collect();
    let names = names.iter().map(String::as_str);
    not_found(K::WORD, name, names, &format!("mltrack {} ls", K::WORD))
}

fn not_found<'a>(
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str>,
    list: &str,
) -> Error {
    let hint = match mltrack_projector_runs::nearest(name, names) {
        Some(near) => format!("did you mean {near}?  {list}"),
        None => list.to_owned(),
    };
    Error::new(Code::NotFound, format!("no {what} {name:?}")).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_kind_is_a_run_and_unknown_kinds_are_refused() {
        let parsed = |text: &str| NodeName::parse(text).map(|name| (name.kind, name.rest));
        assert_eq!(parsed("kind-elk").unwrap(), (Word::Run, "kind-elk".into()));
        assert_eq!(
            parsed("external:https://a:1/b").unwrap(),
            (Word::External, "https://a:1/b".into())
        );
        for refused in ["thing:x", "run:", ""] {
            let error = parsed(refused).unwrap_err();
            assert_eq!(error.code(), Code::ValidationError);
            assert!(error.hint().unwrap().contains("exp:NAME"), "{refused}");
        }
    }
}
