//! Nodes by number, and numbers by node.
//!
//! Invariant: a node keeps its number; of nodes that are texts each text is kept once.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};

use mltrack_event::{ArtifactId, DatasetId, ExperimentId, ModelId, NodeRef, RunKey};
use mltrack_projector::IntHasher;

/// A node in 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Key {
    Experiment(ExperimentId),
    Run(RunKey),
    Dataset(DatasetId),
    DatasetVersion(DatasetId, u32),
    Model(ModelId),
    ModelVersion(ModelId, u32),
    Artifact(ArtifactId),
    /// The place of any other node among those that are kept as they are.
    Other(u32),
}

#[derive(Default, Debug)]
pub struct Nodes {
    keys: Vec<Key>,
    /// Numbers + 1 at the places that their keys hash to, or the next free ones; 0 is free.
    table: Vec<u32>,
    others: Vec<NodeRef>,
    places: BTreeMap<NodeRef, u32>,
}

const TABLE_LEN_MIN: usize = 64;

impl Nodes {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn bytes(&self) -> usize {
        let others = self.others.len() * 2 * size_of::<NodeRef>();
        self.keys.len() * size_of::<Key>() + self.table.len() * size_of::<u32>() + others
    }

    pub fn get(&self, number: u32) -> NodeRef {
        match self.keys[number as usize] {
            Key::Experiment(id) => NodeRef::Experiment(id),
            Key::Run(run) => NodeRef::Run(run),
            Key::Dataset(id) => NodeRef::Dataset(id),
            Key::DatasetVersion(id, number) => NodeRef::DatasetVersion(id, number.into()),
            Key::Model(id) => NodeRef::Model(id),
            Key::ModelVersion(id, number) => NodeRef::ModelVersion(id, number.into()),
            Key::Artifact(id) => NodeRef::Artifact(id),
            Key::Other(place) => self.others[place as usize].clone(),
        }
    }

    pub fn find(&self, node: &NodeRef) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let key = match small(node) {
            Some(key) => key,
            None => Key::Other(*self.places.get(node)?),
        };
        self.look(key).ok()
    }

    /// The number of a node, a new one when it is not known.
    pub fn intern(&mut self, node: &NodeRef) -> u32 {
        if (self.keys.len() + 1) * 4 > self.table.len() * 3 {
            self.grow();
        }
        let key = small(node).unwrap_or_else(|| Key::Other(self.place_of(node)));
        match self.look(key) {
            Ok(number) => number,
            Err(at) => {
                self.keys.push(key);
                self.table[at] = self.keys.len() as u32;
                self.keys.len() as u32 - 1
            }
        }
    }

    fn place_of(&mut self, node: &NodeRef) -> u32 {
        if let Some(place) = self.places.get(node) {
            return *place;
        }
        let place = self.others.len() as u32;
        self.others.push(node.clone());
        self.places.insert(node.clone(), place);
        place
    }

    /// The number of a key, or the free place for it.
    fn look(&self, key: Key) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut at = hash(key) as usize & mask;
        loop {
            match self.table[at] {
                0 => return Err(at),
                number if self.keys[number as usize - 1] == key => return Ok(number - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Makes room for so many nodes.
    pub fn reserve(&mut self, count: usize) {
        self.keys.reserve(count);
        let len = (count + count / 3).next_power_of_two();
        if len > self.table.len() {
            self.spread_over(len.max(TABLE_LEN_MIN));
        }
    }

    fn grow(&mut self) {
        self.spread_over((self.table.len() * 2).max(TABLE_LEN_MIN));
    }

    fn spread_over(&mut self, len: usize) {
        self.table.clear();
        self.table.resize(len, 0);
        for number in 0..self.keys.len() {
            if let Err(at) = self.look(self.keys[number]) {
                self.table[at] = number as u32 + 1;
            }
        }
    }
}

fn small(node: &NodeRef) -> Option<Key> {
    Some(match node {
        NodeRef::Experiment(id) => Key::Experiment(*id),
        NodeRef::Run(run) => Key::Run(*run),
        NodeRef::Dataset(id) => Key::Dataset(*id),
        NodeRef::DatasetVersion(id, number) => {
            Key::DatasetVersion(*id, u32::try_from(*number).ok()?)
        }
        NodeRef::Model(id) => Key::Model(*id),
        NodeRef::ModelVersion(id, number) => Key::ModelVersion(*id, u32::try_from(*number).ok()?),
        NodeRef::Artifact(id) => Key::Artifact(*id),
        NodeRef::Metric(..) | NodeRef::Transformation(_) | NodeRef::External(_) => return None,
    })
}

fn hash(key: Key) -> u64 {
    let mut hasher = IntHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_as_small_as_the_figures_say() {
        assert_eq!(size_of::<Key>(), 24);
    }

    #[test]
    fn every_node_keeps_its_number_while_more_come() {
        let mut nodes = Nodes::default();
        assert_eq!(nodes.find(&NodeRef::External("a".into())), None);
        let node = |number: u64| match number % 4 {
            0 => NodeRef::Run(RunKey::from_bytes(number.to_be_bytes())),
            1 => NodeRef::DatasetVersion(DatasetId::from_bytes([7; 16]), number),
            2 => NodeRef::External(number.to_string()),
            _ => NodeRef::ModelVersion(ModelId::from_bytes([7; 16]), number << 32),
        };
        for round in 0..2 {
            for number in 0..5000 {
                let given = nodes.intern(&node(number));
                assert_eq!(u64::from(given), number, "round {round}");
            }
        }
        for number in 0..5000 {
            assert_eq!(nodes.find(&node(number)), Some(number as u32));
            assert_eq!(nodes.get(number as u32), node(number));
        }
        assert_eq!(nodes.find(&node(5001)), None);
        assert_eq!(nodes.len(), 5000);
    }
}
