//! A state kept in a folder between programs, so that the next one need not fold the whole log.
//!
//! [`store`] writes, [`load`] reads, [`rebuild`] folds from zero and writes, [`check`] compares what is kept with a
//! fold; [`Index`] keeps the folder open and changes it as the log grows. There is one row for each run, experiment and
//! definition, none for a param or a point.
//!
//! Invariants: those of [`mltrack_projector::index`], which drives it.

pub(crate) mod rows;

use std::path::Path;

use mltrack_projector::index::{self, Rows, Stored, TakeChange};
use mltrack_projector::{Cursor, Progress, Reader};

use crate::apply::Runs;
use crate::state::State;

pub use mltrack_projector::index::{Check, IndexError, SetAside, Written};

/// The open index of experiments and runs.
pub type Index = index::Index<Runs>;

/// What a folder held.
pub type Loaded = index::Loaded<State>;

impl Stored for Runs {
    fn rows(state: &State, row: &mut dyn FnMut(&[u8], Vec<u8>)) {
        rows::each(state, row);
    }

    fn restore(rows: &Rows) -> Result<State, String> {
        rows::decode(rows)
    }

    fn changes(state: &mut State, row: &mut TakeChange<'_>) -> bool {
        rows::changes(state, row)
    }

    fn describe(key: &[u8]) -> String {
        rows::describe(key)
    }
}

/// See [`mltrack_projector::index::store`].
pub fn store(path: &Path, state: &State, cursor: Cursor) -> Result<Written, IndexError> {
    index::store::<Runs>(path, state, cursor)
}

/// See [`mltrack_projector::index::load`].
pub fn load(path: &Path) -> Result<Loaded, IndexError> {
    index::load::<Runs>(path)
}

/// See [`mltrack_projector::index::rebuild`].
pub fn rebuild(
    path: &Path,
    reader: Reader,
    on_progress: impl FnMut(Progress) + Send + 'static,
) -> Result<(State, Written), IndexError> {
    index::rebuild::<Runs>(path, reader, on_progress)
}

/// See [`mltrack_projector::index::check`].
pub fn check(path: &Path, reader: Reader) -> Result<Check, IndexError> {
    index::check::<Runs>(path, reader)
}
