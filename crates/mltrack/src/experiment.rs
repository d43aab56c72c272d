//! An experiment: what runs belong to, and the moves it can make.
//!
//! Invariant: every move is checked against the state that the log has at that moment, and appended only while nobody
//! else moved the experiment.

use std::sync::Arc;

use mltrack_event::{
    Event, ExperimentArchived, ExperimentDeleted, ExperimentId, ExperimentRestored,
    ExperimentState, ExperimentStateMoved, ExperimentTagged, NameKind, RestoredFrom, StreamId,
};
use mltrack_projector_runs::{Experiment as Folded, State};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::experiment_edit::ExperimentEdit;
use crate::run::Run;
use crate::start::RunBuilder;
use crate::store::Store;

/// A handle to an experiment of a store. Holds no state: every call asks the log.
#[derive(Clone)]
pub struct Experiment {
    store: Option<Arc<Store>>,
    id: ExperimentId,
    name: Arc<str>,
}

impl Experiment {
    pub(crate) fn of(store: Arc<Store>, id: ExperimentId, name: &str) -> Experiment {
        Experiment {
            store: Some(store),
            id,
            name: name.into(),
        }
    }

    pub(crate) fn store(&self) -> Option<&Arc<Store>> {
        self.store.as_ref()
    }

    pub(crate) fn disabled(name: &str) -> Experiment {
        Experiment {
            store: None,
            id: ExperimentId(0),
            name: name.into(),
        }
    }

    /// Its id, never used again; 0 when the tracker is disabled.
    #[must_use]
    pub fn id(&self) -> ExperimentId {
        self.id
    }

    /// Its name when this handle was made.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The state it is in now. Errors: `NOT_FOUND`.
    pub fn state(&self) -> Result<ExperimentState> {
        match &self.store {
            Some(store) => store.with_state(|state, _| Ok(folded(state, self.id)?.state)),
            None => Ok(ExperimentState::Active),
        }
    }

    /// Starts a run with a name of its own making. A draft becomes active by its first run. Visible on return.
    ///
    /// Errors: `INVALID_STATE` when the experiment takes no runs; the hint says what makes it take them again.
    pub fn start_run(&self) -> Result<Run> {
        self.run().start()
    }

    /// A run with a name, parameters, tags, a parent, a seed. Nothing happens before
    /// [`start`](RunBuilder::start).
    pub fn run(&self) -> RunBuilder {
        RunBuilder::new(self.store.clone(), self.id)
    }

    /// Changes its fields. Nothing happens before [`save`](ExperimentEdit::save).
    pub fn edit(&self) -> ExperimentEdit {
        ExperimentEdit::new(self.store.clone(), self.id)
    }

    /// Pauses an active experiment: it takes no runs for now. Errors: `INVALID_STATE` with the legal moves.
    pub fn pause(&self) -> Result<()> {
        self.move_to(ExperimentState::Paused)
    }

    /// Makes a draft or paused experiment active. Errors: `INVALID_STATE` with the legal moves.
    pub fn activate(&self) -> Result<()> {
        self.move_to(ExperimentState::Active)
    }

    /// Ends an active experiment that has its answer. Errors: `INVALID_STATE` with the legal moves.
    pub fn complete(&self) -> Result<()> {
        self.move_to(ExperimentState::Completed)
    }

    /// Ends an active experiment without an answer. Errors: `INVALID_STATE` with the legal moves.
    pub fn fail(&self) -> Result<()> {
        self.move_to(ExperimentState::Failed)
    }

    fn move_to(&self, to: ExperimentState) -> Result<()> {
        self.change(|store, known| moves(store, known, to))
    }

    /// Sends it to the archive: hidden from lists, still readable, no new runs. An active one is paused on the way,
    /// which says nothing about its outcome. Errors: `INVALID_STATE` when it is there already.
    pub fn archive(&self) -> Result<()> {
        self.move_to(ExperimentState::Archived)
    }

