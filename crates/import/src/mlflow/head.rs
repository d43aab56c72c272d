//! A run of `MLflow`'s, as far as both kinds of its stores say the same of it.
//!
//! Invariant: names are such as a store here takes.

use std::path::PathBuf;

use mltrack::EndState;

/// What is known of a run before anything of it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub id: String,
    pub name: String,
    /// The name of its experiment.
    pub experiment: String,
    /// The run it is a part of, by its id there.
    pub parent: Option<String>,
    pub start_ms: i64,
    /// Its folder, where runs have folders.
    pub folder: PathBuf,
    /// Bytes of the store that stand for it.
    pub len: u64,
}

/// What is known of a run besides its points.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub user: Option<String>,
    /// `None` when the store does not say it.
    pub status: Option<Status>,
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    pub is_deleted: bool,
    pub deleted_ms: Option<i64>,
    pub artifact_uri: Option<String>,
    pub params: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
    pub inputs: Vec<Input>,
    /// What is wrong with what says all this.
    pub damage: Option<String>,
}

/// A dataset that a run took in.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
    pub tags: Vec<(String, String)>,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Scheduled,
    Ended(EndState),
}

impl Status {
    /// As the databases and the clients call it, or by the number in `meta.yaml`.
    pub fn read(text: &str) -> Option<Status> {
        Some(match text {
            "RUNNING" | "1" => Status::Running,
            "SCHEDULED" | "2" => Status::Scheduled,
            "FINISHED" | "3" => Status::Ended(EndState::Completed),
            "FAILED" | "4" => Status::Ended(EndState::Failed),
            "KILLED" | "5" => Status::Ended(EndState::Cancelled),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_by_name_and_by_number() {
        for (name, number) in [("RUNNING", "1"), ("SCHEDULED", "2"), ("KILLED", "5")] {
            assert!(Status::read(name).is_some());
            assert_eq!(Status::read(name), Status::read(number));
        }
        assert_eq!(Status::read("6"), None);
    }
}
