//! `MLflow`'s file store: a folder for each experiment, in it one for each run, in that a file for each value.
//!
//! Invariants: runs whose `meta.yaml` is damaged are runs all the same; a folder that is no experiment is left alone; no
//! file is read whole but parameters, tags and `meta.yaml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::{Code, Error, NameKind, Result};

use super::head::{Head, Input, Row, Status};
use super::mark::Mark;
use super::metrics::Metrics;
use super::store::Store;
use super::yaml::Yaml;
use crate::chunk::Chunk;
use crate::fit::fit;
use crate::report::Untaken;
use crate::source::PastExperiment;

const META: &str = "meta.yaml";
const TRASH: &str = ".trash";
/// Folders of an experiment that are no runs.
const NO_RUNS: [&str; 4] = ["tags", "datasets", "models", "traces"];
/// Texts are no longer than this: a longer one is no parameter and no tag.
const TEXT_LEN_MAX: u64 = 1 << 20;

/// A folder such as `mlruns`.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    experiments: Vec<Experiment>,
    metrics: Option<Metrics>,
}

#[derive(Clone, Debug)]
struct Experiment {
    folder: PathBuf,
    name: String,
}

impl Files {
    /// Errors: `NOT_FOUND` when there is no experiment in the folder.
    pub fn open(folder: &Path) -> Result<Files> {
        let inner = folder.join("mlruns");
        let candidates = [folder, inner.as_path()];
        for root in candidates {
            if !experiment_folders(root).is_empty() {
                return Ok(Files {
                    root: root.to_owned(),
                    experiments: Vec::new(),
                    metrics: None,
                });
            }
        }
        let what = format!("{} has no experiments of MLflow", folder.display());
        Err(Error::new(Code::NotFound, what).with_hint(
            "name the folder in which each experiment is a folder with a meta.yaml, such as mlruns, or sqlite:///FILE",
        ))
    }

    fn look(&mut self, said: &mut Vec<Untaken>) -> Vec<PastExperiment> {
        self.experiments.clear();
        let mut found = Vec::new();
        for (folder, is_deleted) in experiment_folders(&self.root) {
            let place = folder.to_string_lossy().into_owned();
            let meta = meta(&folder);
            let id = file_name(&folder);
            if let Some((line, what)) = &meta.wrong {
                let why = format!("{META}, line {line}: {what}");
                said.push(Untaken::damaged(format!("experiment {id}"), &place, &why));
            }
            let name = fit(
                NameKind::Experiment,
                meta.text("name").unwrap_or(&id),
                &place,
                said,
            );
            let is_deleted = is_deleted || meta.text("lifecycle_stage") == Some("deleted");
            let tags = texts(&folder.join("tags"), said);
            say_unsupported(&folder, said);
            let note = tags.iter().find(|(key, _)| key == super::NOTE);
            found.push(PastExperiment {
                name: name.clone(),
                description: note.map(|(_, text)| text.clone()).unwrap_or_default(),
                tags,
                is_deleted,
                identity: place,
            });
            self.experiments.push(Experiment { folder, name });
        }
        found
    }
}

impl Store for Files {
    fn len(&self) -> Option<u64> {
        None
    }

    fn folder(&self) -> &Path {
        &self.root
    }

