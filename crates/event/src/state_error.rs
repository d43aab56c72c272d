//! Why a state does not allow what was asked. Every message lists what can be done instead.

use crate::experiment_state::ExperimentState;
use crate::run_state::{RunMove, RunState};

/// A move or an act that the present state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The experiment cannot move there from here.
    #[error(
        "{} {from} experiment cannot become {to}: it can become {}",
        article(from.name()),
        one_of(legal)
    )]
    ExperimentMove {
        /// The state it is in.
        from: ExperimentState,
        /// The state it was to get.
        to: ExperimentState,
        /// The names of the states it can get.
        legal: Vec<&'static str>,
    },
    /// The experiment takes no runs in this state.
    #[error("the experiment is {state} and takes no runs: {}", state.way_back())]
    RunInExperiment {
        /// The state it is in.
        state: ExperimentState,
    },
    /// The run cannot make this move from here.
    #[error("cannot {} a run that is {from}; legal now: {}", step.name(), legal.join(", "))]
    RunMove {
        /// The state it is in.
        from: RunState,
        /// What was asked.
        step: RunMove,
        /// The names of the moves that are legal now.
        legal: Vec<&'static str>,
    },
    /// Nothing is logged to a run in this state.
    #[error("the run is {state}, so nothing can be logged to it: {}", state.way_back())]
    Logging {
        /// The state it is in.
        state: RunState,
    },
}

/// Why a text is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a state: pass one of {names}")]
pub struct UnknownStateError {
    text: String,
    names: String,
}

impl UnknownStateError {
    pub(crate) fn new<const COUNT: usize>(text: &str, names: [&'static str; COUNT]) -> Self {
        UnknownStateError {
            text: text.to_owned(),
            names: names.join(", "),
        }
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
