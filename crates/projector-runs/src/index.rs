//! A state kept in a folder between programs, so that the next one need not fold the whole log.
//!
//! [`store`] writes, [`load`] reads, [`rebuild`] folds from zero and writes, [`check`] compares what is kept with a
//! fold. There is one row for each run, experiment and definition, none for a param or a point.
//!
//! Invariants: rows and checkpoint change in one atomic batch, so a folder never holds a state of one moment with the
//! checkpoint of another; a folder that is damaged, locked, newer or makes the database panic is set aside and reported,
//! never an error that stops the caller; whether the log still has what the checkpoint saw is asked of the log, by
//! [`Follower::resume`](mltrack_projector::Follower::resume).

mod folder;
pub(crate) mod rows;

use std::io;
use std::path::{Path, PathBuf};

use mltrack_projector::{Cursor, Follower, LogError, Progress, Reader};

use crate::apply::Runs;
use crate::state::State;
use folder::Fault;

/// What a folder held.
#[derive(Debug)]
pub struct Loaded {
    /// The state and the first record it does not know; `None` when there was no usable one: fold from zero.
    pub found: Option<(State, Cursor)>,
    /// A folder that was moved out of the way. Tell the user, in one line.
    pub set_aside: Option<SetAside>,
}

/// What writing a folder did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Rows that the folder holds now.
    pub rows: u64,
    /// Rows that were new or different.
    pub rows_written: u64,
    /// Rows that were there and are no more.
    pub rows_removed: u64,
    /// A folder that was moved out of the way. Tell the user, in one line.
    pub set_aside: Option<SetAside>,
}

/// An index that could not be used. Nothing is lost: it can be folded again. Delete it when nobody wants to look at it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{from}: {why}; set aside as {to}", from = from.display(), to = to.display())]
pub struct SetAside {
    /// Where it was.
    pub from: PathBuf,
    /// Where it is.
    pub to: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// Why an index cannot be written. Queries go on from the log without it.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Fold the log with the reader that failed: its error says what to do.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Get the right to rename in the parent folder, or remove the index by hand.
    #[error("{path}: cannot set the index aside", path = path.display())]
    SetAside {
        /// The index.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Free space or get the right to write there, then repeat: a fresh folder failed too.
    #[error("{path}: cannot write the index: {why}", path = path.display())]
    Write {
        /// The index.
        path: PathBuf,
        /// What the database said.
        why: String,
    },
}

/// How an index compares with the log.
#[derive(Debug)]
pub struct Check {
    /// Up to where the index has folded; `None` when there is no usable index.
    pub checkpoint: Option<Cursor>,
    /// Rows compared.
    pub rows: u64,
    /// Records folded for the comparison.
    pub folded: u64,
    /// Rows that differ, are missing or are too many, by name. Empty: the index is the fold of the log.
    pub differences: Vec<String>,
    /// The log does not have, or no longer has, what the index folded. It would be discarded.
    pub is_rewound: bool,
    /// A folder that was moved out of the way.
    pub set_aside: Option<SetAside>,
}

impl Check {
    /// Whether an index was found that is the fold of the log.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.checkpoint.is_some() && !self.is_rewound && self.differences.is_empty()
    }
}

/// Makes the folder hold `state`, folded up to `cursor`. Durable on return. Rows that are the same are not written.
///
/// A folder that cannot be used is set aside, and a fresh one written.
pub fn store(path: &Path, state: &State, cursor: Cursor) -> Result<Stored, IndexError> {
    let rows = rows::encode(state, cursor);
    let fault = match folder::replace(path, &rows) {
        Ok(stored) => return Ok(stored),
        Err(fault) => fault,
    };
    let set_aside = Some(folder::set_aside(path, &fault)?);
    match folder::replace(path, &rows) {
        Ok(stored) => Ok(Stored {
            set_aside,
            ..stored
        }),
        Err(fault) => Err(IndexError::Write {
            path: path.to_owned(),
            why: fault.to_string(),
        }),
    }
}

/// Reads what a folder holds. A folder that is not there, or was written for an older version of the projector, holds
/// nothing; one that cannot be used is set aside.
pub fn load(path: &Path) -> Result<Loaded, IndexError> {
    if !path.exists() {
        return Ok(Loaded {
            found: None,
            set_aside: None,
        });
    }
    let decoded = folder::read(path).and_then(|rows| {
        if rows.is_empty() {
            return Ok(None);
        }
        rows::decode(&rows).map_err(Fault::Damaged)
    });
    match decoded {
        Ok(found) => Ok(Loaded {
            found,
            set_aside: None,
        }),
        Err(fault) => Ok(Loaded {
            found: None,
            set_aside: Some(folder::set_aside(path, &fault)?),
        }),
    }
}

/// Folds the whole log and makes the folder hold the result. Returns the state too.
pub fn rebuild(
    path: &Path,
    reader: Reader,
    on_progress: impl FnMut(Progress) + Send + 'static,
) -> Result<(State, Stored), IndexError> {
    let mut follower: Follower<Runs> = Follower::new(reader);
    follower.on_progress(on_progress);
    follower.catch_up()?;
    let stored = store(path, follower.state(), follower.checkpoint())?;
    Ok((follower.into_state(), stored))
}

/// Whether the folder holds the fold of the log up to its checkpoint. Folds from zero; writes nothing, but sets a
/// folder aside that cannot be used.
pub fn check(path: &Path, mut reader: Reader) -> Result<Check, IndexError> {
    let loaded = load(path)?;
    let mut check = Check {
        checkpoint: None,
        rows: 0,
        folded: 0,
        differences: Vec::new(),
        is_rewound: false,
        set_aside: loaded.set_aside,
    };
    let Some((state, cursor)) = loaded.found else {
        return Ok(check);
    };
    check.checkpoint = Some(cursor);
    match reader.resume(cursor) {
        Ok(()) => {}
        Err(LogError::Rewound { .. }) => {
            check.is_rewound = true;
            return Ok(check);
        }
        Err(error) => return Err(error.into()),
    }
    let mut follower: Follower<Runs> = Follower::new(reader);
    if let Some(last) = mltrack_projector::Lsn::new(cursor.next.get() - 1) {
        follower.to(last)?;
    }
    let (kept, folded) = (
        rows::encode(&state, cursor),
        rows::encode(follower.state(), cursor),
    );
    check.rows = folded.len() as u64;
    check.folded = follower.counts().folded;
    check.differences = rows::differences(&kept, &folded);
    Ok(check)
}
