//! What is affected when something is bad: everything that was made of it.
//!
//! Invariant: each affected thing has a shortest path from the root, along edges that were logged.

use mltrack_event::NodeRef;

use crate::describe::{NodeKind, NodeState};
use crate::graph::Way;
use crate::things::Things;
use crate::walk::{Reach, Walk};

/// Everything that depends on one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Impact {
    /// The root first, then what is affected, nearest first.
    pub walk: Walk,
    /// How many things of each kind are affected and there: neither deleted, removed nor purged. A model or a dataset
    /// counts when one of its versions does.
    pub counts: Vec<(NodeKind, u64)>,
    /// How many are affected and not there any more.
    pub absent: u64,
}

impl Impact {
    /// How many things of a kind are affected.
    #[must_use]
    pub fn count(&self, kind: NodeKind) -> u64 {
        let counts = self.counts.iter();
        counts
            .filter(|(known, _)| *known == kind)
            .map(|(_, count)| count)
            .sum()
    }

    /// A shortest path from the root to a node of the walk, by places, both ends included.
    #[must_use]
    pub fn path_to(&self, place: u32) -> Vec<u32> {
        let nodes = &self.walk.nodes;
        let via = |place: &u32| nodes.get(*place as usize)?.via;
        let mut path: Vec<u32> = std::iter::successors(Some(place), via).collect();
        path.reverse();
        path
    }
}

impl Things {
    /// What is affected when a thing is bad. At most `limit` nodes are walked through, the root included.
    #[must_use]
    pub fn impact(&self, root: &NodeRef, limit: usize) -> Impact {
        let reach = Reach {
            limit,
            ..Reach::ALL
        };
        let walk = self.walk(root, &[Way::Down], reach);
        let mut counted = std::collections::BTreeSet::new();
        let mut absent = 0;
        for step in walk.nodes.iter().skip(1) {
            if self.state_of(&step.node) != NodeState::Present {
                absent += 1;
                continue;
            }
            counted.insert(step.node.clone());
            match step.node {
                NodeRef::DatasetVersion(id, _) => counted.insert(NodeRef::Dataset(id)),
                NodeRef::ModelVersion(id, _) => counted.insert(NodeRef::Model(id)),
                _ => false,
            };
        }
        counted.remove(root);
        let counts = NodeKind::ALL.into_iter().map(|kind| {
            let of_kind = counted.iter().filter(|node| NodeKind::of(node) == kind);
            (kind, of_kind.count() as u64)
        });
        Impact {
            counts: counts.filter(|(_, count)| *count > 0).collect(),
            walk,
            absent,
        }
    }
}
