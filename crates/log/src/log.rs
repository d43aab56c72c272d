//! The handle: append, sync, read; and what a fork does to it.
//!
//! Invariants: `Appended::Visible` is only returned after the published word covers the batch; a forked child never
//! appends with its parent's writer id.

use std::path::Path;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::append::{Condition, Stamp};
use crate::append_lock::AppendLock;
use crate::background;
use crate::batch::Batch;
use crate::compact::{self, CompactOptions, CompactReport, KEEP_REPLACED};
use crate::door;
use crate::error::{LogError, Result};
use crate::failpoint;
use crate::ids::{Lsn, StoreId, StreamId, WriterId};
use crate::medium::{Medium, Trust};
use crate::options::{Appended, Durability, OpenOptions, OpenReport};
use crate::reader::Reader;
use crate::shared::{Shared, guard};
use crate::spool_only::SpoolWriter;
use crate::{roll, start, sync};

/// How long a log may stand still before a handle that closes leaves its spool to the next opener.
const STANDSTILL: Duration = Duration::from_secs(1);
const CLOSE_WAIT_MAX: Duration = Duration::from_secs(10);

/// Closing is not held up for longer than this many footers take.
const SEALED_AT_CLOSE_MAX: usize = 4;

/// A store that is open for appending. Clones share one writer; dropping the last one leaves the store in order.
#[derive(Clone)]
pub struct Log(Kind);

#[derive(Clone)]
enum Kind {
    Joined(Arc<Handle>),
    /// On a filesystem without locks: everything is deferred.
    Spooling(Arc<SpoolWriter>),
}

struct Handle {
    shared: Arc<Shared>,
    background: Mutex<Option<JoinHandle<()>>>,
    generation: u64,
    /// What a forked child uses instead.
    successor: OnceLock<std::result::Result<Box<Handle>, String>>,
}

#[cfg(target_os = "linux")]
fn generation() -> u64 {
    crate::medium::fork::generation()
}

#[cfg(not(target_os = "linux"))]
fn generation() -> u64 {
    0
}

impl Log {
    /// Opens the store in `path`, making it when the options say so.
    pub fn open(path: &Path, options: OpenOptions) -> Result<(Log, OpenReport)> {
        Log::on(start::medium_at(path, true, &options)?, options)
    }

    /// Opens the store on any medium.
    pub fn on(medium: Arc<dyn Medium>, options: OpenOptions) -> Result<(Log, OpenReport)> {
        if medium.trust() == Trust::SpoolOnly {
            let (writer, report) = SpoolWriter::open(medium)?;
            return Ok((Log(Kind::Spooling(Arc::new(writer))), report));
        }
        let (handle, report) = Handle::open(&medium, options)?;
        Ok((Log(Kind::Joined(Arc::new(handle))), report))
    }

    fn shared(&self) -> Result<&Arc<Shared>> {
        match &self.0 {
            Kind::Joined(handle) => handle.current(),
            Kind::Spooling(writer) => Err(writer.no_locks()),
        }
    }

    /// Appends a batch and empties it.
    pub fn append(&self, batch: &mut Batch) -> Result<Appended> {
        self.append_stamped(batch, &Stamp::default())
    }

    /// Appends a control batch of `stream` without a condition, as ends of runs are: it may be deferred.
    pub fn append_control(&self, batch: &mut Batch, stream: StreamId) -> Result<Appended> {
        self.append_stamped(
            batch,
            &Stamp {
                stream: Some(stream.0),
                ..Stamp::default()
            },
        )
    }

    /// Appends a control batch if nobody has changed the streams of the condition. Never deferred: a batch that may
    /// not be refused later cannot be decided later, so a log that does not move is [`LogError::Busy`], and a
    /// filesystem without locks is [`LogError::NoLocks`].
    pub fn append_if(&self, batch: &mut Batch, condition: Condition<'_>) -> Result<Appended> {
        self.append_stamped(
            batch,
            &Stamp {
                condition: Some(condition),
                ..Stamp::default()
            },
        )
    }

    /// Appends a control batch of `stream` as the first one of a segment, so that what was logged before it can be packed
    /// once another one has followed. Never deferred, as in [`append_if`](Log::append_if).
    pub fn append_rolled(&self, batch: &mut Batch, stream: StreamId) -> Result<Appended> {
        let seen = Lsn::new(u64::MAX).expect("it is not 0");
        let condition = Condition {
            stream,
            unchanged: &[],
            seen,
        };
        let stamp = Stamp {
            condition: Some(condition),
            rolls: true,
            ..Stamp::default()
        };
        self.append_stamped(batch, &stamp)
    }

    fn append_stamped(&self, batch: &mut Batch, stamp: &Stamp) -> Result<Appended> {
        if let Kind::Spooling(writer) = &self.0
            && stamp.condition.is_none()
        {
            writer.push(batch, stamp.stream)?;
            batch.clear();
            return Ok(Appended::Deferred);
        }
        let shared = self.shared()?;
        let appended = append(shared, batch, stamp)?;
        batch.clear();
        if let Appended::Visible { next, .. } = appended {
            match shared.options.durability {
                Durability::Process => {}
                Durability::Group => drop(sync::sync_before(shared, next.get())?),
                Durability::Each => drop(sync::sync_alone(shared)?),
            }
        }
        Ok(appended)
    }

