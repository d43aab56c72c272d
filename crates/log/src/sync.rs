//! Making what is visible durable.
//!
//! Invariants: segments first, oldest first, then the folder, then the checkpoint, then `durable` in ctl. A sync that
//! failed is never tried again: the epoch is poisoned, because the kernel has marked the lost pages clean.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::time::Duration;

use crate::catalog::{Catalog, segment_path};
use crate::codec::checkpoint::Checkpoint;
use crate::codec::state::State;
use crate::control::Tail;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::Lsn;
use crate::layout::{LOCK_SYNC, segment_name};
use crate::medium::{Medium, Mode};
use crate::recover::write_checkpoint;
use crate::roll;
use crate::shared::{Shared, guard};
use crate::start::lock_timed;
use crate::stored::pack_of;
use crate::survey::read_checkpoint;

/// How long a leader waits for its group: a fraction of what a sync of a slow disk takes.
const GATHER_WAIT_MAX: Duration = Duration::from_micros(500);

/// What one handle remembers between syncs.
#[derive(Default)]
pub(crate) struct SyncState {
    catalog: Catalog,
}

/// The checkpoint for `state`, one sequence after the newest on disk.
pub(crate) fn next_checkpoint(shared: &Shared, state: State) -> Result<Checkpoint> {
    let newest = read_checkpoint(&*shared.medium, &shared.format)
        .map_err(|error| LogError::io(shared.medium.path(), "read the checkpoint", error))?;
    Ok(Checkpoint {
        store: shared.format.store,
        folder: shared.folder,
        sequence: newest.map_or(0, |checkpoint| checkpoint.sequence) + 1,
        epoch: shared.read_header(state.base)?.epoch,
        state,
        clean: false,
    })
}

/// Waits until every record before `lsn` is durable. One thread syncs for all that wait; those that come while it does
/// are the next one's group. Returns the durable end.
pub(crate) fn sync_before(shared: &Shared, lsn: u64) -> Result<Lsn> {
    let durable = &shared.control.page().durable;
    let reached = || Lsn::new(durable.load(Acquire)).filter(|durable| durable.get() >= lsn);
    let election = &shared.election;
    let mut state = guard(&election.state);
    loop {
        if let Some(durable) = reached() {
            return Ok(durable);
        }
        if !state.is_led {
            break;
        }
        state.waiting += 1;
        state = election
            .ended
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
    }
    state.is_led = true;
    let group = state.group;
    drop(state);
    gather(shared, group);
    let result = lead(shared, lsn);
    let mut state = guard(&election.state);
    state.is_led = false;
    state.group = state.waiting + 1;
    drop(state);
    election.ended.notify_all();
    result
}

/// Lets the threads that the last sync woke append once more before the next one: they come back together, or not at all.
fn gather(shared: &Shared, group: usize) {
    let deadline = crate::door::monotonic() + GATHER_WAIT_MAX;
    while group > 1
        && guard(&shared.election.state).waiting + 1 < group
        && crate::door::monotonic() < deadline
    {
        std::thread::yield_now();
    }
}

fn lead(shared: &Shared, lsn: u64) -> Result<Lsn> {
    let mut syncing = guard(&shared.syncing);
    let wrap = |error| LogError::io(shared.medium.path(), "lock for a sync", error);
    lock_timed(&*shared.medium, LOCK_SYNC)?;
    let durable = shared.control.page().durable.load(Acquire);
    let result = match Lsn::new(durable).filter(|durable| durable.get() >= lsn) {
        Some(durable) => Ok(durable),
        None => sync_to_tail(shared, &mut syncing),
    };
    shared.medium.unlock(LOCK_SYNC).map_err(wrap)?;
    result
}

/// Syncs everything that is visible now, sharing the sync with nobody.
pub(crate) fn sync_alone(shared: &Shared) -> Result<Lsn> {
    let mut syncing = guard(&shared.syncing);
    let wrap = |error| LogError::io(shared.medium.path(), "lock for a sync", error);
    lock_timed(&*shared.medium, LOCK_SYNC)?;
    let result = sync_to_tail(shared, &mut syncing);
    shared.medium.unlock(LOCK_SYNC).map_err(wrap)?;
    result
}

/// Syncs everything that is visible now. The caller leads: it holds byte 1 of LOCK.
fn sync_to_tail(shared: &Shared, syncing: &mut SyncState) -> Result<Lsn> {
    if shared.is_closed.load(Acquire) {
        // A checkpoint now would take back the clean mark that leaving has made.
        return Err(LogError::Closed);
    }
    if failpoint::is_canary("checkpoint-first") {
        let early = next_checkpoint(shared, shared.tail()?.state)?;
        write_checkpoint(&*shared.medium, &early).ok();
    }
    let page = shared.control.page();
    let tail = sync_visible(shared, syncing)?;
    failpoint::hit("sync.segments");
    let next = Lsn::new(tail.state.next_lsn).expect("a state's lsn is at least 1");
    let checkpoint = next_checkpoint(shared, tail.state)?;
    let wrote = write_checkpoint(&*shared.medium, &checkpoint);
    wrote.map_err(|error| poison(shared, "CKPT", error))?;
    failpoint::hit("sync.checkpoint");
    page.durable.store(next.get(), Release);
    failpoint::hit("sync.published");
    shared.sync_count.fetch_add(1, Relaxed);
    Ok(next)
}

/// Syncs segments and names, without the checkpoint that says so. Returns the end that is now on disk.
pub(crate) fn sync_visible(shared: &Shared, syncing: &mut SyncState) -> Result<Tail> {
    if shared.control.page().poison.load(Acquire) != 0 {
        return Err(LogError::Poisoned {
            path: shared.medium.path(),
        });
    }
    if !shared.medium.is_in_place() {
        return Err(LogError::Gone {
            path: shared.medium.path(),
        });
    }
    let tail = shared.tail()?;
    sync_segments(shared, syncing, &tail.state)?;
    Ok(tail)
}

fn sync_segments(shared: &Shared, syncing: &mut SyncState, end: &State) -> Result<()> {
    let medium = &*shared.medium;
    let durable = shared.control.page().durable.load(Acquire);
    syncing.catalog.refresh(medium, shared.format.store, end)?;
    let entries = syncing.catalog.entries();
    // The segment that held the durable end may have grown since; those before it have not.
    let first = entries.partition_point(|entry| entry.next_lsn < durable);
    for entry in &entries[first..] {
        let name = segment_name(entry.header.base);
        let wrap = |error| LogError::io(segment_path(medium, entry.header.base), "open", error);
        let file = match medium.open(&name, Mode::Write) {
            // A segment that is packed was durable before.
            Err(error) if is_packed(medium, entry.header.base, &error) => continue,
            file => file.map_err(wrap)?,
        };
        file.sync().map_err(|error| poison(shared, &name, error))?;
        file.touch().ok();
    }
    if shared.control.page().named.load(Acquire) < end.base {
        roll::sync_names(shared, end.base)?;
    }
    Ok(())
}

fn is_packed(medium: &dyn Medium, base: u64, error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound && matches!(pack_of(medium, base), Ok(Some(_)))
}

/// Marks the epoch: what the failed sync was to keep may be gone, whatever a later one says.
pub(crate) fn poison(shared: &Shared, name: &str, error: std::io::Error) -> LogError {
    if !failpoint::is_canary("no-poison") {
        shared.control.page().poison.store(1, SeqCst);
    }
    LogError::Io {
        path: shared.medium.path().join(name),
        action: "sync",
        source: error,
    }
}
