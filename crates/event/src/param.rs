//! Events that describe a run: parameters, tags and notes, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A parameter is never overwritten:
//! logging another value for it is refused before it becomes an event. Only undo removes one.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::ids::RunKey;
use crate::value::ParamValue;

/// Parameters of a run.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize)]
pub struct ParamsLoggedV1 {
    /// The run.
    pub run: RunKey,
    /// Names, nested ones joined by dots, and values.
    #[serde(serialize_with = "crate::json::pairs")]
    pub params: Vec<(String, ParamValue)>,
    /// Who logged them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Tags of a run, replacing values of the same key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TagsSetV1 {
    /// The run.
    pub run: RunKey,
    /// Keys and values; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// Who set them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A tag of a run is gone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct TagRemovedV1 {
    /// The run.
    pub run: RunKey,
    /// The tag's key.
    pub key: String,
    /// Who removed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Parameters of a run are gone, so that other values may be logged: a wrong one was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ParamsRemovedV1 {
    /// The run.
    pub run: RunKey,
    /// Their names.
    pub names: Vec<String>,
    /// Who removed them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A note on a run is gone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct NoteRemovedV1 {
    /// The run.
    pub run: RunKey,
    /// The lsn of the record that added the note.
    pub note: u64,
    /// Who removed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A note on a run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct NoteAddedV1 {
    /// The run.
    pub run: RunKey,
    /// The note, in Markdown.
    pub text: String,
    /// Who wrote it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
