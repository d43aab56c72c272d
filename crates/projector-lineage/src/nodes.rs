//! Experiments and runs, as far as lineage needs them.

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, RunCreated, RunId, RunKey, RunState};
use mltrack_projector::{Entry, Stamp};

/// An experiment.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ExperimentNode {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: Box<str>,
    /// When it was created.
    pub created: Stamp,
    /// Set while it is deleted.
    pub deleted: Option<Stamp>,
    /// Events about it alone that did not fit.
    pub(crate) refused: u64,
}

/// A run.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct RunNode {
    /// Its id.
    pub id: RunId,
    /// Its name, which need not be unique.
    pub name: Box<str>,
    /// The experiment it belongs to.
    pub experiment: ExperimentId,
    /// Its number there, from 1.
    pub number: u64,
    /// The run it is a part of.
    pub parent: Option<RunKey>,
    /// The state that was recorded last. Whether somebody is alive to end it is not known here.
    pub state: RunState,
    /// When it was created.
    pub created: Stamp,
    /// Set while it is deleted by itself; with its experiment it is not marked here, see
    /// [`Things::is_run_deleted`](crate::Things::is_run_deleted).
    pub deleted: Option<Stamp>,
}

impl RunNode {
    pub(crate) fn new(created: &RunCreated, entry: &Entry<'_>) -> RunNode {
        RunNode {
            id: created.run,
            name: created.name.as_str().into(),
            experiment: created.experiment,
            number: created.number,
            parent: created.parent,
            state: RunState::Pending,
            created: Stamp::of(entry),
            deleted: None,
        }
    }

    /// The key that events name it by.
    #[must_use]
    pub fn key(&self) -> RunKey {
        self.id.key()
    }
}
