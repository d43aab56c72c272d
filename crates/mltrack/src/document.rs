//! A document, and what may be done to one.
//!
//! Invariant: names are checked where they are chosen, and every refusal quotes the rule.

use std::sync::Arc;

use mltrack_event::BlobId;
use mltrack_log::Lsn;
use mltrack_projector_documents::Found;

use crate::error::{Error, Result};

/// No kind is longer, in bytes.
pub(crate) const KIND_LEN_MAX: usize = 64;
/// No id is longer, in bytes.
pub(crate) const ID_LEN_MAX: usize = 512;
/// No body is longer, in bytes.
pub(crate) const BODY_LEN_MAX: usize = 4 << 20;

/// A JSON text under a kind and an id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// Its id.
    pub id: Arc<str>,
    /// What it says.
    pub body: Arc<str>,
    /// Contents in the root of artifacts that it needs, with their lengths in bytes.
    pub blobs: Vec<(BlobId, u64)>,
    /// The record that made it.
    pub created_lsn: Lsn,
    /// When that happened, in ns since 1970.
    pub created_time_ns: i64,
    /// The record that gave it this body.
    pub lsn: Lsn,
    /// When that happened, in ns since 1970.
    pub time_ns: i64,
    /// Who did.
    pub actor: Arc<str>,
}

/// What must be true of a document for a change to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// There is none of this id.
    Absent,
    /// There is one, whatever it says.
    Present,
    /// This record gave it its body: nobody has changed it since.
    Lsn(Lsn),
}

/// What becomes of a document; see [`Documents::update`](crate::Documents::update).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is.
    Keep,
    /// It has this body from now on, and the blobs it had.
    Put(String),
    /// It has this body and these blobs from now on.
    PutWithBlobs(String, Vec<(BlobId, u64)>),
    /// It is gone.
    Remove,
}

impl Document {
    pub(crate) fn of(found: Found, body: Arc<str>) -> Document {
        Document {
            id: found.id,
            body,
            blobs: found.blobs,
            created_lsn: found.created_lsn,
            created_time_ns: found.created_time_ns,
            lsn: found.lsn,
            time_ns: found.time_ns,
            actor: found.actor,
        }
    }
}

/// Refuses what is no kind.
pub(crate) fn check_kind(kind: &str) -> Result<()> {
    let is_letter = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    if (1..=KIND_LEN_MAX).contains(&kind.len()) && kind.bytes().all(is_letter) {
        return Ok(());
    }
    Err(Error::validation(format!(
        "{kind:?} is no kind of documents: it has 1 to {KIND_LEN_MAX} of a-z, 0-9, `.`, `_` and `-`"
    )))
}

/// Refuses what is no id.
pub(crate) fn check_id(id: &str) -> Result<()> {
    if (1..=ID_LEN_MAX).contains(&id.len()) && !id.contains('\0') {
        return Ok(());
    }
    Err(Error::validation(format!(
        "the id of a document has 1 to {ID_LEN_MAX} bytes and no 0 byte, and this one has {}",
        id.len()
    )))
}

/// Refuses what is no body.
pub(crate) fn check_body(id: &str, body: &str) -> Result<()> {
    if body.len() > BODY_LEN_MAX {
        return Err(Error::validation(format!(
            "document {id:?}: its body has {} bytes, and at most {BODY_LEN_MAX} are possible: keep the rest as an artifact",
            body.len()
        )));
    }
    serde_json::from_str::<serde::de::IgnoredAny>(body)
        .map(drop)
        .map_err(|error| {
            Error::validation(format!("document {id:?}: its body is no JSON: {error}"))
        })
}
