//! Keeping the store's index up while the log grows: one process at a time does, whoever asks first.
//!
//! Invariants: no query and no append ever waits for the index; an index that fails is set aside and folded again, and
//! one that cannot be written at all ends the indexer, nothing else; the index is never ahead of the log: it folds what
//! is visible, and what a rewound log no longer has is folded anew.

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mltrack_log::{IndexOwner, Lsn, door};
use mltrack_projector::Follower;
use mltrack_projector::index::{SetAside, Stored as _};
use mltrack_projector_runs::Runs;
use mltrack_projector_runs::index::Index;

use crate::error::{Error, Result};
use crate::lock::guard;
use crate::replay::{folder, index_error};
use crate::store::Store;
use crate::tracker::Tracker;
use crate::warning::Warning;

/// Events are taken in together, no oftener than this: an index that is this much behind is as good as one that is not.
const PAUSE: Duration = Duration::from_millis(10);
/// How long to wait for the log before looking whether to stop.
const WAIT: Duration = Duration::from_millis(100);
/// What was written is made durable no oftener than this. What a power cut takes back, is folded again.
const FLUSH_INTERVAL: Duration = Duration::from_secs(2);

/// Keeps the store's index up to date until it is dropped; see [`Tracker::index`].
pub struct Indexer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

#[derive(Default)]
struct Shared {
    /// The first record that is not indexed.
    next: AtomicU64,
    turn: Mutex<Turn>,
    turned: Condvar,
}

#[derive(Default)]
struct Turn {
    is_stopping: bool,
    /// Why the indexer ended by itself.
    failure: Option<Error>,
    has_ended: bool,
}

impl Tracker {
    /// Becomes the owner of the store's index and keeps it up to date in the background, within milliseconds of every
    /// append by any process. `None` when another process owns it, and for a disabled tracker. For programs that stay, such
    /// as servers: nothing waits for it, and nobody needs it to ask or to log.
    ///
    /// Errors: `IO_ERROR` when the lock cannot be asked for.
    pub fn index(&self) -> Result<Option<Indexer>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let Some(owner) = IndexOwner::try_new(&store.path)? else {
            return Ok(None);
        };
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("mltrack-index".into());
        let (store, told) = (Arc::clone(store), Arc::clone(&shared));
        let spawned = thread.spawn(move || {
            let ended = keep(&store, &told);
            // The next owner may come as soon as the database is closed, and not before.
            drop(owner);
            told.end(ended.err());
        });
        let thread = spawned.map_err(|error| {
            Error::new(crate::Code::IoError, "no thread for the index").with_source(error)
        })?;
        Ok(Some(Indexer {
            shared,
            thread: Some(thread),
            process: std::process::id(),
        }))
    }
}

impl Indexer {
    /// The first record that is not indexed yet.
    #[must_use]
    pub fn next_lsn(&self) -> Lsn {
        Lsn::new(self.shared.next.load(Acquire)).unwrap_or(Lsn::FIRST)
    }

