//! Events of lineage, version 1: what a person says depends on what, beside what other events say.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen and enums only grow at their end. An edge points the way
//! that data flows: from what was there to what was made of it.

use std::fmt;

use bincode::{Decode, Encode};
use serde::{Serialize, Serializer};

use crate::ids::{ArtifactId, DatasetId, ExperimentId, ModelId, RunKey};

/// Anything that lineage knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum NodeRef {
    /// An experiment.
    Experiment(ExperimentId),
    /// A run.
    Run(RunKey),
    /// A dataset, all its versions.
    Dataset(DatasetId),
    /// One version of a dataset.
    DatasetVersion(DatasetId, u64),
    /// A model, all its versions.
    Model(ModelId),
    /// One version of a model.
    ModelVersion(ModelId, u64),
    /// An artifact.
    Artifact(ArtifactId),
    /// A metric of a run.
    Metric(RunKey, String),
    /// A step that made data of data, by its name.
    Transformation(String),
    /// Something outside of the store, by its URI.
    External(String),
}

/// The kind and the id: `run:01020304050607ab`, `dataset:dataset-<32 digits>@v3`, `external:<uri>`.
impl fmt::Display for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeRef::Experiment(id) => write!(f, "exp:{id}"),
            NodeRef::Run(run) => write!(f, "run:{run}"),
            NodeRef::Dataset(id) => write!(f, "dataset:{id}"),
            NodeRef::DatasetVersion(id, number) => write!(f, "dataset:{id}@v{number}"),
            NodeRef::Model(id) => write!(f, "model:{id}"),
            NodeRef::ModelVersion(id, number) => write!(f, "model:{id}@v{number}"),
            NodeRef::Artifact(id) => write!(f, "artifact:{id}"),
            NodeRef::Metric(run, name) => write!(f, "metric:{run}/{name}"),
            NodeRef::Transformation(name) => write!(f, "transformation:{name}"),
            NodeRef::External(uri) => write!(f, "external:{uri}"),
        }
    }
}

impl Serialize for NodeRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an edge means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The first holds the second: an experiment its runs, a dataset its versions.
    Contains,
    /// A dataset's version went into a run.
    UsesDataset,
    /// A model's version went into a run.
    UsesModel,
    /// An artifact went into a run.
    UsesArtifact,
    /// A run made the second.
    Produces,
    /// The second was made of the first.
    DerivedFrom,
    /// The second judges the first.
    Evaluates,
    /// The first is a step that made the second.
    Transforms,
    /// The second is the first run again.
    Reproduces,
}

impl EdgeKind {
    /// The kind's name, as JSON shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EdgeKind::Contains => "contains",
            EdgeKind::UsesDataset => "uses_dataset",
            EdgeKind::UsesModel => "uses_model",
            EdgeKind::UsesArtifact => "uses_artifact",
            EdgeKind::Produces => "produces",
            EdgeKind::DerivedFrom => "derived_from",
            EdgeKind::Evaluates => "evaluates",
            EdgeKind::Transforms => "transforms",
            EdgeKind::Reproduces => "reproduces",
        }
    }
}

impl fmt::Display for EdgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Somebody said that one thing depends on another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct LineageLinkedV1 {
    /// Where data comes from.
    pub from: NodeRef,
    /// Where it goes.
    pub to: NodeRef,
    /// In which way.
    pub kind: EdgeKind,
    /// Who said so.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// What somebody had said no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct LineageUnlinkedV1 {
    /// As it was linked.
    pub from: NodeRef,
    /// As it was linked.
    pub to: NodeRef,
    /// As it was linked.
    pub kind: EdgeKind,
    /// Who took it back.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
