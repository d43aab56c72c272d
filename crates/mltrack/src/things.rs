//! The fold of artifacts, datasets, models and lineage: a second follower beside the one of runs, made at first use.
//!
//! Invariants: it is locked after the follower of runs, never before it: whoever holds this one asks nothing of runs;
//! nothing is folded on the way to an append of points; an answer about the past is the fold of exactly the records up
//! to that moment; a forked child has a follower of its own.

use mltrack_log::{Batch, Lsn, Reader, door};
use mltrack_projector::Follower;
use mltrack_projector::snapshot::{Checked, Kept};
use mltrack_projector_lineage::snapshot::check;
use mltrack_projector_lineage::{Lineage, Things};

use crate::code::Code;
use crate::decide::{Decision, ROUNDS_MAX, keeps_changing};
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::moment::Moment;
use crate::provided;
use crate::store::Store;

/// The follower of one session; `None` before the first question.
pub(crate) type ThingsFollower = Option<Follower<Lineage>>;

impl Store {
    /// Answers from the fold of everything that is visible now.
    pub fn with_things<T>(&self, answer: impl FnOnce(&Things, &Reader) -> Result<T>) -> Result<T> {
        let mut kept = guard(&self.session()?.things);
        let follower = self.things_now(&mut kept)?;
        answer(follower.state(), follower.reader())
    }

    /// Answers from the fold of a moment. An error below the floor of history.
    pub fn things_at<T>(
        &self,
        moment: Moment,
        answer: impl FnOnce(&Things, &Reader) -> Result<T>,
    ) -> Result<T> {
        if moment == Moment::Now {
            return self.with_things(answer);
        }
        let last = self.last_of(moment)?;
        if let Some(last) = last {
            self.check_floor(last)?;
        }
        let mut follower = match last {
            Some(_) => self.things_before(last)?,
            None => Follower::new(self.reader()?),
        };
        if let Some(last) = last {
            follower.to(last)?;
        }
        answer(follower.state(), follower.reader())
    }

    /// Decides and acts, as [`Store::decide`] does, from the fold of things. The lsn is that of the last record appended.
    pub fn decide_things<T>(
        &self,
        mut plan: impl FnMut(&Things, &Reader) -> Result<Decision<T>>,
    ) -> Result<(T, Option<Lsn>)> {
        let mut kept = guard(&self.session()?.things);
        let mut batch = Batch::new();
        for _ in 0..ROUNDS_MAX {
            let follower = self.things_now(&mut kept)?;
            provided::check(follower.state())?;
            let (plan, answer) = match plan(follower.state(), follower.reader())? {
                Decision::Already(answer) => return Ok((answer, None)),
                Decision::Append(plan, answer) => (plan, answer),
            };
            match self.append_plan(&mut batch, &plan, follower.next_lsn())? {
                Some(logged) => {
                    provided::done();
                    return Ok((answer, logged.lsn()));
                }
                None => batch.clear(),
            }
        }
        Err(keeps_changing())
    }

    /// The session's follower, with everything folded that is visible now.
    fn things_now<'a>(&self, kept: &'a mut ThingsFollower) -> Result<&'a mut Follower<Lineage>> {
        let begun = door::monotonic();
        let follower = match kept {
            Some(follower) => follower,
            None => kept.insert(self.things_before(None)?),
        };
        follower.catch_up()?;
        let took = door::monotonic().saturating_duration_since(begun);
        self.keeper()?.things.folded(follower, took);
        Ok(follower)
    }

    /// A follower that goes on from the newest snapshot that knows nothing behind `last`; `None` asks for the newest.
    pub fn things_before(&self, last: Option<Lsn>) -> Result<Follower<Lineage>> {
        let mut reader = self.reader()?;
        let keeper = &self.keeper()?.things;
        let found = keeper.shelf().find(&mut reader, last)?;
        for set_aside in found.set_aside {
            self.tell_set_aside(set_aside);
        }
        Ok(match found.state {
            Some((things, cursor)) => {
                if last.is_none() {
                    keeper.resumed(cursor.next);
                }
                Follower::resume(reader, things, cursor)?
            }
            None => Follower::new(reader),
        })
    }

    /// Writes a snapshot of everything that is visible now, if it is worth one.
    pub fn write_things(&self) -> Result<Option<Kept>> {
        let begun = door::monotonic();
        let mut kept = guard(&self.session()?.things);
        let follower = self.things_now(&mut kept)?;
        let took = door::monotonic().saturating_duration_since(begun);
        let written = self.keeper()?.things.write(follower, took);
        written.map_err(|error| {
            let what = "the snapshot of things is not written";
            Error::new(Code::StorageError, what).with_source(error)
        })
    }

    /// Compares every snapshot of things with a fold of the log from zero.
    pub fn check_things(&self) -> Result<Vec<Checked>> {
        Ok(check(self.keeper()?.things.shelf(), self.reader()?)?)
    }
}
