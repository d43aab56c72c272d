//! Events of the registry of models, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A version's content never changes: other content is
//! another version, with a number of its own that is never given again. An alias names one version at a time.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::blob_id::BlobId;
use crate::ids::{ArtifactId, ModelId, RunKey};

/// A model exists from now on, without versions.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelCreatedV1 {
    /// The new model.
    pub model: ModelId,
    /// Its name, unique among the models that are not deleted.
    pub name: String,
    /// What it is; empty when not given.
    pub description: String,
    /// Tags; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// Who created it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// Fields of a model changed; an absent one stays as it was, an empty text clears it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelEditedV1 {
    /// The model.
    pub model: ModelId,
    /// Its new name. A rename needs the names' stream, see [`Event::stream`](crate::Event::stream).
    pub name: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Tags to set, replacing values of the same key.
    #[serde(serialize_with = "crate::json::pairs")]
    pub set: Vec<(String, String)>,
    /// Keys of tags to remove, after `set`.
    pub remove: Vec<String>,
    /// Who edited it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A model was deleted, undoably; the name is free.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelDeletedV1 {
    /// The model.
    pub model: ModelId,
    /// Who deleted it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A deleted model came back and takes its name again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelRestoredV1 {
    /// The model.
    pub model: ModelId,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A model has a version more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelVersionAddedV1 {
    /// The model.
    pub model: ModelId,
    /// The version's number, from 1 without gaps.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// The run that made it.
    pub run: Option<RunKey>,
    /// The artifacts that it is made of.
    pub artifacts: Vec<ArtifactId>,
    /// The manifest of its files in the root of artifacts, where it is more than one artifact.
    pub content: Option<BlobId>,
    /// What can load it, such as `pytorch`; empty when not said.
    pub flavour: String,
    /// Where it came from: a URI or a path; empty when not said.
    pub source: String,
    /// What goes in and out, as JSON text; empty when not said.
    #[serde(serialize_with = "crate::json::embedded")]
    pub signature: String,
    /// What else is said of it, as JSON text; empty when nothing is.
    #[serde(serialize_with = "crate::json::embedded")]
    pub metadata: String,
    /// Tags; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// Who added it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// What is said of a version of a model changed; an absent field stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelVersionEditedV1 {
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// What it is; an empty text clears it.
    pub description: Option<String>,
    /// Its new semantic version; an empty text takes it away.
    pub version: Option<String>,
    /// Tags to set, replacing values of the same key.
    #[serde(serialize_with = "crate::json::pairs")]
    pub set: Vec<(String, String)>,
    /// Keys of tags to remove, after `set`.
    pub remove: Vec<String>,
    /// Who edited it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A version of a model was removed, undoably; its number is not given again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelVersionRemovedV1 {
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// Who removed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A removed version of a model came back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelVersionRestoredV1 {
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// An alias of a model names another version, or none.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelAliasSetV1 {
    /// The model.
    pub model: ModelId,
    /// The alias.
    pub alias: String,
    /// The version that it names; absent: the alias is gone.
    pub number: Option<u64>,
    /// Who set it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A version of a model moved to another stage: `None`, `Staging`, `Production` or `Archived`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelStageMovedV1 {
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// The stage that it was in.
    pub from: String,
    /// The stage that it is in now.
    pub to: String,
    /// Who moved it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// The files that removed versions of a model kept themselves are gone for good: their bytes may go once this stands, and
/// the store keeps none of these versions' content any more, also when one of them is restored. Artifacts are not meant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelBytesPurgedV1 {
    /// The model.
    pub model: ModelId,
    /// The versions' numbers.
    pub numbers: Vec<u64>,
    /// Who purged them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run took in a version of a model.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct ModelUsedV1 {
    /// The run.
    pub run: RunKey,
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// The model's name at that time.
    pub name: String,
    /// What was asked for, such as `resnet@prod`.
    pub selector: String,
    /// Who used it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
