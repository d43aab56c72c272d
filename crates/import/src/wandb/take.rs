//! What the records of a run become: points, distributions, texts, lines, artifacts, parameters.
//!
//! Invariants: what comes of a record is a function of the records before it, so that who reads them again goes on as if
//! it had never stopped; what is of no use here is named once for a run; a record that cannot be read does not keep the
//! others from being taken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mltrack::{EndState, WallTime};

use super::console::Console;
use super::facts::Facts;
use super::history::Scratch;
use super::json;
use super::keys::Keys;
use super::record::{Item, ItemValue, Printed, Record, exit, texts, time_ns};
use super::summary::Summary;
use crate::chunk::Chunk;
use crate::followed::reading::Taker;
use crate::report::Untaken;
use crate::wire::{Fields, Read};

/// More kinds of things that are of no use are not named one by one.
const STRANGE_MAX: usize = 64;

/// The step and the time of a value.
pub(super) type At = (i64, WallTime);

/// A run while it is read.
#[derive(Debug, Default)]
pub(crate) struct Take {
    /// What people call the file.
    pub place: String,
    /// The folder of the run's files.
    pub files: Option<PathBuf>,
    /// What comes is only what was taken before.
    pub is_replayed: bool,
    /// Configuration before this byte was taken with the run's first chunk.
    pub surveyed: u64,
    pub keys: Keys,
    pub(super) scratch: Scratch,
    pub(super) summary: Summary,
    console: Console,
    /// Names of things that say what they are.
    pub(super) typed_names: BTreeSet<String>,
    /// Files that steps named.
    pub(super) files_taken: BTreeSet<String>,
    /// Files that were saved, and whether they are the peer's own.
    pub(super) saved: BTreeMap<String, bool>,
    pub(super) saved_taken: BTreeSet<String>,
    /// Saved files that were changed no later were taken.
    pub files_ns: i64,
    strange: BTreeSet<String>,
    pub untaken: Vec<Untaken>,
    pub started_ns: Option<i64>,
    /// The latest time that was met.
    pub last_ns: Option<i64>,
    pub last_step: i64,
    /// How many samples of the machine there were.
    samples: i64,
    pub end: Option<(EndState, i64)>,
    /// Bytes of what is in the chunk beside points, about.
    pub other_len: usize,
}

impl Taker for Take {
    const RECORD: &'static str = "record";
    const OTHER_LEN_MAX: usize = 1 << 20;

    fn other_len(&self) -> usize {
        self.other_len
    }

    fn record(&mut self, record: &[u8], at: u64, chunk: &mut Chunk) -> Read<()> {
        let is_surveyed = at < self.surveyed;
        match Record::read(record)? {
            Record::History(message) => {
                self.history(message, chunk)?;
                self.summary.settle();
            }
            Record::Summary(message) => self.summary.record(message),
            Record::Stats(message) => self.stats(message, chunk)?,
            Record::OutputRaw(message) => self.printed(&Printed::read(message)?, false, chunk),
            Record::Output(message) => self.printed(&Printed::read(message)?, true, chunk),
            Record::Config(message) if !is_surveyed => {
                let mut said = Facts::default();
                said.config(message)?;
                chunk.params.extend(said.params());
            }
            Record::Run(message) => self.run(message, is_surveyed, chunk)?,
            Record::Environment(message) if !is_surveyed => {
                let mut said = Facts::default();
                said.environment(message)?;
                chunk.tags.extend(said.tags);
            }
            Record::Files(message) => self.files_record(message)?,
            Record::Artifact(message) => self.artifact(message, chunk)?,
            Record::Exit(message) => self.exit(message, chunk)?,
            Record::Alert(message) => self.alert(message, chunk)?,
            Record::TensorBoard(message) => {
                let [folder] = texts(message, [1])?;
                let why = "bring it in with mltrack import tensorboard";
                self.strange(&format!("TensorBoard files in {folder}"), why);
            }
            Record::UseArtifact(message) => {
                let [name] = texts(message, [3])?;
                let why = "there is nothing here to keep it as";
                self.strange(&format!("use of artifact {name}"), why);
            }
            Record::Metric(message) => self.metric(message)?,
            Record::Strange(number) => {
                let what = format!("records of kind {number}");
                self.strange(&what, "they are of a version that is not known here");
            }
            Record::Config(_) | Record::Environment(_) | Record::Nothing => {}
        }
        Ok(())
    }

