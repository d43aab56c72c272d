//! The rows of a snapshot.
//!
//! Invariant: rows come by kind and id, so equal states give equal bytes.

use std::sync::Arc;

use bincode::{Decode, Encode};
use mltrack_event::BlobId;
use mltrack_projector::Lsn;

use crate::documents::{Documents, Oddities};
use crate::row::{More, Row};

/// So many rows are in one part, unless their bodies are long.
const ROW_COUNT_MAX: usize = 8192;
/// A part is full when its bodies have so many bytes.
const BODIES_LEN_MAX: usize = 4 << 20;

/// What is not a row.
#[derive(Encode, Decode)]
pub struct Small {
    pub actors: Vec<String>,
    pub released: Vec<(i64, BlobId)>,
    pub oddities: Oddities,
}

/// One document.
#[derive(Encode, Decode)]
pub struct Stored {
    kind: String,
    id: String,
    lsn: u64,
    time_ns: i64,
    actor: u32,
    parts: u32,
    created: Option<(u64, i64)>,
    body: Option<String>,
    blobs: Vec<(BlobId, u64)>,
}

impl Small {
    pub fn of(documents: &Documents) -> Small {
        let actors = documents.actors.names.iter();
        Small {
            actors: actors.map(ToString::to_string).collect(),
            released: documents.released.iter().copied().collect(),
            oddities: documents.oddities.clone(),
        }
    }
}

impl Stored {
    fn of(kind: &str, id: &str, row: &Row) -> Stored {
        let created = row.more.as_ref().and_then(|more| more.created);
        Stored {
            kind: kind.to_owned(),
            id: id.to_owned(),
            lsn: row.lsn.get(),
            time_ns: row.time_ns,
            actor: row.actor,
            parts: row.parts,
            created: created.map(|(lsn, time_ns)| (lsn.get(), time_ns)),
            body: row.body().map(ToString::to_string),
            blobs: row.blobs().to_vec(),
        }
    }

    /// Puts it into a state. `None` for what no event can have made.
    pub fn put_into(self, documents: &mut Documents) -> Option<()> {
        let created = match self.created {
            Some((lsn, time_ns)) => Some((Lsn::new(lsn)?, time_ns)),
            None => None,
        };
        let more = More {
            created,
            body: self.body.map(Arc::from),
            blobs: self.blobs.into(),
        };
        let row = Row {
            lsn: Lsn::new(self.lsn)?,
            time_ns: self.time_ns,
            actor: self.actor,
            parts: self.parts,
            more: (more != More::default()).then(|| Box::new(more)),
        };
        let len = row.body().map_or(0, |body| body.len());
        let kind = documents.kinds.entry(self.kind.into()).or_default();
        kind.kept_len += len;
        documents.kept_len += len;
        kind.rows
            .insert(self.id.into(), row)
            .is_none()
            .then_some(())
    }
}

/// Hands all rows to `put`, some at a time.
pub fn parts<E>(
    documents: &Documents,
    mut put: impl FnMut(&[Stored]) -> Result<(), E>,
) -> Result<(), E> {
    let (mut rows, mut len) = (Vec::new(), 0);
    for (kind, of_kind) in &documents.kinds {
        for (id, row) in &of_kind.rows {
            len += row.body().map_or(0, |body| body.len());
            rows.push(Stored::of(kind, id, row));
            if rows.len() == ROW_COUNT_MAX || len >= BODIES_LEN_MAX {
                put(&rows)?;
                rows.clear();
                len = 0;
            }
        }
    }
    if rows.is_empty() { Ok(()) } else { put(&rows) }
}
