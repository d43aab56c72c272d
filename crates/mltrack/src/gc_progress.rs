//! How far a garbage collection is.

use std::ops::ControlFlow;

use mltrack_artifact::Sweeping;
use mltrack_log::CompactProgress;

/// What a collection does, and how far it is with that; see [`Gc::on_progress`](crate::Gc::on_progress).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GcProgress {
    /// It packs the log anew, without what was purged: so many segments are done, of so many.
    Packing {
        /// Segments that are done.
        done: u64,
        /// All of them.
        all: u64,
    },
    /// It looks at what is in a root: so many objects until now.
    Looking {
        /// Objects that were looked at.
        done: u64,
    },
    /// It frees what nothing in a root needs: so many objects, of so many.
    Freeing {
        /// Objects that are gone.
        done: u64,
        /// All that go.
        all: u64,
    },
}

/// Who is told, if somebody is.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a>(pub Option<&'a (dyn Fn(GcProgress) + Sync)>);

impl Told<'_> {
    pub fn packing(self, at: CompactProgress) -> ControlFlow<()> {
        let (done, all) = (at.done, at.all);
        self.tell(GcProgress::Packing { done, all });
        ControlFlow::Continue(())
    }

    pub fn sweeping(self, at: Sweeping) {
        self.tell(match at {
            Sweeping::Looking(done) => GcProgress::Looking { done },
            Sweeping::Freeing(done, all) => GcProgress::Freeing { done, all },
        });
    }

    fn tell(self, progress: GcProgress) {
        if let Some(told) = self.0 {
            told(progress);
        }
    }
}