    fn untaken(&mut self) -> &mut Vec<Untaken> {
        &mut self.untaken
    }
}

impl Take {
    pub fn new(place: &str, files: Option<PathBuf>) -> Take {
        Take {
            place: place.to_owned(),
            files,
            last_step: -1,
            files_ns: i64::MIN,
            ..Take::default()
        }
    }

    pub fn new_chunk(&mut self) {
        self.keys.new_chunk();
        self.other_len = 0;
    }

    fn run(&mut self, message: &[u8], is_surveyed: bool, chunk: &mut Chunk) -> Read<()> {
        let mut said = Facts::default();
        said.run(message)?;
        self.started_ns = said.started_ns.or(self.started_ns);
        if let Some(started) = said.started_ns {
            self.saw(started);
        }
        if !is_surveyed {
            chunk.params.extend(said.params());
            chunk.tags.extend(said.tags);
        }
        Ok(())
    }

    /// A sample of the machine.
    fn stats(&mut self, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let mut time = None;
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            if number == 2 {
                time = Some(time_ns(value.bytes()?)?);
            }
        }
        let time = time.or(self.last_ns).unwrap_or(0);
        self.saw(time);
        let step = self.samples;
        self.samples += 1;
        let mut key = Vec::new();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            if number != 3 {
                continue;
            }
            key.clear();
            let item = Item::read(value.bytes()?, &mut key)?;
            let number = match item.value {
                ItemValue::Json(json) => json::number(json),
                ItemValue::Number(number) => Some(number),
                ItemValue::Text(_) | ItemValue::Nothing => None,
            };
            if let Some(number) = number {
                let name = format!("system/{}", super::keys::name(&key));
                let key = self.keys.named(&name);
                self.keys.point(key, step, time, number, &mut chunk.points);
            }
        }
        Ok(())
    }

    fn printed(&mut self, printed: &Printed<'_>, is_line: bool, chunk: &mut Chunk) {
        if let Some(time) = printed.time_ns {
            self.saw(time);
        }
        self.other_len += printed.text.len();
        if is_line {
            self.console.line(printed, &mut chunk.lines);
        } else {
            self.console.print(printed, &mut chunk.lines);
        }
    }

    fn exit(&mut self, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let (code, runtime_s, goes_on) = exit(message)?;
        self.flush(!goes_on, chunk);
        if goes_on {
            return Ok(());
        }
        let ran = i64::from(runtime_s) * 1_000_000_000;
        let ended = self.started_ns.map(|started| started.saturating_add(ran));
        let time = self.last_ns.max(ended).unwrap_or(0);
        let state = match code {
            0 => EndState::Completed,
            _ => EndState::Failed,
        };
        self.end = Some((state, time));
        Ok(())
    }

    fn alert(&mut self, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let [title, text, level] = texts(message, [1, 2, 3])?;
        let time = WallTime(self.last_ns.unwrap_or(0));
        chunk
            .notes
            .push((time, format!("alert {level}: {title}: {text}")));
        Ok(())
    }

    /// A definition of a metric: only what is lost of it is said.
    fn metric(&mut self, message: &[u8]) -> Read<()> {
        let [name, pattern, axis] = texts(message, [1, 2, 4])?;
        if !axis.is_empty() && axis != "_step" {
            let name = if name.is_empty() { pattern } else { name };
            let why = "its points have the steps of the run; the axis is a metric beside it";
            self.strange(&format!("axis {axis} of {name}"), why);
        }
        Ok(())
    }

    /// Takes what waits for the end: lines without end, what only the summary says, saved files.
    pub fn flush(&mut self, has_ended: bool, chunk: &mut Chunk) {
        self.console.flush(&mut chunk.lines);
        self.summary(has_ended, chunk);
        self.saved_files(chunk);
    }

    pub(super) fn saw(&mut self, time_ns: i64) {
        self.last_ns = self.last_ns.max(Some(time_ns));
    }

    /// Names something that is not taken, once.
    pub(super) fn strange(&mut self, what: &str, why: &str) {
        if self.strange.len() < STRANGE_MAX && self.strange.insert(what.to_owned()) {
            let untaken = Untaken::unsupported(what, &self.place, why);
            self.untaken.push(untaken);
        }
    }
}
