//! Snapshots of things and of documents: written by command with those of runs, and by whoever noticed that folding has
//! become long.
//!
//! Invariants: those of `keeper.rs`: nobody waits for a snapshot but who asked for it and whoever closes the store while
//! one is being written; at most one is written at a time by one handle; a forked child waits for no thread of its parent.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_log::Lsn;
use mltrack_projector::snapshot::{Kept, ShelfError};
use mltrack_projector::{Cursor, Follower, Projector};
use mltrack_projector_documents::snapshot as documents;
use mltrack_projector_documents::{Documents, DocumentsOf};
use mltrack_projector_lineage::snapshot as things;
use mltrack_projector_lineage::{Lineage, Things};

use crate::keeper::{Keeping, Worth, tail_len};
use crate::lock::guard;

/// A fold whose snapshots are kept beside those of runs.
pub(crate) trait Kind: Projector {
    /// Where they are.
    type Shelf: Send + Sync + 'static;
    /// The name of the thread that writes one.
    const THREAD: &'static str;

    fn shelf(folder: PathBuf, is_writable: bool) -> Self::Shelf;
    fn list(shelf: &Self::Shelf) -> Vec<Kept>;
    fn pack(state: &Self::State, cursor: Cursor) -> Vec<u8>;
    fn write(shelf: &Self::Shelf, packed: &[u8], cursor: Cursor) -> Result<Kept, ShelfError>;
    fn prune(shelf: &Self::Shelf) -> Vec<PathBuf>;
    /// Whether a state says nothing that others do not keep.
    fn is_bare(state: &Self::State) -> bool;
}

/// Makes a fold one whose snapshots are kept, by the functions of its module.
macro_rules! kept {
    ($projector:ident, $state:ident, $module:ident, $thread:literal, $is_bare:expr) => {
        impl Kind for $projector {
            type Shelf = $module::Shelf;
            const THREAD: &'static str = $thread;

            fn shelf(folder: PathBuf, is_writable: bool) -> $module::Shelf {
                $module::Shelf::new(folder, is_writable)
            }

            fn list(shelf: &$module::Shelf) -> Vec<Kept> {
                shelf.list()
            }

            fn pack(state: &$state, cursor: Cursor) -> Vec<u8> {
                $module::pack(state, cursor)
            }

            fn write(
                shelf: &$module::Shelf,
                packed: &[u8],
                cursor: Cursor,
            ) -> Result<Kept, ShelfError> {
                shelf.write(packed, cursor)
            }

            fn prune(shelf: &$module::Shelf) -> Vec<PathBuf> {
                shelf.prune()
            }

            fn is_bare(state: &$state) -> bool {
                $is_bare(state)
            }
        }
    };
}

kept!(Lineage, Things, things, "mltrack-things", Things::is_bare);
kept!(
    DocumentsOf,
    Documents,
    documents,
    "mltrack-documents",
    Documents::is_empty
);

/// What one writer, or one reader of a store opened for reading, needs to keep snapshots of a fold.
pub(crate) struct FoldKeeper<K: Kind> {
    shelf: Arc<K::Shelf>,
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

impl<K: Kind> FoldKeeper<K> {
    pub fn new(keeping: &Keeping) -> FoldKeeper<K> {
        FoldKeeper {
            shelf: Arc::new(K::shelf(keeping.folder.clone(), keeping.is_writable)),
            worth: keeping.worth,
            spent: Mutex::default(),
        }
    }

    pub fn shelf(&self) -> &K::Shelf {
        &self.shelf
    }

    /// Takes note that the fold goes on from a snapshot.
    pub fn resumed(&self, next: Lsn) {
        let mut spent = guard(&self.spent);
        spent.since = spent.since.max(Some(next));
    }

    /// Takes note of a fold, and has a snapshot written in the background when it pays. Only its bytes are made here.
    pub fn folded(&self, follower: &Follower<K>, took: Duration) {
        let mut spent = guard(&self.spent);
        spent.folding += took;
        let Some(worth) = self.worth.filter(|worth| spent.folding >= worth.folding) else {
            return;
        };
        let since = spent.since.unwrap_or(Lsn::FIRST);
        let newest = K::list(&self.shelf).first().map(|kept| kept.next);
        let tail = tail_len(follower.reader(), newest, since);
        spent.folding = Duration::ZERO;
        if spent.is_writing() || tail <= worth.tail_len {
            // Asked again when as much has been spent again: looking costs something too.
            return;
        }
        let cursor = follower.checkpoint();
        let packed = K::pack(follower.state(), cursor);
        let target = Arc::clone(&self.shelf);
        let writer = std::thread::Builder::new().name(K::THREAD.into());
        let spawned = writer.spawn(move || {
            // What cannot be written now is written by the next one who notices.
            let Ok(written) = K::write(&target, &packed, cursor) else {
                return;
            };
            K::prune(&target);
            let newest = K::list(&target).first().map(|kept| kept.next);
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
        follower: &Follower<K>,
        took: Duration,
    ) -> Result<Option<Kept>, ShelfError> {
        let worth = self.worth.unwrap_or_default();
        if K::is_bare(follower.state()) && took < worth.folding {
            return Ok(None);
        }
        let cursor = follower.checkpoint();
        let kept = K::write(&self.shelf, &K::pack(follower.state(), cursor), cursor)?;
        K::prune(&self.shelf);
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

impl<K: Kind> Drop for FoldKeeper<K> {
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
