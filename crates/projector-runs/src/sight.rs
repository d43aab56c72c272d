//! How a run stands now: what the log recorded, joined with who is alive and what time it is.
//!
//! Invariant: nothing here is stored. Each answer is a function of its arguments, so a reader that knows better who is
//! alive gives a better answer from the same state.

use mltrack_event::RunState;
use mltrack_projector::WriterId;

use crate::run::Run;

/// The run's state, given who is alive: an attached run that has not ended and whose owners are all gone is lost, even
/// before somebody records it.
#[must_use]
pub fn run_state(run: &Run, is_alive: impl Fn(WriterId) -> bool) -> RunState {
    let is_ownerless = || !run.owners.iter().any(|owner| is_alive(owner.writer));
    match run.state {
        RunState::Running if run.attached && is_ownerless() => RunState::Lost,
        state => state,
    }
}

/// The run's state, given who is alive and what time it is: a run that is still running at its deadline has timed out,
/// even before somebody records it.
#[must_use]
pub fn run_state_at(run: &Run, now_ns: i64, is_alive: impl Fn(WriterId) -> bool) -> RunState {
    match run_state(run, is_alive) {
        RunState::Running if run.deadline_ns().is_some_and(|deadline| now_ns >= deadline) => {
            RunState::TimedOut
        }
        state => state,
    }
}

/// How long nothing was logged to a detached run that is running, in ns; `None` for any other run, whose owners tell
/// more than silence does.
#[must_use]
pub fn silent_ns(run: &Run, now_ns: i64) -> Option<i64> {
    (run.state == RunState::Running && !run.attached)
        .then(|| now_ns.saturating_sub(run.heard.time_ns).max(0))
}
