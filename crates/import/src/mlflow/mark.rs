//! How far a run of `MLflow`'s was taken.
//!
//! Invariants: a place in a file or a table counts only while what stood before it still stands there; what is in the
//! mark is in the store, because both are written in one batch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Mark {
    /// Names, with hashes of what they said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    params: BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    inputs: BTreeMap<String, u32>,
    /// Paths of artifacts, with hashes of how large they were, how old, and how they were taken.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<String, u32>,
    /// Files of metrics: where to go on, and a hash of what stands before that.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, (u64, u32)>,
    /// Rows of a table of metrics.
    #[serde(skip_serializing_if = "is_none")]
    pub rows: RowMark,
    /// The time of the last point.
    pub last_ns: Option<i64>,
    /// It was waiting, so it has to begin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_queued: bool,
}

/// A place in the table of metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowMark {
    /// So many rows of the run were taken.
    pub count: u64,
    /// The last of them, by its number.
    pub id: i64,
    /// And a hash of it.
    pub hash: u32,
}

fn is_none(mark: &RowMark) -> bool {
    mark.count == 0
}

/// What a list of the mark is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Params,
    Tags,
    Inputs,
    Artifacts,
}

impl Mark {
    /// Takes note of what something says. False when it said the same before.
    pub fn notice(&mut self, of: Of, name: &str, says: &str) -> bool {
        let list = match of {
            Of::Params => &mut self.params,
            Of::Tags => &mut self.tags,
            Of::Inputs => &mut self.inputs,
            Of::Artifacts => &mut self.artifacts,
        };
        let hash = hash(says.as_bytes());
        if list.get(name) == Some(&hash) {
            return false;
        }
        list.insert(name.to_owned(), hash);
        true
    }

    /// A point happened then.
    pub fn see(&mut self, time_ns: i64) {
        self.last_ns = Some(self.last_ns.map_or(time_ns, |last| last.max(time_ns)));
    }
}

/// Four bytes by which two things are told apart.
pub(super) fn hash(bytes: &[u8]) -> u32 {
    let hash = blake3::hash(bytes);
    let mut four = [0; 4];
    four.copy_from_slice(&hash.as_bytes()[..4]);
    u32::from_le_bytes(four)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marks;

    #[test]
    fn what_said_the_same_before_is_not_new_and_the_rest_is() {
        let mut mark = Mark::default();
        assert!(mark.notice(Of::Params, "lr", "0.1"));
        let mut mark: Mark = marks::read(Some(&marks::write(&mark)));
        assert!(!mark.notice(Of::Params, "lr", "0.1"));
        assert!(mark.notice(Of::Params, "lr", "0.2") && mark.notice(Of::Tags, "lr", "0.1"));
        mark.see(5);
        mark.see(3);
        assert_eq!(marks::read::<Mark>(Some(&marks::write(&mark))), mark);
        assert_eq!(
            (mark.last_ns, marks::read::<Mark>(Some("{"))),
            (Some(5), Mark::default())
        );
    }
}
