//! Changing what is said about a run from outside, whether it has ended or not: its name, tags and notes; deleting it
//! and bringing it back.
//!
//! Invariant: a change is appended only while nobody else changed the run's state, so that nothing is changed about a run
//! that is deleted.

use std::sync::Arc;

use mltrack_event::{
    Event, NameKind, NoteAdded, NoteRemoved, RunDeleted, RunId, RunRenamed, RunRestored, StreamId,
    TagRemoved, TagsSet,
};
use mltrack_log::Lsn;
use mltrack_projector_runs::{Run as Folded, State};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::store::{Logged, Store};
use crate::tracker::Tracker;

/// Changes to a run; see [`Tracker::edit_run`]. What is not named stays.
#[must_use = "nothing is changed before `save`"]
#[derive(Clone)]
pub struct RunEdit {
    store: Option<Arc<Store>>,
    run: RunId,
    name: Option<String>,
    set: Vec<(String, String)>,
    removed: Vec<String>,
    notes: Vec<String>,
    notes_removed: Vec<Lsn>,
    based_on: Option<Lsn>,
}

impl Tracker {
    /// Changes the name, the tags and the notes of a run, of one that has ended too. Nothing happens before [`save`](RunEdit::save).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # let run = tracker.experiment("resnet")?.start_run()?;
    /// # run.finish()?;
    /// tracker.edit_run(run.id()).set_tag("paper", "v2").note("The one in figure 3.").save()?;
    /// assert_eq!(tracker.run_summary(run.id())?.tags["paper"], "v2");
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit_run(&self, run: RunId) -> RunEdit {
        RunEdit {
            store: self.store().cloned(),
            run,
            name: None,
            set: Vec::new(),
            removed: Vec::new(),
            notes: Vec::new(),
            notes_removed: Vec::new(),
            based_on: None,
        }
    }

    /// Deletes a run: it is hidden, and [`restore_run`](Tracker::restore_run) or [`undo`](Tracker::undo) brings it
    /// back until [`gc`](Tracker::gc). One that is running goes on, hidden.
    ///
    /// Errors: `NOT_FOUND`, `INVALID_STATE` when it is deleted already.
    pub fn delete_run(&self, run: RunId) -> Result<Logged> {
        change(self.store(), run, |store, state, known| {
            if known.deleted.is_some() {
                return Err(is_deleted(state, known));
            }
            let (actor, command) = store.by();
            let run = known.key();
            Ok(vec![
                RunDeleted {
                    run,
                    actor,
                    command,
                }
                .into(),
            ])
        })
    }

    /// Brings a deleted run back, in the state it was in. One that is deleted with its experiment comes back with it.
    ///
    /// Errors: `NOT_FOUND`, also when it was purged, `INVALID_STATE` when it is not deleted by itself.
    pub fn restore_run(&self, run: RunId) -> Result<Logged> {
        change(self.store(), run, |store, state, known| {
            if known.deleted.is_none() {
                return Err(not_deleted(state, known));
            }
            let (actor, command) = store.by();
            let run = known.key();
            Ok(vec![
                RunRestored {
                    run,
                    actor,
                    command,
                }
                .into(),
            ])
        })
    }
}

impl RunEdit {
    /// Its name.
    pub fn name(mut self, name: impl Into<String>) -> RunEdit {
        self.name = Some(name.into());
        self
    }

    /// Sets a tag, replacing a value it had. A plain tag has an empty value.
    pub fn set_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> RunEdit {
        self.set.push((key.into(), value.into()));
        self
    }

    /// Removes a tag, if it is there.
    pub fn remove_tag(mut self, key: impl Into<String>) -> RunEdit {
        self.removed.push(key.into());
        self
    }

    /// Adds a note, in Markdown.
    pub fn note(mut self, text: impl Into<String>) -> RunEdit {
        self.notes.push(text.into());
        self
    }

    /// Removes the note that this record added.
    pub fn remove_note(mut self, note: Lsn) -> RunEdit {
        self.notes_removed.push(note);
        self
    }

    /// Only while this record is the last one about the run, as [`RunSummary::lsn`](crate::RunSummary) told it; else the
    /// edit is a `CONFLICT`.
    pub fn based_on(mut self, lsn: Lsn) -> RunEdit {
        self.based_on = Some(lsn);
        self
    }

