//! Events of artifacts and of a run's environment, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. An event names only bytes that are stored already. A path
//! is normal: parts joined by `/`, none of them empty, `.` or `..`. Logging a path again makes a new version of it.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::blob_id::{BlobId, Root};
use crate::ids::{ArtifactId, RunKey};
use crate::thing::{ArtifactKind, Reproducible};

/// What a run runs on, and with which code.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct EnvironmentCapturedV1 {
    /// The run.
    pub run: RunKey,
    /// Whether it can be run again from this.
    pub reproducible: Reproducible,
    /// Keys such as `os.name` with their values, sorted by key.
    #[serde(serialize_with = "crate::json::pairs")]
    pub summary: Vec<(String, String)>,
    /// `environment`, `patch`, `dependencies`: artifacts of the run that say it in full.
    #[serde(serialize_with = "crate::json::pairs")]
    pub documents: Vec<(String, ArtifactId)>,
    /// Files that the patch leaves out, each as `path: why`.
    pub left_out: Vec<String>,
    /// Who captured it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run has an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ArtifactLoggedV1 {
    /// The new artifact.
    pub artifact: ArtifactId,
    /// The run.
    pub run: RunKey,
    /// Its path among the run's artifacts.
    pub path: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its content.
    pub blob: BlobId,
    /// Which root holds it.
    pub root: Root,
    /// The step it belongs to.
    pub step: Option<i64>,
    /// What else is said of it, as JSON text.
    #[serde(serialize_with = "crate::json::embedded")]
    pub metadata: String,
    /// Who logged it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Artifacts of a run were removed, undoably until `gc`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ArtifactsRemovedV1 {
    /// The run.
    pub run: RunKey,
    /// Which of its artifacts.
    pub artifacts: Vec<ArtifactId>,
    /// `removed by hand`, or the rule that removed them.
    pub why: String,
    /// Who removed them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Removed artifacts of a run came back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ArtifactsRestoredV1 {
    /// The run.
    pub run: RunKey,
    /// Which of its artifacts.
    pub artifacts: Vec<ArtifactId>,
    /// Who restored them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run took in an artifact, mostly one of another run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ArtifactUsedV1 {
    /// The run that read it.
    pub run: RunKey,
    /// What it read.
    pub artifact: ArtifactId,
    /// Who used it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Removed artifacts are gone for good: their bytes may go once this stands.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ArtifactsPurgedV1 {
    /// Which artifacts.
    pub artifacts: Vec<ArtifactId>,
    /// Who purged them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
