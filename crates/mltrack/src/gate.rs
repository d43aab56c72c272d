//! Whether a run still takes points, as every handle of this process sees it.
//!
//! Invariant: reading a gate is one relaxed load, because every logging call does it.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64};

use mltrack_event::{ExperimentId, RunId, RunState};
use mltrack_log::Lsn;

use crate::code::Code;
use crate::error::{Error, Result};

/// What a gate is told is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// The run.
    Run = 1,
    /// Its experiment, and the run with it.
    Experiment = 2,
}

#[derive(Debug)]
pub(crate) struct Gate {
    run: RunId,
    /// Its experiment, for who must know whether that is deleted.
    experiment: Option<ExperimentId>,
    /// The [`Part`]s that are deleted.
    deleted: AtomicU8,
    /// The place of the state in [`RunState::ALL`].
    state: AtomicU8,
    /// The record that made the run what it was at first: earlier ones say nothing about it.
    since: AtomicU64,
    /// Whether the run has stopped running since, even if it runs again.
    has_ended: AtomicBool,
}

impl Gate {
    pub fn running(run: RunId) -> Gate {
        let gate = Gate {
            run,
            experiment: None,
            deleted: AtomicU8::new(0),
            state: AtomicU8::new(0),
            since: AtomicU64::new(0),
            has_ended: AtomicBool::new(false),
        };
        gate.set(RunState::Running);
        gate
    }

    /// A gate for a run that is not deleted, whether it has ended or not.
    pub fn present(run: RunId, experiment: ExperimentId) -> Gate {
        Gate {
            experiment: Some(experiment),
            ..Gate::running(run)
        }
    }

    pub fn experiment(&self) -> Option<ExperimentId> {
        self.experiment
    }

    /// Records that a part was deleted or restored.
    pub fn set_deleted(&self, part: Part, is_deleted: bool) {
        let bit = part as u8;
        if is_deleted {
            self.deleted.fetch_or(bit, Relaxed);
        } else {
            self.deleted.fetch_and(!bit, Relaxed);
        }
    }

    /// Lets a call through while neither the run nor its experiment is deleted.
    #[inline]
    pub fn admit_present(&self) -> Result<()> {
        if self.deleted.load(Relaxed) == 0 {
            return Ok(());
        }
        let what = format!("the run {} is deleted", self.run);
        Err(Error::new(Code::InvalidState, what)
            .with_hint(format!("mltrack run restore {}", self.run)))
    }

    pub fn run(&self) -> RunId {
        self.run
    }

    pub fn set(&self, state: RunState) {
        let place = RunState::ALL.iter().position(|known| *known == state);
        self.state.store(place.unwrap_or_default() as u8, Relaxed);
        if state != RunState::Running {
            self.has_ended.store(true, Relaxed);
        }
    }

    /// From which record on it is told what happens.
    pub fn tell_since(&self, since: Lsn) {
        self.since.store(since.get(), Relaxed);
    }

    /// Whether a record is news to it.
    pub fn is_news(&self, lsn: Lsn) -> bool {
        lsn.get() >= self.since.load(Relaxed)
    }

    /// Whether the run has stopped running since this gate is there: whoever made it run again is its host now.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Relaxed)
    }

    pub fn state(&self) -> RunState {
        let place = usize::from(self.state.load(Relaxed));
        RunState::ALL
            .get(place)
            .copied()
            .unwrap_or(RunState::Running)
    }

    /// Lets a logging call through while the run is running.
    #[inline]
    pub fn admit(&self) -> Result<()> {
        self.state().admit_logging().map_err(|refused| {
            Error::from(refused).with_hint(format!("tracker.resume(\"{}\".parse()?)", self.run))
        })
    }
}