    /// Makes the changes, all or none. Visible on return; the lsn is that of the last record, for
    /// [`undo`](Tracker::undo).
    ///
    /// Errors: `NOT_FOUND` for the run or a note, `INVALID_STATE` when the run is deleted, `VALIDATION_ERROR` for a key
    /// or a name that is none, or when there is nothing to change.
    pub fn save(self) -> Result<Logged> {
        if let Some(name) = &self.name {
            NameKind::Run.check(name)?;
        }
        self.set
            .iter()
            .try_for_each(|(key, _)| NameKind::Tag.check(key))?;
        change(self.store.as_ref(), self.run, |store, state, known| {
            if state.is_deleted(known) {
                return Err(is_deleted(state, known));
            }
            if let Some(lsn) = self.based_on
                && known.heard.lsn != lsn
            {
                return Err(changed_since(known.heard.lsn));
            }
            let events = self.events(store, known)?;
            // A run that has the name already is as it was to be.
            if events.is_empty() && self.name.is_none() {
                return Err(Error::validation("the edit changes nothing"));
            }
            Ok(events)
        })
    }

    fn events(&self, store: &Store, known: &Folded) -> Result<Vec<Event>> {
        let ((actor, command), run) = (store.by(), known.key());
        let mut events = Vec::new();
        if let Some(name) = self.name.as_ref().filter(|name| **name != known.name) {
            let (name, actor, command) = (name.clone(), actor.clone(), command.clone());
            events.push(Event::from(RunRenamed {
                run,
                name,
                actor,
                command,
            }));
        }
        if !self.set.is_empty() {
            let (tags, actor, command) = (self.set.clone(), actor.clone(), command.clone());
            events.push(Event::from(TagsSet {
                run,
                tags,
                actor,
                command,
            }));
        }
        for key in &self.removed {
            let (key, actor, command) = (key.clone(), actor.clone(), command.clone());
            events.push(Event::from(TagRemoved {
                run,
                key,
                actor,
                command,
            }));
        }
        for text in &self.notes {
            let (text, actor, command) = (text.clone(), actor.clone(), command.clone());
            events.push(Event::from(NoteAdded {
                run,
                text,
                actor,
                command,
            }));
        }
        for lsn in &self.notes_removed {
            if !known.notes.iter().any(|note| note.at.lsn == *lsn) {
                let what = format!("the run {} has no note {lsn}", known.id);
                return Err(Error::new(Code::NotFound, what));
            }
            let (note, actor, command) = (lsn.get(), actor.clone(), command.clone());
            events.push(Event::from(NoteRemoved {
                run,
                note,
                actor,
                command,
            }));
        }
        Ok(events)
    }
}

/// An edit that is based on something older.
pub(crate) fn changed_since(newest: Lsn) -> Error {
    let what = format!("it was changed by record {newest} in the meantime");
    Error::new(Code::Conflict, what).with_hint("look at it again, then repeat the change")
}

/// Appends what `events` makes of the present run, unless somebody else changes its state or its experiment's first.
fn change(
    store: Option<&Arc<Store>>,
    run: RunId,
    events: impl Fn(&Store, &State, &Folded) -> Result<Vec<Event>>,
) -> Result<Logged> {
    let Some(store) = store else {
        return Ok(Logged::Disabled);
    };
    let ((), lsn) = store.decide(|state, _| {
        let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
        let stream = StreamId::run(known.key());
        let plan = Plan {
            stream,
            unchanged: vec![stream, StreamId::experiment(known.experiment)],
            events: events(store, state, known)?,
        };
        if plan.events.is_empty() {
            return Ok(Decision::Already(()));
        }
        Ok(Decision::Append(plan, ()))
    })?;
    Ok(lsn.map_or(Logged::Disabled, Logged::Visible))
}

pub(crate) fn is_deleted(state: &State, run: &Folded) -> Error {
    let id = run.id;
    let error = Error::new(Code::InvalidState, format!("the run {id} is deleted"));
    match (run.deleted, state.experiment(run.experiment)) {
        (None, Some(experiment)) => {
            error.with_hint(format!("mltrack exp restore {}", experiment.name))
        }
        _ => error.with_hint(format!("mltrack run restore {id}")),
    }
}

pub(crate) fn not_deleted(state: &State, run: &Folded) -> Error {
    let id = run.id;
    if state.is_deleted(run) {
        return is_deleted(state, run);
    }
    let what = format!("the run {id} is not deleted");
    Error::new(Code::InvalidState, what).with_hint(format!("mltrack run show {id}"))
}

impl std::fmt::Debug for RunEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunEdit")
            .field("run", &self.run)
            .field("set", &self.set)
            .field("removed", &self.removed)
            .finish_non_exhaustive()
    }
}