    /// Makes everything that is visible durable, the spool's content too when the lock can be had.
    /// Returns the lsn after the last durable record.
    pub fn sync(&self) -> Result<Lsn> {
        if let Kind::Spooling(writer) = &self.0 {
            return writer.sync();
        }
        let shared = self.shared()?;
        drain_spool(shared, shared.options.lock_wait)?;
        let next = shared.tail()?.state.next_lsn;
        sync::sync_before(shared, next)
    }

    /// The lsn after the last visible record.
    pub fn end(&self) -> Result<Lsn> {
        let next = self.shared()?.tail()?.state.next_lsn;
        Ok(Lsn::new(next).expect("a state's lsn is at least 1"))
    }

    /// The lsn after the last durable record.
    pub fn durable(&self) -> Result<Lsn> {
        let durable = self.shared()?.control.page().durable.load(Acquire);
        Ok(Lsn::new(durable).unwrap_or(Lsn::FIRST))
    }

    /// This handle's writer id. Another one in a forked child.
    pub fn writer(&self) -> Result<WriterId> {
        Ok(self.shared()?.writer)
    }

    /// The store's identity.
    pub fn store(&self) -> StoreId {
        match &self.0 {
            Kind::Joined(handle) => handle.shared.format.store,
            Kind::Spooling(writer) => writer.store(),
        }
    }

    /// Whether the handle of a writer is open in some living process, this handle's own included.
    pub fn is_alive(&self, writer: WriterId) -> Result<bool> {
        let shared = self.shared()?;
        Ok(writer == shared.writer || crate::source::Source::of(shared).is_alive(writer)?)
    }

    /// Whether batches wait in the spool, and which process was seen holding the lock (0: there is no lock).
    pub fn stalled_by(&self) -> Result<Option<u32>> {
        if matches!(self.0, Kind::Spooling(_)) {
            return Ok(Some(0));
        }
        let shared = self.shared()?;
        let is_spooling = shared.is_spooling.load(Relaxed);
        Ok(
            is_spooling.then(|| match shared.stalled_process.load(Relaxed) {
                0 => shared.control.page().holder.load(Relaxed),
                process => process,
            }),
        )
    }

    /// A reader of this store at its first record.
    pub fn reader(&self) -> Result<Reader> {
        match &self.0 {
            Kind::Joined(_) => Reader::of(self.shared()?),
            Kind::Spooling(writer) => writer.reader(),
        }
    }

    /// Packs sealed segments of this store, beside everything else that goes on in it.
    pub fn compact(&self, options: &CompactOptions<'_>) -> Result<CompactReport> {
        let shared = self.shared()?;
        if options.is_dry_run {
            let open = shared.options.clone();
            return compact::compact_on(&shared.medium, open, options);
        }
        compact::compact_open(shared, options)
    }

    /// Leaves the store now and reports what dropping would swallow. Every clone is closed.
    pub fn close(self) -> Result<()> {
        match &self.0 {
            Kind::Joined(handle) => handle.close(),
            Kind::Spooling(writer) => writer.close(),
        }
    }
}

impl Handle {
    fn open(medium: &Arc<dyn Medium>, options: OpenOptions) -> Result<(Handle, OpenReport)> {
        let (shared, report) = start::open(medium, options)?;
        let shared = Arc::new(shared);
        let background = background::spawn(&shared);
        let handle = Handle {
            shared,
            background: Mutex::new(Some(background)),
            generation: generation(),
            successor: OnceLock::new(),
        };
        Ok((handle, report))
    }

    /// The handle of this generation of forks. The inherited one is never touched: a thread that no longer exists may
    /// have held its mutexes.
    fn current(&self) -> Result<&Arc<Shared>> {
        let mut handle = self;
        while handle.generation != generation() {
            let reopened = handle.successor.get_or_init(|| handle.reopen());
            handle = match reopened {
                Ok(next) => next,
                Err(text) => {
                    return Err(LogError::Io {
                        path: self.shared.medium.path(),
                        action: "reopen the store in a forked child",
                        source: std::io::Error::other(text.clone()),
                    });
                }
            };
        }
        if handle.shared.is_closed.load(Relaxed) {
            Err(LogError::Closed)
        } else {
            Ok(&handle.shared)
        }
    }

    fn reopen(&self) -> std::result::Result<Box<Handle>, String> {
        let medium = self
            .shared
            .medium
            .reopen()
            .map_err(|error| error.to_string())?;
        let options = OpenOptions {
            create: false,
            ..self.shared.options.clone()
        };
        let (handle, _) = Handle::open(&medium, options).map_err(|error| error.to_string())?;
        Ok(Box::new(handle))
    }

