//! The states of a run and the moves between them, as pure functions.
//!
//! | from | queue | start | complete | fail | cancel | time out | lose | resume |
//! |---|---|---|---|---|---|---|---|---|
//! | pending | queued | running | - | failed | cancelled | `timed_out` | - | - |
//! | queued | - | running | - | failed | cancelled | `timed_out` | - | - |
//! | running | - | - | completed | failed | cancelled | `timed_out` | lost | - |
//! | completed | - | - | - | - | - | - | - | running |
//! | failed | - | - | - | - | - | - | - | running |
//! | cancelled | - | - | - | - | - | - | - | running |
//! | `timed_out` | - | - | - | - | - | - | - | running |
//! | lost | - | - | completed | failed | cancelled | `timed_out` | - | running |
//!
//! A lost run can still end: its end may have been kept in a spool while its process died, or
//! somebody settles the question by hand. So lost is not terminal, yet nothing is logged to it.
//!
//! Invariants: this table, the one in `docs/states.md` and [`RunState::after`] are the same (a test
//! compares them); the order of the variants is part of the byte format, so variants are only ever
//! appended. Deletion is no state: a restored run is in the state it was in.

use std::fmt;
use std::str::FromStr;

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::RunKey;
use crate::state_error::{StateError, UnknownStateError};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Created, not started.
    Pending,
    /// Waits for a machine.
    Queued,
    /// Runs: the only state in which anything is logged.
    Running,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended because somebody wanted it to.
    Cancelled,
    /// Ended by its time limit.
    TimedOut,
    /// Its last owner is gone and it had not ended.
    Lost,
}

/// How a run can end by an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndState {
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended because somebody wanted it to.
    Cancelled,
    /// Ended by its time limit.
    TimedOut,
}

/// What can happen to a run's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunMove {
    /// It is put in a queue.
    Queue,
    /// It starts.
    Start,
    /// It ends.
    End(EndState),
    /// Its last owner is gone.
    Lose,
    /// It runs again.
    Resume,
}

impl RunMove {
    /// Every move, in the order of the table's columns.
    pub const ALL: [RunMove; 8] = [
        RunMove::Queue,
        RunMove::Start,
        RunMove::End(EndState::Completed),
        RunMove::End(EndState::Failed),
        RunMove::End(EndState::Cancelled),
        RunMove::End(EndState::TimedOut),
        RunMove::Lose,
        RunMove::Resume,
    ];

    /// The move that an event is, with the run that it moves.
    #[must_use]
    pub fn of(event: &Event) -> Option<(RunKey, RunMove)> {
        match event {
            Event::RunQueued(queued) => Some((queued.run, RunMove::Queue)),
            Event::RunStarted(started) => Some((started.run, RunMove::Start)),
            Event::RunResumed(resumed) => Some((resumed.run, RunMove::Resume)),
            Event::RunEnded(ended) => Some((ended.run, RunMove::End(ended.state))),
            Event::RunLost(lost) => Some((lost.run, RunMove::Lose)),
            _ => None,
        }
    }

    /// The move's name, a verb.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RunMove::Queue => "queue",
            RunMove::Start => "start",
            RunMove::End(EndState::Completed) => "complete",
            RunMove::End(EndState::Failed) => "fail",
            RunMove::End(EndState::Cancelled) => "cancel",
            RunMove::End(EndState::TimedOut) => "time out",
            RunMove::Lose => "lose",
            RunMove::Resume => "resume",
        }
    }
}

impl From<EndState> for RunState {
    fn from(end: EndState) -> RunState {
        match end {
            EndState::Completed => RunState::Completed,
            EndState::Failed => RunState::Failed,
            EndState::Cancelled => RunState::Cancelled,
            EndState::TimedOut => RunState::TimedOut,
        }
    }
}

impl RunState {
    /// Every state.
    pub const ALL: [RunState; 8] = [
        RunState::Pending,
        RunState::Queued,
        RunState::Running,
        RunState::Completed,
        RunState::Failed,
        RunState::Cancelled,
        RunState::TimedOut,
        RunState::Lost,
    ];

    /// The state after a move, or the list of the moves that are legal now.
    pub fn after(self, step: RunMove) -> Result<RunState, StateError> {
        self.target(step).ok_or_else(|| {
            let legal = RunMove::ALL
                .into_iter()
                .filter(|step| self.target(*step).is_some());
            StateError::RunMove {
                from: self,
                step,
                legal: legal.map(RunMove::name).collect(),
            }
        })
    }

    fn target(self, step: RunMove) -> Option<RunState> {
        use RunState::{Lost, Pending, Queued, Running};
        match (self, step) {
            (Pending, RunMove::Queue) => Some(Queued),
            (Pending | Queued, RunMove::Start) => Some(Running),
            (Pending | Queued, RunMove::End(EndState::Completed)) => None,
            (Pending | Queued | Running | Lost, RunMove::End(end)) => Some(end.into()),
            (Running, RunMove::Lose) => Some(Lost),
            (state, RunMove::Resume) if state.is_terminal() || state == Lost => Some(Running),
            _ => None,
        }
    }

    /// Whether the run has ended: completed, failed, cancelled or timed out.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            RunState::Completed | RunState::Failed | RunState::Cancelled | RunState::TimedOut
        )
    }

    /// Whether the run has ended well.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, RunState::Completed)
    }

    /// Whether metrics, lines and artifacts can be logged: only while the run is running.
    pub fn admit_logging(self) -> Result<(), StateError> {
        if self == RunState::Running {
            return Ok(());
        }
        Err(StateError::Logging { state: self })
    }

    /// What makes the run take points, for the error that refuses one.
    pub(crate) const fn way_back(self) -> &'static str {
        match self {
            RunState::Pending | RunState::Queued => "start the run first",
            RunState::Running => "it takes them",
            _ => "resume the run first",
        }
    }

    /// The state's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RunState::Pending => "pending",
            RunState::Queued => "queued",
            RunState::Running => "running",
            RunState::Completed => "completed",
            RunState::Failed => "failed",
            RunState::Cancelled => "cancelled",
            RunState::TimedOut => "timed_out",
            RunState::Lost => "lost",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RunState {
    type Err = UnknownStateError;

    fn from_str(text: &str) -> Result<RunState, UnknownStateError> {
        let found = RunState::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| UnknownStateError::new(text, RunState::ALL.map(RunState::name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_illegal_move_is_refused_and_the_legal_ones_are_listed() {
        let error = RunState::Completed
            .after(RunMove::End(EndState::Failed))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot fail a run that is completed; legal now: resume"
        );
        let error = RunState::Queued
            .after(RunMove::Queue)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("; legal now: start, fail, cancel, time out"),
            "{error}"
        );
    }

    #[test]
    fn only_a_running_run_is_logged_to() {
        for state in RunState::ALL {
            assert_eq!(state.admit_logging().is_ok(), state == RunState::Running);
        }
        let error = RunState::Completed.admit_logging().unwrap_err().to_string();
        assert_eq!(
            error,
            "the run is completed, so nothing can be logged to it: resume the run first"
        );
    }

    #[test]
    fn a_lost_run_is_not_terminal_and_only_completed_is_success() {
        assert!(!RunState::Lost.is_terminal());
        for state in RunState::ALL {
            assert_eq!(state.is_success(), state == RunState::Completed);
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert!(
            "done"
                .parse::<RunState>()
                .unwrap_err()
                .to_string()
                .contains("pending, queued")
        );
    }
}
