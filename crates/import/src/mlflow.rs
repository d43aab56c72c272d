//! `MLflow`'s stores: folders such as `mlruns`, and `SQLite` databases.
//!
//! Invariants: runs come parents first; a run is what `MLflow`'s own client reads of it; what is new in a run that was
//! taken before is taken, and nothing else of it.

mod artifacts;
mod files;
mod head;
mod mark;
mod metrics;
mod order;
mod rows;
mod schema;
mod sqlite;
mod store;
mod tree;
mod yaml;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use mltrack::{Code, EndState, Error, ParamValue, Result, Split, WallTime};
use serde_json::{Map, Value, json};

use crate::chunk::{Chunk, PastEnding, PastInput, RunFacts};
use crate::marks;
use crate::report::Untaken;
use crate::source::{PastExperiment, RunHead, Source, unreadable};
use artifacts::Artifacts;
use files::Files;
use head::{Head, Input, Row, Status};
use mark::{Mark, Of};
use sqlite::Sqlite;
use store::{Store, nanoseconds};

const RUN_NAME: &str = "mlflow.runName";
const PARENT: &str = "mlflow.parentRunId";
const USER: &str = "mlflow.user";
const NOTE: &str = "mlflow.note.content";
const CONTEXT: &str = "mlflow.data.context";
/// Tags that say where a run came from, and the fields that said it before there were such tags.
const SOURCE_TAGS: [(&str, &str); 4] = [
    ("mlflow.source.type", "source_type"),
    ("mlflow.source.name", "source_name"),
    ("mlflow.project.entryPoint", "entry_point_name"),
    ("mlflow.source.git.commit", "source_version"),
];
/// The tags of an imported run that say where its artifacts lie, and that what says what it was is damaged.
const TAG_ARTIFACTS: &str = "import.artifacts";
const TAG_DAMAGED: &str = "import.damaged";
/// The kind of the documents in which the interface of `MLflow` finds the datasets of a run.
const INPUT_DOCUMENTS: &str = "mlflow.input";
const MAGIC: &[u8] = b"SQLite format 3\0";

/// A store of `MLflow`'s.
#[derive(Debug)]
pub struct Mlflow {
    place: PathBuf,
    copies: bool,
    store: Box<dyn Store>,
    runs: std::vec::IntoIter<Head>,
    /// The ids of all runs: who names a parent that is not among them keeps only the tag.
    ids: HashSet<String>,
    is_fresh: bool,
    current: Option<Current>,
    untaken: Vec<Untaken>,
}

/// The run that is read.
#[derive(Debug)]
struct Current {
    head: Head,
    mark: Mark,
    is_new: bool,
    /// What is known of it, once that was read.
    row: Option<Row>,
    /// Its artifacts, once its points are read.
    artifacts: Option<Artifacts>,
}

impl Mlflow {
    /// A folder of the file store, a database file, or one of them as a URI: `sqlite:///FILE`, `file:///DIR`. Artifacts
    /// are copied, or else only their places recorded.
    ///
    /// Errors: `NOT_FOUND` when there is nothing, `VALIDATION_ERROR` for what is no store of `MLflow`'s, `CORRUPT` for a
    /// damaged database, `IO_ERROR` for what cannot be read.
    pub fn open(place: &str, copies: bool) -> Result<Mlflow> {
        let path = local(place)?;
        let path = fs::canonicalize(&path).map_err(|error| unreadable(&path, &error))?;
        let known = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        let (place, store): (PathBuf, Box<dyn Store>) = if known.is_dir() {
            let files = Files::open(&path)?;
            (files.folder().to_owned(), Box::new(files))
        } else if known.is_file() && is_database(&path)? {
            let database = Sqlite::open(&path)?;
            (path, Box::new(database))
        } else {
            let what = format!(
                "{} is neither a folder nor an SQLite database",
                path.display()
            );
            return Err(Error::new(Code::ValidationError, what)
                .with_hint("name a folder such as mlruns, or sqlite:///FILE"));
        };
        Ok(Mlflow {
            place,
            copies,
            store,
            runs: Vec::new().into_iter(),
            ids: HashSet::new(),
            is_fresh: false,
            current: None,
            untaken: Vec::new(),
        })
    }

