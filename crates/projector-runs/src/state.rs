//! Everything the projector knows, and the questions that need no search.
//!
//! Invariants: runs stand in the order of their creation; a name leads to the live experiment that has it, of
//! several (no program of ours makes them) to the one with the lowest id; ids and run numbers are never given twice,
//! deleted ones included; a state that goes on from a snapshot answers as one that was folded from zero, as long as
//! [`State::fault`] has nothing to say.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, RunId, RunKey};
use mltrack_projector::Dictionary;

use crate::brief::Brief;
use crate::changes::Tracked;
use crate::experiment::Experiment;
use crate::purge::Purges;
use crate::run::Run;
use crate::snapshot::{Snapshot, SnapshotFault};
use crate::table::Table;

/// The fold of all events.
#[derive(Clone, Default, Debug)]
pub struct State {
    pub(crate) experiments: BTreeMap<ExperimentId, Experiment>,
    pub(crate) names: BTreeMap<String, ExperimentId>,
    pub(crate) runs: Table,
    /// The slots of an experiment's runs that were created since the snapshot.
    pub(crate) slots_of: BTreeMap<ExperimentId, Vec<u32>>,
    pub(crate) dictionary: Dictionary,
    pub(crate) oddities: Oddities,
    /// The highest id of an experiment that was purged.
    pub(crate) experiment_id_max: u64,
    pub(crate) purges: Purges,
    /// Counts what may have changed experiments or the dictionary.
    pub(crate) small_version: u64,
    /// What an index was told last.
    pub(crate) tracked: Option<Tracked>,
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
    /// The state that a snapshot holds. Its runs are read when they are asked for.
    pub(crate) fn over(snapshot: Arc<Snapshot>) -> Result<State, SnapshotFault> {
        let small = snapshot.small()?;
        let mut state = State {
            runs: Table::over(snapshot),
            oddities: small.oddities,
            experiment_id_max: small.experiment_id_max,
            purges: small.purges,
            ..State::default()
        };
        for definition in small.definitions.into_iter().chain(small.collisions) {
            state.dictionary.define(definition.into());
        }
        let experiments = small.experiments.into_iter();
        state.experiments = experiments.map(|known| (known.id, known)).collect();
        state.settle_names();
        Ok(state)
    }

    /// What could not be read of the snapshot that the state goes on from. Then this state, and whatever was answered
    /// from it, is not to be believed: set the snapshot aside and fold again.
    #[must_use]
    pub fn fault(&self) -> Option<&SnapshotFault> {
        self.runs.fault()
    }

    /// The snapshot that the state goes on from.
    #[must_use]
    pub fn base(&self) -> Option<&Snapshot> {
        self.runs.base().map(AsRef::as_ref)
    }

    /// A copy that shares its runs with this state; takes a few milliseconds for 100,000 runs.
    #[must_use]
    pub fn share(&mut self) -> State {
        State {
            runs: self.runs.share(),
            experiments: self.experiments.clone(),
            names: self.names.clone(),
            slots_of: self.slots_of.clone(),
            dictionary: self.dictionary.clone(),
            oddities: self.oddities.clone(),
            experiment_id_max: self.experiment_id_max,
            purges: self.purges.clone(),
            ..State::default()
        }
    }

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

    /// Every run in the order of creation, deleted ones included. Reads the whole of each: lists and lookups ask
    /// [`State::briefs`].
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &Run> {
        self.runs.iter()
    }

    /// What lists need of every run, in the order of creation, deleted ones included, each with its slot.
    pub fn briefs(&self) -> impl DoubleEndedIterator<Item = (u32, Brief)> {
        self.runs.briefs()
    }

    /// How many runs there are, deleted ones included.
    #[must_use]
    pub fn run_count(&self) -> usize {
        self.runs.count()
    }

    /// Slots that runs have or had. A run's slot is its place in the order of creation and never changes.
    #[must_use]
    pub fn slot_count(&self) -> u32 {
        self.runs.len()
    }

    /// The run in a slot.
    #[must_use]
    pub fn run_at(&self, slot: u32) -> Option<&Run> {
        self.runs.get(slot)
    }

