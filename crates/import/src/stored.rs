//! The bytes of artifacts on their way into the store.
//!
//! Invariant: bytes that nothing names are swept away, so who is killed between storing and naming them leaves nothing.

use std::fs::{self, File};
use std::path::Path;

use mltrack::{Code, Error, PieceArtifact, Result, Tracker};

use crate::chunk::{Content, PastArtifact};

/// How many bytes are brought in with it.
pub(crate) fn content_len(artifact: &PastArtifact) -> u64 {
    match &artifact.content {
        Content::Bytes(bytes) => bytes.len() as u64,
        Content::File(path) => fs::metadata(path).map_or(0, |known| known.len()),
        Content::Link { .. } => 0,
    }
}

/// Stores the bytes of an artifact, which nothing names yet.
pub(crate) fn store<'c>(
    tracker: &Tracker,
    artifact: &'c PastArtifact,
) -> Result<PieceArtifact<'c>> {
    mltrack::artifact_path(&artifact.path)?;
    let stored = match &artifact.content {
        Content::Bytes(bytes) => tracker.store_bytes(bytes.as_slice())?,
        Content::File(path) => {
            let file = File::open(path).map_err(|error| unreadable(path, error))?;
            tracker.store_bytes(file)?
        }
        Content::Link { place, .. } => {
            let what = format!("{place} is only a place");
            return Err(Error::new(Code::ValidationError, what));
        }
    };
    Ok(PieceArtifact {
        path: &artifact.path,
        stored,
        step: artifact.step,
        time: artifact.time,
        metadata: artifact.metadata.clone(),
    })
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(Code::NotFound, format!("cannot read {}", path.display())).with_source(error)
}

/// Whether an error is about one artifact, and not about the store.
pub(crate) fn is_of_one(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::NotFound | Code::ValidationError | Code::ArtifactTooLarge
    )
}
