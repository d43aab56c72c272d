//! A run of `MLflow`'s, as far as both kinds of its stores say the same of it.
//!
//! Invariant: names are such as a store here takes; what had to be changed for that is said.

use std::path::PathBuf;

use mltrack::{EndState, NameKind};

use crate::report::Untaken;

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

/// A name that a store here takes: without control characters, and no longer than it may be.
pub(super) fn fit(kind: NameKind, name: &str, place: &str, said: &mut Vec<Untaken>) -> String {
    if name.is_empty() || kind.check(name).is_ok() {
        return name.to_owned();
    }
    let clean = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    let fitted: String = name.chars().map(clean).take(NAME_CHARACTERS_MAX).collect();
    let what = format!("the name {:?}", name.chars().take(60).collect::<String>());
    let why = format!("{kind}; it is called {fitted:?} here");
    said.push(Untaken::noted(what, place, &why));
    fitted
}

/// Of experiments and of runs.
const NAME_CHARACTERS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_refused_is_made_to_fit_and_said() {
        let mut said = Vec::new();
        assert_eq!(fit(NameKind::Run, "kind-elk", "x", &mut said), "kind-elk");
        assert!(said.is_empty());
        assert_eq!(fit(NameKind::Run, "a\nb", "x", &mut said), "a b");
        let long = fit(NameKind::Run, &"é".repeat(300), "x", &mut said);
        assert_eq!((long.chars().count(), said.len()), (256, 2));
    }

    #[test]
    fn states_are_read_by_name_and_by_number() {
        for (name, number) in [("RUNNING", "1"), ("SCHEDULED", "2"), ("KILLED", "5")] {
            assert!(Status::read(name).is_some());
            assert_eq!(Status::read(name), Status::read(number));
        }
        assert_eq!(Status::read("6"), None);
    }
}
