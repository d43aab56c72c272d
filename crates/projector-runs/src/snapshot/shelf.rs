//! The folder of snapshots of runs: which there are, which one to go on from, which to keep.
//!
//! Invariants: those of [`Folder`]: nobody meets half of a snapshot, and none is believed that the log does not bear out.

use std::path::PathBuf;

use mltrack_projector::snapshot::{Folder, Found as FoundState, Kept, ShelfError, SnapshotFault};
use mltrack_projector::{Cursor, LogError, Lsn, Reader};

use super::reading::Snapshot;
use super::writing;
use crate::index::SetAside;
use crate::state::State;

/// A folder of snapshots. It need not exist.
#[derive(Debug)]
pub struct Shelf(Folder);

/// What was found to go on from.
pub type Found = FoundState<State>;

/// What their names begin with.
const PREFIX: &str = "runs";

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// The first record that it does not know.
    pub next: Lsn,
    /// Its length.
    pub bytes: u64,
    /// Runs in it.
    pub runs: u64,
}

impl Shelf {
    /// The snapshots in this folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Shelf {
        Shelf(Folder::new(folder, PREFIX, true))
    }

    /// The snapshots in this folder, for somebody who leaves no trace.
    #[must_use]
    pub fn to_look(folder: PathBuf) -> Shelf {
        Shelf(Folder::new(folder, PREFIX, false))
    }

    /// Every snapshot, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Kept> {
        self.0.list()
    }

    /// The newest snapshot that knows nothing behind `last` and that the log bears out.
    ///
    /// Errors: those of reading the log.
    pub fn find(&self, reader: &mut Reader, last: Option<Lsn>) -> Result<Found, LogError> {
        let open = |path: &std::path::Path| {
            let snapshot = Snapshot::open(path)?;
            let cursor = snapshot.cursor();
            Ok((snapshot, cursor))
        };
        self.0.find(reader, last, open, Snapshot::into_state)
    }

    /// Moves a snapshot with a fault out of the way; from now on it is not found here, even if it cannot be moved. A
    /// snapshot of another version stays where it is: another program can read it.
    pub fn set_aside(&self, fault: &SnapshotFault) -> Option<SetAside> {
        self.0.set_aside(fault)
    }

    /// Writes the snapshot of a state that was folded up to `cursor`. Durable on return.
    pub fn write(&self, state: &State, cursor: Cursor) -> Result<Written, ShelfError> {
        let fill = |file| writing::write(file, state, cursor).map(|(_, file)| file);
        let kept = self.0.write(cursor, fill, || state.fault().cloned())?;
        Ok(Written {
            path: kept.path,
            next: kept.next,
            bytes: kept.bytes,
            runs: state.run_count() as u64,
        })
    }

    /// Removes snapshots that others make needless, and drafts that nobody writes any more. Returns what was removed.
    pub fn prune(&self) -> Vec<PathBuf> {
        self.0.prune()
    }
}
