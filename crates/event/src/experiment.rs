//! Events of experiments, version 1.
//!
//! Invariants: the order of the fields is the order of the bytes, so a struct named `..V1` never
//! changes: a new field means a `..V2` and an upcaster (see `upcast.rs`). Every event that a person
//! can cause says who (`actor`) and why (`command`).

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::experiment_state::ExperimentState;
use crate::ids::ExperimentId;

/// Whether a metric is better when it is smaller or larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// What the runs of an experiment are after.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode, Serialize)]
pub struct GoalV1 {
    /// The metric that decides.
    pub metric: String,
    /// Which end of it is better.
    pub direction: Direction,
}

/// A goal set or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalEditV1 {
    /// No goal from now on.
    Clear,
    /// This goal from now on.
    Set(GoalV1),
}

/// The goal as the newest events carry it.
pub type Goal = GoalV1;

/// The goal's edit as the newest events carry it.
pub type GoalEdit = GoalEditV1;

/// An experiment exists from now on, as a [`ExperimentState::Draft`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentCreatedV1 {
    /// The new experiment.
    pub experiment: ExperimentId,
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
    /// Tags; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// What its runs are after.
    pub goal: Option<GoalV1>,
    /// Who created it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Fields of an experiment changed; an absent one stays as it was, an empty text clears it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentEditedV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// Its new name. A rename needs the names' stream, see [`Event::stream`](crate::Event::stream).
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// What it is to show.
    pub hypothesis: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Who else works on it, all of them.
    pub collaborators: Option<Vec<String>>,
    /// What its runs are after.
    pub goal: Option<GoalEditV1>,
    /// The whole metadata document, as JSON text.
    #[serde(serialize_with = "crate::json::embedded_option")]
    pub metadata: Option<String>,
    /// Who edited it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// An experiment moved to another state, other than into or out of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentStateMovedV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The state it was in.
    pub from: ExperimentState,
    /// The state it is in now.
    pub to: ExperimentState,
    /// Who moved it.
    pub actor: String,
    /// By which command or call; `first run` when a draft became active by itself.
    pub command: String,
}

/// An experiment went to the archive: hidden from lists, still readable, no new runs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentArchivedV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The state it was in.
    pub from: ExperimentState,
    /// Who archived it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// From where an experiment came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestoredFrom {
    /// From the archive: it is active now.
    Archive,
    /// From deletion: it is in the state it was in, and takes its name again.
    Deletion,
}

/// An experiment came back from the archive or from deletion.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentRestoredV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// What was undone.
    pub from: RestoredFrom,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// An experiment and its runs were deleted, undoably until `gc`; the name is free.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentDeletedV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// Who deleted it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Tags of an experiment were set or removed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentTaggedV1 {
    /// The experiment.
    pub experiment: ExperimentId,
    /// Tags to set, replacing values of the same key; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub set: Vec<(String, String)>,
    /// Keys to remove, after `set`.
    pub remove: Vec<String>,
    /// Who tagged it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
