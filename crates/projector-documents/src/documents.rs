//! Everything the projector knows.
//!
//! Invariant: which bodies are in memory is a function of the events too: a body stays there when it is short and its
//! kind, and all kinds together, are within their bounds at that moment.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use mltrack_event::{BlobId, DocumentPut, DocumentRemoved};
use mltrack_projector::{Entry, Lsn};

use crate::row::{Found, More, Row};

/// A longer body stays in the log.
const BODY_KEPT_LEN_MAX: usize = 16 << 10;
/// Bodies of one kind in memory: enough for whatever people write by hand, and little of what programs write.
const KIND_KEPT_LEN_MAX: usize = 4 << 20;
/// For how long blobs that were let go are remembered, in ns: longer than anybody can undo by default.
const RELEASED_KEPT_NS: i64 = 31 * 24 * 3600 * 1_000_000_000;
/// Bodies of all kinds in memory.
const ALL_KEPT_LEN_MAX: usize = 24 << 20;

/// The fold of documents.
///
/// Memory: at most 24 MiB of bodies, and beside them for each document its id and 32 bytes in a tree: about 155 bytes
/// for an id of 52 bytes. A document with blobs, or one that was put more than once, takes some 60 bytes more, and a blob
/// that was let go in the last 31 days 40.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    pub(crate) kinds: BTreeMap<Box<str>, Kind>,
    pub(crate) actors: Actors,
    pub(crate) kept_len: usize,
    /// Blobs that were let go, by when: a document that comes back needs them again.
    pub(crate) released: VecDeque<(i64, BlobId)>,
    pub(crate) oddities: Oddities,
}

/// The documents of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    pub(crate) rows: BTreeMap<Box<str>, Row>,
    pub(crate) kept_len: usize,
}

/// Events that were skipped, by why. All zero in a store that only this program wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Oddities {
    /// The payload could not be decoded.
    pub unreadable: u64,
    /// A document was removed that was not there.
    pub orphaned: u64,
}

/// Who put documents: few, so each name is kept once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actors {
    pub names: Vec<Arc<str>>,
    places: BTreeMap<Arc<str>, u32>,
}

impl Actors {
    pub fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let name: Arc<str> = name.into();
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(Arc::clone(&name));
        self.places.insert(name, place);
        place
    }

    fn name(&self, place: u32) -> Arc<str> {
        let known = self.names.get(place as usize);
        known.map_or_else(|| "".into(), Arc::clone)
    }
}

impl Documents {
    pub(crate) fn put(&mut self, put: &DocumentPut, entry: &Entry<'_>) {
        let actor = self.actors.place(&put.actor);
        if !self.kinds.contains_key(put.kind.as_str()) {
            self.kinds.insert(put.kind.as_str().into(), Kind::default());
        }
        let Some(kind) = self.kinds.get_mut(put.kind.as_str()) else {
            return;
        };
        let old = kind.rows.get_mut(put.id.as_str());
        let created = old.as_ref().map(|row| row.created());
        let freed = old
            .as_ref()
            .and_then(|row| row.body())
            .map_or(0, |body| body.len());
        kind.kept_len -= freed;
        self.kept_len -= freed;
        if let Some(old) = &old {
            release(&mut self.released, old, entry);
        }
        let len = put.body.len();
        let is_kept = put.parts == 0
            && len <= BODY_KEPT_LEN_MAX
            && kind.kept_len + len <= KIND_KEPT_LEN_MAX
            && self.kept_len + len <= ALL_KEPT_LEN_MAX;
        if is_kept {
            kind.kept_len += len;
            self.kept_len += len;
        }
        let more = More {
            created,
            body: is_kept.then(|| put.body.as_str().into()),
            blobs: put.blobs.as_slice().into(),
        };
        let row = Row {
            lsn: entry.lsn,
            time_ns: entry.time_ns,
            actor,
            parts: put.parts,
            more: (more != More::default()).then(|| Box::new(more)),
        };
        match old {
            Some(old) => *old = row,
            None => drop(kind.rows.insert(put.id.as_str().into(), row)),
        }
    }