    fn close(&self) -> Result<()> {
        if self.generation != generation() {
            return match self.successor.get() {
                Some(Ok(successor)) => successor.close(),
                _ => Ok(()),
            };
        }
        if self.shared.is_closed.load(Relaxed) {
            return Ok(());
        }
        let drained = drain_at_close(&self.shared);
        if !start::end_appends(&self.shared) {
            return Ok(());
        }
        self.shared.alarm.ring();
        if let Some(background) = guard(&self.background).take() {
            background.join().ok();
        }
        // A store that is only ever open for short stretches gets its footers too.
        crate::seal::seal_rolled(&self.shared, SEALED_AT_CLOSE_MAX).ok();
        compact::sweep(&*self.shared.medium, KEEP_REPLACED, 1).ok();
        drained.and(start::leave(&self.shared))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.generation == generation() {
            // Whoever wants to know calls `close`.
            self.close().ok();
        } else if let Ok(mut background) = self.background.try_lock() {
            // The thread lives in the parent; there is nothing to join or detach here.
            std::mem::forget(background.take());
        }
    }
}

fn append(shared: &Shared, batch: &mut Batch, stamp: &Stamp) -> Result<Appended> {
    assert!(!batch.is_empty(), "an empty batch has no lsn");
    let mut appender = guard(&shared.appender);
    if shared.is_closed.load(Relaxed) {
        return Err(LogError::Closed);
    }
    let is_spooling = shared.is_spooling.load(Relaxed);
    let is_poisoned = shared.control.page().poison.load(Relaxed) != 0;
    let can_defer = stamp.condition.is_none();
    if is_poisoned {
        return if can_defer {
            defer(shared, batch, stamp)
        } else {
            Err(LogError::Poisoned {
                path: shared.medium.path(),
            })
        };
    }
    // Who has waited in vain does not hold up the training loop again, unless the log has moved since.
    let word = shared.control.page().published();
    let is_stalled = shared.stalled_word.load(Relaxed) == word;
    let wait = if is_spooling && is_stalled && can_defer {
        Duration::ZERO
    } else {
        shared.options.lock_wait
    };
    let lock = match AppendLock::acquire(shared, wait) {
        Ok(lock) => lock,
        Err(stalled) if can_defer => {
            shared.stalled_word.store(word, Relaxed);
            shared.stalled_process.store(stalled.process, Relaxed);
            return defer(shared, batch, stamp);
        }
        Err(stalled) => {
            return Err(LogError::Busy {
                process: stalled.process,
                waited: wait,
            });
        }
    };
    if is_spooling && !failpoint::is_canary("overtake-spool") {
        guard(&shared.spool).drain(shared, &mut appender, &lock)?;
    }
    let count = u64::from(batch.count());
    let before = appender.tail.state.offset;
    let first = appender.append(shared, &lock, batch, stamp)?;
    drop(lock);
    wake_tailers(shared);
    if appender.wants_background(shared, before) {
        shared.alarm.ring();
    }
    let first = Lsn::new(first).expect("a record's lsn is at least 1");
    Ok(Appended::Visible {
        first,
        next: first.plus(count),
    })
}

fn wake_tailers(shared: &Shared) {
    let page = shared.control.page();
    if page.take_tail_waiters() && !failpoint::is_canary("no-wake") {
        shared.control.wake(&page.wake_sequence, u32::MAX >> 1);
        failpoint::hit("wake.done");
    }
}

fn defer(shared: &Shared, batch: &Batch, stamp: &Stamp) -> Result<Appended> {
    // What no segment can take would block everything that waits behind it.
    roll::check_fits(shared.format.segment_len, batch.deferred_len_max())?;

    guard(&shared.spool).push(shared, batch, stamp.stream)?;
    shared.alarm.ring();
    Ok(Appended::Deferred)
}

/// Nobody waits for a handle that closes as a training loop waits for a call, and what it leaves in its spool is seen
/// by nobody before the next opener: so it waits as long as the log moves, and gives up on one that stands still.
fn drain_at_close(shared: &Shared) -> Result<()> {
    let deadline = door::monotonic() + CLOSE_WAIT_MAX;
    let page = shared.control.page();
    let mut word = page.published();
    while !drain_spool(shared, shared.options.lock_wait.max(STANDSTILL))? {
        let has_moved = std::mem::replace(&mut word, page.published()) != word;
        if !has_moved || page.poison.load(Relaxed) != 0 || door::monotonic() >= deadline {
            break;
        }
    }
    Ok(())
}

/// Appends what waits in the spool; true when nothing waits any more.
pub(crate) fn drain_spool(shared: &Shared, wait: Duration) -> Result<bool> {
    if !shared.is_spooling.load(Relaxed) {
        return Ok(true);
    }
    let mut appender = guard(&shared.appender);
    if shared.is_closed.load(Relaxed) || shared.control.page().poison.load(Relaxed) != 0 {
        return Ok(false);
    }
    let Ok(lock) = AppendLock::acquire(shared, wait) else {
        return Ok(false);
    };
    guard(&shared.spool).drain(shared, &mut appender, &lock)?;
    drop(lock);
    wake_tailers(shared);
    Ok(true)
}
