//! Documents of a kind: JSON texts under ids, for things that the engine has no rules about.
//!
//! Invariants: of any number of processes that change one document under a condition, one does at a time; a change is
//! visible to every process when the call returns; whoever changes a document under a condition notices a batch that
//! changes several of its kind.

use std::sync::Arc;

use mltrack_event::{BlobId, DocumentRemoved, Event, StreamId};
use mltrack_log::{Batch, Lsn};

use crate::code::Code;
use crate::decide::{Claim, Decision, Plan};
use crate::document::{Change, Document, Expected, check_body, check_id, check_kind};
use crate::document_bodies::{NewBody, put_events, with_bodies};
use crate::error::{Error, Result};
use crate::registry::By;
use crate::store::{Store, push_event};
use crate::tracker::Tracker;

/// Bytes of bodies in one batch; the log's own limit leaves room for ids and names.
const BATCH_BODIES_LEN_MAX: usize = 6 << 20;
/// Documents that are removed in one batch: an undo puts their bodies back in one batch too.
const REMOVED_COUNT_MAX: usize = 256;
/// Documents in one batch.
const BATCH_COUNT_MAX: usize = 16_384;

/// The documents of one kind; see [`Tracker::documents`].
#[derive(Clone)]
pub struct Documents {
    store: Option<Arc<Store>>,
    kind: Arc<str>,
    by: Option<By>,
    at: Option<Lsn>,
}

impl Tracker {
    /// The documents of a kind: JSON texts under ids. For things that the engine has no rules about; what is known of
    /// runs, datasets and models does not belong here.
    ///
    /// A kind has 1 to 64 of `a-z 0-9 . _ -`; it is checked by the first call that uses it.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let views = tracker.documents("view");
    /// views.put("best", r#"{"filter":"metrics.acc > 0.9"}"#)?;
    /// let best = views.get("best")?.unwrap();
    /// assert_eq!(&*best.body, r#"{"filter":"metrics.acc > 0.9"}"#);
    /// assert_eq!(views.list("", None, 10)?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn documents(&self, kind: &str) -> Documents {
        Documents {
            store: self.store().cloned(),
            kind: kind.into(),
            by: None,
            at: None,
        }
    }
}

impl Documents {
    /// Changes are made in the name of `actor`, by `command`, instead of the tracker's.
    #[must_use]
    pub fn by(mut self, actor: &str, command: &str) -> Documents {
        self.by = Some((actor.to_owned(), command.to_owned()));
        self
    }