    fn identity(&self, run: &str) -> String {
        format!("{}#{run}", self.place.display())
    }

    /// The identity of the run that it is a part of.
    fn parent(&self, head: &Head) -> Option<String> {
        let parent = head.parent.as_ref().filter(|parent| **parent != head.id);
        let parent = parent.filter(|parent| self.ids.contains(*parent));
        parent.map(|parent| self.identity(parent))
    }

    /// What is known of the run, of which only what is new goes into the chunk.
    fn take_row(&mut self, current: &mut Current, chunk: &mut Chunk) -> Result<()> {
        let mut row = self.store.row(&current.head, &mut self.untaken)?;
        let identity = self.identity(&current.head.id);
        if let Some(damage) = &row.damage {
            let what = format!("run {}", current.head.id);
            self.untaken.push(Untaken::damaged(what, &identity, damage));
            row.tags.push((TAG_DAMAGED.to_owned(), damage.clone()));
        }
        if let Some(uri) = row.artifact_uri.as_deref().filter(|uri| !uri.is_empty()) {
            row.tags.push((TAG_ARTIFACTS.to_owned(), uri.to_owned()));
        }
        let parent = self.parent(&current.head);
        if current.is_new {
            chunk.facts = Some(RunFacts {
                started: row.start_ms.map(|ms| WallTime(nanoseconds(ms))),
                parent_tag: parent.as_ref().map(|_| PARENT.to_owned()),
                parent: parent.clone(),
                user: user(&row),
                is_queued: row.status == Some(Status::Scheduled),
            });
            current.mark.is_queued = row.status == Some(Status::Scheduled);
        } else if current.mark.is_queued && row.status == Some(Status::Running) {
            current.mark.is_queued = false;
            chunk.begun = Some(WallTime(nanoseconds(row.start_ms.unwrap_or(0))));
        }
        for (name, value) in std::mem::take(&mut row.params) {
            if current.mark.notice(Of::Params, &name, &value) {
                chunk.params.push((name, ParamValue::Text(value)));
            }
        }
        for (name, value) in std::mem::take(&mut row.tags) {
            if current.mark.notice(Of::Tags, &name, &value) && !(name == PARENT && parent.is_some())
            {
                chunk.tags.push((name, value));
            }
        }
        for input in std::mem::take(&mut row.inputs) {
            let key = format!("{}\0{}", input.name, input.digest);
            if current.mark.notice(Of::Inputs, &key, "") {
                chunk.inputs.push(past_input(&input));
            }
        }
        current.row = Some(row);
        Ok(())
    }

    fn read_run(&mut self, current: &mut Current, chunk: &mut Chunk) -> Result<bool> {
        if current.row.is_none() {
            self.take_row(current, chunk)?;
        }
        if current.artifacts.is_none() {
            let (head, mark) = (&current.head, &mut current.mark);
            if self.store.points(head, mark, chunk, &mut self.untaken)? {
                return Ok(true);
            }
            let uri = current
                .row
                .as_ref()
                .and_then(|row| row.artifact_uri.as_deref())
                .filter(|uri| !uri.is_empty());
            let usual = self.store.artifacts(head);
            let run = format!("{}#{}", self.place.display(), head.id);
            let (root, said) = (self.store.folder(), &mut self.untaken);
            let found = Artifacts::of(uri, usual.as_deref(), root, self.copies, &run, said);
            current.artifacts = Some(found);
        }
        let artifacts = current.artifacts.as_mut();
        Ok(artifacts.is_some_and(|all| all.read(&mut current.mark, chunk, &mut self.untaken)))
    }
}

