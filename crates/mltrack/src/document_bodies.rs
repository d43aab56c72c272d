//! Bodies of documents: cut into records when they are written, read from the log where memory does not have them.
//!
//! Invariants: a body is cut between characters, and its records are in one batch, so their lsns follow each other; of
//! any number of bodies asked for at once each batch is read once.

use std::sync::Arc;

use mltrack_event::{BlobId, DocumentPart, DocumentPut, Event, decode};
use mltrack_log::{Lsn, Reader};
use mltrack_projector_documents::Found;

use crate::code::Code;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::registry::By;

/// A record holds at most this much of a body: the limit of payloads less what else stands in one.
const PIECE_LEN_MAX: usize = 900 << 10;

/// What is to be put.
pub(crate) struct NewBody<'a> {
    pub kind: &'a str,
    pub id: &'a str,
    pub body: &'a str,
    pub blobs: &'a [(BlobId, u64)],
}

/// The events that put a document there.
pub(crate) fn put_events(new: &NewBody<'_>, (actor, command): By, events: &mut Vec<Event>) {
    let mut rest = new.body;
    let mut parts = 0;
    while rest.len() > PIECE_LEN_MAX {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_LEN_MAX));
        let text = piece.to_owned();
        events.push(DocumentPart { text }.into());
        parts += 1;
        rest = after;
    }
    let put = DocumentPut {
        kind: new.kind.to_owned(),
        id: new.id.to_owned(),
        parts,
        body: rest.to_owned(),
        blobs: new.blobs.to_vec(),
        actor,
        command,
    };
    events.push(put.into());
}

/// The documents with their bodies, in the same order.
pub(crate) fn with_bodies(
    found: Vec<Found>,
    reader: impl FnOnce() -> Result<Reader>,
) -> Result<Vec<Document>> {
    let mut bodies: Vec<Option<Arc<str>>> = found.iter().map(|row| row.body.clone()).collect();
    let mut missing: Vec<usize> = (0..found.len())
        .filter(|at| bodies[*at].is_none())
        .collect();
    if !missing.is_empty() {
        missing.sort_unstable_by_key(|at| found[*at].lsn);
        let mut reader = reader()?;
        reader.refresh()?;
        let mut left = missing.as_slice();
        while let Some((first, _)) = left.split_first() {
            let row = &found[*first];
            reader.seek(first_record(row));
            let read = read_batch(&mut reader, left, &found, &mut bodies)?;
            if read == 0 {
                let what = format!("the record {} of document {:?} is gone", row.lsn, row.id);
                return Err(Error::new(Code::Corrupt, what).with_hint("mltrack verify --deep"));
            }
            left = &left[read..];
        }
    }
    let documents = found.into_iter().zip(bodies);
    Ok(documents
        .filter_map(|(row, body)| Some(Document::of(row, body?)))
        .collect())
}

fn first_record(row: &Found) -> Lsn {
    let first = row.lsn.get().saturating_sub(u64::from(row.parts));
    Lsn::new(first).unwrap_or(Lsn::FIRST)
}

/// Reads the bodies of `wanted`, ordered by lsn, that lie in the next batch. Returns how many.
fn read_batch(
    reader: &mut Reader,
    wanted: &[usize],
    found: &[Found],
    bodies: &mut [Option<Arc<str>>],
) -> Result<usize> {
    let Some(batch) = reader.next_batch()? else {
        return Ok(0);
    };
    let (mut read, mut pieces) = (0, Vec::new());
    for record in batch {
        let Some(at) = wanted.get(read).copied() else {
            break;
        };
        let row = &found[at];
        if record.lsn < first_record(row) {
            continue;
        }
        let event = decode(record.type_id, record.version, record.payload);
        let event = event.map_err(|error| {
            let what = format!("record {}: {error}", record.lsn);
            Error::new(Code::Corrupt, what)
        })?;
        match event {
            Event::DocumentPart(part) => pieces.push(part.text),
            Event::DocumentPut(put) if record.lsn == row.lsn => {
                let begun = pieces.len().saturating_sub(put.parts as usize);
                let text: String = pieces.drain(begun..).chain([put.body]).collect();
                bodies[at] = Some(text.into());
                pieces.clear();
                read += 1;
            }
            _ => pieces.clear(),
        }
    }
    Ok(read)
}
