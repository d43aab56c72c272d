//! An operation that is about to be taken back: what it was about, before it, after it and now.
//!
//! Invariant: everything is planned from one state, and appended only while the streams of everything it is about are as
//! they were then.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use mltrack_event::{Event, ExperimentId, OperationUndone, RestoredFrom, RunKey, StreamId};
use mltrack_log::{Lsn, Reader};
use mltrack_projector_runs::{Experiment, Run, State};

use crate::aspect::Aspect;
use crate::code::Code;
use crate::decide::Plan;
use crate::error::{Error, Result};
use crate::experiment::name_taken;
use crate::inverse::{By, Hindrance, Three, of_run};
use crate::inverse_experiment::of_experiment;
use crate::moment::Moment;
use crate::operation::Operation;
use crate::operation_scan::{Deed, forwards};
use crate::operation_words::{experiment, run, what};
use crate::store::Store;
use crate::undo::Undone;
use crate::undo_find::is_purge;

/// What an operation is about, as it was at a moment.
#[derive(Default)]
struct Captured {
    runs: BTreeMap<RunKey, Run>,
    experiments: BTreeMap<ExperimentId, Experiment>,
}

/// The events that take back, and the streams they depend on.
#[derive(Clone)]
pub(crate) struct Inverse {
    events: Vec<Event>,
    unchanged: Vec<StreamId>,
}

impl From<Inverse> for Plan {
    fn from(inverse: Inverse) -> Plan {
        let of_event = inverse.events.iter().find_map(Event::stream);
        Plan {
            stream: of_event.unwrap_or(inverse.unchanged[0]),
            unchanged: inverse.unchanged,
            events: inverse.events,
        }
    }
}

/// An operation that is about to be taken back.
pub(crate) struct Job<'a> {
    store: &'a Store,
    deed: Deed,
    operation: Operation,
    before: Captured,
    after: Captured,
    /// A draft that became active by its first run stays active.
    is_creation: bool,
}

