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
                    },
                    reader,
                )
            });
        }
        let last = self.last_of(moment)?;
        loop {
            let mut follower = match last {
                Some(last) => self.follower_at(last)?,
                None => Follower::<Runs>::new(self.reader()?),
            };
            let sight = Sight {
                state: follower.state(),
                lsn: Lsn::new(follower.next_lsn().get() - 1),
                is_now: false,
            };
            let answered = answer(&sight, follower.reader());
            if self.is_believed(&mut follower)? {
                return answered;
            }
        }
    }

    /// Refuses a question whose answer would lack what was purged.
    fn check_floor(&self, last: Lsn) -> Result<()> {
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
