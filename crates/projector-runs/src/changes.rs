//! What has changed in a state since somebody last asked: for an index that is kept up row by row.
//!
//! Invariant: what is not handed out is as it was when it was handed out last.

use mltrack_event::RunId;
use mltrack_projector::index::{Rows, TakeChange};

use crate::codec::value;
use crate::state::Oddities;

/// The small rows as they were handed out last.
#[derive(Clone, Default, Debug)]
pub struct Tracked {
    version: u64,
    oddities: Vec<u8>,
    small: Rows,
}

/// Runs that were touched.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Touched {
    /// Slots of the runs that were created or changed, each once.
    pub slots: Vec<u32>,
    /// Runs that are no more.
    pub removed: Vec<RunId>,
}

impl Tracked {
    /// All of it was handed out now.
    pub fn new(version: u64, small: Rows) -> Tracked {
        Tracked {
            version,
            oddities: Vec::new(),
            small,
        }
    }

    /// Whether the small rows may have changed. Counts of skipped events change without a version.
    pub fn is_behind(&self, version: u64, oddities: &Oddities) -> bool {
        self.version != version || self.oddities != value(oddities)
    }

    pub fn keep_up(&mut self, version: u64, oddities: &Oddities) {
        self.version = version;
        self.oddities = value(oddities);
    }

    /// Hands out what differs from what was handed out last.
    pub fn hand_out(&mut self, small: Rows, row: &mut TakeChange<'_>) {
        for (key, value) in &small {
            if self.small.get(key) != Some(value) {
                row(key, Some(value.clone()));
            }
        }
        for key in self.small.keys().filter(|key| !small.contains_key(*key)) {
            row(key, None);
        }
        self.small = small;
    }
}
