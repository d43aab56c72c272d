//! Log lines and logged JSON values, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. As with metrics, the writer's
//! record says who.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::ids::RunKey;
use crate::time::WallTime;
use crate::value::Level;

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct LineV1 {
    /// How much it matters.
    pub level: Level,
    /// Where it comes from: `stdout`, `stderr` or a module's path; empty when not known.
    pub source: String,
    /// The text, without the line's end.
    pub text: String,
    /// When it was written; absent when that is the record's time.
    pub time: Option<WallTime>,
}

/// A line as the newest events carry it.
pub type Line = LineV1;

/// One or several lines of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct LogLineV1 {
    /// The run.
    pub run: RunKey,
    /// The lines, oldest first.
    pub lines: Vec<LineV1>,
}

/// A JSON value at one step: a table, a confusion matrix, any custom metric.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct JsonLoggedV1 {
    /// The run.
    pub run: RunKey,
    /// The value's name.
    pub name: String,
    /// The step.
    pub step: i64,
    /// The value, as JSON text.
    #[serde(serialize_with = "crate::json::embedded")]
    pub json: String,
}
