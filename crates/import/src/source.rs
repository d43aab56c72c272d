//! What a peer's store is to an import: runs one after another, each as a stream of chunks.
//!
//! Invariants: the same store gives the same runs with the same identities and the same values in the same order, so that
//! a mark means the same place later; a chunk ends where its mark says.

use std::io::{self, ErrorKind};
use std::path::Path;

use mltrack::{Code, Error, Result};

use crate::chunk::Chunk;
use crate::report::Untaken;

/// Reads what a peer recorded. It is asked by one thread: [`next_run`](Source::next_run) until there is none, and for
/// each run that is wanted [`open`](Source::open), then [`read`](Source::read) until that says that there is no more.
pub trait Source: Send {
    /// The peer, as one word: `tensorboard`, `csv`. Part of what a run is found again by.
    fn kind(&self) -> &'static str;

    /// How many bytes there are to read, where that is known without reading them.
    fn len_total(&self) -> Option<u64> {
        None
    }

    /// Experiments of which more is known than a name. Asked once, before the runs.
    fn experiments(&mut self) -> Result<Vec<PastExperiment>> {
        Ok(Vec::new())
    }

    /// The next run; `None` when there is no other. Asked again after that, it begins anew with what is there by then.
    fn next_run(&mut self) -> Result<Option<RunHead>>;

    /// Goes to the place in the run of the last [`next_run`](Source::next_run) where `mark` was said; to its beginning
    /// when it was never imported before.
    fn open(&mut self, mark: Option<&str>) -> Result<()>;

    /// Fills a chunk, which is empty, with what comes next. False when there is nothing behind it for now; such a last
    /// chunk may be empty. About 64 k points or 1 MiB are a good chunk.
    ///
    /// An error ends the whole import: what concerns one run or one value is [`untaken`](Source::untaken).
    fn read(&mut self, chunk: &mut Chunk) -> Result<bool>;

    /// What was not taken since this was asked last.
    fn untaken(&mut self) -> Vec<Untaken> {
        Vec::new()
    }
}

/// A run of a peer's store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunHead {
    /// What it is found again by when the same store is imported again: unlike those of all other runs of this kind of
    /// source, wherever their stores are.
    pub identity: String,
    /// Its name.
    pub name: String,
    /// The name of its experiment.
    pub experiment: String,
}

/// An experiment of a peer's store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastExperiment {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// Whether it was deleted. It is made all the same, and deleted behind its last run, once.
    pub is_deleted: bool,
    /// What it is found again by after that, as a run is by its own.
    pub identity: String,
}

/// What a place is that cannot be read, and without which there is nothing to import.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::NotFound => Code::NotFound,
        _ => Code::IoError,
    };
    Error::new(code, format!("cannot read {}: {error}", path.display()))
}