    /// The run in a slot, which does not stay in memory when it has to be read: for looking at many of them.
    #[must_use]
    pub fn look_at(&self, slot: u32) -> Option<Cow<'_, Run>> {
        self.runs.look(slot)
    }

    /// Whether a run that was recorded as running can stand otherwise by now. True where an older snapshot does not
    /// say.
    #[must_use]
    pub fn may_lapse(&self, slot: u32) -> bool {
        self.runs.may_lapse(slot)
    }

    /// From now on runs that nothing was heard of for a while are packed when all together take more than about
    /// `bytes_max`, and what was only read is let go by [`State::release_reads`] when it takes more. Changes no answer.
    pub fn bound_memory(&mut self, bytes_max: usize) {
        self.runs.bound(bytes_max);
    }

    /// Lets go of runs that were only read, when they take more than the bound. True when it did.
    pub fn release_reads(&mut self) -> bool {
        self.runs.release_reads()
    }

    /// The slot of a run.
    #[must_use]
    pub fn slot_of(&self, key: RunKey) -> Option<u32> {
        self.runs.slot_of(key)
    }

    /// A run's name, without reading the run; empty when there is none in the slot.
    #[must_use]
    pub fn name_at(&self, slot: u32) -> &str {
        self.runs.name(slot)
    }

    /// What lists need of the run in a slot.
    #[must_use]
    pub fn brief_at(&self, slot: u32) -> Option<Brief> {
        self.runs.brief(slot)
    }

    /// Whether there is a run in the slot. A run that was purged leaves its slot empty.
    #[must_use]
    pub fn is_taken(&self, slot: u32) -> bool {
        self.runs.is_taken(slot)
    }

    /// Every slot of which the snapshot does not say what stands there, in order, with the last record about its run.
    pub(crate) fn overlay(&self) -> impl Iterator<Item = (u32, Option<u64>)> {
        self.runs.overlay()
    }

    /// Whether the run in the slot is as the snapshot has it.
    pub(crate) fn is_of_base(&self, slot: u32) -> bool {
        self.runs.is_base(slot)
    }

    /// What lists need of one run.
    #[must_use]
    pub fn brief(&self, key: RunKey) -> Option<Brief> {
        self.runs.brief(self.runs.slot_of(key)?)
    }

    /// The runs that were recorded as running, in the order of creation, deleted ones included.
    pub fn running(&self) -> impl Iterator<Item = &Run> {
        self.runs.running()
    }

    /// One run, by the key that events carry.
    #[must_use]
    pub fn run(&self, key: RunKey) -> Option<&Run> {
        self.runs.get(self.runs.slot_of(key)?)
    }

    /// One run, by its full id.
    #[must_use]
    pub fn run_by_id(&self, id: RunId) -> Option<&Run> {
        self.run(id.key()).filter(|run| run.id == id)
    }

    /// The runs of an experiment in the order of creation, deleted ones included.
    pub fn runs_of(&self, experiment: ExperimentId) -> impl DoubleEndedIterator<Item = &Run> {
        let slots = self.slots_of(experiment);
        slots.filter_map(|slot| self.runs.get(slot))
    }

    /// The briefs of the runs of an experiment in the order of creation, deleted ones included, each with its slot.
    pub fn briefs_of(
        &self,
        experiment: ExperimentId,
    ) -> impl DoubleEndedIterator<Item = (u32, Brief)> {
        let slots = self.slots_of(experiment);
        slots.filter_map(|slot| Some((slot, self.runs.brief(slot)?)))
    }

    fn slots_of(&self, experiment: ExperimentId) -> impl DoubleEndedIterator<Item = u32> {
        let old = self.base().map_or(&[][..], |base| base.runs_of(experiment));
        let new = self
            .slots_of
            .get(&experiment)
            .map_or(&[][..], Vec::as_slice);
        old.iter().chain(new).copied()
    }

    /// The runs that are a part of another, in the order of creation, deleted ones included. Looks at every brief:
    /// whoever needs the children of many groups [`State::briefs`] by parent instead.
    pub fn children(&self, parent: RunKey) -> impl Iterator<Item = &Run> {
        let briefs = self.runs.briefs();
        let slots = briefs.filter(move |(_, brief)| brief.parent == Some(parent));
        slots.filter_map(|(slot, _)| self.runs.get(slot))
    }

    /// Whether the run is deleted, by itself or with its experiment.
    #[must_use]
    pub fn is_deleted(&self, run: &Run) -> bool {
        run.deleted.is_some() || self.is_experiment_deleted(run.experiment)
    }

    /// Whether the run with this brief is deleted, by itself or with its experiment.
    #[must_use]
    pub fn is_brief_deleted(&self, brief: &Brief) -> bool {
        brief.is_deleted || self.is_experiment_deleted(brief.experiment)
    }

    fn is_experiment_deleted(&self, experiment: ExperimentId) -> bool {
        self.experiment(experiment)
            .is_some_and(|known| known.deleted.is_some())
    }

    /// What the ids of metrics stand for.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// What is gone for good.
    #[must_use]
    pub fn purges(&self) -> &Purges {
        &self.purges
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
        self.runs.get_mut(key)
    }

    /// Adds a run that was created.
    pub(crate) fn push_run(&mut self, run: Run) {
        let experiment = run.experiment;
        let slot = self.runs.push(run);
        self.slots_of.entry(experiment).or_default().push(slot);
    }

    /// Takes a run out, as if it had never been. Its slot stays empty.
    pub(crate) fn take_run(&mut self, key: RunKey) -> Option<Run> {
        self.runs.take(key)
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

    /// Makes what is not stored from what is: who has which name.
    pub(crate) fn settle_names(&mut self) {
        for known in self
            .experiments
            .values()
            .filter(|known| known.deleted.is_none())
        {
            self.names.entry(known.name.clone()).or_insert(known.id);
        }
    }
}
