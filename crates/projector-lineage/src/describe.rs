//! How people call the nodes of the graph, and whether what they stand for is still there.

use std::fmt;

use mltrack_event::{ArtifactId, NodeRef};
use mltrack_projector::Stamp;

use crate::things::Things;

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NodeKind {
    /// An experiment.
    Experiment,
    /// A run.
    Run,
    /// A dataset, all its versions.
    Dataset,
    /// One version of a dataset.
    DatasetVersion,
    /// A model, all its versions.
    Model,
    /// One version of a model.
    ModelVersion,
    /// An artifact.
    Artifact,
    /// A metric of a run.
    Metric,
    /// A step that made data of data.
    Transformation,
    /// Something outside of the store.
    External,
}

/// Whether what a node stands for is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NodeState {
    /// It is.
    Present,
    /// It was deleted, by itself or with what it belongs to, and can be restored.
    Deleted,
    /// It was removed and can be restored.
    Removed,
    /// It is gone for good, or the store never had it.
    Gone,
}

/// A node in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// What it is.
    pub kind: NodeKind,
    /// What people call it: `resnet`, `kind-elk (1a2b3c4d)`, `imagenet v3`, `1a2b3c4d/model.pt@v2`.
    pub name: String,
    /// Whether it is there.
    pub state: NodeState,
}

impl NodeKind {
    /// Every kind, in the order of the format.
    pub const ALL: [NodeKind; 10] = [
        NodeKind::Experiment,
        NodeKind::Run,
        NodeKind::Dataset,
        NodeKind::DatasetVersion,
        NodeKind::Model,
        NodeKind::ModelVersion,
        NodeKind::Artifact,
        NodeKind::Metric,
        NodeKind::Transformation,
        NodeKind::External,
    ];

    /// The kind of a node.
    #[must_use]
    pub fn of(node: &NodeRef) -> NodeKind {
        match node {
            NodeRef::Experiment(_) => NodeKind::Experiment,
            NodeRef::Run(_) => NodeKind::Run,
            NodeRef::Dataset(_) => NodeKind::Dataset,
            NodeRef::DatasetVersion(..) => NodeKind::DatasetVersion,
            NodeRef::Model(_) => NodeKind::Model,
            NodeRef::ModelVersion(..) => NodeKind::ModelVersion,
            NodeRef::Artifact(_) => NodeKind::Artifact,
            NodeRef::Metric(..) => NodeKind::Metric,
            NodeRef::Transformation(_) => NodeKind::Transformation,
            NodeRef::External(_) => NodeKind::External,
        }
    }

    /// The kind's name, as JSON shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NodeKind::Experiment => "experiment",
            NodeKind::Run => "run",
            NodeKind::Dataset => "dataset",
            NodeKind::DatasetVersion => "dataset_version",
            NodeKind::Model => "model",
            NodeKind::ModelVersion => "model_version",
            NodeKind::Artifact => "artifact",
            NodeKind::Metric => "metric",
            NodeKind::Transformation => "transformation",
            NodeKind::External => "external",
        }
    }
}

