//! Which edges follow from which facts. Nobody has to say them.
//!
//! Invariant: the same fact gives the same edges in the same order, when it is folded and when the graph is made again.

use mltrack_event::{DatasetId, EdgeKind, ModelId, NodeRef};
use mltrack_projector::Lsn;

use crate::artifact::Artifact;
use crate::dataset::DatasetVersion;
use crate::links::Link;
use crate::model::ModelVersion;
use crate::nodes::RunNode;
use crate::things::Things;
use crate::uses::{ArtifactUse, DatasetUse, ModelUse};

/// An edge and the record that it follows from.
pub struct SomeEdge {
    pub lsn: Lsn,
    pub from: NodeRef,
    pub to: NodeRef,
    pub kind: EdgeKind,
}

/// Who takes edges.
pub trait Sink {
    fn edge(&mut self, edge: SomeEdge);
}

/// What edges follow from.
pub trait Fact {
    fn edges(&self, sink: &mut impl Sink);
}

fn edge(lsn: Lsn, from: NodeRef, to: NodeRef, kind: EdgeKind) -> SomeEdge {
    SomeEdge {
        lsn,
        from,
        to,
        kind,
    }
}

impl Fact for RunNode {
    fn edges(&self, sink: &mut impl Sink) {
        let (lsn, run) = (self.created.lsn, NodeRef::Run(self.key()));
        let experiment = NodeRef::Experiment(self.experiment);
        sink.edge(edge(lsn, experiment, run.clone(), EdgeKind::Contains));
        if let Some(parent) = self.parent {
            sink.edge(edge(lsn, NodeRef::Run(parent), run, EdgeKind::Contains));
        }
    }
}

impl Fact for Artifact {
    fn edges(&self, sink: &mut impl Sink) {
        let (from, to) = (NodeRef::Run(self.run), NodeRef::Artifact(self.id));
        sink.edge(edge(self.lsn, from, to, EdgeKind::Produces));
    }
}

impl Fact for ArtifactUse {
    fn edges(&self, sink: &mut impl Sink) {
        let (from, to) = (NodeRef::Artifact(self.artifact), NodeRef::Run(self.run));
        sink.edge(edge(self.lsn, from, to, EdgeKind::UsesArtifact));
    }
}

impl Fact for DatasetUse {
    fn edges(&self, sink: &mut impl Sink) {
        let from = NodeRef::DatasetVersion(self.dataset, self.number);
        let to = NodeRef::Run(self.run);
        sink.edge(edge(self.lsn, from, to, EdgeKind::UsesDataset));
    }
}

impl Fact for ModelUse {
    fn edges(&self, sink: &mut impl Sink) {
        let from = NodeRef::ModelVersion(self.model, self.number);
        let to = NodeRef::Run(self.run);
        sink.edge(edge(self.lsn, from, to, EdgeKind::UsesModel));
    }
}

/// A version, and the dataset that it belongs to.
impl Fact for (DatasetId, &DatasetVersion) {
    fn edges(&self, sink: &mut impl Sink) {
        let (id, version) = *self;
        let (lsn, node) = (version.lsn, NodeRef::DatasetVersion(id, version.number));
        let mut from = |from, kind| sink.edge(edge(lsn, from, node.clone(), kind));
        from(NodeRef::Dataset(id), EdgeKind::Contains);
        if let Some(run) = version.run {
            from(NodeRef::Run(run), EdgeKind::Produces);
        }
        for (parent, number) in &version.parents {
            let parent = NodeRef::DatasetVersion(*parent, *number);
            from(parent, EdgeKind::DerivedFrom);
        }
        // It stands beside the parents, not between: two datasets may be made by steps of one name, and what one of
        // them was made of has nothing to do with the other.
        if let Some(name) = &version.transformation {
            from(NodeRef::Transformation(name.clone()), EdgeKind::Transforms);
        }
    }
}

/// A version, and the model that it belongs to.
impl Fact for (ModelId, &ModelVersion) {
    fn edges(&self, sink: &mut impl Sink) {
        let (id, version) = *self;
        let (lsn, node) = (version.lsn, NodeRef::ModelVersion(id, version.number));
        let mut from = |from, kind| sink.edge(edge(lsn, from, node.clone(), kind));
        from(NodeRef::Model(id), EdgeKind::Contains);
        if let Some(run) = version.run {
            from(NodeRef::Run(run), EdgeKind::Produces);
        }
        for artifact in &version.artifacts {
            from(NodeRef::Artifact(*artifact), EdgeKind::DerivedFrom);
        }
    }
}

impl Fact for Link {
    fn edges(&self, sink: &mut impl Sink) {
        let (from, to) = (self.from.clone(), self.to.clone());
        sink.edge(edge(self.at.lsn, from, to, self.kind));
    }
}

/// The edges of everything.
pub fn of_all(things: &Things, sink: &mut impl Sink) {
    for facts in things.runs.iter() {
        facts.node.edges(sink);
        facts
            .artifacts
            .rows()
            .iter()
            .for_each(|row| row.edges(sink));
        facts
            .artifacts_used
            .iter()
            .for_each(|used| used.edges(sink));
        facts.datasets.iter().for_each(|used| used.edges(sink));
        facts.models.iter().for_each(|used| used.edges(sink));
    }
    for dataset in things.datasets() {
        let versions = dataset.versions.iter();
        versions.for_each(|version| (dataset.id, version).edges(sink));
    }
    for model in things.models() {
        let versions = model.versions.iter();
        versions.for_each(|version| (model.id, version).edges(sink));
    }
    things.links().for_each(|link| link.edges(sink));
}
