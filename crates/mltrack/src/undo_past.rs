//! What an operation is about, as it was before it and after it.
//!
//! Invariant: what was purged meanwhile is missing from both, so the floor of history does not matter here.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{Event, ExperimentId, RunKey};
use mltrack_log::Lsn;
use mltrack_projector::Follower;
use mltrack_projector_lineage::{Lineage, Things};
use mltrack_projector_runs::{Experiment, Run, Runs, State};

use crate::aspect::Aspect;
use crate::aspect_thing::Thing;
use crate::error::Result;
use crate::inverse::{By, Hindrance, Three, of_run};
use crate::inverse_experiment::of_experiment;
use crate::inverse_registered::{Registered, of_thing};
use crate::operation_scan::Deed;
use crate::store::Store;

/// What an operation is about, as it was at a moment.
#[derive(Default)]
pub(crate) struct Captured {
    pub runs: BTreeMap<RunKey, Run>,
    pub experiments: BTreeMap<ExperimentId, Experiment>,
    pub things: BTreeMap<Thing, Registered>,
}

pub(crate) struct Past {
    pub before: Captured,
    pub after: Captured,
}

impl Past {
    pub fn of(store: &Store, deed: &Deed) -> Result<Past> {
        let before = Lsn::new(deed.first.get() - 1);
        loop {
            let mut follower = match before {
                Some(before) => store.follower_at(before)?,
                None => Follower::<Runs>::new(store.reader()?),
            };
            let before = Captured::of(follower.state(), deed);
            follower.to(deed.last)?;
            let after = Captured::of(follower.state(), deed);
            if store.is_believed(&mut follower)? {
                let mut past = Past { before, after };
                past.add_things(store, deed)?;
                return Ok(past);
            }
        }
    }

    /// Datasets and models have a fold of their own, which is begun only for an operation about them.
    fn add_things(&mut self, store: &Store, deed: &Deed) -> Result<()> {
        let about: BTreeSet<Thing> = deed.events.iter().filter_map(Thing::of).collect();
        if about.is_empty() {
            return Ok(());
        }
        let capture = |things: &Things| {
            let known = about
                .iter()
                .filter_map(|thing| Some((*thing, Registered::of(things, *thing)?)));
            known.collect()
        };
        let mut follower = match Lsn::new(deed.first.get() - 1) {
            Some(before) => {
                let mut follower = store.things_before(Some(before))?;
                follower.to(before)?;
                follower
            }
            None => Follower::<Lineage>::new(store.reader()?),
        };
        self.before.things = capture(follower.state());
        follower.to(deed.last)?;
        self.after.things = capture(follower.state());
        Ok(())
    }

    /// Whether everything is after the operation as it was before.
    pub fn is_idle(&self) -> bool {
        let is_known = |key| self.before.runs.contains_key(key);
        let knows = |id| self.before.experiments.contains_key(id);
        self.after.runs.keys().all(is_known)
            && self.after.experiments.keys().all(knows)
            && self
                .after
                .things
                .keys()
                .all(|thing| self.before.things.contains_key(thing))
            && self
                .inverse()
                .all(|inverse| inverse.is_ok_and(|it| it.is_empty()))
    }

    /// What the operation changed about things that were there before.
    pub fn aspects(&self) -> Vec<Aspect> {
        let inverse = self.inverse().filter_map(Result::ok).flatten();
        inverse.flat_map(|event| Aspect::of(&event)).collect()
    }

    /// What would have taken the operation back at once, for each thing that was there before.
    fn inverse(&self) -> impl Iterator<Item = Result<Vec<Event>, Hindrance>> {
        let by = By {
            actor: "",
            command: "",
        };
        let runs = self.after.runs.iter().filter_map(move |(key, after)| {
            let before = Some(self.before.runs.get(key)?);
            let now = after;
            Some(of_run(&Three { before, after, now }, false, by))
        });
        let experiments = self
            .after
            .experiments
            .iter()
            .filter_map(move |(id, after)| {
                let before = Some(self.before.experiments.get(id)?);
                let now = after;
                Some(of_experiment(&Three { before, after, now }, false, by))
            });
        let things = self.after.things.iter().filter_map(move |(thing, after)| {
            let before = Some(self.before.things.get(thing)?);
            let now = after;
            Some(of_thing(*thing, &Three { before, after, now }, by))
        });
        runs.chain(experiments).chain(things)
    }
}

impl Captured {
    fn of(state: &State, deed: &Deed) -> Captured {
        let runs: BTreeSet<RunKey> = deed.events.iter().filter_map(Event::run).collect();
        let runs = runs.into_iter();
        let experiments = experiments(deed).into_iter();
        Captured {
            runs: runs
                .filter_map(|key| Some((key, state.run(key)?.clone())))
                .collect(),
            experiments: experiments
                .filter_map(|id| Some((id, state.experiment(id)?.clone())))
                .collect(),
            things: BTreeMap::new(),
        }
    }
}

/// Whether a run was created. A draft that became active by it stays active, so the experiment is of no concern then.
pub(crate) fn is_creation(deed: &Deed) -> bool {
    let mut events = deed.events.iter();
    events.any(|event| matches!(event, Event::RunCreated(_)))
}

fn experiments(deed: &Deed) -> BTreeSet<ExperimentId> {
    let events = deed.events.iter();
    let about = events.filter(|event| event.run().is_none() && !is_creation(deed));
    about.filter_map(Event::experiment).collect()
}
