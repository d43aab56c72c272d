//! A point in time by which an answer is due, and the shorter ones of its steps.
//!
//! Invariant: the clock is read here only, through the function the caller gave.

use std::time::{Duration, Instant};

/// Stands for lengths that the clock cannot count to.
const LENGTH_MAX: Duration = Duration::from_hours(24);

/// When a piece of work has to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    clock: fn() -> Instant,
    end: Instant,
}

impl Deadline {
    pub(crate) fn new(clock: fn() -> Instant, length: Duration) -> Deadline {
        let now = clock();
        // Who waits that long waits for ever.
        let end = now.checked_add(length).unwrap_or_else(|| now + LENGTH_MAX);
        Deadline { clock, end }
    }

    /// What is left, at least nothing.
    pub(crate) fn left(&self) -> Duration {
        self.end.saturating_duration_since((self.clock)())
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.left().is_zero()
    }

    /// How long one step may take: what is left, and no longer than `length_max`.
    pub(crate) fn step(&self, length_max: Duration) -> Duration {
        self.left().min(length_max)
    }
}
