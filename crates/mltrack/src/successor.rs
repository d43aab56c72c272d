//! A fold that goes on from the snapshot that was written last, in the place of one that holds everything itself.
//!
//! Invariants: it is made by the thread that wrote the snapshot, so that nobody waits for it; it says what the fold in
//! whose place it comes says, and is behind it by what was logged meanwhile.

use std::sync::Mutex;

use mltrack_log::{LogError, Reader, door};
use mltrack_projector::Follower;
use mltrack_projector_runs::Runs;
use mltrack_projector_runs::snapshot::Shelf;

use crate::lock::guard;

/// Where the one that is made waits to be taken.
#[derive(Default)]
pub(crate) struct Successor(Mutex<Option<Follower<Runs>>>);

impl Successor {
    /// Makes one from the newest snapshot. Without one that can be used, the fold stays as it is.
    pub fn make(&self, mut reader: Reader, kept: &Shelf, bytes_max: usize) -> Result<(), LogError> {
        let found = kept.find(&mut reader, None)?;
        let Some((mut state, cursor)) = found.state else {
            return Ok(());
        };
        state.bound_memory(bytes_max);
        let mut follower: Follower<Runs> = Follower::resume(reader, state, cursor)?;
        follower.catch_up()?;
        if follower.state().fault().is_none() {
            *guard(&self.0) = Some(follower);
        }
        Ok(())
    }

    /// Puts the one that waits, if any, in the place of the fold. What that held is let go of by a thread of its own.
    pub fn take_over(&self, follower: &mut Follower<Runs>) {
        let Some(successor) = guard(&self.0).take() else {
            return;
        };
        let former = std::mem::replace(follower, successor);
        let thread = std::thread::Builder::new().name("mltrack-let-go".into());
        // Without a thread it is dropped here, and whoever asks waits a little.
        drop(thread.spawn(move || {
            drop(former);
            door::give_back_memory();
        }));
    }
}
