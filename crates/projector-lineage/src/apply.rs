//! The fold, and where each event goes.
//!
//! Invariant: total: every event, in any order, gives a state. What does not fit is counted in [`Oddities`] and changes
//! nothing else.

use mltrack_event::{
    Event, ExperimentId, LineageLinked, LineageUnlinked, NodeRef, RestoredFrom, RunKey,
};
use mltrack_projector::{Body, Entry, Projector, Stamp};

use crate::links::Link;
use crate::nodes::ExperimentNode;
use crate::things::{Oddities, Things};

/// The projector of artifacts, datasets, models, environments and what depends on what.
#[derive(Clone, Copy, Debug)]
pub struct Lineage;

impl Projector for Lineage {
    const NAME: &'static str = "lineage";
    const VERSION: u32 = 2;
    type State = Things;

    fn apply(things: &mut Things, entry: &Entry<'_>) {
        match &entry.body {
            Body::Metrics(_) => {}
            Body::Event(event) => things.apply_event(event, entry),
            Body::Unreadable(_) => things.oddities.unreadable += 1,
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It is part of the state, or says nothing that is kept here.
    Applied,
    /// What it is about does not exist.
    Orphaned,
    /// What it is about does not admit it.
    Refused,
    /// Its type is not known.
    Unknown,
}

impl Oddities {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Applied => {}
            Outcome::Orphaned => self.orphaned += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }
}

impl Things {
    fn apply_event(&mut self, event: &Event, entry: &Entry<'_>) {
        let outcome = match event {
            Event::LineageLinked(linked) => self.link_nodes(linked, entry),
            Event::LineageUnlinked(unlinked) => self.unlink_nodes(unlinked),
            Event::ArtifactsPurged(purged) => self.purge_artifacts(purged, entry.lsn),
            Event::RunPurged(purged) => self.purge_run(purged),
            Event::ExperimentPurged(purged) => self.purge_experiment(purged),
            Event::Unknown { .. } => Outcome::Unknown,
            event => match event.run() {
                Some(run) => self.apply_run_event(run, event, entry),
                None => self.apply_named(event, entry),
            },
        };
        self.oddities.count(outcome);
        self.grow(event, entry.lsn);
    }

    fn apply_named(&mut self, event: &Event, entry: &Entry<'_>) -> Outcome {
        if let Some(experiment) = event.experiment() {
            return self.apply_experiment_event(experiment, event, entry);
        }
        let outcome = self.apply_dataset_event(event, entry);
        outcome
            .or_else(|| self.apply_model_event(event, entry))
            .unwrap_or(Outcome::Applied)
    }

    fn apply_experiment_event(
        &mut self,
        id: ExperimentId,
        event: &Event,
        entry: &Entry<'_>,
    ) -> Outcome {
        if let Event::ExperimentCreated(created) = event
            && !self.experiments.contains_key(&id)
        {
            let node = ExperimentNode {
                id,
                name: created.name.as_str().into(),
                created: Stamp::of(entry),
                deleted: None,
                refused: 0,
            };
            self.experiments.insert(id, node);
            return Outcome::Applied;
        }
        let Some(known) = self.experiments.get_mut(&id) else {
            return Outcome::Orphaned;
        };
        let fits = match event {
            Event::ExperimentCreated(_) => false,
            Event::ExperimentDeleted(_) => known.deleted.is_none(),
            Event::ExperimentRestored(restored) if restored.from == RestoredFrom::Deletion => {
                known.deleted.is_some()
            }
            _ => true,
        };
        if !fits {
            known.refused += 1;
            return Outcome::Refused;
        }
        match event {
            Event::ExperimentDeleted(_) => known.deleted = Some(Stamp::of(entry)),
            Event::ExperimentRestored(restored) if restored.from == RestoredFrom::Deletion => {
                known.deleted = None;
            }
            Event::ExperimentEdited(edited) => {
                if let Some(name) = &edited.name {
                    known.name = name.as_str().into();
                }
            }
            _ => {}
        }
        Outcome::Applied
    }

    fn link_nodes(&mut self, linked: &LineageLinked, entry: &Entry<'_>) -> Outcome {
        let is_gone = |node: &NodeRef| self.is_purged(node);
        if is_gone(&linked.from) || is_gone(&linked.to) {
            return Outcome::Refused;
        }
        let link = Link {
            from: linked.from.clone(),
            to: linked.to.clone(),
            kind: linked.kind,
            at: Stamp::of(entry),
            actor: linked.actor.clone(),
        };
        // Of two that say the same at once, the second changes nothing.
        self.links.add(link);
        Outcome::Applied
    }

    fn unlink_nodes(&mut self, unlinked: &LineageUnlinked) -> Outcome {
        let (from, to) = (&unlinked.from, &unlinked.to);
        self.links.remove(from, to, unlinked.kind);
        Outcome::Applied
    }

    fn is_purged(&self, node: &NodeRef) -> bool {
        let is_run_purged = |run: &RunKey| self.purged_runs.contains(run);
        match node {
            NodeRef::Run(run) | NodeRef::Metric(run, _) => is_run_purged(run),
            NodeRef::Experiment(id) => self.purged_experiments.contains(id),
            _ => false,
        }
    }
}
