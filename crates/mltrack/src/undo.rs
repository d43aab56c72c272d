//! Taking an operation back, by an event that names it and ordinary events that set things to what they were.
//!
//! Invariants: what the operation changed is set back only while it still is what the operation made it, so an undo never
//! takes back what somebody did later; of two that take the same thing back at the same time, one is refused; metric
//! points, lines, histograms and JSON values stay.

use std::sync::Arc;
use std::time::Duration;

use mltrack_event::WallTime;
use mltrack_log::{Lsn, Reader, door};

use crate::code::Code;
use crate::decide::Decision;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::store::Store;
use crate::tracker::Tracker;
use crate::undo_find::{find, find_last};
use crate::undo_job::Job;

/// How long an operation can be undone, unless said otherwise: 30 days.
pub const UNDO_WINDOW: Duration = Duration::from_hours(30 * 24);

/// An operation to be taken back; see [`Tracker::undo`].
#[must_use = "nothing is undone before `apply`"]
pub struct Undo {
    store: Option<Arc<Store>>,
    target: Target,
    window: Option<Duration>,
    now: Option<WallTime>,
    is_dry_run: bool,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Record(Lsn),
    Last,
}

/// What an undo did, or would do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Undone {
    /// What was taken back.
    pub operation: Operation,
    /// How, in words.
    pub what: String,
    /// What stays although the operation did it, in words.
    pub remarks: Vec<String>,
    /// The first record of the undo, which undoes it in turn; `None` when it was only tried.
    pub lsn: Option<Lsn>,
}

impl Tracker {
    /// Takes back the operation that this record is a part of. Undoing an undo redoes. Nothing happens before
    /// [`apply`](Undo::apply).
    pub fn undo(&self, lsn: Lsn) -> Undo {
        self.undo_target(Target::Record(lsn))
    }

    /// Takes back the last operation of this tracker's actor that is not undone, is no undo, and is not what a run did
    /// to itself. Again and again, it goes further back each time.
    pub fn undo_last(&self) -> Undo {
        self.undo_target(Target::Last)
    }

    fn undo_target(&self, target: Target) -> Undo {
        Undo {
            store: self.store().cloned(),
            target,
            window: None,
            now: None,
            is_dry_run: false,
        }
    }
}

impl Undo {
    /// How old the operation may be; what [`Builder::undo_window`](crate::Builder::undo_window) says unless said
    /// otherwise.
    pub fn window(mut self, window: Duration) -> Undo {
        self.window = Some(window);
        self
    }

    /// What time it is; the wall clock unless said otherwise.
    pub fn now(mut self, now: WallTime) -> Undo {
        self.now = Some(now);
        self
    }

    /// Only says what it would do.
    pub fn dry_run(mut self, is_dry_run: bool) -> Undo {
        self.is_dry_run = is_dry_run;
        self
    }

    /// Undoes it. Visible on return. `None` when the tracker is disabled.
    ///
    /// Errors: `NOT_FOUND` when there is nothing to undo; `CONFLICT` when something later changed the same thing, which
    /// the message names; `INVALID_STATE` when no legal move leads back, when it is older than the window, or when what
    /// it is about was purged.
    pub fn apply(self) -> Result<Option<Undone>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let mut reader = store.reader()?;
        let job = self.job(store, &mut reader)?;
        if self.is_dry_run {
            let plan = store.with_state(|state, alive| job.plan(state, alive))?;
            let plan = plan.map_err(|hindrance| job.refuse(&hindrance))?;
            return Ok(Some(job.done(&plan, None)?));
        }
        let (planned, last) = store.decide(|state, alive| {
            Ok(match job.plan(state, alive)? {
                Ok(inverse) => Decision::Append(inverse.clone().into(), Ok(inverse)),
                Err(hindrance) => Decision::Already(Err(hindrance)),
            })
        })?;
        match planned {
            Ok(inverse) => Ok(Some(job.done(&inverse, last)?)),
            Err(hindrance) => Err(job.refuse(&hindrance)),
        }
    }

    fn job<'a>(&self, store: &'a Store, reader: &mut Reader) -> Result<Job<'a>> {
        let mut until = None;
        loop {
            let meant = match self.target {
                Target::Record(lsn) => find(store, reader, lsn)?,
                Target::Last => find_last(store, reader, until)?,
            };
            self.check_window(store, &meant.operation)?;
            until = Some(meant.deed.first);
            let job = Job::new(store, meant)?;
            // Who means the last operation means the last that changed anything.
            if !matches!(self.target, Target::Last) || !job.is_idle() {
                return Ok(job);
            }
        }
    }

    fn check_window(&self, store: &Store, operation: &Operation) -> Result<()> {
        let window = self.window.unwrap_or(store.undo_window);
        let now_ns = self.now.map_or_else(door::wall_time_ns, |now| now.0);
        let age_ns = now_ns.saturating_sub(operation.committed.0).max(0);
        if age_ns as u128 <= window.as_nanos() {
            return Ok(());
        }
        let days = |ns: u128| ns / 86_400_000_000_000;
        let what = format!(
            "operation {} is {} days old; it could be undone for {} days",
            operation.first,
            days(age_ns as u128),
            days(window.as_nanos())
        );
        Err(Error::new(Code::InvalidState, what)
            .with_hint("change it back by hand, or allow an older one with a longer window"))
    }
}

impl std::fmt::Debug for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undo")
            .field("target", &self.target)
            .field("window", &self.window)
            .field("is_dry_run", &self.is_dry_run)
            .finish_non_exhaustive()
    }
}
