//! The files of Weights & Biases, one for each run, as its program keeps them on the disk, offline or not.
//!
//! Invariants: files are read in the order of their paths, each from where its mark says; what comes behind a mark is a
//! function of the bytes before it, which are read again for that; a file that was replaced is read from its beginning;
//! behind damage reading goes on at the next block.

mod console;
mod facts;
mod files;
mod history;
mod json;
mod keys;
mod log;
mod log_form;
#[cfg(test)]
mod log_made;
mod mark;
mod open;
mod record;
mod summary;
mod take;
mod typed;
mod walk;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::Result;

use crate::chunk::Chunk;
use crate::followed::reading::{Next, RecordFile as _, Taker as _};
use crate::followed::{Followed, not_read};
use crate::report::Untaken;
use crate::source::{RunHead, Source};
use log::Log;
use open::{Current, Found};
use record::Record;
use take::Take;

/// So many files that are followed are kept open.
const LIVE_MAX: usize = 64;

/// A folder `wandb` with its runs, the folder of one, or a lone `.wandb` file.
#[derive(Debug)]
pub struct Wandb {
    folder: Followed<PathBuf>,
    current: Option<Current>,
    /// Runs that go on, as they were when they were read to the end of their files.
    live: HashMap<PathBuf, Current>,
    heads: HashMap<PathBuf, RunHead>,
}

impl Wandb {
    /// The runs in a folder: every `.wandb` file in it, in its folders of runs, and in those of a folder `wandb` in it.
    /// When it is followed there need not be any yet, and a record that is not whole is awaited.
    ///
    /// Errors: `NOT_FOUND` when there is nothing, `VALIDATION_ERROR` for what is neither a folder nor a file,
    /// `IO_ERROR` for what cannot be read.
    pub fn open(root: &Path, is_followed: bool) -> Result<Wandb> {
        Ok(Wandb {
            folder: Followed::open(root, is_followed)?,
            current: None,
            live: HashMap::new(),
            heads: HashMap::new(),
        })
    }

    /// What run a file is of; `None` while it has none, and when it is none of the peer's.
    fn head(&mut self, path: &Path) -> Option<RunHead> {
        if let Some(head) = self.heads.get(path) {
            return Some(head.clone());
        }
        let place = path.to_string_lossy();
        let untaken = &mut self.folder.untaken;
        match open::head(path) {
            Ok(Found::Run(head)) => {
                self.heads.insert(path.to_owned(), head.clone());
                return Some(head);
            }
            Ok(Found::NotYet) if self.folder.goes_on => {}
            Ok(Found::NotYet) => {
                let why = "there is no run in it yet: its writer has just begun, or was killed";
                untaken.push(Untaken::noted("the file", place, why));
            }
            Ok(Found::Damaged(at, why)) => {
                let place = format!("{place} at byte {at}");
                untaken.push(Untaken::damaged("the file", place, &why));
            }
            Err(error) => untaken.extend(not_read("the file", path, &error)),
        }
        None
    }

    /// Keeps a run that goes on, so that following it reads nothing twice.
    fn keep_live(&mut self) {
        let current = self.current.take();
        if let Some(current) = current.filter(|current| self.folder.goes_on && current.goes_on())
            && self.live.len() < LIVE_MAX
        {
            self.live.insert(current.path.clone(), current);
        }
    }
}

impl Source for Wandb {
    fn kind(&self) -> &'static str {
        "wandb"
    }

    fn len_total(&self) -> Option<u64> {
        Some(self.folder.len_total)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        self.keep_live();
        while let Some(path) = self.folder.next()? {
            if let Some(head) = self.head(&path) {
                let live = self.live.remove(&path);
                self.current = Some(live.unwrap_or_else(|| Current::new(&path)));
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if let Err(error) = current.open(mark, self.folder.goes_on) {
            let said = not_read("the file", &current.path, &error);
            self.folder.untaken.extend(said);
        }
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        let Some(current) = &mut self.current else {
            return Ok(false);
        };
        let has_more = current.read(chunk, self.folder.goes_on);
        self.folder.untaken.append(&mut current.take.untaken);
        Ok(has_more)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.folder.untaken)
    }
}

/// Reads a file that lies in memory, and then the same bytes as one record and as one history record; how many records
/// there were. For fuzzing.
#[doc(hidden)]
pub fn read_wandb_file(bytes: &[u8], chunk: &mut Chunk) -> usize {
    let mut take = Take::new("fuzzed", None);
    take.new_chunk();
    let mut log = Log::new(io::Cursor::new(bytes)).expect("memory can be read");
    let mut count = 2;
    loop {
        match log.next().expect("memory can be read") {
            Next::Record(record) => {
                take.record(record, u64::MAX, chunk).ok();
                count += 1;
            }
            Next::End | Next::Torn(_) => break,
            _ => {}
        }
    }
    // Without checksums, so that what is behind them is reached.
    if Record::read(bytes).is_ok() {
        take.record(bytes, u64::MAX, chunk).ok();
    }
    take.history(bytes, chunk).ok();
    take.flush(true, chunk);
    count
}
