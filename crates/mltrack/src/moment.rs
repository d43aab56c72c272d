//! The moment that a question is about: now, after a record, or at a time.
//!
//! Invariant: an answer about the past is the fold of exactly the records up to that moment.

use mltrack_event::WallTime;
use mltrack_log::Lsn;
use mltrack_projector::Follower;
use mltrack_projector_runs::{Runs, State};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Moment {
    #[default]
    Now,
    /// After this record.
    Lsn(Lsn),
    /// After the last record that was appended by then.
    Time(WallTime),
}

/// A state, and which moment it is of.
pub(crate) struct Sight<'a> {
    pub state: &'a State,
    /// The last record that is part of it; `None` when there is none.
    pub lsn: Option<Lsn>,
    /// Whether who is alive says something about it.
    pub is_now: bool,
    /// Whether it is the state that the session keeps, so that its columns can be kept too.
    pub is_kept: bool,
}

impl Sight<'_> {
    /// The moment that it is of, for other folds of the same log.
    pub fn moment(&self) -> Moment {
        match self.lsn {
            Some(lsn) if !self.is_now => Moment::Lsn(lsn),
            _ => Moment::Now,
        }
    }
}

impl Store {
    /// Answers from the state of a moment. An error below the floor of history.
    pub fn at<T>(
        &self,
        moment: Moment,
        answer: impl FnMut(&Sight<'_>, &mltrack_log::Reader) -> Result<T>,
    ) -> Result<T> {
        if let Some(last) = self.last_of(moment)? {
            self.check_floor(last)?;
        }
        self.at_any(moment, answer)
    }

    /// The same for questions about what is still there: what was purged is missing from the answer, whenever it is
    /// about.
    pub fn at_any<T>(
        &self,
        moment: Moment,
        mut answer: impl FnMut(&Sight<'_>, &mltrack_log::Reader) -> Result<T>,
    ) -> Result<T> {
        if moment == Moment::Now {
            return self.with_state(|state, reader| {
                let lsn = Lsn::new(reader.next_lsn().get() - 1);
                answer(
                    &Sight {
                        state,
                        lsn,
                        is_now: true,
                        is_kept: true,
                    },
                    reader,
                )
            });
        }
        let last = self.last_of(moment)?;
        if let Some(answered) = self.at_present(last, &mut answer)? {
            return Ok(answered);
        }
        loop {
            let mut follower = match last {
                Some(last) => self.follower_at(last)?,
                None => Follower::<Runs>::new(self.reader()?),
            };
            let sight = Sight {
                state: follower.state(),
                lsn: Lsn::new(follower.next_lsn().get() - 1),
                is_now: false,
                is_kept: false,
            };
            let answered = answer(&sight, follower.reader());
            if self.is_believed(&mut follower)? {
                return answered;
            }
        }
    }

    /// Answers about a moment behind which nothing has happened: the next page of a list, most of the time.
    fn at_present<T>(
        &self,
        last: Option<Lsn>,
        answer: &mut impl FnMut(&Sight<'_>, &mltrack_log::Reader) -> Result<T>,
    ) -> Result<Option<T>> {
        // Whoever asks in the middle of a decision holds it already.
        let Ok(mut follower) = self.session()?.follower.try_lock() else {
            return Ok(None);
        };
        self.catch_up(&mut follower)?;
        if last.is_none_or(|last| follower.next_lsn() != last.plus(1)) {
            return Ok(None);
        }
        let sight = Sight {
            state: follower.state(),
            lsn: last,
            is_now: false,
            is_kept: true,
        };
        let answered = answer(&sight, follower.reader());
        if self.is_believed(&mut follower)? {
            return answered.map(Some);
        }
        Ok(None)
    }

    /// Refuses a question whose answer would lack what was purged.
    pub fn check_floor(&self, last: Lsn) -> Result<()> {
        match self.reader()?.floor()? {
            Some(floor) if last < floor => {
                let what = format!(
                    "what was purged by record {floor} is gone, so nothing can be said about the moment after record {last}"
                );
                Err(Error::new(Code::HistoryFloor, what)
                    .with_hint(format!("ask about record {floor} or later: --at {floor}")))
            }
            _ => Ok(()),
        }
    }

    /// The last record of a moment; `None` for now, and for a time before the first.
    pub fn last_of(&self, moment: Moment) -> Result<Option<Lsn>> {
        match moment {
            Moment::Now => Ok(None),
            Moment::Lsn(lsn) => Ok(Some(lsn)),
            Moment::Time(time) => Ok(self.reader()?.last_at(time.0)?),
        }
    }
}