impl NodeState {
    /// The state's name, as JSON shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            NodeState::Present => "present",
            NodeState::Deleted => "deleted",
            NodeState::Removed => "removed",
            NodeState::Gone => "gone",
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Things {
    /// A node in words.
    #[must_use]
    pub fn describe(&self, node: &NodeRef) -> Description {
        Description {
            kind: NodeKind::of(node),
            name: self.name_of(node),
            state: self.state_of(node),
        }
    }

    /// What people call a node.
    #[must_use]
    pub fn name_of(&self, node: &NodeRef) -> String {
        match node {
            NodeRef::Experiment(id) => match self.experiment(*id) {
                Some(known) => known.name.to_string(),
                None => id.to_string(),
            },
            NodeRef::Run(run) => match self.thing_run(*run) {
                Some(node) => format!("{} ({})", node.name, run.short()),
                None => run.short(),
            },
            NodeRef::Dataset(id) => match self.dataset(*id) {
                Some(dataset) => dataset.name.clone(),
                None => id.to_string(),
            },
            NodeRef::DatasetVersion(id, number) => {
                format!("{} v{number}", self.name_of(&NodeRef::Dataset(*id)))
            }
            NodeRef::Model(id) => match self.model(*id) {
                Some(model) => model.name.clone(),
                None => id.to_string(),
            },
            NodeRef::ModelVersion(id, number) => {
                format!("{} v{number}", self.name_of(&NodeRef::Model(*id)))
            }
            NodeRef::Artifact(id) => self.name_of_artifact(*id),
            NodeRef::Metric(run, name) => format!("{}/{name}", run.short()),
            NodeRef::Transformation(name) | NodeRef::External(name) => name.clone(),
        }
    }

    fn name_of_artifact(&self, id: ArtifactId) -> String {
        let Some(artifact) = self.artifact(id) else {
            return id.to_string();
        };
        let (run, path) = (artifact.run, &artifact.path);
        let newest = self.versions_of(run, path).next();
        if newest.is_some_and(|newest| newest.id == id) {
            format!("{}/{path}", run.short())
        } else {
            format!("{}/{path}@v{}", run.short(), artifact.version)
        }
    }

    /// When what a node stands for came to be; `None` for what the store does not know, or knows only by its name.
    #[must_use]
    pub fn created_of(&self, node: &NodeRef) -> Option<Stamp> {
        let at = |lsn, time_ns| Stamp { lsn, time_ns };
        match node {
            NodeRef::Experiment(id) => Some(self.experiment(*id)?.created),
            NodeRef::Run(run) | NodeRef::Metric(run, _) => Some(self.thing_run(*run)?.created),
            NodeRef::Dataset(id) => Some(self.dataset(*id)?.created),
            NodeRef::DatasetVersion(id, number) => {
                let version = self.dataset_version(*id, *number)?;
                Some(at(version.lsn, version.time_ns))
            }
            NodeRef::Model(id) => Some(self.model(*id)?.created),
            NodeRef::ModelVersion(id, number) => {
                let version = self.model_version(*id, *number)?;
                Some(at(version.lsn, version.time_ns))
            }
            NodeRef::Artifact(id) => {
                let artifact = self.artifact(*id)?;
                Some(at(artifact.lsn, artifact.time_ns))
            }
            NodeRef::Transformation(_) | NodeRef::External(_) => None,
        }
    }

    /// Whether what a node stands for is there.
    #[must_use]
    pub fn state_of(&self, node: &NodeRef) -> NodeState {
        match node {
            NodeRef::Experiment(id) => match self.experiment(*id) {
                Some(known) => deleted(known.deleted.is_some()),
                None => NodeState::Gone,
            },
            NodeRef::Run(run) | NodeRef::Metric(run, _) => match self.thing_run(*run) {
                Some(_) => deleted(self.is_run_deleted(*run)),
                None => NodeState::Gone,
            },
            NodeRef::Dataset(id) => match self.dataset(*id) {
                Some(dataset) => deleted(dataset.deleted.is_some()),
                None => NodeState::Gone,
            },
            NodeRef::DatasetVersion(id, number) => {
                let version = self.dataset_version(*id, *number);
                let is_removed = version.map(|version| version.removed.is_some());
                version_state(self.state_of(&NodeRef::Dataset(*id)), is_removed)
            }
            NodeRef::Model(id) => match self.model(*id) {
                Some(model) => deleted(model.deleted.is_some()),
                None => NodeState::Gone,
            },
            NodeRef::ModelVersion(id, number) => {
                let version = self.model_version(*id, *number);
                let is_removed = version.map(|version| version.removed.is_some());
                version_state(self.state_of(&NodeRef::Model(*id)), is_removed)
            }
            NodeRef::Artifact(id) => match self.artifact(*id) {
                Some(artifact) if artifact.purged.is_some() => NodeState::Gone,
                Some(artifact) if artifact.removed.is_some() => NodeState::Removed,
                Some(artifact) => deleted(self.is_run_deleted(artifact.run)),
                None => NodeState::Gone,
            },
            NodeRef::Transformation(_) | NodeRef::External(_) => NodeState::Present,
        }
    }
}

fn deleted(is_deleted: bool) -> NodeState {
    if is_deleted {
        NodeState::Deleted
    } else {
        NodeState::Present
    }
}

fn version_state(of_whole: NodeState, is_removed: Option<bool>) -> NodeState {
    match (of_whole, is_removed) {
        (_, None) => NodeState::Gone,
        (NodeState::Present, Some(true)) => NodeState::Removed,
        (state, _) => state,
    }
}
