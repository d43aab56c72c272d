//! A store of the past: the beginning of the log in a folder of its own.
//!
//! Invariant: what the new store answers is what this one answers about that moment; it is a copy, and shares nothing
//! with this one.

use std::path::Path;

use mltrack_event::WallTime;
use mltrack_log::{Lsn, Prefix, copy_prefix};

use crate::compact::packers;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tracker::Tracker;

impl Tracker {
    /// The last record that had been appended by this time; `None` when there was none yet.
    pub fn last_at(&self, time: WallTime) -> Result<Option<Lsn>> {
        match self.store() {
            Some(store) => store.last_of(Moment::Time(time)),
            None => Ok(None),
        }
    }

    /// Makes a store in `into` of the log up to the last batch that ends at `last` or before it, with the same lsns,
    /// writers and times; `None`: a store with nothing in it. `on_progress` is told segments done and segments in all.
    /// Artifacts stay where they are.
    ///
    /// Errors: `IO_ERROR` when `into` exists, `HISTORY_FLOOR` when records that this moment had were purged since,
    /// `CORRUPT` for a damaged log.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path().join("now"))?;
    /// tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let then = tracker.runs().fetch()?.lsn;
    /// tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.96)?))?;
    /// let past = folder.path().join("then");
    /// tracker.copy_until(then, &past, &mut |_, _| {})?;
    /// assert_eq!(mltrack::Tracker::open(past)?.runs().fetch()?.total, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_until(
        &self,
        last: Option<Lsn>,
        into: impl AsRef<Path>,
        on_progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Prefix> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        if let Some(last) = last {
            store.check_floor(last)?;
        }
        let packers = packers();
        let into = into.as_ref();
        Ok(copy_prefix(&store.path, into, last, &packers, on_progress)?)
    }
}
