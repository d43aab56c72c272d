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
mod mark;
mod open;
mod record;
mod summary;
mod take;
mod typed;
mod walk;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mltrack::{Code, Error, Result};

use crate::chunk::Chunk;
use crate::report::Untaken;
use crate::source::{RunHead, Source};
use log::{Log, Next};
use open::{Current, Found};
use record::Record;
use take::Take;

/// So many files that are followed are kept open.
const LIVE_MAX: usize = 64;

/// A folder `wandb` with its runs, the folder of one, or a lone `.wandb` file.
#[derive(Debug)]
pub struct Wandb {
    root: PathBuf,
    is_followed: bool,
    len_total: u64,
    runs: std::vec::IntoIter<PathBuf>,
    is_fresh: bool,
    current: Option<Current>,
    /// Runs that go on, as they were when they were read to the end of their files.
    live: HashMap<PathBuf, Current>,
    heads: HashMap<PathBuf, RunHead>,
    untaken: Vec<Untaken>,
}

impl Wandb {
    /// The runs in a folder: every `.wandb` file in it, in its folders of runs, and in those of a folder `wandb` in it.
    /// When it is followed there need not be any yet, and a record that is not whole is awaited.
    ///
    /// Errors: `NOT_FOUND` when there is nothing, `VALIDATION_ERROR` for what is neither a folder nor a file,
    /// `IO_ERROR` for what cannot be read.
    pub fn open(root: &Path, is_followed: bool) -> Result<Wandb> {
        let root = fs::canonicalize(root).map_err(|error| failure(root, &error))?;
        let kind = fs::metadata(&root).map_err(|error| failure(&root, &error))?;
        if !kind.is_dir() && !kind.is_file() {
            let what = format!("{} is neither a folder nor a file", root.display());
            return Err(Error::new(Code::ValidationError, what)
                .with_hint("name the folder wandb, or a .wandb file in it"));
        }
        let mut opened = Wandb {
            root,
            is_followed,
            len_total: 0,
            runs: Vec::new().into_iter(),
            is_fresh: false,
            current: None,
            live: HashMap::new(),
            heads: HashMap::new(),
            untaken: Vec::new(),
        };
        opened.look()?;
        if opened.runs.len() == 0 && !is_followed {
            let what = format!("{} has no .wandb files", opened.root.display());
            return Err(Error::new(Code::NotFound, what).with_hint(
                "they lie in wandb/offline-run-.. and wandb/run-..; name the folder wandb",
            ));
        }
        Ok(opened)
    }

    /// Finds the files that are there now.
    fn look(&mut self) -> Result<()> {
        let untaken = &mut self.untaken;
        let found = walk::files(&self.root, |path, error| {
            let why = format!("cannot be read: {error}");
            untaken.push(Untaken::damaged("folder", path.to_string_lossy(), &why));
        });
        let found = found.map_err(|error| failure(&self.root, &error))?;
        let lens = found
            .iter()
            .filter_map(|file| Some(fs::metadata(file).ok()?.len()));
        self.len_total = lens.sum();
        self.runs = found.into_iter();
        self.is_fresh = true;
        Ok(())
    }

    /// What run a file is of; `None` while it has none, and when it is none of the peer's.
    fn head(&mut self, path: &Path) -> Option<RunHead> {
        if let Some(head) = self.heads.get(path) {
            return Some(head.clone());
        }
        let place = path.to_string_lossy().into_owned();
        match open::head(path) {
            Ok(Found::Run(head)) => {
                self.heads.insert(path.to_owned(), head.clone());
                return Some(head);
            }
            Ok(Found::NotYet) if self.is_followed => {}
            Ok(Found::NotYet) => {
                let why = "there is no run in it yet: its writer has just begun, or was killed";
                self.untaken.push(Untaken::noted("the file", place, why));
            }
            Ok(Found::Damaged(at, why)) => {
                let place = format!("{place} at byte {at}");
                self.untaken.push(Untaken::damaged("the file", place, &why));
            }
            // A file that went away meanwhile is no more.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let why = format!("cannot be read: {error}");
                self.untaken.push(Untaken::damaged("the file", place, &why));
            }
        }
        None
    }

    /// Keeps a run that goes on, so that following it reads nothing twice.
    fn keep_live(&mut self) {
        let current = self.current.take();
        if let Some(current) = current.filter(|current| self.is_followed && current.goes_on())
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
        Some(self.len_total)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        self.keep_live();
        if !self.is_fresh {
            self.look()?;
        }
        while let Some(path) = self.runs.next() {
            if let Some(head) = self.head(&path) {
                let live = self.live.remove(&path);
                self.current = Some(live.unwrap_or_else(|| Current::new(&path)));
                return Ok(Some(head));
            }
        }
        self.is_fresh = false;
        Ok(None)
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        if let Err(error) = current.open(mark, self.is_followed) {
            let why = format!("cannot be read: {error}");
            let place = current.path.to_string_lossy().into_owned();
            self.untaken.push(Untaken::damaged("the file", place, &why));
        }
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        let Some(current) = &mut self.current else {
            return Ok(false);
        };
        let has_more = current.read(chunk, self.is_followed);
        self.untaken.append(&mut current.take.untaken);
        Ok(has_more)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.untaken)
    }
}

fn failure(path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::NotFound,
        _ => Code::IoError,
    };
    Error::new(code, format!("cannot read {}: {error}", path.display()))
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
            Next::Damaged(..) => {}
            Next::End | Next::Torn(_) => break,
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
