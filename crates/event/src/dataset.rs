//! Events of datasets and of their versions, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A version's content never changes: other content is
//! another version, with a number of its own that is never given again.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::blob_id::BlobId;
use crate::ids::{DatasetId, RunKey};
use crate::thing::Split;

/// A dataset exists from now on, without versions.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetCreatedV1 {
    /// The new dataset.
    pub dataset: DatasetId,
    /// Its name, unique among the datasets that are not deleted.
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

/// Fields of a dataset changed; an absent one stays as it was, an empty text clears it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetEditedV1 {
    /// The dataset.
    pub dataset: DatasetId,
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

/// A dataset was deleted, undoably; the name is free.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetDeletedV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// Who deleted it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A deleted dataset came back and takes its name again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetRestoredV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A dataset has a version more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetVersionAddedV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number, from 1 without gaps.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// `<kind>:<value>`: what tells this content from any other, such as `blake3:<hex>`.
    pub digest: String,
    /// Where it came from: a URI or a path.
    pub source: String,
    /// The manifest of its files in the root of data, where the store holds them.
    pub content: Option<BlobId>,
    /// Its length in bytes, all files together.
    pub len: Option<u64>,
    /// How many rows it has.
    pub rows: Option<u64>,
    /// Its columns and their types, as JSON text; empty when not known.
    #[serde(serialize_with = "crate::json::embedded")]
    pub schema: String,
    /// Counts, ranges and means of its columns, as JSON text; empty when not known.
    #[serde(serialize_with = "crate::json::embedded")]
    pub profile: String,
    /// The versions that it was made of.
    pub parents: Vec<(DatasetId, u64)>,
    /// What was done to them.
    pub transformation: Option<String>,
    /// The run that made it.
    pub run: Option<RunKey>,
    /// How its rows were chosen from its parents', as JSON text; empty when they were not.
    #[serde(serialize_with = "crate::json::embedded")]
    pub sampling: String,
    /// Tags; a plain tag has an empty value.
    #[serde(serialize_with = "crate::json::pairs")]
    pub tags: Vec<(String, String)>,
    /// Who added it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// What is said of a version of a dataset changed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetVersionEditedV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number.
    pub number: u64,
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

/// A version of a dataset was removed, undoably; its number is not given again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetVersionRemovedV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number.
    pub number: u64,
    /// Who removed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// The files of removed versions of a dataset are gone for good: their bytes may go once this stands, and the store keeps
/// none of these versions' content any more, also when one of them is restored.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetBytesPurgedV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// The versions' numbers.
    pub numbers: Vec<u64>,
    /// Who purged them.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A removed version of a dataset came back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetVersionRestoredV1 {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number.
    pub number: u64,
    /// Who restored it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A run took in a version of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DatasetUsedV1 {
    /// The run.
    pub run: RunKey,
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number.
    pub number: u64,
    /// The dataset's name at that time.
    pub name: String,
    /// The version's digest.
    pub digest: String,
    /// What was asked for, such as `imagenet@latest`.
    pub selector: String,
    /// What the run does with it.
    pub split: Split,
    /// How the rows were chosen, as JSON text; empty when all were taken.
    #[serde(serialize_with = "crate::json::embedded")]
    pub sampling: String,
    /// Who used it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}