    fn experiments(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<PastExperiment>> {
        let models = count(&self.root.join("models"));
        if models > 0 {
            let why = "registered models of other trackers are not brought in";
            let what = format!("{models} registered models");
            let place = self.root.join("models");
            said.push(Untaken::unsupported(what, place.to_string_lossy(), why));
        }
        Ok(self.look(said))
    }

    fn runs(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<Head>> {
        if self.experiments.is_empty() {
            self.look(said);
        }
        let mut heads = Vec::new();
        for experiment in std::mem::take(&mut self.experiments) {
            let folders = folders(&experiment.folder)
                .map_err(|error| crate::source::unreadable(&experiment.folder, &error))?;
            for folder in folders {
                let name = file_name(&folder);
                if !NO_RUNS.contains(&name.as_str()) && is_run(&folder) {
                    heads.push(head(&experiment, folder, said));
                }
            }
        }
        Ok(heads)
    }

    fn row(&mut self, head: &Head, said: &mut Vec<Untaken>) -> Result<Row> {
        self.metrics = None;
        let meta = meta(&head.folder);
        let text = |key: &str| meta.text(key).filter(|text| !text.is_empty());
        let params = texts(&head.folder.join("params"), said);
        let mut tags = texts(&head.folder.join("tags"), said);
        for (tag, key) in super::SOURCE_TAGS {
            let is_there = tags.iter().any(|(known, _)| known == tag);
            if let Some(value) = text(key).filter(|_| !is_there) {
                tags.push((tag.to_owned(), value.to_owned()));
            }
        }
        let is_whole = meta.has("status") && (meta.has("run_id") || meta.has("run_uuid"));
        let damage = match &meta.wrong {
            Some((line, what)) => Some(format!("{META}, line {line}: {what}")),
            None if !is_whole => Some(format!("{META} is empty or is missing, or says no state")),
            None => None,
        };
        say_outputs(head, said);
        Ok(Row {
            user: text("user_id").map(str::to_owned),
            status: text("status").and_then(Status::read),
            start_ms: meta.number("start_time"),
            end_ms: meta.number("end_time"),
            is_deleted: text("lifecycle_stage") == Some("deleted"),
            deleted_ms: meta.number("deleted_time"),
            artifact_uri: text("artifact_uri").map(str::to_owned),
            params,
            tags,
            inputs: inputs(&head.folder, said),
            damage,
        })
    }

    fn points(
        &mut self,
        head: &Head,
        mark: &mut Mark,
        chunk: &mut Chunk,
        said: &mut Vec<Untaken>,
    ) -> Result<bool> {
        let metrics = match &mut self.metrics {
            Some(metrics) => metrics,
            metrics => metrics.insert(Metrics::of(&head.folder.join("metrics"), said)),
        };
        Ok(metrics.read(mark, chunk, said))
    }

    fn artifacts(&self, head: &Head) -> Option<PathBuf> {
        Some(head.folder.join("artifacts"))
    }
}

/// Folders with experiments, and whether they are in the trash.
fn experiment_folders(root: &Path) -> Vec<(PathBuf, bool)> {
    let mut found = Vec::new();
    for (folder, is_deleted) in [(root.to_owned(), false), (root.join(TRASH), true)] {
        for folder in folders(&folder).unwrap_or_default() {
            let name = file_name(&folder);
            let is_own = name == "models" || name.starts_with('.');
            let is_one = || folder.join(META).is_file() || has_runs(&folder);
            if !is_own && is_one() {
                found.push((folder, is_deleted));
            }
        }
    }
    found
}

fn has_runs(folder: &Path) -> bool {
    let folders = folders(folder).unwrap_or_default();
    folders.iter().any(|folder| folder.join(META).is_file())
}

/// Whether a folder is a run's, also of one whose `meta.yaml` is lost.
fn is_run(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_dir();
    folder.join(META).is_file() || has("metrics") || has("params")
}

fn head(experiment: &Experiment, folder: PathBuf, said: &mut Vec<Untaken>) -> Head {
    let meta = meta(&folder);
    let tag = |name: &str| text_of(&folder.join("tags").join(name)).ok();
    let name = meta.text("run_name").filter(|name| !name.is_empty());
    let name = name.map(str::to_owned).or_else(|| tag(super::RUN_NAME));
    let place = folder.to_string_lossy().into_owned();
    Head {
        id: file_name(&folder),
        name: fit(NameKind::Run, &name.unwrap_or_default(), &place, said),
        experiment: experiment.name.clone(),
        parent: tag(super::PARENT),
        start_ms: meta.number("start_time").unwrap_or(i64::MAX),
        folder,
        len: 0,
    }
}

/// What `meta.yaml` in a folder says; one that cannot be read says nothing.
fn meta(folder: &Path) -> Yaml {
    match fs::read(folder.join(META)) {
        Ok(bytes) => Yaml::read(&String::from_utf8_lossy(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Yaml::default(),
        Err(error) => Yaml::unreadable(&error),
    }
}

/// The files below a folder as names with texts.
fn texts(folder: &Path, said: &mut Vec<Untaken>) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (name, path) in super::tree::files(folder, said) {
        match text_of(&path) {
            Ok(text) => texts.push((name, text)),
            Err(why) => said.push(Untaken::damaged("file", path.to_string_lossy(), &why)),
        }
    }
    texts
}

fn text_of(path: &Path) -> std::result::Result<String, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let len = fs::metadata(path).map_err(unreadable)?.len();
    if len > TEXT_LEN_MAX {
        return Err(format!(
            "it has {len} bytes, too many for a parameter or a tag"
        ));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| format!("it is no UTF-8: {error}"))
}

/// The datasets that a run took in.
fn inputs(folder: &Path, said: &mut Vec<Untaken>) -> Vec<Input> {
    let mut inputs = Vec::new();
    let datasets = folder.parent().unwrap_or(folder).join("datasets");
    for entry in folders(&folder.join("inputs")).unwrap_or_default() {
        let link = meta(&entry);
        let place = entry.to_string_lossy().into_owned();
        if link
            .text("source_type")
            .is_some_and(|kind| kind != "DATASET")
        {
            let why = "models that a run took in are not brought in";
            said.push(Untaken::unsupported("a model", place, why));
            continue;
        }
        let dataset = meta(&datasets.join(link.text("source_id").unwrap_or("?")));
        let text = |key: &str| dataset.text(key).map(str::to_owned);
        let Some((name, digest)) = text("name").zip(text("digest")) else {
            let why = "what it is cannot be read below datasets";
            said.push(Untaken::damaged("a dataset", place, why));
            continue;
        };
        inputs.push(Input {
            name,
            digest,
            source_type: text("source_type").unwrap_or_default(),
            source: text("source").unwrap_or_default(),
            schema: text("schema"),
            profile: text("profile"),
            tags: link.below("tags"),
        });
    }
    inputs
}

fn say_outputs(head: &Head, said: &mut Vec<Untaken>) {
    let outputs = head.folder.join("outputs");
    if count(&outputs) > 0 {
        let what = format!("{} models that it gave out", count(&outputs));
        let why = "logged models are not brought in; their files are artifacts of MLflow's store";
        said.push(Untaken::unsupported(what, outputs.to_string_lossy(), why));
    }
}

/// What an experiment has that there is nothing to keep as.
fn say_unsupported(folder: &Path, said: &mut Vec<Untaken>) {
    for (name, noun) in [("models", "logged models"), ("traces", "traces")] {
        let folder = folder.join(name);
        let found = count(&folder);
        if found > 0 {
            let why = format!("{noun} of other trackers are not brought in");
            let what = format!("{found} {noun}");
            said.push(Untaken::unsupported(what, folder.to_string_lossy(), &why));
        }
    }
}

fn count(folder: &Path) -> usize {
    folders(folder).map_or(0, |folders| folders.len())
}

/// The folders in a folder, by name; links are followed.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.flatten();
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
