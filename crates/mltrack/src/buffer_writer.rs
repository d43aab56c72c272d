//! The thread behind a buffered handle.
//!
//! Invariants: it never holds the buffer's lock while it writes; what cannot be written now is tried again as long as
//! trying can help; what is given up is counted and told.

use std::sync::PoisonError;
use std::time::Duration;

use mltrack_log::{Batch, LogError};

use crate::buffered::{Buffer, wait};
use crate::error::Error;
use crate::lock::guard;
use crate::run::Inner;
use crate::warning::Warning;

/// Points wait no longer than this for company.
const LINGER: Duration = Duration::from_millis(20);
/// A store that refused may take it then.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);
/// While somebody waits for a flush or the end, no more tries than this: one second.
const AWAITED_TRIES_MAX: u32 = 20;

/// Writes until the buffer is closed and empty.
pub(crate) fn write(buffer: &Buffer) {
    let Some(inner) = buffer.run.inner() else {
        return;
    };
    while let Some(batches) = next_batches(buffer) {
        for mut batch in batches {
            let count = usize::from(batch.count());
            if let Err(error) = append(buffer, inner, &mut batch) {
                give_up(buffer, inner, count as u64, error);
            }
        }
        let mut pending = guard(&buffer.pending);
        pending.settle();
        buffer.drained.notify_all();
    }
    guard(&buffer.pending).is_stopped = true;
    buffer.drained.notify_all();
}

/// Tells that points are lost, outside of every lock: whoever is told may log.
fn give_up(buffer: &Buffer, inner: &Inner, count: u64, error: Error) {
    let told = Error::new(error.code(), error.to_string());
    let mut pending = guard(&buffer.pending);
    // What a lost batch defined is not defined.
    pending
        .names
        .slots
        .iter_mut()
        .for_each(|slot| slot.is_defined = false);
    pending.error.get_or_insert(error);
    drop(pending);
    inner
        .store
        .warnings
        .tell(&Warning::PointsLost { count, error: told });
}

/// Waits for something worth writing; `None` when there will be nothing more.
fn next_batches(buffer: &Buffer) -> Option<Vec<Batch>> {
    let mut pending = guard(&buffer.pending);
    while pending.count == 0 {
        pending.is_flushing = false;
        if pending.is_closing {
            return None;
        }
        pending = wait(&buffer.filled, pending);
    }
    if !pending.is_flushing && !pending.is_closing && pending.count < buffer.wake_count() {
        let waited = buffer.filled.wait_timeout(pending, LINGER);
        (pending, _) = waited.unwrap_or_else(PoisonError::into_inner);
    }
    Some(pending.begin())
}

fn append(buffer: &Buffer, inner: &Inner, batch: &mut Batch) -> Result<(), Error> {
    let (store, mut tries) = (&inner.store, 0);
    let session = store.session()?;
    loop {
        match store.log()?.append(batch) {
            Err(error) if can_retry(buffer, &error, tries) => tries += 1,
            appended => return store.settle(session, batch, appended).map(drop),
        }
    }
}

/// Waits a little, and says whether to try again.
fn can_retry(buffer: &Buffer, error: &LogError, tries: u32) -> bool {
    if !error.is_retryable() {
        return false;
    }
    let pending = guard(&buffer.pending);
    let is_awaited = pending.is_flushing || pending.is_closing;
    if is_awaited && tries >= AWAITED_TRIES_MAX {
        return false;
    }
    // A push wakes this too, which only means one try more.
    drop(buffer.drained.wait_timeout(pending, RETRY_INTERVAL));
    true
}
