//! Everything the projector knows, and the questions that need no search.
//!
//! Invariants: runs stand in the order of their creation; a name leads to the live experiment that has it, of
//! several (no program of ours makes them) to the one with the lowest id; ids and run numbers are never given twice, deleted ones included.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, RunId, RunKey};
use mltrack_projector::{Dictionary, IntMap};

use crate::experiment::Experiment;
use crate::run::Run;

/// The fold of all events.
#[derive(Clone, Default, Debug)]
pub struct State {
    pub(crate) experiments: BTreeMap<ExperimentId, Experiment>,
    pub(crate) names: BTreeMap<String, ExperimentId>,
    pub(crate) runs: Vec<Run>,
    pub(crate) run_slots: IntMap<RunKey, u32>,
    pub(crate) dictionary: Dictionary,
    pub(crate) oddities: Oddities,
    /// The highest id of an experiment that was purged.
    pub(crate) experiment_id_max: u64,
}

/// Events that were skipped, by why. All zero in a store that only this program wrote.
#[derive(Clone, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Oddities {
    /// The payload could not be decoded.
    pub unreadable: u64,
    /// The type or version is not known to this program.
    pub unknown: u64,
    /// About a run or an experiment that the log does not create.
    pub orphaned: u64,
    /// Not admitted by the state of what it is about, such as a second end.
    pub refused: u64,
    /// Runs that were created under the key of another run. Their events count for the first one.
    pub run_collisions: Vec<RunId>,
}

impl State {
    /// Every experiment, by id, deleted ones included.
    pub fn experiments(&self) -> impl DoubleEndedIterator<Item = &Experiment> {
        self.experiments.values()
    }

    /// One experiment.
    #[must_use]
    pub fn experiment(&self, id: ExperimentId) -> Option<&Experiment> {
        self.experiments.get(&id)
    }

    /// The experiment that has this name and is not deleted.
    #[must_use]
    pub fn experiment_by_name(&self, name: &str) -> Option<&Experiment> {
        self.names.get(name).and_then(|id| self.experiments.get(id))
    }

    /// Every run in the order of creation, deleted ones included.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// One run, by the key that events carry.
    #[must_use]
    pub fn run(&self, key: RunKey) -> Option<&Run> {
        self.run_slots
            .get(&key)
            .map(|slot| &self.runs[*slot as usize])
    }

    /// One run, by its full id.
    #[must_use]
    pub fn run_by_id(&self, id: RunId) -> Option<&Run> {
        self.run(id.key()).filter(|run| run.id == id)
    }

    /// The runs of an experiment in the order of creation, deleted ones included.
    pub fn runs_of(&self, experiment: ExperimentId) -> impl DoubleEndedIterator<Item = &Run> {
        let keys = self
            .experiments
            .get(&experiment)
            .map_or(&[][..], |known| &known.runs);
        keys.iter().filter_map(|key| self.run(*key))
    }

    /// The runs that are a part of another, in the order of creation, deleted ones included. Looks at every run: whoever
    /// needs the children of many groups [`State::runs`] by parent instead.
    pub fn children(&self, parent: RunKey) -> impl Iterator<Item = &Run> {
        self.runs
            .iter()
            .filter(move |run| run.parent == Some(parent))
    }

    /// Whether the run is deleted, by itself or with its experiment.
    #[must_use]
    pub fn is_deleted(&self, run: &Run) -> bool {
        let is_experiment_deleted = || {
            self.experiment(run.experiment)
                .is_some_and(|known| known.deleted.is_some())
        };
        run.deleted.is_some() || is_experiment_deleted()
    }

    /// What the ids of metrics stand for.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// What was skipped.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// The id for the next experiment: above every id ever used, and at least 1.
    #[must_use]
    pub fn next_experiment_id(&self) -> ExperimentId {
        let highest = self.experiments.last_key_value().map_or(0, |(id, _)| id.0);
        ExperimentId(highest.max(self.experiment_id_max).saturating_add(1))
    }

    /// The number for the next run of an experiment: above every number ever used there, and at least 1.
    #[must_use]
    pub fn next_run_number(&self, experiment: ExperimentId) -> u64 {
        self.experiments
            .get(&experiment)
            .map_or(0, |known| known.run_number_max)
            .saturating_add(1)
    }

    pub(crate) fn run_mut(&mut self, key: RunKey) -> Option<&mut Run> {
        self.run_slots
            .get(&key)
            .map(|slot| &mut self.runs[*slot as usize])
    }

    /// Takes a run out, as if it had never been. The slots behind it move up, so that runs stay in order.
    pub(crate) fn take_run(&mut self, key: RunKey) -> Option<Run> {
        let slot = self.run_slots.remove(&key)? as usize;
        let run = self.runs.remove(slot);
        for moved in &self.runs[slot..] {
            if let Some(slot) = self.run_slots.get_mut(&moved.key()) {
                *slot -= 1;
            }
        }
        Some(run)
    }

    /// Decides whose a name is, after an experiment took it or gave it up. Looks at every experiment; both are rare.
    pub(crate) fn settle_name(&mut self, name: &str) {
        let mut live = self
            .experiments
            .values()
            .filter(|known| known.deleted.is_none());
        match live.find(|known| known.name == name) {
            Some(heir) => self.names.insert(name.to_owned(), heir.id),
            None => self.names.remove(name),
        };
    }

    /// Makes what is not stored from what is: the order of runs, and who has which name.
    pub(crate) fn index_rows(&mut self) {
        self.runs.sort_unstable_by_key(|run| run.created.lsn);
        let slots = self.runs.iter().zip(0..);
        self.run_slots = slots.map(|(run, slot)| (run.key(), slot)).collect();
        for known in self
            .experiments
            .values()
            .filter(|known| known.deleted.is_none())
        {
            self.names.entry(known.name.clone()).or_insert(known.id);
        }
    }
}
