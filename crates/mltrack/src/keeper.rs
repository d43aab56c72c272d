//! Who writes snapshots, and when: by command, and by whoever noticed that folding the tail has become long.
//!
//! Invariants: nobody waits for a snapshot but who asked for it, and whoever closes the store while one is being
//! written; at most one is written at a time by one handle; a forked child waits for no thread of its parent.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_log::{Lsn, Reader, door};
use mltrack_projector::{Cursor, Follower};
use mltrack_projector_documents::DocumentsOf;
use mltrack_projector_lineage::Lineage;
use mltrack_projector_runs::snapshot::{Shelf, ShelfError, Written};
use mltrack_projector_runs::{Runs, State};

use crate::lock::guard;
use crate::successor::Successor;
use crate::things_keep::FoldKeeper;

/// Folding must have taken so much longer than writing the last snapshot took before somebody who is busy writes the
/// next.
const FOLDING_SHARE: u32 = 4;

/// When a snapshot pays: folding the tail has taken so long, and the tail is so long that it will not be short again
/// soon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worth {
    pub folding: Duration,
    pub tail_len: u64,
}

impl Default for Worth {
    fn default() -> Worth {
        Worth {
            folding: Duration::from_millis(500),
            tail_len: 64 << 20,
        }
    }
}

impl Worth {
    /// So that a later start takes about a tenth of a second.
    pub const SOON: Worth = Worth {
        folding: Duration::from_millis(100),
        tail_len: 1 << 20,
    };
}

/// Where snapshots are, whether the folder may be changed, and when they are written unasked.
#[derive(Clone, Debug)]
pub(crate) struct Keeping {
    pub folder: PathBuf,
    pub is_writable: bool,
    /// `None`: only by command.
    pub worth: Option<Worth>,
    /// When one of runs pays, where that is another moment.
    pub runs_worth: Option<Worth>,
    /// With a bound on the memory of runs, folds go on from what is written.
    pub run_memory: Option<usize>,
}

/// What one writer, or one reader of a store opened for reading, needs to keep snapshots.
pub(crate) struct Keeper {
    /// Those of artifacts, datasets, models and lineage.
    pub things: FoldKeeper<Lineage>,
    /// Those of documents.
    pub documents: FoldKeeper<DocumentsOf>,
    shelf: Arc<Shelf>,
    /// `None`: only by command.
    worth: Option<Worth>,
    run_memory: Option<usize>,
    successor: Arc<Successor>,
    /// How long writing the last one took, in nanoseconds.
    writing_ns: Arc<AtomicU64>,
    spent: Mutex<Spent>,
}

/// How busy whoever may write a snapshot is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Leisure {
    /// Somebody waits for an answer.
    Busy,
    /// Nobody does.
    Idle,
}

/// What folding has cost since the newest snapshot that this handle knows of.
#[derive(Default)]
struct Spent {
    since: Option<Lsn>,
    folding: Duration,
    writing: Option<(u32, JoinHandle<()>)>,
}

impl Keeper {
    pub fn new(keeping: &Keeping) -> Keeper {
        let folder = keeping.folder.clone();
        let shelf = if keeping.is_writable {
            Shelf::new(folder)
        } else {
            Shelf::to_look(folder)
        };
        Keeper {
            things: FoldKeeper::new(keeping),
            documents: FoldKeeper::new(keeping),
            shelf: Arc::new(shelf),
            worth: keeping.runs_worth.or(keeping.worth),
            run_memory: keeping.run_memory,
            successor: Arc::default(),
            writing_ns: Arc::default(),
            spent: Mutex::default(),
        }
    }

    /// Lets the fold go on from a snapshot that was written in the background, if there is a new one.
    pub fn take_over(&self, follower: &mut Follower<Runs>) {
        self.successor.take_over(follower);
    }

    /// Whether snapshots are written unasked.
    pub fn writes(&self) -> bool {
        self.worth.is_some()
    }

    /// Waits for a snapshot that is being written.
    pub fn wait(&self) {
        let writing = guard(&self.spent).writing.take();
        join(writing);
    }

    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Takes note of a fold, and has a snapshot written in the background when it pays.
    /// `reader` gives another reader of the log.
    pub fn folded(
        &self,
        follower: &mut Follower<Runs>,
        (took, leisure): (Duration, Leisure),
        reader: impl FnOnce() -> Option<Reader>,
    ) {
        let mut spent = guard(&self.spent);
        spent.folding += took;
        let least = |worth: Worth| match leisure {
            Leisure::Idle => worth.folding,
            Leisure::Busy => {
                let writing = Duration::from_nanos(self.writing_ns.load(Relaxed));
                worth.folding.max(writing * FOLDING_SHARE)
            }
        };
        let is_long = |worth: &Worth| spent.folding >= least(*worth);
        let Some(worth) = self.worth.filter(is_long) else {
            return;
        };
        let base = follower.state().base().map(|base| base.cursor().next);
        let since = spent.since.max(base).unwrap_or(Lsn::FIRST);
        if spent.is_writing() {
            return;
        }
        spent.folding = Duration::ZERO;
        // Asked again when as much has been spent again: looking costs something too.
        if tail_len(follower.reader(), self.newest(), since) > worth.tail_len {
            let reader = self.run_memory.and_then(|max| Some((reader()?, max)));
            self.begin(follower, &mut spent, reader);
        }
    }

