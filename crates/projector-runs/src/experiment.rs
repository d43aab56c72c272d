//! An experiment as the log describes it.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, ExperimentState, Goal};

use mltrack_projector::Stamp;

/// An experiment.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Experiment {
    /// Its id, never used again.
    pub id: ExperimentId,
    /// Its name, unique among the experiments that are not deleted.
    pub name: String,
    /// What it is about; empty when not given, like the next two.
    pub description: String,
    /// What it is to show.
    pub hypothesis: String,
    /// Whose it is.
    pub owner: String,
    /// Who else works on it.
    pub collaborators: Vec<String>,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// What its runs are after.
    pub goal: Option<Goal>,
    /// Its metadata document, as JSON text.
    pub metadata: Option<String>,
    /// Its state.
    pub state: ExperimentState,
    /// The moves that led there, oldest first.
    pub moves: Vec<ExperimentMove>,
    /// When it was created.
    pub created: Stamp,
    /// When it was changed last: edited, moved, tagged, archived, deleted or restored.
    pub updated: Stamp,
    /// When it went to the archive; `None` when it is not there.
    pub archived: Option<Stamp>,
    /// When it was deleted; `None` when it is not.
    pub deleted: Option<Stamp>,
    /// Who created it.
    pub actor: String,
    /// By which command or call it was created.
    pub command: String,
    /// The highest number that a run of it ever had.
    pub run_number_max: u64,
    /// Events about it that its state or a name did not admit. Those of its runs count there.
    pub refused: u64,
}

/// One move from state to state.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct ExperimentMove {
    /// The state before.
    pub from: ExperimentState,
    /// The state after.
    pub to: ExperimentState,
    /// When.
    pub at: Stamp,
    /// Who moved it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
