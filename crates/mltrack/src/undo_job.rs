//! An operation that is about to be taken back: what it was about, before it, after it and now.
//!
//! Invariant: everything is planned from one state, and appended only while the streams of everything it is about are as
//! they were then.

use mltrack_event::{Event, OperationUndone, RestoredFrom, StreamId};
use mltrack_log::{Lsn, Reader};
use mltrack_projector_runs::State;

use crate::aspect::Aspect;
use crate::code::Code;
use crate::decide::Plan;
use crate::error::{Error, Result};
use crate::experiment::name_taken;
use crate::inverse::{By, Hindrance, Three, of_run};
use crate::inverse_document;
use crate::inverse_experiment::of_experiment;
use crate::inverse_registered::{self, Registered};
use crate::inverse_thing::{ThingInverse, is_about_things, of_things};
use crate::operation::Operation;
use crate::operation_scan::Deed;
use crate::operation_words::{experiment, run, what};
use crate::store::Store;
use crate::undo::Undone;
use crate::undo_find::{Meant, is_purge};
use crate::undo_past::{Past, is_creation};

/// The events that take back, and the streams they depend on.
#[derive(Clone, Default)]
pub(crate) struct Inverse {
    events: Vec<Event>,
    unchanged: Vec<StreamId>,
}

impl From<Inverse> for Plan {
    fn from(inverse: Inverse) -> Plan {
        let of_documents = inverse_document::stream(&inverse.events);
        let of_event = of_documents.or_else(|| inverse.events.iter().find_map(Event::stream));
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
    /// What was done behind it and is not undone, newest first.
    later: Vec<Deed>,
    past: Past,
    /// A draft that became active by its first run stays active.
    is_creation: bool,
}

impl<'a> Job<'a> {
    pub fn new(store: &'a Store, meant: Meant) -> Result<Job<'a>> {
        let Meant {
            deed,
            operation,
            later,
        } = meant;
        if is_purge(&deed) {
            let what = format!("operation {} purged for good", deed.first);
            return Err(Error::new(Code::InvalidState, what).with_hint("mltrack op log"));
        }
        let is_creation = is_creation(&deed);
        let past = Past::of(store, &deed)?;
        let mut job = Job {
            store,
            deed,
            operation,
            later,
            past,
            is_creation,
        };
        job.forget_idle()?;
        Ok(job)
    }

    /// What was set to the value that it had is in nobody's way.
    fn forget_idle(&mut self) -> Result<()> {
        let aspects = self.past.aspects();
        let mut later = Vec::new();
        for deed in std::mem::take(&mut self.later) {
            let touches = |event: &Event| aspects.iter().any(|aspect| aspect.is_touched_by(event));
            let is_in_the_way = deed.events.iter().any(touches);
            if !is_in_the_way || !Past::of(self.store, &deed)?.is_idle() {
                later.push(deed);
            }
        }
        self.later = later;
        Ok(())
    }

    /// Whether everything is after the operation as it was before, such as when a tag was given the value it had.
    pub fn is_idle(&self) -> bool {
        self.past.is_idle() && !is_about_things(&self.deed)
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
        for (key, after) in &self.past.after.runs {
            let now = state
                .run(*key)
                .ok_or_else(|| self.purged(&run(state, *key)))?;
            let before = self.past.before.runs.get(key);
            let mut owners = now.owners.iter();
            let is_owned = owners.any(|owner| self.store.is_alive(alive, owner.writer));
            let inverse = match of_run(&Three { before, after, now }, is_owned, by) {
                Ok(inverse) => inverse,
                Err(hindrance) => return Ok(Err(hindrance)),
            };
            if let Some(hindrance) = before.and_then(|_| self.changed_later(&inverse)) {
                return Ok(Err(hindrance));
            }
            events.extend(inverse);
            unchanged.extend([StreamId::run(*key), StreamId::experiment(now.experiment)]);
        }
        for (id, after) in &self.past.after.experiments {
            let now = state.experiment(*id);
            let now = now.ok_or_else(|| self.purged(&experiment(state, *id)))?;
            let before = self.past.before.experiments.get(id);
            let has_runs = state.runs_of(*id).any(|run| run.deleted.is_none());
            let inverse = match of_experiment(&Three { before, after, now }, has_runs, by) {
                Ok(inverse) => inverse,
                Err(hindrance) => return Ok(Err(hindrance)),
            };
            if let Some(hindrance) = before.and_then(|_| self.changed_later(&inverse)) {
                return Ok(Err(hindrance));
            }
            events.extend(inverse);
            unchanged.push(StreamId::experiment(*id));
        }
        match self.plan_things(by)? {
            Ok(inverse) => {
                events.extend(inverse.events);
                unchanged.extend(inverse.unchanged);
            }
            Err(hindrance) => return Ok(Err(hindrance)),
        }
        match inverse_document::plan(self.store, &self.deed, by)? {
            Ok(inverse) => {
                events.extend(inverse.events);
                unchanged.extend(inverse.unchanged);
            }
            Err(hindrance) => return Ok(Err(hindrance)),
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

    /// What takes back what it did to artifacts, datasets and models. Their fold, which is locked after that of runs, may
    /// know more than the state that the rest is planned from; what it knows more stands on the streams that the batch
    /// depends on, or is about something else.
    fn plan_things(&self, by: By<'_>) -> Result<Result<Inverse, Hindrance>> {
        if self.past.after.things.is_empty() && !is_about_things(&self.deed) {
            return Ok(Ok(Inverse::default()));
        }
        self.store.with_things(|things, _| {
            let mut all = match of_things(&self.deed, things, by) {
                Ok(ThingInverse { events, unchanged }) => Inverse { events, unchanged },
                Err(hindrance) => return Ok(Err(hindrance)),
            };
            for (thing, after) in &self.past.after.things {
                let Some(now) = Registered::of(things, *thing) else {
                    continue;
                };
                let before = self.past.before.things.get(thing);
                let three = Three {
                    before,
                    after,
                    now: &now,
                };
                let inverse = match inverse_registered::of_thing(*thing, &three, by) {
                    Ok(inverse) => inverse,
                    Err(hindrance) => return Ok(Err(hindrance)),
                };
                if let Some(hindrance) = before.and_then(|_| self.changed_later(&inverse)) {
                    return Ok(Err(hindrance));
                }
                inverse_registered::check_names(things, *thing, &inverse)?;
                all.events.extend(inverse);
                all.unchanged.push(thing.stream());
            }
            Ok(Ok(all))
        })
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

    /// The first thing that an event would set back and that something later changed, although it may be as it was.
    fn changed_later(&self, inverse: &[Event]) -> Option<Hindrance> {
        let mut aspects = inverse.iter().flat_map(Aspect::of);
        let changed = aspects.find(|aspect| self.later_of(aspect).is_some());
        changed.map(Hindrance::Changed)
    }

    /// The last operation that touched the same thing and is not undone.
    fn later_of(&self, aspect: &Aspect) -> Option<&Deed> {
        let touches = |deed: &&Deed| deed.events.iter().any(|event| aspect.is_touched_by(event));
        self.later.iter().find(touches)
    }

    /// What the caller is told when something is in the way.
    pub fn refuse(&self, hindrance: &Hindrance) -> Error {
        let first = self.deed.first;
        let aspect = match hindrance {
            Hindrance::NoWay(what) => return Error::new(Code::InvalidState, what.clone()),
            Hindrance::Thing(what) => {
                return Error::new(Code::Conflict, what.clone()).with_hint("mltrack op log");
            }
            Hindrance::Changed(aspect) => aspect,
        };
        let name = aspect.name();
        let Some(later) = self.later_of(aspect) else {
            let what = format!("{name} is not as operation {first} left it");
            return Error::new(Code::Conflict, what).with_hint("mltrack op log");
        };
        let told = |state: &State| what(&later.events, state, self.store);
        match self.store.with_state(|state, _| Ok(told(state))) {
            Ok(told) => {
                let later = later.first;
                let what = format!("{name} was changed again by operation {later} ({told})");
                Error::new(Code::Conflict, what)
                    .with_hint(format!("mltrack undo {later} && mltrack undo {first}"))
            }
            Err(error) => error,
        }
    }

    pub fn done(self, inverse: &Inverse, last: Option<Lsn>) -> Result<Undone> {
        let events = inverse.events.get(1..).unwrap_or_default();
        let what = self
            .store
            .with_state(|state, _| Ok(what(events, state, self.store)))?;
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