    /// Has a snapshot of what is folded written, and with a reader a fold made that goes on from it.
    fn begin(
        &self,
        follower: &mut Follower<Runs>,
        spent: &mut Spent,
        next: Option<(Reader, usize)>,
    ) {
        let cursor = follower.checkpoint();
        let state = follower.state_mut().share();
        let target = Arc::clone(&self.shelf);
        let (took_ns, successor) = (Arc::clone(&self.writing_ns), Arc::clone(&self.successor));
        let writer = std::thread::Builder::new().name("mltrack-snapshot".into());
        // What cannot be written now is written by the next one who notices.
        let spawned = writer.spawn(move || {
            let begun = door::monotonic();
            let written = write_in_background(&target, &state, cursor);
            let took = door::monotonic().saturating_duration_since(begun);
            took_ns.store(took.as_nanos() as u64, Relaxed);
            drop(state);
            door::give_back_memory();
            if let (Ok(()), Some((reader, bytes_max))) = (written, next) {
                // Without a successor the fold goes on as it is.
                successor.make(reader, &target, bytes_max).ok();
            }
        });
        spent.writing = spawned.ok().map(|thread| (std::process::id(), thread));
        spent.since = Some(cursor.next);
    }

    /// The first record that the newest snapshot does not know, whoever wrote it.
    fn newest(&self) -> Option<Lsn> {
        self.shelf.list().first().map(|kept| kept.next)
    }

    /// Writes a snapshot now.
    pub fn write(&self, state: &State, cursor: Cursor) -> Result<Written, ShelfError> {
        let written = write(&self.shelf, state, cursor)?;
        let mut spent = guard(&self.spent);
        spent.since = Some(cursor.next);
        spent.folding = Duration::ZERO;
        Ok(written)
    }
}

/// Bytes of log from `since` on, or since a snapshot of somebody else that is newer.
pub(crate) fn tail_len(reader: &Reader, newest: Option<Lsn>, since: Lsn) -> u64 {
    let since = newest.map_or(since, |newest| newest.max(since));
    let segments = reader.segments();
    let tail = segments.iter().filter(|segment| segment.next > since);
    tail.map(|segment| {
        let records = segment.next.get() - segment.base.get();
        let new = segment.next.get() - since.get().max(segment.base.get());
        (segment.used as f64 * new as f64 / records.max(1) as f64) as u64
    })
    .sum()
}

fn write(shelf: &Shelf, state: &State, cursor: Cursor) -> Result<Written, ShelfError> {
    let written = shelf.write(state, cursor)?;
    shelf.prune();
    Ok(written)
}

/// Writes a snapshot that nobody waits for. When somebody else has written a newer one meanwhile, it is not needed any
/// more; and it may hold what was purged meanwhile.
pub(crate) fn write_in_background(
    shelf: &Shelf,
    state: &State,
    cursor: Cursor,
) -> Result<(), ShelfError> {
    let written = write(shelf, state, cursor)?;
    let newest = shelf.list().first().map(|kept| kept.next);
    if newest.is_some_and(|newest| newest > written.next) {
        // Whoever prunes next removes it otherwise.
        std::fs::remove_file(&written.path).ok();
    }
    Ok(())
}

impl Spent {
    fn is_writing(&self) -> bool {
        let is_own = |process: &u32| *process == std::process::id();
        self.writing
            .as_ref()
            .is_some_and(|(process, thread)| is_own(process) && !thread.is_finished())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Not locked: in a forked child a thread of the parent may seem to hold it for ever.
        let spent = self.spent.get_mut();
        let spent = spent.unwrap_or_else(PoisonError::into_inner);
        join(spent.writing.take());
    }
}

fn join(writing: Option<(u32, JoinHandle<()>)>) {
    match writing {
        Some((process, thread)) if process == std::process::id() => drop(thread.join()),
        // The thread lives in the parent; there is nothing to join or detach here.
        writing => std::mem::forget(writing),
    }
}
