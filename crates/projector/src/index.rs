//! A projector's state kept as rows in a folder, changed as the log grows: the index of whoever owns it.
//!
//! [`Index`] is the folder while it is open; [`store`], [`load`], [`rebuild`] and [`check`] open it for one call. A
//! projector that says what its rows are ([`Stored`]) can be kept so, wherever it is defined.
//!
//! Invariants: rows and checkpoint change in one atomic batch, so a folder never holds a state of one moment with the
//! checkpoint of another; a folder that is damaged, locked, newer or makes the database panic is set aside and
//! reported, never an error that stops the caller; whether the log still has what the checkpoint saw is asked of the
//! log, by [`Follower::resume`].

mod database;
mod keep;
mod rows;

use std::io;
use std::path::PathBuf;

use mltrack_log::{Cursor, LogError};

use crate::follower::Projector;

pub use keep::{Index, check, load, rebuild, store};
pub use rows::{Rows, differences};

#[cfg(doc)]
use crate::Follower;

/// The key that no row of a projector has: the driver keeps the checkpoint under it.
pub const CHECKPOINT_KEY: &[u8] = b"m";

/// Takes a row that was added or changed, or the key of one that was removed.
pub type TakeChange<'a> = dyn FnMut(&[u8], Option<Vec<u8>>) + 'a;

/// A projector whose state can be kept as rows. Equal states give equal rows, bit for bit.
pub trait Stored: Projector {
    /// Hands out every row: a key, and what stands under it. No key twice, and never [`CHECKPOINT_KEY`].
    fn rows(state: &Self::State, row: &mut dyn FnMut(&[u8], Vec<u8>));

    /// The state that these rows were made of. The error says what is wrong with them.
    fn restore(rows: &Rows) -> Result<Self::State, String>;

    /// Hands out the rows that were added, changed or removed (`None`) since the last call, and says so by `true`.
    /// False, and no row: it is not known which, so the driver compares all of them. The first call knows nothing.
    fn changes(state: &mut Self::State, row: &mut TakeChange<'_>) -> bool {
        let _ = (state, row);
        false
    }

    /// What a row is, for people: `run 0197..`.
    fn describe(key: &[u8]) -> String {
        format!("row {}", String::from_utf8_lossy(key))
    }
}

/// What a folder held.
#[derive(Debug)]
pub struct Loaded<S> {
    /// The state and the first record it does not know; `None` when there was no usable one: fold from zero.
    pub found: Option<(S, Cursor)>,
    /// A folder that was moved out of the way. Tell the user, in one line.
    pub set_aside: Option<SetAside>,
}

/// What writing a folder did.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Written {
    /// Rows looked at: all that the folder holds now, or only those that changed.
    pub rows: u64,
    /// Rows that were new or different.
    pub rows_written: u64,
    /// Rows that were there and are no more.
    pub rows_removed: u64,
    /// A folder that was moved out of the way. Tell the user, in one line.
    pub set_aside: Option<SetAside>,
}

/// An index or a snapshot that could not be used. Nothing is lost: it can be folded again. Delete it when nobody wants to
/// look at it.
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
