//! Whether a run still takes points, as every handle of this process sees it.
//!
//! Invariant: reading a gate is one relaxed load, because every logging call does it.

use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::Relaxed;

use mltrack_event::{RunId, RunState};

use crate::error::{Error, Result};

#[derive(Debug)]
pub(crate) struct Gate {
    run: RunId,
    /// The place of the state in [`RunState::ALL`].
    state: AtomicU8,
}

impl Gate {
    pub fn running(run: RunId) -> Gate {
        let gate = Gate {
            run,
            state: AtomicU8::new(0),
        };
        gate.set(RunState::Running);
        gate
    }

    pub fn run(&self) -> RunId {
        self.run
    }

    pub fn set(&self, state: RunState) {
        let place = RunState::ALL.iter().position(|known| *known == state);
        self.state.store(place.unwrap_or_default() as u8, Relaxed);
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
