//! The notes on a run.
//!
//! Invariant: a note is named by the record that added it; a removed one is not among them.

use mltrack_event::{RunId, WallTime};
use mltrack_log::Lsn;

use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tracker::Tracker;

/// A note on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The record that added it: what [`RunEdit::remove_note`](crate::RunEdit::remove_note) takes.
    pub lsn: Lsn,
    /// When it was added.
    pub time: WallTime,
    /// The note, in Markdown.
    pub text: String,
    /// Who wrote it.
    pub actor: String,
}

impl Tracker {
    /// The notes on a run, oldest first; as they were after a record when one is given. Errors: `NOT_FOUND` for the run.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.note("the rate is too high")?;
    /// assert_eq!(tracker.notes(run.id(), None)?[0].text, "the rate is too high");
    /// # run.finish()
    /// # }
    /// ```
    pub fn notes(&self, run: RunId, at: Option<Lsn>) -> Result<Vec<Note>> {
        let Some(store) = self.store() else {
            return Ok(Vec::new());
        };
        store.at(at.map_or(Moment::Now, Moment::Lsn), |sight, _| {
            let known = sight.state.run_by_id(run);
            let known = known.ok_or_else(|| Error::no_run(run))?;
            let notes = known.notes.iter().map(|note| Note {
                lsn: note.at.lsn,
                time: WallTime(note.at.time_ns),
                text: note.text.clone(),
                actor: note.actor.clone(),
            });
            Ok(notes.collect())
        })
    }
}