impl<'a> Job<'a> {
    pub fn new(store: &'a Store, deed: Deed, operation: Operation) -> Result<Job<'a>> {
        if is_purge(&deed) {
            let what = format!("operation {} purged for good", deed.first);
            return Err(Error::new(Code::InvalidState, what).with_hint("mltrack op log"));
        }
        let is_creation = deed
            .events
            .iter()
            .any(|event| matches!(event, Event::RunCreated(_)));
        let mut job = Job {
            store,
            deed,
            operation,
            before: Captured::default(),
            after: Captured::default(),
            is_creation,
        };
        job.before = job.capture(Lsn::new(job.deed.first.get() - 1))?;
        job.after = job.capture(Some(job.deed.last))?;
        Ok(job)
    }

    fn runs(&self) -> BTreeSet<RunKey> {
        self.deed.events.iter().filter_map(Event::run).collect()
    }

    fn experiments(&self) -> BTreeSet<ExperimentId> {
        let events = self.deed.events.iter();
        let about = events.filter(|event| event.run().is_none() && !self.is_creation);
        about.filter_map(Event::experiment).collect()
    }

    /// What the operation is about, as it was after a record. Whatever was purged meanwhile is missing, so the floor of
    /// history does not matter.
    fn capture(&self, after: Option<Lsn>) -> Result<Captured> {
        let Some(lsn) = after else {
            return Ok(Captured::default());
        };
        self.store.at_any(Moment::Lsn(lsn), |sight, _| {
            let mut captured = Captured::default();
            for key in self.runs() {
                if let Some(run) = sight.state.run(key) {
                    captured.runs.insert(key, run.clone());
                }
            }
            for id in self.experiments() {
                if let Some(experiment) = sight.state.experiment(id) {
                    captured.experiments.insert(id, experiment.clone());
                }
            }
            Ok(captured)
        })
    }

    /// What takes it back now. The outer error ends everything, the inner one names what is in the way.
    pub fn plan(&self, state: &State, alive: &Reader) -> Result<Result<Inverse, Hindrance>> {
        let (actor, command) = self.store.by();
        let by = By {
            actor: &actor,
            command: &command,
        };
        let mut events = vec![Event::from(OperationUndone {
            first: self.deed.first.get(),
            last: self.deed.last.get(),
            actor: actor.clone(),
            command: command.clone(),
        })];
        let mut unchanged = Vec::new();
        for (key, after) in &self.after.runs {
            let now = state
                .run(*key)
                .ok_or_else(|| self.purged(&run(state, *key)))?;
            let before = self.before.runs.get(key);
            let mut owners = now.owners.iter();
            let is_owned = owners.any(|owner| self.store.is_alive(alive, owner.writer));
            match of_run(&Three { before, after, now }, is_owned, by) {
                Ok(inverse) => events.extend(inverse),
                Err(hindrance) => return Ok(Err(hindrance)),
            }
            unchanged.extend([StreamId::run(*key), StreamId::experiment(now.experiment)]);
        }
        for (id, after) in &self.after.experiments {
            let now = state.experiment(*id);
            let now = now.ok_or_else(|| self.purged(&experiment(state, *id)))?;
            let before = self.before.experiments.get(id);
            let has_runs = state.runs_of(*id).any(|run| run.deleted.is_none());
            match of_experiment(&Three { before, after, now }, has_runs, by) {
                Ok(inverse) => events.extend(inverse),
                Err(hindrance) => return Ok(Err(hindrance)),
            }
            unchanged.push(StreamId::experiment(*id));
        }
        if events.len() == 1 {
            return Err(self.nothing());
        }
        check_names(state, &events)?;
        for stream in events.iter().filter_map(Event::stream) {
            if !unchanged.contains(&stream) {
                unchanged.push(stream);
            }
        }
        Ok(Ok(Inverse { events, unchanged }))
    }

    fn purged(&self, what: &str) -> Error {
        let what = format!(
            "operation {} is about {what}, which was purged",
            self.deed.first
        );
        Error::new(Code::InvalidState, what).with_hint("mltrack op log")
    }

    fn nothing(&self) -> Error {
        let (first, what) = (self.deed.first, &self.operation.what);
        let message = format!("nothing to undo: operation {first} ({what}) changed nothing");
        Error::new(Code::NotFound, message).with_hint("mltrack op log")
    }

    /// What the caller is told when something is in the way.
    pub fn refuse(&self, reader: &mut Reader, seen: Lsn, hindrance: &Hindrance) -> Error {
        let first = self.deed.first;
        let aspect = match hindrance {
            Hindrance::NoWay(what) => return Error::new(Code::InvalidState, what.clone()),
            Hindrance::Changed(aspect) => aspect,
        };
        match self.later(reader, seen, aspect) {
            Ok(Some((later, told))) => Error::new(
                Code::Conflict,
                format!(
                    "{} was changed again by operation {later} ({told})",
                    aspect.name()
                ),
            )
            .with_hint(format!("mltrack undo {later} && mltrack undo {first}")),
            Ok(None) => Error::new(
                Code::Conflict,
                format!("{} is not as operation {first} left it", aspect.name()),
            ),
            Err(error) => error,
        }
    }

    /// The last operation that touched the same thing, and what it did.
    fn later(
        &self,
        reader: &mut Reader,
        seen: Lsn,
        aspect: &Aspect,
    ) -> Result<Option<(Lsn, String)>> {
        let mut last: Option<Deed> = None;
        forwards(reader, (self.deed.last.plus(1), seen), |deed| {
            if deed.events.iter().any(|event| aspect.is_touched_by(event)) {
                last = Some(deed);
            }
            ControlFlow::Continue(())
        })?;
        let Some(last) = last else {
            return Ok(None);
        };
        let told = self
            .store
            .with_state(|state, _| Ok(what(&last.events, state)))?;
        Ok(Some((last.first, told)))
    }

    pub fn done(self, inverse: &Inverse, last: Option<Lsn>) -> Result<Undone> {
        let events = inverse.events.get(1..).unwrap_or_default();
        let what = self.store.with_state(|state, _| Ok(what(events, state)))?;
        let moved = |event: &Event| matches!(event, Event::ExperimentStateMoved(_));
        let is_active = self.is_creation && self.deed.events.iter().any(moved);
        let remarks = is_active
            .then(|| "the experiment that became active by its first run stays active".to_owned());
        let first = last.and_then(|last| Lsn::new(last.get() + 1 - inverse.events.len() as u64));
        Ok(Undone {
            operation: self.operation,
            what,
            remarks: remarks.into_iter().collect(),
            lsn: first,
        })
    }
}

/// A name that is to come back must be free.
fn check_names(state: &State, events: &[Event]) -> Result<()> {
    for event in events {
        let (id, name) = match event {
            Event::ExperimentEdited(edited) => (edited.experiment, edited.name.as_deref()),
            Event::ExperimentRestored(restored) if restored.from == RestoredFrom::Deletion => {
                let known = state.experiment(restored.experiment);
                (restored.experiment, known.map(|known| known.name.as_str()))
            }
            _ => continue,
        };
        let holder = name.and_then(|name| state.experiment_by_name(name));
        if let Some(holder) = holder.filter(|holder| holder.id != id) {
            return Err(name_taken(&holder.name));
        }
    }
    Ok(())
}
