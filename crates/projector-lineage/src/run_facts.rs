//! Everything that is known because of one run, and goes when it is purged.

use crate::artifacts::Artifacts;
use crate::environments::Captured;
use crate::nodes::RunNode;
use crate::uses::{ArtifactUse, DatasetUse, ModelUse, Scrub, Uses};

/// What the log says about one run.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RunFacts {
    pub node: RunNode,
    pub artifacts: Artifacts,
    pub datasets: Vec<DatasetUse>,
    pub models: Vec<ModelUse>,
    pub artifacts_used: Vec<ArtifactUse>,
    /// One for each time that it was captured, oldest first.
    pub environments: Vec<Captured>,
    pub scrubs: Vec<Scrub>,
    /// Events about it that named something that is not there.
    pub orphaned: u64,
    /// Events about it that did not fit.
    pub refused: u64,
}

impl RunFacts {
    pub fn new(node: RunNode) -> RunFacts {
        RunFacts {
            node,
            artifacts: Artifacts::default(),
            datasets: Vec::new(),
            models: Vec::new(),
            artifacts_used: Vec::new(),
            environments: Vec::new(),
            scrubs: Vec::new(),
            orphaned: 0,
            refused: 0,
        }
    }

    pub fn uses(&self) -> Uses<'_> {
        Uses {
            datasets: &self.datasets,
            models: &self.models,
            artifacts: &self.artifacts_used,
        }
    }
}
