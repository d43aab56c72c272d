//! Compaction by command: sealed segments become small ones, and what was purged loses its bytes.
//!
//! Invariants: nothing but what a purge event names is ever dropped; every question gets the same answer before and
//! after, or an error that names the floor of history.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use mltrack_log::{
    CompactOptions, CompactProgress, CompactReport, LogError, Lsn, Packer, compact, door,
};
use mltrack_projector_metrics::block::MetricPacker;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::purge_filter::PurgeFilter;
use crate::store::Store;
use crate::tracker::Tracker;

type OnProgress = Box<dyn Fn(CompactProgress) -> ControlFlow<()> + Sync>;

/// A compaction to be done; see [`Tracker::compact`].
#[must_use = "nothing is compacted before `run`"]
pub struct Compact {
    store: Option<Arc<Store>>,
    how: How,
    on_progress: Option<OnProgress>,
}

/// How a compaction goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct How {
    pub bytes_per_second: Option<u64>,
    pub is_background: bool,
    pub keep_raw: Option<Duration>,
    pub is_dry_run: bool,
    pub frees_at_once: bool,
}

impl Tracker {
    /// Makes the store smaller: sealed segments are packed, which loses no bit, and what [`gc`](Tracker::gc) purged is
    /// dropped. Others may go on logging and looking.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let report = tracker.compact().dry_run(true).run()?.unwrap();
    /// println!("would save {} bytes", report.bytes_before - report.bytes_after);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compact(&self) -> Compact {
        Compact {
            store: self.store().cloned(),
            how: How::default(),
            on_progress: None,
        }
    }

    /// The newest record because of which others are gone; `None` while none are. A question about an earlier moment is
    /// an error, unless it is about one run that is still there.
    pub fn history_floor(&self) -> Result<Option<Lsn>> {
        match self.store() {
            Some(store) => Ok(store.reader()?.floor()?),
            None => Ok(None),
        }
    }
}

impl Compact {
    /// Reads at most so many bytes of segments a second; as fast as possible unless said otherwise.
    pub fn bytes_per_second(mut self, count: u64) -> Compact {
        self.how.bytes_per_second = Some(count);
        self
    }

    /// Lets other threads of the machine go first.
    pub fn background(mut self, is_background: bool) -> Compact {
        self.how.is_background = is_background;
        self
    }

    /// Leaves segments with a record younger than this as they are.
    pub fn keep_raw(mut self, length: Duration) -> Compact {
        self.how.keep_raw = Some(length);
        self
    }

    /// Only says what would come of it, from packing in memory.
    pub fn dry_run(mut self, is_dry_run: bool) -> Compact {
        self.how.is_dry_run = is_dry_run;
        self
    }

    /// Removes replaced files at once instead of after an hour. A program that copies the folder meanwhile may miss one.
    pub fn free_at_once(mut self, frees_at_once: bool) -> Compact {
        self.how.frees_at_once = frees_at_once;
        self
    }

    /// Is told after each segment, from any thread, and says whether to go on.
    pub fn on_progress(
        mut self,
        told: impl Fn(CompactProgress) -> ControlFlow<()> + Sync + 'static,
    ) -> Compact {
        self.on_progress = Some(Box::new(told));
        self
    }

    /// Compacts. `None` when the tracker is disabled.
    ///
    /// Errors: `BUSY` while another process compacts, `INVALID_STATE` for a tracker that was opened for reading,
    /// `DISK_FULL`.
    pub fn run(self) -> Result<Option<CompactReport>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let filter = store.purge_filter()?;
        let told = self.on_progress.as_deref();
        store.compact(&filter, &self.how, told).map(Some)
    }
}

impl Store {
    /// What purges say may go.
    pub fn purge_filter(&self) -> Result<PurgeFilter> {
        self.with_state(|state, _| Ok(PurgeFilter::of(state.purges())))
    }

    pub fn compact(
        &self,
        filter: &PurgeFilter,
        how: &How,
        on_progress: Option<&(dyn Fn(CompactProgress) -> ControlFlow<()> + Sync)>,
    ) -> Result<CompactReport> {
        let drops = |record: &mltrack_log::PackRecord<'_>| filter.drops(record);
        let options = CompactOptions {
            drop: (!filter.is_empty()).then_some(&drops),
            floor: filter.floor(),
            on_progress,
            ..how.options()
        };
        let compacted = if how.is_dry_run && !self.is_writable() {
            compact(&self.path, self.read_options(), &options)
        } else {
            self.log()?.compact(&options)
        };
        compacted.map_err(busy)
    }
}

impl How {
    pub fn options(&self) -> CompactOptions<'static> {
        let keep_raw_after_ns = self.keep_raw.map(|length| {
            let length_ns = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
            door::wall_time_ns().saturating_sub(length_ns)
        });
        let mut options = CompactOptions {
            bytes_per_second: self.bytes_per_second,
            is_background: self.is_background,
            keep_raw_after_ns,
            is_dry_run: self.is_dry_run,
            ..CompactOptions::new(Arc::new(MetricPacker))
        };
        if self.frees_at_once {
            options.keep_replaced = Duration::ZERO;
        }
        options
    }
}

/// Who can read the packed segments of a store.
pub(crate) fn packers() -> Vec<Arc<dyn Packer>> {
    vec![Arc::new(MetricPacker)]
}

pub(crate) fn busy(error: LogError) -> Error {
    match error {
        LogError::Busy { process: 0, .. } => {
            Error::new(Code::Busy, "another process compacts the store")
                .with_hint("wait until it has finished")
        }
        error => error.into(),
    }
}

impl std::fmt::Debug for Compact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compact")
            .field("how", &self.how)
            .finish_non_exhaustive()
    }
}