    pub(crate) fn remove(&mut self, removed: &DocumentRemoved, entry: &Entry<'_>) {
        let kind = self.kinds.get_mut(removed.kind.as_str());
        let Some((kind, row)) = kind.and_then(|kind| {
            let row = kind.rows.remove(removed.id.as_str())?;
            Some((kind, row))
        }) else {
            self.oddities.orphaned += 1;
            return;
        };
        let freed = row.body().map_or(0, |body| body.len());
        kind.kept_len -= freed;
        self.kept_len -= freed;
        release(&mut self.released, &row, entry);
        if kind.rows.is_empty() {
            self.kinds.remove(removed.kind.as_str());
        }
    }

    pub(crate) fn count_unreadable(&mut self) {
        self.oddities.unreadable += 1;
    }

    /// One document.
    #[must_use]
    pub fn get(&self, kind: &str, id: &str) -> Option<Found> {
        let row = self.kinds.get(kind)?.rows.get(id)?;
        Some(row.found(id, &self.actors.name(row.actor)))
    }

    /// The record that holds the body of a document.
    #[must_use]
    pub fn lsn(&self, kind: &str, id: &str) -> Option<Lsn> {
        Some(self.kinds.get(kind)?.rows.get(id)?.lsn)
    }

    /// The documents of a kind whose ids begin with `prefix` and are behind `after`, by id.
    pub fn list<'a>(
        &'a self,
        kind: &str,
        prefix: &'a str,
        after: Option<&str>,
    ) -> impl Iterator<Item = Found> + 'a {
        let rows = self.kinds.get(kind).map(|kind| &kind.rows);
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let from = from.map(Box::<str>::from);
        let rows = rows
            .map(|rows| rows.range::<str, _>((from.as_ref().map(|id| &**id), Bound::Unbounded)));
        rows.into_iter()
            .flatten()
            .take_while(move |(id, _)| id.starts_with(prefix))
            .map(|(id, row)| row.found(id, &self.actors.name(row.actor)))
    }

    /// How many documents of a kind there are.
    #[must_use]
    pub fn count(&self, kind: &str) -> usize {
        self.kinds.get(kind).map_or(0, |kind| kind.rows.len())
    }

    /// The kinds that have documents, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(|kind| &**kind)
    }

    /// Every blob that a document needs, with its length. One may come several times.
    pub fn live_blobs(&self) -> impl Iterator<Item = (BlobId, u64)> {
        let rows = self.kinds.values().flat_map(|kind| kind.rows.values());
        rows.flat_map(|row| row.blobs().iter().copied())
    }

    /// The blobs that documents needed until they were changed or removed at `since_ns` or later, in ns since 1970. Those
    /// of more than 31 days are forgotten.
    pub fn released_blobs(&self, since_ns: i64) -> impl Iterator<Item = BlobId> {
        let released = self.released.iter();
        released
            .filter(move |(time_ns, _)| *time_ns >= since_ns)
            .map(|(_, blob)| *blob)
    }

    /// What was skipped.
    #[must_use]
    pub fn oddities(&self) -> &Oddities {
        &self.oddities
    }

    /// Bytes of bodies in memory.
    #[must_use]
    pub fn kept_len(&self) -> usize {
        self.kept_len
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
}

/// Remembers the blobs of a document that goes or changes, and forgets those of long ago.
fn release(released: &mut VecDeque<(i64, BlobId)>, row: &Row, entry: &Entry<'_>) {
    let now_ns = entry.commit_time_ns;
    released.extend(row.blobs().iter().map(|(blob, _)| (now_ns, *blob)));
    while released
        .front()
        .is_some_and(|(time_ns, _)| now_ns.saturating_sub(*time_ns) > RELEASED_KEPT_NS)
    {
        released.pop_front();
    }
}
