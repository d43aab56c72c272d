//! The states of an experiment and the moves between them, as pure functions.
//!
//! | from | to |
//! |---|---|
//! | draft | active, archived |
//! | active | paused, completed, failed |
//! | paused | active, archived |
//! | completed | archived |
//! | archived | active |
//! | failed | archived |
//!
//! Invariants: this table, the one in `docs/states.md` and [`ExperimentState::moves`] are the same
//! (a test compares them); the order of the variants is part of the byte format, so variants are
//! only ever appended. Deletion is no state: a restored experiment is in the state it was in.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::state_error::{StateError, UnknownStateError};

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentState {
    /// Created, without runs. Its first run makes it active.
    Draft,
    /// Takes runs.
    Active,
    /// Takes no runs for now.
    Paused,
    /// Done, with an answer.
    Completed,
    /// Out of sight, still readable.
    Archived,
    /// Done, without an answer.
    Failed,
}

/// What starting a run asks of its experiment first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunAdmission {
    /// Nothing: the experiment is active.
    Admitted,
    /// A move from draft to active, in the same batch.
    Activates,
}

impl ExperimentState {
    /// Every state.
    pub const ALL: [ExperimentState; 6] = [
        ExperimentState::Draft,
        ExperimentState::Active,
        ExperimentState::Paused,
        ExperimentState::Completed,
        ExperimentState::Archived,
        ExperimentState::Failed,
    ];

    /// The states that can follow this one.
    #[must_use]
    pub const fn moves(self) -> &'static [ExperimentState] {
        use ExperimentState::{Active, Archived, Completed, Draft, Failed, Paused};
        match self {
            Active => &[Paused, Completed, Failed],
            Draft | Paused => &[Active, Archived],
            Completed | Failed => &[Archived],
            Archived => &[Active],
        }
    }

    /// Moves to another state, or lists the states that can follow this one.
    pub fn move_to(self, to: ExperimentState) -> Result<ExperimentState, StateError> {
        if self.moves().contains(&to) {
            return Ok(to);
        }
        let legal = self.moves().iter().map(|state| state.name()).collect();
        Err(StateError::ExperimentMove {
            from: self,
            to,
            legal,
        })
    }

    /// Whether a run can start now: an active experiment takes it, a draft becomes active by it.
    pub fn admit_run(self) -> Result<RunAdmission, StateError> {
        match self {
            ExperimentState::Active => Ok(RunAdmission::Admitted),
            ExperimentState::Draft => Ok(RunAdmission::Activates),
            state => Err(StateError::RunInExperiment { state }),
        }
    }

    /// What makes the experiment take runs again, for the error that refuses one.
    pub(crate) const fn way_back(self) -> &'static str {
        match self {
            ExperimentState::Draft => "its first run activates it",
            ExperimentState::Active => "it takes runs",
            ExperimentState::Paused => "move it to active first",
            ExperimentState::Archived => "restore it first: `mltrack exp restore NAME`",
            ExperimentState::Completed | ExperimentState::Failed => {
                "archive and restore it first, or start a new experiment"
            }
        }
    }

    /// The state's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ExperimentState::Draft => "draft",
            ExperimentState::Active => "active",
            ExperimentState::Paused => "paused",
            ExperimentState::Completed => "completed",
            ExperimentState::Archived => "archived",
            ExperimentState::Failed => "failed",
        }
    }
}

impl fmt::Display for ExperimentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExperimentState {
    type Err = UnknownStateError;

    fn from_str(text: &str) -> Result<ExperimentState, UnknownStateError> {
        let found = ExperimentState::ALL
            .into_iter()
            .find(|state| state.name() == text);
        found.ok_or_else(|| UnknownStateError::new(text, ExperimentState::ALL.map(Self::name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_illegal_move_is_refused_and_the_legal_ones_are_listed() {
        assert_eq!(
            ExperimentState::Draft.move_to(ExperimentState::Active),
            Ok(ExperimentState::Active)
        );
        let error = ExperimentState::Active
            .move_to(ExperimentState::Archived)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "an active experiment cannot become archived: it can become paused, completed or failed"
        );
        let error = ExperimentState::Draft
            .move_to(ExperimentState::Paused)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a draft experiment cannot become paused: it can become active or archived"
        );
    }

    #[test]
    fn a_run_activates_a_draft_and_is_refused_where_the_way_back_is_named() {
        assert_eq!(
            ExperimentState::Draft.admit_run(),
            Ok(RunAdmission::Activates)
        );
        assert_eq!(
            ExperimentState::Active.admit_run(),
            Ok(RunAdmission::Admitted)
        );
        let error = ExperimentState::Archived
            .admit_run()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("archived") && error.contains("mltrack exp restore"),
            "{error}"
        );
        for state in [
            ExperimentState::Paused,
            ExperimentState::Completed,
            ExperimentState::Failed,
        ] {
            assert!(state.admit_run().is_err());
        }
    }

    #[test]
    fn a_state_parses_from_its_name_and_a_wrong_name_lists_them() {
        for state in ExperimentState::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        let error = "done".parse::<ExperimentState>().unwrap_err().to_string();
        assert!(error.contains("draft, active, paused"), "{error}");
    }
}