    /// Asks about the moment after a record; nothing can be changed there.
    #[must_use]
    pub fn at(mut self, lsn: Lsn) -> Documents {
        self.at = Some(lsn);
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// One document. Errors: `VALIDATION_ERROR` for what is no kind or no id, those of reading.
    pub fn get(&self, id: &str) -> Result<Option<Document>> {
        check_id(id)?;
        let Some(store) = self.known()? else {
            return Ok(None);
        };
        let found = store.documents_at(self.at, |documents| Ok(documents.get(&self.kind, id)))?;
        let mut read = with_bodies(found.into_iter().collect(), || store.reader())?;
        Ok(read.pop())
    }

    /// Several documents by their ids, in the same order; what is not there is left out.
    pub fn get_many(&self, ids: &[&str]) -> Result<Vec<Document>> {
        let Some(store) = self.known()? else {
            return Ok(Vec::new());
        };
        let found = store.documents_at(self.at, |documents| {
            let found = ids.iter().filter_map(|id| documents.get(&self.kind, id));
            Ok(found.collect())
        })?;
        with_bodies(found, || store.reader())
    }

    /// At most `limit` documents whose ids begin with `prefix` and come behind `after`, in the order of their ids.
    pub fn list(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Document>> {
        let Some(store) = self.known()? else {
            return Ok(Vec::new());
        };
        let found = store.documents_at(self.at, |documents| {
            let found = documents.list(&self.kind, prefix, after);
            Ok(found.take(limit).collect())
        })?;
        with_bodies(found, || store.reader())
    }

    /// The ids that [`Documents::list`] would give, each with the record that holds its body: no body is read.
    pub fn ids(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(Arc<str>, Lsn)>> {
        let Some(store) = self.known()? else {
            return Ok(Vec::new());
        };
        store.documents_at(self.at, |documents| {
            let found = documents.list(&self.kind, prefix, after);
            Ok(found
                .take(limit)
                .map(|found| (found.id, found.lsn))
                .collect())
        })
    }

    /// How many there are.
    pub fn count(&self) -> Result<usize> {
        match self.known()? {
            Some(store) => store.documents_at(self.at, |documents| Ok(documents.count(&self.kind))),
            None => Ok(0),
        }
    }

    /// Gives a document this body, whatever it was before. Blobs that it needed are let go. Nothing is looked up.
    ///
    /// Errors: `VALIDATION_ERROR` for an id of no or more than 512 bytes, and for a body of more than 4 MiB or that is
    /// no JSON; `BUSY` while the log does not move.
    pub fn put(&self, id: &str, body: &str) -> Result<Option<Lsn>> {
        self.put_with_blobs(id, body, &[])
    }

    /// The same, for a document that needs contents in the root of artifacts: a sweep leaves them while it is there.
    pub fn put_with_blobs(
        &self,
        id: &str,
        body: &str,
        blobs: &[(BlobId, u64)],
    ) -> Result<Option<Lsn>> {
        check_id(id)?;
        check_body(id, body)?;
        let Some(store) = self.writable()? else {
            return Ok(None);
        };
        let mut events = Vec::new();
        self.push_put(store, (id, body, blobs), &mut events);
        append(store, StreamId::document(&self.kind, id), &events)
    }

    /// Gives several documents bodies in one batch: all of them or none.
    ///
    /// Errors: those of [`Documents::put`], and `VALIDATION_ERROR` for more than 16,384 documents or 6 MiB.
    pub fn put_many(&self, new: impl IntoIterator<Item = (String, String)>) -> Result<Option<Lsn>> {
        let Some(store) = self.writable()? else {
            return Ok(None);
        };
        let (mut events, mut len, mut count) = (Vec::new(), 0, 0);
        for (id, body) in new {
            check_id(&id)?;
            check_body(&id, &body)?;
            len += body.len() + id.len();
            count += 1;
            self.push_put(store, (&id, &body, &[]), &mut events);
        }
        if len > BATCH_BODIES_LEN_MAX || count > BATCH_COUNT_MAX {
            return Err(Error::validation(format!(
                "{count} documents with {len} bytes are too many for one batch: at most {BATCH_COUNT_MAX} documents \
                 and {BATCH_BODIES_LEN_MAX} bytes"
            ))
            .with_hint("put them in several calls"));
        }
        if events.is_empty() {
            return Ok(None);
        }
        append(store, StreamId::documents(&self.kind), &events)
    }

    /// Gives a document a body if it is as expected. Errors: `CONFLICT` when it is not.
    pub fn put_if(&self, id: &str, body: &str, expected: Expected) -> Result<Option<Lsn>> {
        self.put_with_blobs_if(id, body, &[], expected)
    }

    /// The same with blobs.
    pub fn put_with_blobs_if(
        &self,
        id: &str,
        body: &str,
        blobs: &[(BlobId, u64)],
        expected: Expected,
    ) -> Result<Option<Lsn>> {
        check_id(id)?;
        check_body(id, body)?;
        let Some(store) = self.writable()? else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_documents(|documents| {
            self.check_expected(id, documents.lsn(&self.kind, id), expected)?;
            let mut events = Vec::new();
            self.push_put(store, (id, body, blobs), &mut events);
            Ok(Decision::Append(self.plan(id, events), ()))
        })?;
        Ok(lsn)
    }

    /// Changes a document by what it says: `change` is asked again when somebody else was faster. Answers the record
    /// that changed it; `None` when it stayed as it was.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::Change;
    ///
    /// let counters = tracker.documents("counter");
    /// for _ in 0..3 {
    ///     counters.update("visits", |known| {
    ///         let count = known.map_or(0, |known| known.body.parse().unwrap_or(0));
    ///         Ok(Change::Put((count + 1).to_string()))
    ///     })?;
    /// }
    /// assert_eq!(&*counters.get("visits")?.unwrap().body, "3");
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(
        &self,
        id: &str,
        mut change: impl FnMut(Option<&Document>) -> Result<Change>,
    ) -> Result<Option<Lsn>> {
        check_id(id)?;
        let Some(store) = self.writable()? else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_documents(|documents| {
            let found = documents.get(&self.kind, id).into_iter().collect();
            let known = with_bodies(found, || store.reader())?.pop();
            let (body, blobs) = match change(known.as_ref())? {
                Change::Keep => return Ok(Decision::Already(())),
                Change::Remove if known.is_none() => return Ok(Decision::Already(())),
                Change::Remove => {
                    let events = vec![self.removed(store, id)];
                    return Ok(Decision::Append(self.plan(id, events), ()));
                }
                Change::Put(body) => (body, known.map_or_else(Vec::new, |known| known.blobs)),
                Change::PutWithBlobs(body, blobs) => (body, blobs),
            };
            check_body(id, &body)?;
            let mut events = Vec::new();
            self.push_put(store, (id, &body, &blobs), &mut events);
            Ok(Decision::Append(self.plan(id, events), ()))
        })?;
        Ok(lsn)
    }

    /// Removes a document, undoably. Answers the record; `None` when it was not there.
    pub fn remove(&self, id: &str) -> Result<Option<Lsn>> {
        check_id(id)?;
        let Some(store) = self.writable()? else {
            return Ok(None);
        };
        let ((), lsn) = store.decide_documents(|documents| {
            if documents.lsn(&self.kind, id).is_none() {
                return Ok(Decision::Already(()));
            }
            let events = vec![self.removed(store, id)];
            Ok(Decision::Append(self.plan(id, events), ()))
        })?;
        Ok(lsn)
    }

    /// Removes several documents, 256 in one batch. Answers how many there were.
    pub fn remove_many(&self, ids: &[&str]) -> Result<usize> {
        let Some(store) = self.writable()? else {
            return Ok(0);
        };
        let mut count = 0;
        for part in ids.chunks(REMOVED_COUNT_MAX) {
            let (removed, _) = store.decide_documents(|documents| {
                let known = part
                    .iter()
                    .filter(|id| documents.lsn(&self.kind, id).is_some());
                let events: Vec<Event> = known.map(|id| self.removed(store, id)).collect();
                let count = events.len();
                if events.is_empty() {
                    return Ok(Decision::Already(0));
                }
                let stream = StreamId::documents(&self.kind);
                let plan = Plan {
                    stream,
                    unchanged: Vec::new(),
                    events,
                };
                Ok(Decision::Append(plan, count))
            })?;
            count += removed;
        }
        Ok(count)
    }

    fn known(&self) -> Result<Option<&Arc<Store>>> {
        check_kind(&self.kind)?;
        Ok(self.store.as_ref())
    }

    fn writable(&self) -> Result<Option<&Arc<Store>>> {
        if self.at.is_some() {
            return Err(Error::validation("the past cannot be changed")
                .with_hint("ask for the documents without `at`"));
        }
        self.known()
    }

    fn who(&self, store: &Store) -> By {
        self.by.clone().unwrap_or_else(|| store.by())
    }

    fn push_put(
        &self,
        store: &Store,
        (id, body, blobs): (&str, &str, &[(BlobId, u64)]),
        events: &mut Vec<Event>,
    ) {
        let kind = &self.kind;
        let new = NewBody {
            kind,
            id,
            body,
            blobs,
        };
        put_events(&new, self.who(store), events);
    }

    fn removed(&self, store: &Store, id: &str) -> Event {
        let (actor, command) = self.who(store);
        DocumentRemoved {
            kind: self.kind.to_string(),
            id: id.to_owned(),
            actor,
            command,
        }
        .into()
    }

    fn plan(&self, id: &str, events: Vec<Event>) -> Plan {
        let stream = StreamId::document(&self.kind, id);
        Plan {
            stream,
            unchanged: vec![stream, StreamId::documents(&self.kind)],
            events,
        }
    }

    fn check_expected(&self, id: &str, known: Option<Lsn>, expected: Expected) -> Result<()> {
        let what = match (expected, known) {
            (Expected::Absent, None) | (Expected::Present, Some(_)) => return Ok(()),
            (Expected::Lsn(lsn), Some(known)) if lsn == known => return Ok(()),
            (Expected::Absent, Some(known)) => format!("is there already, since record {known}"),
            (Expected::Present | Expected::Lsn(_), None) => "is not there".to_owned(),
            (Expected::Lsn(lsn), Some(known)) => {
                format!("was changed by record {known} since record {lsn}")
            }
        };
        let what = format!("the document {id:?} of kind {} {what}", self.kind);
        Err(Error::new(Code::Conflict, what).with_hint("look at it again and decide anew"))
    }
}

/// Appends what depends on nothing.
fn append(store: &Store, stream: StreamId, events: &[Event]) -> Result<Option<Lsn>> {
    let mut batch = Batch::new();
    for event in events {
        push_event(&mut batch, event, None)?;
    }
    let claim = Claim::on(stream, &[], Lsn::FIRST);
    let logged = store.append_claim(&mut batch, &claim)?;
    Ok(logged.and_then(crate::store::Logged::lsn))
}

impl std::fmt::Debug for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Documents")
            .field("kind", &self.kind)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
