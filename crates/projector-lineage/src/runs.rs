//! All runs, in the order of their creation.
//!
//! Invariants: a slot never changes its run; a purged run leaves an empty slot; who compares two tables compares the
//! runs, not the slots.

use std::hash::BuildHasherDefault;

use mltrack_event::{ArtifactId, RunKey};
use mltrack_projector::IntMap;

use crate::artifact::Artifact;
use crate::lazy::Lazy;
use crate::run_facts::RunFacts;

/// Where an artifact is: its run's slot and its place among that run's rows.
pub(crate) type Place = (u32, u32);

/// Runs by key and by slot.
#[derive(Clone, Default, Debug)]
pub(crate) struct Runs {
    slots: Vec<Option<Box<RunFacts>>>,
    by_key: IntMap<RunKey, u32>,
    by_artifact: Lazy<IntMap<ArtifactId, Place>>,
}

impl PartialEq for Runs {
    fn eq(&self, other: &Runs) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Runs {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &RunFacts> {
        self.slots.iter().filter_map(Option::as_deref)
    }

    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    pub fn get(&self, run: RunKey) -> Option<&RunFacts> {
        let slot = *self.by_key.get(&run)?;
        self.slots[slot as usize].as_deref()
    }

    pub fn get_mut(&mut self, run: RunKey) -> Option<&mut RunFacts> {
        let slot = *self.by_key.get(&run)?;
        self.slots[slot as usize].as_deref_mut()
    }

    pub fn reserve(&mut self, count: usize) {
        self.slots.reserve(count);
        self.by_key.reserve(count);
    }

    /// Adds a run that is not there yet.
    pub fn push(&mut self, facts: RunFacts) {
        let slot = self.slots.len() as u32;
        self.by_key.insert(facts.node.key(), slot);
        self.slots.push(Some(Box::new(facts)));
    }

    pub fn take(&mut self, run: RunKey) -> Option<Box<RunFacts>> {
        let slot = self.by_key.remove(&run)?;
        let taken = self.slots[slot as usize].take()?;
        if let Some(places) = self.by_artifact.made_mut() {
            for row in taken.artifacts.rows() {
                places.remove(&row.id);
            }
        }
        Some(taken)
    }

    fn places(&self) -> &IntMap<ArtifactId, Place> {
        self.by_artifact.get_or_make(|| {
            let count = self.iter().map(|facts| facts.artifacts.rows().len()).sum();
            let mut places = IntMap::with_capacity_and_hasher(count, BuildHasherDefault::default());
            for (slot, facts) in self.slots.iter().enumerate() {
                let rows = facts.iter().flat_map(|facts| facts.artifacts.rows());
                for (place, row) in rows.enumerate() {
                    places.insert(row.id, (slot as u32, place as u32));
                }
            }
            places
        })
    }

    pub fn artifact(&self, id: ArtifactId) -> Option<&Artifact> {
        let (slot, place) = *self.places().get(&id)?;
        let facts = self.slots[slot as usize].as_deref()?;
        facts.artifacts.rows().get(place as usize)
    }

    pub fn artifact_mut(&mut self, id: ArtifactId) -> Option<&mut Artifact> {
        let (slot, place) = *self.places().get(&id)?;
        let facts = self.slots[slot as usize].as_deref_mut()?;
        facts.artifacts.row_mut(place as usize)
    }

    /// Adds an artifact to a run that is there. False when its id is taken.
    pub fn push_artifact(&mut self, artifact: Artifact) -> bool {
        if self.places().contains_key(&artifact.id) {
            return false;
        }
        let Some(slot) = self.by_key.get(&artifact.run).copied() else {
            return false;
        };
        let Some(facts) = self.slots[slot as usize].as_deref_mut() else {
            return false;
        };
        let (id, place) = (artifact.id, facts.artifacts.rows().len() as u32);
        facts.artifacts.push(artifact);
        if let Some(places) = self.by_artifact.made_mut() {
            places.insert(id, (slot, place));
        }
        true
    }

    /// Takes artifacts of a run out as if they had never been logged.
    pub fn take_artifacts_out(&mut self, run: RunKey, is_out: impl Fn(&Artifact) -> bool) -> bool {
        let taken = self
            .get_mut(run)
            .is_some_and(|facts| facts.artifacts.take_out(is_out));
        if taken {
            self.by_artifact.drop_it();
        }
        taken
    }
}
