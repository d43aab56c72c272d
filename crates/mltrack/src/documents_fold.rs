//! The fold of documents: a third follower beside those of runs and of things, made at first use.
//!
//! Invariants: it is locked after the follower of things, never before it, and whoever holds it asks nothing of the
//! others; an answer about the past is the fold of exactly the records up to that moment; a forked child has a follower
//! of its own.

use mltrack_log::{Batch, Lsn, door};
use mltrack_projector::Follower;
use mltrack_projector::snapshot::{Checked, Kept};
use mltrack_projector_documents::snapshot::check;
use mltrack_projector_documents::{Documents, DocumentsOf};

use crate::code::Code;
use crate::decide::{Decision, ROUNDS_MAX, keeps_changing};
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::store::Store;

/// The follower of one session; `None` before the first question.
pub(crate) type DocumentsFollower = Option<Follower<DocumentsOf>>;

impl Store {
    /// Answers from the fold of everything that is visible now.
    pub fn with_documents<T>(&self, answer: impl FnOnce(&Documents) -> Result<T>) -> Result<T> {
        let mut kept = guard(&self.session()?.documents);
        answer(self.documents_now(&mut kept)?.state())
    }

    /// Answers from the fold of the moment after a record. An error below the floor of history.
    pub fn documents_at<T>(
        &self,
        last: Option<Lsn>,
        answer: impl FnOnce(&Documents) -> Result<T>,
    ) -> Result<T> {
        let Some(last) = last else {
            return self.with_documents(answer);
        };
        self.check_floor(last)?;
        let mut follower = self.documents_before(Some(last))?;
        follower.to(last)?;
        answer(follower.state())
    }

    /// Decides and acts, as [`Store::decide`] does, from the fold of documents. The lsn is that of the last record
    /// appended.
    pub fn decide_documents<T>(
        &self,
        mut plan: impl FnMut(&Documents) -> Result<Decision<T>>,
    ) -> Result<(T, Option<Lsn>)> {
        let mut kept = guard(&self.session()?.documents);
        let mut batch = Batch::new();
        for _ in 0..ROUNDS_MAX {
            let follower = self.documents_now(&mut kept)?;
            let (plan, answer) = match plan(follower.state())? {
                Decision::Already(answer) => return Ok((answer, None)),
                Decision::Append(plan, answer) => (plan, answer),
            };
            match self.append_plan(&mut batch, &plan, follower.next_lsn())? {
                Some(logged) => return Ok((answer, logged.lsn())),
                None => batch.clear(),
            }
        }
        Err(keeps_changing())
    }

    /// The session's follower, with everything folded that is visible now.
    fn documents_now<'a>(
        &self,
        kept: &'a mut DocumentsFollower,
    ) -> Result<&'a mut Follower<DocumentsOf>> {
        let begun = door::monotonic();
        let follower = match kept {
            Some(follower) => follower,
            None => kept.insert(self.documents_before(None)?),
        };
        follower.catch_up()?;
        let took = door::monotonic().saturating_duration_since(begun);
        self.keeper()?.documents.folded(follower, took);
        Ok(follower)
    }

    /// A follower that goes on from the newest snapshot that knows nothing behind `last`; `None` asks for the newest.
    pub fn documents_before(&self, last: Option<Lsn>) -> Result<Follower<DocumentsOf>> {
        let mut reader = self.reader()?;
        let keeper = &self.keeper()?.documents;
        let found = keeper.shelf().find(&mut reader, last)?;
        for set_aside in found.set_aside {
            self.tell_set_aside(set_aside);
        }
        Ok(match found.state {
            Some((documents, cursor)) => {
                if last.is_none() {
                    keeper.resumed(cursor.next);
                }
                Follower::resume(reader, documents, cursor)?
            }
            None => Follower::new(reader),
        })
    }

    /// Writes a snapshot of everything that is visible now, if it is worth one.
    pub fn write_documents(&self) -> Result<Option<Kept>> {
        let begun = door::monotonic();
        let mut kept = guard(&self.session()?.documents);
        let follower = self.documents_now(&mut kept)?;
        let took = door::monotonic().saturating_duration_since(begun);
        let written = self.keeper()?.documents.write(follower, took);
        written.map_err(|error| {
            let what = "the snapshot of documents is not written";
            Error::new(Code::StorageError, what).with_source(error)
        })
    }

    /// Compares every snapshot of documents with a fold of the log from zero.
    pub fn check_documents(&self) -> Result<Vec<Checked>> {
        Ok(check(self.keeper()?.documents.shelf(), self.reader()?)?)
    }
}
