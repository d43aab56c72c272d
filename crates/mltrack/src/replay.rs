//! What is kept of the log between programs: folded again, or compared with it.
//!
//! Invariant: the index is never believed over the log; deleting it changes no answer.

use std::time::Duration;

use mltrack_log::{IndexOwner, door};
use mltrack_projector_metrics::Extended;
use mltrack_projector_runs::index::{self, Check, IndexError, Written};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::tracker::Tracker;

/// What was folded again, and how long that took.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Rebuilt {
    /// The index of experiments and runs.
    pub index: Written,
    /// The series files.
    pub series: Extended,
    /// From the first record to the last file, both at the same time.
    pub took: Duration,
}

/// The folder of the index in a store.
pub(crate) const INDEX_FOLDER: &str = "index";

impl Tracker {
    /// Folds the whole log and makes the store's index hold the result, durably. `on_progress` is told the lsn that was
    /// folded last. `None` when the tracker is disabled.
    ///
    /// Errors: `CORRUPT` for a damaged log, `STORAGE_ERROR` when the index cannot be written, `BUSY` while another process
    /// keeps it up to date.
    pub fn rebuild_index(
        &self,
        mut on_progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Option<Written>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let _owner = own(store)?;
        let told =
            move |progress: mltrack_projector::Progress| on_progress(progress.next.get() - 1);
        let (_, stored) =
            index::rebuild(&folder(store), store.reader()?, told).map_err(index_error)?;
        Ok(Some(stored))
    }

    /// Folds the whole log again into everything that is kept of it, the index and the series files, in parallel and from
    /// nothing. `on_progress` is told the lsn that the index has folded last. `None` when the tracker is disabled.
    /// Questions are answered meanwhile.
    ///
    /// Errors: those of [`Tracker::rebuild_index`], and `INVALID_STATE` for a tracker that was opened for reading.
    pub fn rebuild(
        &self,
        on_progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Option<Rebuilt>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        if !store.is_writable() {
            return Err(Error::read_only());
        }
        let begun = door::monotonic();
        let (index, series) = std::thread::scope(|scope| {
            let index = scope.spawn(|| self.rebuild_index(on_progress));
            let series = store.rewrite_series();
            (index.join(), series)
        });
        let index = index.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(Some(Rebuilt {
            index: index.unwrap_or_default(),
            series: series?,
            took: door::monotonic().saturating_duration_since(begun),
        }))
    }

    /// Folds the log and compares the result with the store's index, row by row. A difference is no error. `None` when
    /// the tracker is disabled.
    ///
    /// Errors: `CORRUPT` for a damaged log, `BUSY` while another process keeps the index up to date.
    pub fn check_index(&self) -> Result<Option<Check>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let _owner = own(store)?;
        let check = index::check(&folder(store), store.reader()?);
        Ok(Some(check.map_err(index_error)?))
    }
}

/// Whoever opens the index owns it: the database in it admits one opener.
fn own(store: &Store) -> Result<IndexOwner> {
    IndexOwner::try_new(&store.path)?.ok_or_else(|| {
        let message = "another process keeps the index up to date";
        Error::new(Code::Busy, message).with_hint("end it, or ask it")
    })
}

pub(crate) fn folder(store: &Store) -> std::path::PathBuf {
    store.path.join(INDEX_FOLDER)
}

pub(crate) fn index_error(error: IndexError) -> Error {
    match error {
        IndexError::Log(error) => error.into(),
        IndexError::SetAside { .. } => {
            Error::new(Code::IoError, error.to_string()).with_source(error)
        }
        IndexError::Write { .. } => Error::new(Code::StorageError, error.to_string()),
    }
}
