//! Snapshots by command: written, listed, compared with the log.
//!
//! Invariant: a snapshot is never believed over the log; deleting all of them changes no answer.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::time::Duration;

use mltrack_log::{Lsn, door};
use mltrack_projector_runs::snapshot::{Checked, Kept, ShelfError, check};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::keeper::Leisure;
use crate::lock::guard;
use crate::store::Store;
use crate::tracker::Tracker;
use crate::warning::Warning;

/// A snapshot that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SnapshotReport {
    /// Where it is.
    pub path: PathBuf,
    /// The last record that is part of it; `None` in an empty store.
    pub lsn: Option<Lsn>,
    /// Its length.
    pub bytes: u64,
    /// The length of the one of artifacts, datasets, models and lineage that was written beside it; 0 when the store has
    /// none of those.
    pub things_bytes: u64,
    /// The same of the one of documents.
    pub documents_bytes: u64,
    /// Runs in it.
    pub runs: u64,
    /// How long it took, with catching up.
    pub took: Duration,
    /// How many snapshots there are now.
    pub kept: usize,
}

impl Tracker {
    /// Writes a snapshot of everything that is visible now, and removes those that it makes needless; extends the series
    /// files, too. `None` when the tracker is disabled. Snapshots are written without being asked for too, when reading the log's tail has become
    /// long; they make opening and looking back fast and hold nothing that the log does not.
    ///
    /// Errors: `INVALID_STATE` for a tracker that was opened for reading, `STORAGE_ERROR` when it cannot be written.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let report = tracker.snapshot()?.unwrap();
    /// assert_eq!((report.runs, report.lsn), (1, tracker.runs().fetch()?.lsn));
    /// # Ok(())
    /// # }
    /// ```
    pub fn snapshot(&self) -> Result<Option<SnapshotReport>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        if !store.is_writable() {
            return Err(Error::read_only());
        }
        let report = write(store)?;
        // Histories are read from files of their own; without them they only take longer.
        if let Err(error) = store.extend_series() {
            store.warnings.tell(&Warning::SeriesNotWritten { error });
        }
        Ok(Some(report))
    }

    /// Folds what is new, and has a snapshot written in the background when that saves a later start enough: see
    /// [`Builder::quick_start`](crate::Builder::quick_start). For programs that stay: about once a second, and before they end.
    /// Who is idle has one written that saves little; who is not, only when folding has taken much longer than writing one
    /// does. Does nothing for a tracker that writes no snapshots unasked.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// let tracker = mltrack::Tracker::builder(folder.path()).quick_start().open()?;
    /// tracker.keep_start_quick(true)?;
    /// tracker.wait_for_snapshot()?;
    /// assert!(tracker.snapshots().is_empty(), "a new store needs none");
    /// # Ok(())
    /// # }
    /// ```
    pub fn keep_start_quick(&self, is_idle: bool) -> Result<()> {
        let leisure = if is_idle {
            Leisure::Idle
        } else {
            Leisure::Busy
        };
        match self.store() {
            Some(store) if store.keeper()?.writes() => store.catch_up_unasked(leisure),
            _ => Ok(()),
        }
    }

    /// Waits for the snapshot of runs that is being written in the background, if one is.
    pub fn wait_for_snapshot(&self) -> Result<()> {
        if let Some(store) = self.store() {
            store.keeper()?.wait();
        }
        Ok(())
    }

    /// The snapshots that there are, the newest first: of runs, and of artifacts, datasets, models and lineage, whose file
    /// names begin with `things`, and of documents, whose begin with `documents`.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Kept> {
        self.store()
            .and_then(|store| store.snapshot_files().ok())
            .unwrap_or_default()
    }

    /// Compares every snapshot with a fold of the log from zero, byte by byte and run by run. A difference is no error.
    ///
    /// Errors: `CORRUPT` for a damaged log.
    pub fn check_snapshots(&self) -> Result<Vec<Checked>> {
        let mut checked = self.check_run_snapshots()?;
        checked.extend(self.check_lineage()?);
        checked.extend(self.check_documents()?);
        Ok(checked)
    }

    /// The same for the snapshots of runs only.
    pub fn check_run_snapshots(&self) -> Result<Vec<Checked>> {
        match self.store() {
            Some(store) => Ok(check(store.keeper()?.shelf(), store.reader()?)?),
            None => Ok(Vec::new()),
        }
    }

    /// The same for those of artifacts, datasets, models and lineage only.
    pub fn check_lineage(&self) -> Result<Vec<Checked>> {
        match self.store() {
            Some(store) => store.check_things(),
            None => Ok(Vec::new()),
        }
    }

    /// The same for those of documents only.
    pub fn check_documents(&self) -> Result<Vec<Checked>> {
        match self.store() {
            Some(store) => store.check_documents(),
            None => Ok(Vec::new()),
        }
    }
}

impl Store {
    /// Every snapshot of each kind, the newest first.
    pub fn snapshot_files(&self) -> Result<Vec<Kept>> {
        let keeper = self.keeper()?;
        let mut kept = keeper.shelf().list();
        kept.extend(keeper.things.shelf().list());
        kept.extend(keeper.documents.shelf().list());
        // Of those of one moment the one of runs is first, as it was when there were no others.
        kept.sort_by_key(|kept| Reverse(kept.next));
        Ok(kept)
    }
}

pub(crate) fn write(store: &Store) -> Result<SnapshotReport> {
    let begun = door::monotonic();
    let written = loop {
        let mut follower = guard(&store.session()?.follower);
        store.fold_visible(&mut follower)?;
        let cursor = follower.checkpoint();
        let state = follower.state_mut().share();
        drop(follower);
        match store.keeper()?.write(&state, cursor) {
            Ok(written) => break written,
            // What the state goes on from is damaged: it is set aside, and the state folded again.
            Err(ShelfError::Base(_)) => {
                store.is_believed(&mut guard(&store.session()?.follower))?;
            }
            Err(error) => {
                let what = "the snapshot is not written";
                return Err(Error::new(Code::StorageError, what).with_source(error));
            }
        }
    };
    let things = store.write_things()?;
    let documents = store.write_documents()?;
    Ok(SnapshotReport {
        things_bytes: things.map_or(0, |kept| kept.bytes),
        documents_bytes: documents.map_or(0, |kept| kept.bytes),
        path: written.path,
        lsn: Lsn::new(written.next.get() - 1),
        bytes: written.bytes,
        runs: written.runs,
        took: door::monotonic().saturating_duration_since(begun),
        kept: store.keeper()?.shelf().list().len(),
    })
}
