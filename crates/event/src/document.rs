//! Events of documents, version 1: JSON texts under a kind and an id, for things that the engine has no rules about.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A body that is too long for one record is cut: its
//! first pieces are `document_part` records directly before the `document_put` that ends it, in the same batch, so their
//! lsns are the ones before its own.

use bincode::{Decode, Encode};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};

use crate::blob_id::BlobId;

/// A document has this body from now on, whatever it had before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DocumentPutV1 {
    /// What kind of thing it is, such as `mlflow.trace`.
    pub kind: String,
    /// Which one of its kind.
    pub id: String,
    /// How many records before this one hold the beginning of the body.
    pub parts: u32,
    /// The body as JSON text, or its end when there are parts.
    #[serde(serialize_with = "crate::json::embedded")]
    pub body: String,
    /// Contents in the root of artifacts that the document needs, each with its length in bytes.
    #[serde(serialize_with = "blobs")]
    pub blobs: Vec<(BlobId, u64)>,
    /// Who put it there.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A document is gone, undoably.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DocumentRemovedV1 {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Who removed it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// A piece of a body that goes on in the next record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct DocumentPartV1 {
    /// The piece.
    pub text: String,
}

#[derive(Serialize)]
struct Blob {
    blob: BlobId,
    len: u64,
}

fn blobs<S: Serializer>(blobs: &[(BlobId, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(blobs.len()))?;
    for (blob, len) in blobs {
        let (blob, len) = (*blob, *len);
        list.serialize_element(&Blob { blob, len })?;
    }
    list.end()
}