    /// Waits until everything before `end` is indexed, or the time is over. True when it is.
    ///
    /// Errors: why the indexer ended, if it did.
    pub fn wait_for(&self, end: Lsn, timeout: Duration) -> Result<bool> {
        let deadline = door::monotonic() + timeout;
        let mut turn = guard(&self.shared.turn);
        loop {
            if self.next_lsn() >= end {
                return Ok(true);
            }
            if turn.has_ended {
                return turn.failure.take().map_or(Ok(false), Err);
            }
            let left = deadline.saturating_duration_since(door::monotonic());
            if left.is_zero() {
                return Ok(false);
            }
            let waited = self.shared.turned.wait_timeout(turn, left);
            turn = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Whether it still keeps the index up.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !guard(&self.shared.turn).has_ended
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The thread lives in the parent; there is nothing to stop or join here.
            std::mem::forget(self.thread.take());
            return;
        }
        guard(&self.shared.turn).is_stopping = true;
        self.shared.turned.notify_all();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Shared {
    fn indexed(&self, next: Lsn) {
        self.next.store(next.get(), Release);
        // Under the lock, so that nobody who is about to wait misses it.
        drop(guard(&self.turn));
        self.turned.notify_all();
    }

    fn is_stopping(&self) -> bool {
        guard(&self.turn).is_stopping
    }

    /// True when it is time to stop.
    fn pause(&self) -> bool {
        let turn = guard(&self.turn);
        let waited = self
            .turned
            .wait_timeout_while(turn, PAUSE, |turn| !turn.is_stopping);
        waited
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .0
            .is_stopping
    }

    fn end(&self, failure: Option<Error>) {
        let mut turn = guard(&self.turn);
        turn.failure = failure;
        turn.has_ended = true;
        drop(turn);
        self.turned.notify_all();
    }
}

/// Follows the log until it is told to stop.
fn keep(store: &Store, shared: &Shared) -> Result<()> {
    let path = folder(store);
    let mut kept = Kept::open(store, &path)?;
    kept.take_in(store)?;
    shared.indexed(kept.follower.next_lsn());
    let mut flushed = door::monotonic();
    while !shared.is_stopping() {
        if kept.follower.wait(WAIT)? {
            kept.take_in(store)?;
            if kept.is_of_another_log() {
                // The database keeps old pages for a while, and they may hold what was scrubbed.
                drop(kept);
                crate::gc::remove_index(&path)?;
                kept = Kept::open(store, &path)?;
                kept.take_in(store)?;
            }
            shared.indexed(kept.follower.next_lsn());
            if shared.pause() {
                break;
            }
        }
        flushed = kept.flush_if_due(flushed)?;
    }
    kept.index.flush().map_err(index_error)
}

/// The open index and the fold that it is written from.
struct Kept {
    index: Index,
    follower: Follower<Runs>,
    is_flushed: bool,
}

impl Kept {
    fn open(store: &Store, path: &Path) -> Result<Kept> {
        let (mut index, set_aside) = Index::open(path).map_err(index_error)?;
        tell(store, set_aside);
        let checkpoint = index.checkpoint().map_err(index_error)?;
        let known = checkpoint.filter(|cursor| {
            let resumed = store.reader().map(|mut reader| reader.resume(*cursor));
            matches!(resumed, Ok(Ok(())))
        });
        let last = known.and_then(|cursor| Lsn::new(cursor.next.get() - 1));
        let follower = match last {
            // What changes from here on is all that has to be written.
            Some(last) => {
                let mut follower = store.follower_at(last)?;
                Runs::changes(follower.state_mut(), &mut |_, _| {});
                follower
            }
            None => store.follower_now()?,
        };
        Ok(Kept {
            index,
            follower,
            is_flushed: true,
        })
    }

    fn take_in(&mut self, store: &Store) -> Result<()> {
        self.follower.catch_up()?;
        if self.follower.state().fault().is_some() {
            store.is_believed(&mut self.follower)?;
            self.follower = store.follower_now()?;
        }
        let cursor = self.follower.checkpoint();
        // A state that began again, because the log was rewound, does not know what changed: then all of it is written.
        let written = self.index.update(self.follower.state_mut(), cursor);
        tell(store, written.map_err(index_error)?.set_aside);
        self.is_flushed = false;
        Ok(())
    }

    /// Whether the index was written from records that are gone or were written over since.
    fn is_of_another_log(&self) -> bool {
        self.follower.counts().rewinds > 0
    }

    fn flush_if_due(&mut self, flushed: Instant) -> Result<Instant> {
        let now = door::monotonic();
        if self.is_flushed || now.saturating_duration_since(flushed) < FLUSH_INTERVAL {
            return Ok(flushed);
        }
        self.index.flush().map_err(index_error)?;
        self.is_flushed = true;
        Ok(now)
    }
}

fn tell(store: &Store, set_aside: Option<SetAside>) {
    if let Some(set_aside) = set_aside {
        store.warnings.tell(&Warning::SetAside { set_aside });
    }
}

impl fmt::Debug for Indexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indexer")
            .field("next", &self.next_lsn())
            .finish_non_exhaustive()
    }
}
