//! The file of a run while it is read.
//!
//! Invariants: a chunk ends where its mark says; a file that did not change since its mark was said is not read at all;
//! who goes on behind a mark has read everything before it, and taken nothing of that.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::WallTime;

use super::facts::Facts;
use super::log::{Log, Opening, opening};
use super::mark::Mark;
use super::record::Record;
use super::take::Take;
use crate::chunk::{Chunk, RunFacts};
use crate::followed::reading::{self, Next, RecordFile as _, Taker as _};
use crate::followed::{not_read, replaced};
use crate::marks::{self, Ends};
use crate::source::RunHead;

/// The record of the run is one of the first.
const HEAD_RECORDS_MAX: usize = 64;
/// What is replayed is thrown away in pieces of so many records.
const REPLAYED_MAX: usize = 4096;
/// The peer's name for what has no project.
const NO_PROJECT: &str = "uncategorized";

/// What the first records of a file say.
pub(super) enum Found {
    Run(RunHead),
    /// Nothing was written of a run yet.
    NotYet,
    Damaged(u64, String),
}

/// The run that is read.
#[derive(Debug)]
pub(super) struct Current {
    pub path: PathBuf,
    log: Option<Log>,
    /// A second hold on the file.
    file: Option<File>,
    mark: Mark,
    pub take: Take,
    /// What goes into the first chunk of a run that is new.
    facts: Option<Facts>,
}

/// What run a file is of.
pub(super) fn head(path: &Path) -> io::Result<Found> {
    let mut file = File::open(path)?;
    match opening(&mut file)? {
        Opening::Good => {}
        Opening::Short => return Ok(Found::NotYet),
        Opening::Foreign => {
            return Ok(Found::Damaged(
                0,
                "it does not begin as W&B's files do".into(),
            ));
        }
        Opening::Newer(version) => {
            let why = format!("it is of version {version}, and only 0 is known here");
            return Ok(Found::Damaged(6, why));
        }
    }
    let mut log = Log::new(file)?;
    let (mut facts, mut damage, mut has_others) = (Facts::default(), None, false);
    for _ in 0..HEAD_RECORDS_MAX {
        match log.next()? {
            Next::Record(record) => match Record::read(record) {
                Ok(Record::Run(message)) if facts.run(message).is_ok() => {
                    return Ok(Found::Run(run_head(path, &facts)));
                }
                Ok(Record::Nothing) | Err(_) => {}
                Ok(_) => has_others = true,
            },
            Next::Lost(at, why) => damage = damage.or(Some((at, why))),
            _ => break,
        }
    }
    Ok(match damage {
        _ if has_others => Found::Run(run_head(path, &facts)),
        Some((at, why)) => Found::Damaged(at, why.to_owned()),
        None => Found::NotYet,
    })
}

fn run_head(path: &Path, facts: &Facts) -> RunHead {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let id = stem.strip_prefix("run-").unwrap_or(&stem).to_owned();
    let names = [&facts.name, &facts.id, &id];
    let name = names.into_iter().find(|name| !name.is_empty());
    let project = Some(&facts.project).filter(|project| !project.is_empty());
    RunHead {
        identity: path.to_string_lossy().into_owned(),
        name: name.cloned().unwrap_or_default(),
        experiment: project.map_or_else(|| NO_PROJECT.to_owned(), Clone::clone),
    }
}

impl Current {
    pub fn new(path: &Path) -> Current {
        Current {
            path: path.to_owned(),
            log: None,
            file: None,
            mark: Mark::default(),
            take: Take::default(),
            facts: None,
        }
    }

    /// Whether more can come.
    pub fn goes_on(&self) -> bool {
        self.log.is_some() && self.take.end.is_none()
    }

    /// Goes to where a mark was said.
    pub fn open(&mut self, said: Option<&str>, is_followed: bool) -> io::Result<()> {
        if self.log.is_some() && said.is_some() {
            // It was followed, and nobody else was at it since.
            return Ok(());
        }
        let file = File::open(&self.path)?;
        self.mark = marks::read(said);
        let mut files = self.path.clone();
        files.set_file_name("files");
        self.take = Take::new(&self.path.to_string_lossy(), Some(files));
        if !self.mark.is_of(&file)? {
            self.take.untaken.push(replaced(&self.path));
            self.mark = Mark::default();
        }
        self.take.last_ns = self.mark.ends.last_ns;
        self.take.end = self.mark.ends.said();
        let len = file.metadata()?.len();
        let has_waited = !is_followed && self.mark.flushed != self.mark.at;
        if self.mark.at == len && len > 0 && !has_waited {
            return Ok(());
        }
        if said.is_none() {
            let (facts, end) = survey(file.try_clone()?)?;
            self.facts = Some(facts);
            self.mark.surveyed = end;
        }
        self.take.surveyed = self.mark.surveyed;
        self.take.files_ns = self.mark.files_ns.unwrap_or(i64::MIN);
        let mut log = Log::new(file.try_clone()?)?;
        if self.mark.at > 0 {
            self.replay(&mut log)?;
        }
        (self.log, self.file) = (Some(log), Some(file));
        Ok(())
    }

