//! The index that is kept between programs: folded again from the log, or compared with it.
//!
//! Invariant: the index is never believed over the log; deleting it changes no answer.

use mltrack_projector_runs::index::{self, Check, IndexError, Stored};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::tracker::Tracker;

/// The folder of the index in a store.
const INDEX_FOLDER: &str = "index";

impl Tracker {
    /// Folds the whole log and makes the store's index hold the result, durably. `on_progress` is told the lsn that was
    /// folded last. `None` when the tracker is disabled.
    ///
    /// Errors: `CORRUPT` for a damaged log, `STORAGE_ERROR` when the index cannot be written.
    pub fn rebuild_index(
        &self,
        mut on_progress: impl FnMut(u64) + Send + 'static,
    ) -> Result<Option<Stored>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let told =
            move |progress: mltrack_projector::Progress| on_progress(progress.next.get() - 1);
        let (_, stored) =
            index::rebuild(&folder(store), store.reader()?, told).map_err(index_error)?;
        Ok(Some(stored))
    }

    /// Folds the log and compares the result with the store's index, row by row. A difference is no error. `None` when
    /// the tracker is disabled.
    ///
    /// Errors: `CORRUPT` for a damaged log.
    pub fn check_index(&self) -> Result<Option<Check>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        Ok(Some(
            index::check(&folder(store), store.reader()?).map_err(index_error)?,
        ))
    }
}

fn folder(store: &Store) -> std::path::PathBuf {
    store.path.join(INDEX_FOLDER)
}

fn index_error(error: IndexError) -> Error {
    match error {
        IndexError::Log(error) => error.into(),
        IndexError::SetAside { .. } => {
            Error::new(Code::IoError, error.to_string()).with_source(error)
        }
        IndexError::Write { .. } => Error::new(Code::StorageError, error.to_string()),
    }
}
