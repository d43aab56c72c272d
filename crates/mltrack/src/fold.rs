//! How the state is kept up: from the newest snapshot on, and from zero when there is none.
//!
//! Invariants: an answer is believed only when the snapshot beneath its state had no fault; a snapshot is never believed
//! over the log; who only looks changes nothing in the store.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mltrack_log::{Lsn, Reader, door};
use mltrack_projector::Follower;
use mltrack_projector_runs::index::SetAside;
use mltrack_projector_runs::{Runs, State};

use crate::error::Result;
use crate::keeper::Leisure;
use crate::lock::guard;
use crate::store::Store;
use crate::warning::Warning;

/// So many records are folded in microseconds.
const NEAR_COUNT: u64 = 64;

impl Store {
    /// Whether nobody else asks now and next to nothing has to be folded before an answer about runs and documents.
    pub fn answers_at_once(&self) -> Result<bool> {
        let (session, end) = (self.session()?, self.log()?.end()?);
        let is_near = |next: Lsn| end.get().saturating_sub(next.get()) <= NEAR_COUNT;
        let runs = session.follower.try_lock();
        let is_ready = runs.is_ok_and(|runs| is_near(runs.next_lsn()));
        if !is_ready {
            return Ok(false);
        }
        let documents = session.documents.try_lock();
        Ok(documents.is_ok_and(|kept| kept.as_ref().is_some_and(|kept| is_near(kept.next_lsn()))))
    }

    /// Answers from the fold of everything that is visible now. Asks again when the first answer is not to be believed.
    pub fn with_state<T>(&self, mut answer: impl FnMut(&State, &Reader) -> Result<T>) -> Result<T> {
        let mut follower = guard(&self.session()?.follower);
        loop {
            self.catch_up(&mut follower)?;
            if self.is_writable() {
                self.sweep(&mut follower)?;
            }
            let answered = answer(follower.state(), follower.reader());
            let is_believed = self.is_believed(&mut follower)?;
            if follower.state_mut().release_reads() {
                self.has_let_go.store(true, Relaxed);
            }
            if is_believed {
                return answered;
            }
        }
    }

    /// Folds everything that is visible now, and has a snapshot written when that took long.
    pub fn catch_up(&self, follower: &mut Follower<Runs>) -> Result<()> {
        let took = self.fold_visible(follower)?;
        self.note_fold(follower, (took, Leisure::Busy))
    }

    /// The same when nobody waits for an answer about what is folded.
    pub fn catch_up_unasked(&self, leisure: Leisure) -> Result<()> {
        if self.has_let_go.swap(false, Relaxed) {
            door::give_back_memory();
        }
        let mut follower = guard(&self.session()?.follower);
        let took = self.fold_visible(&mut follower)?;
        self.note_fold(&mut follower, (took, leisure))
    }

    fn note_fold(&self, follower: &mut Follower<Runs>, how: (Duration, Leisure)) -> Result<()> {
        let reader = || self.log_reader().ok();
        self.keeper()?.folded(follower, how, reader);
        Ok(())
    }

    /// Folds everything that is visible now, and says how long that took.
    pub fn fold_visible(&self, follower: &mut Follower<Runs>) -> Result<Duration> {
        self.keeper()?.take_over(follower);
        let folded = Arc::clone(&self.session()?.folded);
        loop {
            if follower.next_lsn() == Lsn::FIRST {
                *follower = self.follower_before(None)?;
            }
            if let Some(bytes_max) = self.run_memory {
                follower.state_mut().bound_memory(bytes_max);
            }
            let begun = door::monotonic();
            // Told on the way, too: whoever asks how far it is cannot wait for the end.
            let told = Arc::clone(&folded);
            follower.on_progress(move |progress| told.store(progress.next.get(), Relaxed));
            follower.catch_up()?;
            if self.is_believed(follower)? {
                return Ok(door::monotonic().saturating_duration_since(begun));
            }
        }
    }

    /// A follower that stands at `last` and has no fault.
    pub fn follower_at(&self, last: Lsn) -> Result<Follower<Runs>> {
        loop {
            let mut follower = self.follower_before(Some(last))?;
            follower.to(last)?;
            if self.is_believed(&mut follower)? {
                return Ok(follower);
            }
        }
    }

    /// A follower that stands at what is visible now and has no fault.
    pub fn follower_now(&self) -> Result<Follower<Runs>> {
        loop {
            let mut follower = self.follower_before(None)?;
            follower.catch_up()?;
            if self.is_believed(&mut follower)? {
                return Ok(follower);
            }
        }
    }

    /// A follower that goes on from the newest snapshot that knows nothing behind `last`.
    fn follower_before(&self, last: Option<Lsn>) -> Result<Follower<Runs>> {
        let mut reader = self.reader()?;
        let found = self.keeper()?.shelf().find(&mut reader, last)?;
        for set_aside in found.set_aside {
            self.tell_set_aside(set_aside);
        }
        Ok(match found.state {
            Some((state, cursor)) => Follower::resume(reader, state, cursor)?,
            None => Follower::new(reader),
        })
    }

    /// False when the snapshot beneath the state turned out to be damaged: it is set aside, and the follower begins
    /// again.
    pub fn is_believed(&self, follower: &mut Follower<Runs>) -> Result<bool> {
        let Some(fault) = follower.state().fault().cloned() else {
            return Ok(true);
        };
        if let Some(set_aside) = self.keeper()?.shelf().set_aside(&fault) {
            self.tell_set_aside(set_aside);
        }
        *follower = Follower::new(self.reader()?);
        Ok(false)
    }

    pub fn tell_set_aside(&self, set_aside: SetAside) {
        self.warnings.tell(&Warning::SetAside { set_aside });
    }
}