    /// Reads what was taken before.
    fn replay(&mut self, log: &mut Log) -> io::Result<()> {
        let mut chunk = Chunk::default();
        self.take.is_replayed = true;
        self.take.end = None;
        let mut count = 0;
        let mut is_flushed = false;
        while log.place() < self.mark.at {
            let at = log.place();
            if at >= self.mark.flushed && self.mark.flushed > 0 && !is_flushed {
                self.take.flush(self.take.end.is_some(), &mut chunk);
                is_flushed = true;
            }
            match log.next()? {
                Next::Record(record) => {
                    // What cannot be read was said when it was taken.
                    self.take.record(record, at, &mut chunk).ok();
                }
                Next::Lost(..) | Next::Long(_) => {}
                Next::End | Next::Torn(_) | Next::Damaged(_) => break,
            }
            count += 1;
            if count % REPLAYED_MAX == 0 {
                chunk.clear();
                self.take.new_chunk();
            }
        }
        if self.mark.flushed > 0 && !is_flushed && self.mark.flushed <= self.mark.at {
            self.take.flush(self.take.end.is_some(), &mut chunk);
        }
        self.take.files_ns = self.mark.files_ns.unwrap_or(i64::MIN);
        self.take.untaken.clear();
        self.take.is_replayed = false;
        Ok(())
    }

    /// Fills a chunk. False when there is no more for now.
    pub fn read(&mut self, chunk: &mut Chunk, is_followed: bool) -> bool {
        self.take.new_chunk();
        if let Some(facts) = self.facts.take() {
            begin(facts, chunk);
        }
        let Some(mut log) = self.log.take() else {
            self.finish(chunk);
            return false;
        };
        let is_ended = reading::read(&self.path, &mut log, is_followed, &mut self.take, chunk);
        let end = log.place();
        self.log = Some(log);
        if is_ended && !is_followed && self.mark.flushed != end {
            self.take.flush(self.take.end.is_some(), chunk);
            self.mark.flushed = end;
        }
        self.set_mark(end);
        self.finish(chunk);
        !is_ended
    }

    fn set_mark(&mut self, end: u64) {
        let set = self.file.as_ref().map(|file| self.mark.set(end, file));
        if let Some(Err(error)) = set {
            let said = not_read("the file", &self.path, &error);
            self.take.untaken.extend(said);
        }
    }

    /// Says how far the chunk goes, and where the run ends.
    fn finish(&mut self, chunk: &mut Chunk) {
        self.mark.ends = Ends::new(self.take.last_ns, self.take.end);
        self.mark.files_ns = Some(self.take.files_ns).filter(|time| *time > i64::MIN);
        if self.mark.at > 0 {
            chunk.mark = marks::write(&self.mark);
        }
        chunk.ending = self.mark.ends.ending();
    }
}

/// What is known of a run goes into its first chunk.
fn begin(facts: Facts, chunk: &mut Chunk) {
    let started = facts.started();
    chunk.params = facts.params();
    chunk.facts = Some(RunFacts {
        started,
        parent: None,
        parent_tag: None,
        user: facts.user,
        is_queued: false,
    });
    chunk.tags.extend(facts.tags);
    if !facts.notes.is_empty() {
        chunk
            .notes
            .push((started.unwrap_or(WallTime(0)), facts.notes));
    }
}

/// What all records of a file say of its run, and where they end: a parameter keeps its first value, which must be the one
/// that the run has in the end.
fn survey(file: File) -> io::Result<(Facts, u64)> {
    let mut log = Log::new(file)?;
    let mut facts = Facts::default();
    loop {
        match log.next()? {
            Next::Record(record) => {
                let surveyed = match Record::read(record) {
                    Ok(Record::Run(message)) => facts.run(message),
                    Ok(Record::Config(message)) => facts.config(message),
                    Ok(Record::Environment(message)) => facts.environment(message),
                    _ => Ok(()),
                };
                // What cannot be read is said when it is taken.
                surveyed.ok();
            }
            Next::Lost(..) | Next::Long(_) => {}
            Next::End | Next::Torn(_) | Next::Damaged(_) => return Ok((facts, log.place())),
        }
    }
}
