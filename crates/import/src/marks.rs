//! What the marks of all sources have in common: their form, and of files where the run ends that they speak of.
//!
//! Invariant: what was written is read by every later version, in whatever store it lies.

use mltrack::{EndState, WallTime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::chunk::PastEnding;

/// The last part of a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ends {
    /// The time of the last thing that was read.
    pub last_ns: Option<i64>,
    /// Whether the run is said to have ended well, and when.
    end: Option<(bool, i64)>,
}

impl Ends {
    pub fn new(last_ns: Option<i64>, end: Option<(EndState, i64)>) -> Ends {
        let end = end.map(|(state, time)| (state == EndState::Completed, time));
        Ends { last_ns, end }
    }

    /// How the run is said to have ended.
    pub fn said(&self) -> Option<(EndState, i64)> {
        let (is_good, time) = self.end?;
        let state = if is_good {
            EndState::Completed
        } else {
            EndState::Failed
        };
        Some((state, time))
    }

    /// Where it ends: where it says so, else with the last thing that was read.
    pub fn ending(&self) -> Option<PastEnding> {
        let open = self.last_ns.map(|time| (EndState::Completed, time));
        let (state, time) = self.said().or(open)?;
        Some(PastEnding {
            state,
            time: WallTime(time),
            is_said: self.end.is_some(),
            is_deleted: false,
        })
    }
}

/// A mark that cannot be read is none: everything is read anew.
pub(crate) fn read<M: DeserializeOwned + Default>(text: Option<&str>) -> M {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

pub(crate) fn write(mark: &impl Serialize) -> String {
    serde_json::to_string(mark).expect("numbers and texts are JSON")
}
