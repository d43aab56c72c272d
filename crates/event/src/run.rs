//! Events of a run's life, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. Only [`RunCreatedV1`] carries the
//! full run id. Which writer owns an attached run is said by the record's envelope: the writer of
//! [`RunStartedV1`], [`RunResumedV1`] and [`RunAttachedV1`].

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::ids::{ExperimentId, RunId, RunKey};
use crate::run_state::EndState;
use crate::value::ParamValue;

/// A run exists from now on, [`Pending`](crate::RunState::Pending). Its start is usually the next
/// record of the same batch.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize)]
pub struct RunCreatedV1 {
    /// The new run.
    pub run: RunId,
    /// The experiment it belongs to.
    pub experiment: ExperimentId,
    /// Its number in the experiment, from 1, never reused.
    pub number: u64,
    /// Its name, which need not be unique.
    pub name: String,
    /// The run it is a part of.
    pub parent: Option<RunKey>,
    /// The seed of its random numbers.
    pub seed: Option<u64>,
    /// Whether it ends only by an event or its timeout, not with its writers.
    pub detached: bool,
    /// After how many seconds of running it counts as timed out.
    pub timeout_s: Option<u64>,
    /// The machine that created it.
    pub host: String,
    /// The process that created it.
    pub pid: u32,
    /// Parameters known at creation, nested names joined by dots.
    #[serde(serialize_with = "crate::json::pairs")]
    pub params: Vec<(String, ParamValue)>,
    /// Tags known at creation; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// Who created it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run has another name from now on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunRenamedV1 {
    /// The run.
    pub run: RunKey,
    /// Its name, which need not be unique.
    pub name: String,
    /// Who renamed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run waits for a machine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunQueuedV1 {
    /// The run.
    pub run: RunKey,
    /// Who queued it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run is running.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunStartedV1 {
    /// The run.
    pub run: RunKey,
    /// Whether the writer of this record owns the run: it is lost when its last owner is gone.
    pub attached: bool,
    /// The machine it runs on.
    pub host: String,
    /// The process it runs in.
    pub pid: u32,
    /// Who started it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run that had ended or was lost is running again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunResumedV1 {
    /// The run.
    pub run: RunKey,
    /// Whether the writer of this record owns the run.
    pub attached: bool,
    /// The machine it runs on.
    pub host: String,
    /// The process it runs in.
    pub pid: u32,
    /// Who resumed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Another writer joined a running run and owns it too.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunAttachedV1 {
    /// The run.
    pub run: RunKey,
    /// The machine of the joining process.
    pub host: String,
    /// The joining process.
    pub pid: u32,
    /// Who joined it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// What went wrong in a run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunErrorV1 {
    /// The kind of error: a type's name, `panic`, `abandoned`, ..
    pub kind: String,
    /// What it said.
    pub message: String,
    /// The stack trace.
    pub trace: Option<String>,
    /// What caused it.
    pub cause: Option<String>,
    /// Whether trying again may help.
    pub recoverable: bool,
}

/// The error as the newest events carry it.
pub type RunError = RunErrorV1;

/// A run ended, for all its writers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunEndedV1 {
    /// The run.
    pub run: RunKey,
    /// How it ended.
    pub state: EndState,
    /// What went wrong.
    pub error: Option<RunErrorV1>,
    /// Who ended it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// The last writer that owned a run is gone, and the run had not ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunLostV1 {
    /// The run.
    pub run: RunKey,
    /// Who noticed.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run was deleted, undoably until `gc`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunDeletedV1 {
    /// The run.
    pub run: RunKey,
    /// Who deleted it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A deleted run came back, in the state it was in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunRestoredV1 {
    /// The run.
    pub run: RunKey,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
