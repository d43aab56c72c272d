//! Snapshots of things: written by command with those of runs, and by whoever noticed that folding has become long.
//!
//! Invariants: those of `keeper.rs`: nobody waits for a snapshot but who asked for it and whoever closes the store while
//! one is being written; at most one is written at a time by one handle; a forked child waits for no thread of its parent.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_log::Lsn;
use mltrack_projector::Follower;
use mltrack_projector::snapshot::{Kept, ShelfError};
use mltrack_projector_lineage::Lineage;
use mltrack_projector_lineage::snapshot::{Shelf, pack};

use crate::keeper::{Keeping, Worth, tail_len};
use crate::lock::guard;

/// What one writer, or one reader of a store opened for reading, needs to keep snapshots of things.
pub(crate) struct ThingsKeeper {
    shelf: Arc<Shelf>,
    /// `None`: only by command.
    worth: Option<Worth>,
    spent: Mutex<Spent>,
}

/// What folding has cost since the newest snapshot that this handle knows of.
#[derive(Default)]
struct Spent {
    since: Option<Lsn>,
    folding: Duration,
    writing: Option<(u32, JoinHandle<()>)>,
}

impl ThingsKeeper {
    pub fn new(keeping: &Keeping) -> ThingsKeeper {
        ThingsKeeper {
            shelf: Arc::new(Shelf::new(keeping.folder.clone(), keeping.is_writable)),
            worth: keeping.worth,
            spent: Mutex::default(),
        }
    }

    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Takes note that the fold goes on from a snapshot.
    pub fn resumed(&self, next: Lsn) {
        let mut spent = guard(&self.spent);
        spent.since = spent.since.max(Some(next));
    }

    /// Takes note of a fold, and has a snapshot written in the background when it pays. Only its bytes are made here.
    pub fn folded(&self, follower: &Follower<Lineage>, took: Duration) {
        let mut spent = guard(&self.spent);
        spent.folding += took;
        let Some(worth) = self.worth.filter(|worth| spent.folding >= worth.folding) else {
            return;
        };
        let since = spent.since.unwrap_or(Lsn::FIRST);
        let newest = self.shelf.list().first().map(|kept| kept.next);
        let tail = tail_len(follower.reader(), newest, since);
        spent.folding = Duration::ZERO;
        if spent.is_writing() || tail <= worth.tail_len {
            // Asked again when as much has been spent again: looking costs something too.
            return;
        }
        let cursor = follower.checkpoint();
        let packed = pack(follower.state(), cursor);
        let target = Arc::clone(&self.shelf);
        let writer = std::thread::Builder::new().name("mltrack-things".into());
        let spawned = writer.spawn(move || {
            // What cannot be written now is written by the next one who notices.
            let Ok(written) = target.write(&packed, cursor) else {
                return;
            };
            target.prune();
            let newest = target.list().first().map(|kept| kept.next);
            if newest.is_some_and(|newest| newest > written.next) {
                // Somebody has written a newer one meanwhile, and this one may hold what was purged before that.
                std::fs::remove_file(&written.path).ok();
            }
        });
        spent.writing = spawned.ok().map(|thread| (std::process::id(), thread));
        spent.since = Some(cursor.next);
    }

    /// Writes a snapshot now. `None` for a state that says nothing which others do not keep, and that is folded soon.
    pub fn write(
        &self,
        follower: &Follower<Lineage>,
        took: Duration,
    ) -> Result<Option<Kept>, ShelfError> {
        let worth = self.worth.unwrap_or_default();
        if follower.state().is_bare() && took < worth.folding {
            return Ok(None);
        }
        let cursor = follower.checkpoint();
        let kept = self.shelf.write(&pack(follower.state(), cursor), cursor)?;
        self.shelf.prune();
        let mut spent = guard(&self.spent);
        spent.since = Some(cursor.next);
        spent.folding = Duration::ZERO;
        Ok(Some(kept))
    }
}

impl Spent {
    fn is_writing(&self) -> bool {
        let is_own = |process: &u32| *process == std::process::id();
        self.writing
            .as_ref()
            .is_some_and(|(process, thread)| is_own(process) && !thread.is_finished())
    }
}

impl Drop for ThingsKeeper {
    fn drop(&mut self) {
        // Not locked: in a forked child a thread of the parent may seem to hold it for ever.
        let spent = self.spent.get_mut();
        let spent = spent.unwrap_or_else(PoisonError::into_inner);
        match spent.writing.take() {
            Some((process, thread)) if process == std::process::id() => drop(thread.join()),
            // The thread lives in the parent; there is nothing to join or detach here.
            writing => std::mem::forget(writing),
        }
    }
}