    /// Brings it back: from deletion in the state it was in, else from the archive as active.
    ///
    /// Errors: `INVALID_STATE` when there is nothing to bring back, `CONFLICT` when its name was taken meanwhile.
    pub fn restore(&self) -> Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        let (actor, command) = store.by();
        store.decide(|state, _| {
            let known = folded(state, self.id)?;
            let from = match (known.deleted, known.state) {
                (Some(_), _) => RestoredFrom::Deletion,
                (None, ExperimentState::Archived) => RestoredFrom::Archive,
                (None, at) => return Err(not_gone(at)),
            };
            if from == RestoredFrom::Deletion && state.experiment_by_name(&known.name).is_some() {
                return Err(name_taken(&known.name));
            }
            let (actor, command) = (actor.clone(), command.clone());
            let event = ExperimentRestored {
                experiment: self.id,
                from,
                actor,
                command,
            };
            let event = Event::from(event);
            let unchanged = vec![StreamId::experiment_names(), StreamId::experiment(self.id)];
            let stream = event.stream().expect("a restore excludes others");
            Ok(Decision::Append(
                Plan {
                    stream,
                    unchanged,
                    events: vec![event],
                },
                (),
            ))
        })?;
        Ok(())
    }

    /// Deletes it with its runs; [`restore`](Experiment::restore) undoes it until `gc`. The name is free.
    pub fn delete(&self) -> Result<()> {
        self.change(|store, known| {
            let (actor, command) = store.by();
            Ok(vec![
                ExperimentDeleted {
                    experiment: known.id,
                    actor,
                    command,
                }
                .into(),
            ])
        })
    }

    /// Sets a tag, replacing a value it had. A plain tag has an empty value.
    pub fn set_tag(&self, key: &str, value: &str) -> Result<()> {
        NameKind::Tag.check(key)?;
        self.tag(&[(key.to_owned(), value.to_owned())], &[])
    }

    /// Removes a tag, if it is there.
    pub fn remove_tag(&self, key: &str) -> Result<()> {
        self.tag(&[], &[key.to_owned()])
    }

    fn tag(&self, set: &[(String, String)], remove: &[String]) -> Result<()> {
        self.change(|store, known| {
            let (actor, command) = store.by();
            let (set, remove) = (set.to_vec(), remove.to_vec());
            Ok(vec![
                ExperimentTagged {
                    experiment: known.id,
                    set,
                    remove,
                    actor,
                    command,
                }
                .into(),
            ])
        })
    }

    /// Appends what `events` makes of the present experiment, unless somebody else changes it first.
    fn change(&self, events: impl Fn(&Store, &Folded) -> Result<Vec<Event>>) -> Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        store.decide(|state, _| {
            let known = live(state, self.id)?;
            let events = events(store, known)?;
            Ok(Decision::Append(
                Plan::on(StreamId::experiment(self.id), events),
                (),
            ))
        })?;
        Ok(())
    }
}

/// What moves an experiment to a state; on its way to the archive an active one is paused.
pub(crate) fn moves(store: &Store, known: &Folded, to: ExperimentState) -> Result<Vec<Event>> {
    let (mut from, mut events) = (known.state, Vec::new());
    if to != ExperimentState::Archived {
        from.move_to(to)?;
        return Ok(vec![moved(store, known.id, from, to)]);
    }
    if from == ExperimentState::Active {
        events.push(moved(store, known.id, from, ExperimentState::Paused));
        from = ExperimentState::Paused;
    }
    from.move_to(to)?;
    let (actor, command) = store.by();
    let archived = ExperimentArchived {
        experiment: known.id,
        from,
        actor,
        command,
    };
    events.push(archived.into());
    Ok(events)
}

fn moved(store: &Store, id: ExperimentId, from: ExperimentState, to: ExperimentState) -> Event {
    let (actor, command) = store.by();
    ExperimentStateMoved {
        experiment: id,
        from,
        to,
        actor,
        command,
    }
    .into()
}

pub(crate) fn folded(state: &State, id: ExperimentId) -> Result<&Folded> {
    state.experiment(id).ok_or_else(|| {
        Error::new(Code::NotFound, format!("the store has no experiment {id}"))
            .with_hint("mltrack exp ls")
    })
}

/// One that is not deleted.
pub(crate) fn live(state: &State, id: ExperimentId) -> Result<&Folded> {
    let known = folded(state, id)?;
    if known.deleted.is_none() {
        return Ok(known);
    }
    Err(Error::new(
        Code::InvalidState,
        format!("the experiment {:?} is deleted", known.name),
    )
    .with_hint("experiment.restore() brings it back"))
}

fn not_gone(at: ExperimentState) -> Error {
    let message = format!("the experiment is {at}, so there is nothing to restore");
    Error::new(Code::InvalidState, message)
}

pub(crate) fn name_taken(name: &str) -> Error {
    Error::new(
        Code::Conflict,
        format!("another experiment is called {name:?}"),
    )
    .with_hint("rename one: experiment.edit().name(..).save()")
}

impl std::fmt::Debug for Experiment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Experiment")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