impl Source for Mlflow {
    fn kind(&self) -> &'static str {
        "mlflow"
    }

    fn len_total(&self) -> Option<u64> {
        self.store.len()
    }

    fn experiments(&mut self) -> Result<Vec<PastExperiment>> {
        self.store.experiments(&mut self.untaken)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        if !self.is_fresh {
            let heads = self.store.runs(&mut self.untaken)?;
            self.ids = heads.iter().map(|head| head.id.clone()).collect();
            self.runs = order::parents_first(heads).into_iter();
            self.is_fresh = true;
        }
        let Some(head) = self.runs.next() else {
            self.is_fresh = false;
            self.current = None;
            return Ok(None);
        };
        let run = RunHead {
            identity: self.identity(&head.id),
            name: head.name.clone(),
            experiment: head.experiment.clone(),
        };
        self.current = Some(Current {
            head,
            mark: Mark::default(),
            is_new: true,
            row: None,
            artifacts: None,
        });
        Ok(Some(run))
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        if let Some(current) = &mut self.current {
            current.is_new = mark.is_none();
            current.mark = marks::read(mark);
        }
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        let Some(mut current) = self.current.take() else {
            return Ok(false);
        };
        let has_more = self.read_run(&mut current, chunk)?;
        chunk.mark = marks::write(&current.mark);
        if !has_more {
            chunk.ending = current.ending();
            chunk.len_read += current.head.len;
        }
        self.current = Some(current);
        Ok(has_more)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.untaken)
    }
}

impl Current {
    /// How the run ended; a run that was deleted while it ran ended then.
    fn ending(&self) -> Option<PastEnding> {
        let row = self.row.as_ref()?;
        let last_ns = [row.end_ms, row.deleted_ms]
            .into_iter()
            .flatten()
            .next()
            .map(nanoseconds);
        let time = last_ns
            .or(self.mark.last_ns)
            .or(row.start_ms.map(nanoseconds));
        let state = match row.status {
            Some(Status::Ended(state)) => state,
            Some(_) if row.is_deleted => EndState::Cancelled,
            Some(Status::Running | Status::Scheduled) => return None,
            None => EndState::Completed,
        };
        Some(PastEnding {
            state,
            time: WallTime(time.unwrap_or(0)),
            is_said: row.status.is_some(),
            is_deleted: row.is_deleted,
        })
    }
}

/// Who began a run: its tag says it since there are tags.
fn user(row: &Row) -> Option<String> {
    let tag = row.tags.iter().find(|(key, _)| key == USER);
    let user = tag
        .map(|(_, user)| user.clone())
        .or_else(|| row.user.clone());
    user.filter(|user| !user.is_empty())
}

/// A dataset as the library knows it, and as the interface of `MLflow` gives it back.
fn past_input(input: &Input) -> PastInput {
    let context = input.tags.iter().find(|(key, _)| key == CONTEXT);
    let split = match context.map(|(_, context)| context.as_str()) {
        Some("val" | "valid" | "validation" | "eval") => Split::Validation,
        Some("test" | "testing") => Split::Test,
        _ => Split::Train,
    };
    let mut dataset = Map::new();
    let fields = [
        ("name", Some(&input.name)),
        ("digest", Some(&input.digest)),
        ("source_type", Some(&input.source_type)),
        ("source", Some(&input.source)),
        ("schema", input.schema.as_ref()),
        ("profile", input.profile.as_ref()),
    ];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            dataset.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    let mut body = json!({"dataset": dataset});
    let tags = input.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    if !tags.is_empty() {
        body["tags"] = tags.into();
    }
    PastInput {
        name: input.name.clone(),
        digest: format!("mlflow:{}", input.digest),
        source: input.source.clone(),
        split,
        kind: INPUT_DOCUMENTS,
        key: format!("{}\0{}", input.name, input.digest),
        body: body.to_string(),
    }
}

/// The path that a place means.
fn local(place: &str) -> Result<PathBuf> {
    for prefix in ["sqlite:///", "file://"] {
        if let Some(path) = place.strip_prefix(prefix) {
            // Behind a question mark stand options of SQLAlchemy's.
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            return Ok(PathBuf::from(path));
        }
    }
    if place.contains("://") {
        let what = format!("{place} is no place that is read");
        return Err(Error::new(Code::ValidationError, what).with_hint(
            "name a folder such as mlruns, or sqlite:///FILE; mlflow-export-import copies a server's store into a folder",
        ));
    }
    Ok(PathBuf::from(place))
}

/// Whether a file begins as a database does.
fn is_database(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let read = file.take(MAGIC.len() as u64).read_to_end(&mut head);
    read.map_err(|error| unreadable(path, &error))?;
    Ok(head == MAGIC)
}
