//! Events of the store itself, version 1: what was taken back, and what is gone for good.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A purge says everything that must be
//! known when the bytes of what it purged are gone: which ids and numbers are not given again.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::blob_id::BlobId;
use crate::ids::{ExperimentId, RunId, RunKey};

/// An operation was taken back: the events behind this one in the same batch do it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OperationUndoneV1 {
    /// The first record of the operation.
    pub first: u64,
    /// Its last record.
    pub last: u64,
    /// Who took it back.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A deleted run is gone for good: no restore is accepted, and its bytes may be dropped.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RunPurgedV1 {
    /// The run.
    pub run: RunId,
    /// The experiment it belonged to.
    pub experiment: ExperimentId,
    /// Its number there, which is not given again.
    pub number: u64,
    /// Who purged it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A deleted experiment is gone for good. The purges of its runs stand before it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ExperimentPurgedV1 {
    /// The experiment, whose id is not given again.
    pub experiment: ExperimentId,
    /// The name it had.
    pub name: String,
    /// The highest number that a run of it ever had.
    pub run_number_max: u64,
    /// Who purged it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// What records of a run said is as if it had never been said: their bytes may be dropped, and so were the blobs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct RecordsScrubbedV1 {
    /// The run that the records are about.
    pub run: RunKey,
    /// The records.
    pub lsns: Vec<u64>,
    /// The blobs that were deleted with them.
    pub blobs: Vec<BlobId>,
    /// Why, without saying what was found.
    pub why: String,
    /// Who scrubbed them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
