//! What is kept of one document.
//!
//! Invariant: a document whose body lies in the log and that was never put again takes 32 bytes beside its id.

use std::sync::Arc;

use mltrack_event::BlobId;
use mltrack_projector::Lsn;

/// A document, with its body where that is kept in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: Arc<str>,
    /// The record that holds its body, or the end of it.
    pub lsn: Lsn,
    /// When that happened, in ns since 1970.
    pub time_ns: i64,
    /// The record that made it.
    pub created_lsn: Lsn,
    /// When that happened, in ns since 1970.
    pub created_time_ns: i64,
    /// Who put the body there.
    pub actor: Arc<str>,
    /// How many records before `lsn` hold the beginning of the body.
    pub parts: u32,
    /// The body; `None`: read it from the log.
    pub body: Option<Arc<str>>,
    /// Contents that it needs, with their lengths in bytes.
    pub blobs: Vec<(BlobId, u64)>,
}

/// The same in little memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub lsn: Lsn,
    pub time_ns: i64,
    /// Its place in the table of actors.
    pub actor: u32,
    pub parts: u32,
    /// `None`: made by `lsn`, with its body in the log, and no blobs.
    pub more: Option<Box<More>>,
}

/// What few documents of large kinds have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct More {
    /// The record that made it, and when, unless the newest one did.
    pub created: Option<(Lsn, i64)>,
    pub body: Option<Arc<str>>,
    pub blobs: Box<[(BlobId, u64)]>,
}

impl Row {
    pub fn created(&self) -> (Lsn, i64) {
        let created = self.more.as_ref().and_then(|more| more.created);
        created.unwrap_or((self.lsn, self.time_ns))
    }

    pub fn body(&self) -> Option<&Arc<str>> {
        self.more.as_ref()?.body.as_ref()
    }

    pub fn blobs(&self) -> &[(BlobId, u64)] {
        self.more.as_ref().map_or(&[], |more| &more.blobs)
    }

    pub fn found(&self, id: &str, actor: &Arc<str>) -> Found {
        let (created_lsn, created_time_ns) = self.created();
        Found {
            id: id.into(),
            lsn: self.lsn,
            time_ns: self.time_ns,
            created_lsn,
            created_time_ns,
            actor: Arc::clone(actor),
            parts: self.parts,
            body: self.body().cloned(),
            blobs: self.blobs().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_body_takes_32_bytes() {
        assert_eq!(size_of::<Row>(), 32);
    }
}
