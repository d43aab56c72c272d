//! Compaction without being asked: a thread of every tracker that writes looks now and then whether it pays.
//!
//! Invariants: it only packs, which loses no bit: what was purged goes by [`gc`](crate::Tracker::gc) and
//! [`compact`](crate::Tracker::compact); a program that lives for less than a minute never compacts; nobody waits for it,
//! not even who closes the tracker, and a program that ends in the midst of it loses nothing.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use mltrack_log::{CompactOptions, CompactReport, OpenOptions, Reader, compact, door};
use mltrack_projector_metrics::block::MetricPacker;

use crate::compact::packers;
use crate::error::Result;

/// Switches it off for a program that does not say so itself: `MLTRACK_COMPACT=off`.
const VARIABLE: &str = "MLTRACK_COMPACT";

/// When compacting pays, and how hard it works; see [`Builder::auto_compact`](crate::Builder::auto_compact).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoCompact {
    /// So many segments that can be packed.
    pub segments_min: usize,
    /// A segment is left alone until its last record is so old.
    pub age_min: Duration,
    /// The first look after opening.
    pub first_look: Duration,
    /// The time between two looks.
    pub look_interval: Duration,
    /// Bytes of segments read a second, at most.
    pub bytes_per_second: u64,
}

impl Default for AutoCompact {
    /// 8 segments of an hour's age; the first look after a minute, then every ten; 32 MiB a second.
    fn default() -> AutoCompact {
        AutoCompact {
            segments_min: 8,
            age_min: Duration::from_hours(1),
            first_look: Duration::from_mins(1),
            look_interval: Duration::from_mins(10),
            bytes_per_second: 32 << 20,
        }
    }
}

impl AutoCompact {
    /// What the environment wants: as usual, or not at all.
    pub(crate) fn of_environment() -> Option<AutoCompact> {
        let is_off = std::env::var(VARIABLE).is_ok_and(|value| value == "off" || value == "0");
        (!is_off).then(AutoCompact::default)
    }
}

/// The thread, for as long as the tracker is open.
pub(crate) struct AutoCompactor {
    is_over: Arc<AtomicBool>,
    thread: Thread,
    process: u32,
}

impl AutoCompactor {
    /// `None` when the system gives no thread: then somebody else compacts.
    pub fn start(path: PathBuf, when: AutoCompact) -> Option<AutoCompactor> {
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = std::thread::Builder::new().name("mltrack-compact".into());
        let spawned: JoinHandle<()> = thread.spawn(move || watch(&path, &when, &told)).ok()?;
        Some(AutoCompactor {
            is_over,
            thread: spawned.thread().clone(),
            process: std::process::id(),
        })
    }
}

impl Drop for AutoCompactor {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        // A forked child has no such thread.
        if self.process == std::process::id() {
            self.thread.unpark();
        }
    }
}

fn watch(path: &Path, when: &AutoCompact, is_over: &AtomicBool) {
    let mut next = door::monotonic() + when.first_look;
    while !is_over.load(Relaxed) {
        let left = next.saturating_duration_since(door::monotonic());
        if !left.is_zero() {
            std::thread::park_timeout(left);
            continue;
        }
        // What fails now, because somebody else compacts or the disk is full, is tried again at the next look.
        look(path, when, is_over).ok();
        next = door::monotonic() + when.look_interval;
    }
}

/// Compacts when it pays.
fn look(path: &Path, when: &AutoCompact, is_over: &AtomicBool) -> Result<Option<CompactReport>> {
    let open = OpenOptions {
        create: false,
        packers: packers(),
        ..OpenOptions::default()
    };
    let age_ns = i64::try_from(when.age_min.as_nanos()).unwrap_or(i64::MAX);
    let before_ns = door::wall_time_ns().saturating_sub(age_ns);
    let mut reader = Reader::open(path, &open)?;
    if packable(&mut reader, before_ns)? < when.segments_min {
        return Ok(None);
    }
    drop(reader);
    let go_on = |_| {
        if is_over.load(Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = CompactOptions {
        bytes_per_second: Some(when.bytes_per_second),
        is_background: true,
        keep_raw_after_ns: Some(before_ns),
        on_progress: Some(&go_on),
        ..CompactOptions::new(Arc::new(MetricPacker))
    };
    Ok(Some(compact(path, open, &options)?))
}

/// Segments that are not packed and whose records were all appended before a time. The two newest never are.
fn packable(reader: &mut Reader, before_ns: i64) -> Result<usize> {
    let Some(last) = reader.last_at(before_ns)? else {
        return Ok(0);
    };
    let segments = reader.segments();
    let old = segments.len().saturating_sub(2);
    let packable = segments
        .iter()
        .take(old)
        .filter(|segment| !segment.is_packed && segment.next <= last.plus(1));
    Ok(packable.count())
}
