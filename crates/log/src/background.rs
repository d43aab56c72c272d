//! The one thread of an open handle: syncs once per interval, makes memory and the spare segment ready, drains the
//! spool, seals what was rolled. Nothing it does holds up an append, and none of its failures fails one.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::compact::{self, KEEP_REPLACED};
use crate::door;
use crate::options::Durability;
use crate::shared::{Shared, guard};
use crate::{log, roll, seal, sync};

/// How often a spool is tried to be drained.
const DRAIN_INTERVAL: Duration = Duration::from_millis(20);

/// How often files are looked for that packed segments have replaced.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Each is read once more before what it has replaced goes, and syncs wait for that.
const SWEPT_AT_ONCE_MAX: usize = 2;

/// Segments sealed in one go; the rest waits for the next interval.
const SEALED_AT_ONCE_MAX: usize = 32;

/// Starts the thread. It ends when the handle is closed and the alarm rung.
pub(crate) fn spawn(shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    std::thread::Builder::new()
        .name("mltrack-log".into())
        .spawn(move || run(&shared))
        .expect("the system has a thread to spare for each open store")
}

fn run(shared: &Shared) {
    let mut next_sync = door::monotonic() + shared.options.sync_interval;
    let mut next_sweep = door::monotonic() + SWEEP_INTERVAL;
    while !shared.is_closed.load(Relaxed) {
        sleep_until(shared, next_sync);
        if shared.is_closed.load(Relaxed) {
            return;
        }
        if shared.is_spooling.load(Relaxed) {
            log::drain_spool(shared, Duration::from_millis(1)).ok();
        }
        make_ready(shared);
        if door::monotonic() >= next_sync {
            sync_and_seal(shared);
            next_sync = door::monotonic() + shared.options.sync_interval;
        }
        if door::monotonic() >= next_sweep {
            compact::sweep(&*shared.medium, KEEP_REPLACED, SWEPT_AT_ONCE_MAX).ok();
            next_sweep = door::monotonic() + SWEEP_INTERVAL;
        }
    }
}

fn sync_and_seal(shared: &Shared) {
    if shared.options.durability == Durability::Process
        && let Ok(tail) = shared.tail()
    {
        // A failure poisons the epoch, which the next append reports.
        sync::sync_before(shared, tail.state.next_lsn).ok();
    }
    seal::seal_rolled(shared, SEALED_AT_ONCE_MAX).ok();
}

fn sleep_until(shared: &Shared, next_sync: Instant) {
    let mut timeout = next_sync.saturating_duration_since(door::monotonic());
    if shared.is_spooling.load(Relaxed) {
        timeout = timeout.min(DRAIN_INTERVAL);
    }
    let rung = guard(&shared.alarm.is_rung);
    let waited = shared
        .alarm
        .bell
        .wait_timeout_while(rung, timeout, |is_rung| !*is_rung);
    *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
}

fn make_ready(shared: &Shared) {
    let (stretch, header, state) = {
        let mut appender = guard(&shared.appender);
        (
            appender.next_stretch(),
            appender.header,
            appender.tail.state,
        )
    };
    if let Some((file, offset, len)) = stretch {
        file.populate(offset, len);
    }
    // Without a spare the next roll makes its own segment, or reports the full disk to its caller.
    roll::make_spare(shared, &header, &state).ok();
}
