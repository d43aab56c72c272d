//! What people said about who depends on whom, beside what follows from other events.
//!
//! Invariants: one link for each two ends and kind; a link whose end is purged goes with it.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{EdgeKind, ExperimentId, NodeRef, RunKey};
use mltrack_projector::Stamp;

/// A link that stands, in the direction in which data flows.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Link {
    /// Where data comes from.
    pub from: NodeRef,
    /// Where it goes.
    pub to: NodeRef,
    /// In which way.
    pub kind: EdgeKind,
    /// When it was linked.
    pub at: Stamp,
    /// Who said so.
    pub actor: String,
}

type Key = (NodeRef, NodeRef, EdgeKind);

/// Links by their ends.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Links(BTreeMap<Key, Link>);

impl Links {
    /// False when it stands already.
    pub fn add(&mut self, link: Link) -> bool {
        let key = (link.from.clone(), link.to.clone(), link.kind);
        let is_new = !self.0.contains_key(&key);
        if is_new {
            self.0.insert(key, link);
        }
        is_new
    }

    /// False when there is none.
    pub fn remove(&mut self, from: &NodeRef, to: &NodeRef, kind: EdgeKind) -> bool {
        self.0.remove(&(from.clone(), to.clone(), kind)).is_some()
    }

    pub fn get(&self, from: &NodeRef, to: &NodeRef, kind: EdgeKind) -> Option<&Link> {
        self.0.get(&(from.clone(), to.clone(), kind))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.0.values()
    }

    pub fn forget_run(&mut self, run: RunKey) -> bool {
        self.forget(|node| match node {
            NodeRef::Run(key) | NodeRef::Metric(key, _) => *key == run,
            _ => false,
        })
    }

    pub fn forget_experiment(&mut self, id: ExperimentId) -> bool {
        self.forget(|node| *node == NodeRef::Experiment(id))
    }

    fn forget(&mut self, is_gone: impl Fn(&NodeRef) -> bool) -> bool {
        let len = self.0.len();
        self.0
            .retain(|_, link| !is_gone(&link.from) && !is_gone(&link.to));
        self.0.len() != len
    }
}
