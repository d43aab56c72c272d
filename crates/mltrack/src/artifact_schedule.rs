//! When a checkpoint is due: every so many steps, every so much time, or whichever comes first.
//!
//! Invariant: asking costs a comparison, and a clock call only where a time was asked for, so that it can be asked at
//! every step.

use std::time::{Duration, Instant};

use mltrack_log::door;

/// When to keep a checkpoint. Opt-in: nothing is kept unless somebody asks [`is_due`](CheckpointSchedule::is_due).
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// use std::time::Duration;
/// use mltrack::CheckpointSchedule;
///
/// tracker.run("resnet", |run| {
///     run.keep_last("ckpt/*", 3)?;
///     let mut schedule = CheckpointSchedule::every_steps(500).or_every(Duration::from_mins(5));
///     for step in 1..=1000 {
///         if schedule.is_due(step) {
///             let weights = vec![0_u8; 1024];
///             run.artifact(format!("ckpt/{step}.bin")).step(step).bytes(weights)?;
///         }
///     }
///     Ok(())
/// })?;
/// assert_eq!(tracker.artifacts().path("ckpt/*").fetch()?.total, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CheckpointSchedule {
    steps: Option<i64>,
    interval: Option<Duration>,
    last_step: i64,
    last_time: Instant,
}

impl CheckpointSchedule {
    /// Due when so many steps have passed since the last one, counted from step 0. Fewer than one are one.
    #[must_use]
    pub fn every_steps(count: u64) -> CheckpointSchedule {
        CheckpointSchedule {
            steps: Some(i64::try_from(count.max(1)).unwrap_or(i64::MAX)),
            ..CheckpointSchedule::never()
        }
    }

    /// Due when so much time has passed since the last one, counted from now; 300 s is what many use.
    #[must_use]
    pub fn every(interval: Duration) -> CheckpointSchedule {
        CheckpointSchedule {
            interval: Some(interval),
            ..CheckpointSchedule::never()
        }
    }

    fn never() -> CheckpointSchedule {
        CheckpointSchedule {
            steps: None,
            interval: None,
            last_step: 0,
            last_time: door::monotonic(),
        }
    }

    /// Due, too, when so much time has passed.
    #[must_use]
    pub fn or_every(self, interval: Duration) -> CheckpointSchedule {
        CheckpointSchedule {
            interval: Some(interval),
            ..self
        }
    }

    /// Counts from this step on, for a run that was resumed.
    #[must_use]
    pub fn from_step(self, step: i64) -> CheckpointSchedule {
        CheckpointSchedule {
            last_step: step,
            ..self
        }
    }

    /// Whether a checkpoint is due at this step. When it is, the next one counts from here.
    pub fn is_due(&mut self, step: i64) -> bool {
        if self
            .steps
            .is_some_and(|steps| step.saturating_sub(self.last_step) >= steps)
        {
            self.begin_again(step, self.interval.map(|_| door::monotonic()));
            return true;
        }
        let Some(interval) = self.interval else {
            return false;
        };
        let now = door::monotonic();
        let is_due = now.saturating_duration_since(self.last_time) >= interval;
        if is_due {
            self.begin_again(step, Some(now));
        }
        is_due
    }

    fn begin_again(&mut self, step: i64, now: Option<Instant>) {
        self.last_step = step;
        self.last_time = now.unwrap_or(self.last_time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_of_steps_is_due_when_they_have_passed() {
        let mut schedule = CheckpointSchedule::every_steps(10);
        let due: Vec<i64> = (0..35).filter(|step| schedule.is_due(*step)).collect();
        assert_eq!(due, [10, 20, 30]);
        let mut resumed = CheckpointSchedule::every_steps(10).from_step(34);
        assert!(!resumed.is_due(43));
        assert!(resumed.is_due(44));
    }

    #[test]
    fn a_schedule_of_time_is_due_when_it_has_passed_whatever_the_step() {
        let mut schedule = CheckpointSchedule::every(Duration::ZERO);
        assert!(schedule.is_due(0));
        let mut schedule = CheckpointSchedule::every(Duration::from_hours(1));
        assert!(!schedule.is_due(1_000_000));
        let mut either = CheckpointSchedule::every_steps(5).or_every(Duration::from_hours(1));
        assert!(either.is_due(5));
        assert!(!either.is_due(9));
    }
}
