//! Artifacts, datasets, models, environments and what depends on what, folded from the log.
//!
//! [`Lineage`] is the projector and [`Things`] what it knows.
//!
//! Invariants: the state is a function of the events alone; an event that does not fit changes nothing but a count in
//! [`Oddities`]; a fold that met the events of what was purged or scrubbed, and one that met none of them because their
//! bytes are gone, give the same state.
#![deny(missing_docs)]

mod apply;
mod apply_dataset;
mod apply_model;
mod apply_run;
mod artifact;
mod artifacts;
mod coded;
mod dataset;
mod describe;
mod environments;
mod graph;
mod grow;
mod impact;
mod lazy;
mod links;
mod model;
mod nodes;
mod purge;
mod registry;
mod run_facts;
mod runs;
pub mod snapshot;
mod things;
mod trees;
mod uses;
mod walk;

pub use apply::Lineage;
pub use artifact::{Artifact, Removed};
pub use dataset::{Dataset, DatasetVersion};
pub use describe::{Description, NodeKind, NodeState};
pub use graph::Way;
pub use impact::Impact;
pub use links::Link;
pub use model::{Model, ModelVersion, StageMove};
pub use nodes::{ExperimentNode, RunNode};
pub use things::{Oddities, Things};
pub use trees::TreeOfVersion;
pub use uses::{ArtifactUse, DatasetUse, Environment, ModelUse, Scrub, Uses};
pub use walk::{Edge, GraphSize, Reach, Step, Walk};
