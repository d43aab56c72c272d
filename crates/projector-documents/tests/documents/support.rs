//! Entries made by hand, and states folded from them.

use mltrack_event::{DocumentPut, DocumentRemoved, Event};
use mltrack_log::{Lsn, WriterId};
use mltrack_projector::{Body, Entry, Projector as _};
use mltrack_projector_documents::{Documents, DocumentsOf};

pub fn put(kind: &str, id: &str, body: &str) -> Event {
    DocumentPut {
        kind: kind.to_owned(),
        id: id.to_owned(),
        parts: 0,
        body: body.to_owned(),
        blobs: Vec::new(),
        actor: "ada".to_owned(),
        command: "test".to_owned(),
    }
    .into()
}

pub fn removed(kind: &str, id: &str) -> Event {
    DocumentRemoved {
        kind: kind.to_owned(),
        id: id.to_owned(),
        actor: "ada".to_owned(),
        command: "test".to_owned(),
    }
    .into()
}

/// Folds an event as the record `lsn`, at that many seconds.
pub fn apply(documents: &mut Documents, lsn: u64, event: Event) {
    let time_ns = lsn as i64 * 1_000_000_000;
    let entry = Entry {
        lsn: Lsn::new(lsn).expect("records are counted from 1"),
        time_ns,
        commit_time_ns: time_ns,
        writer: WriterId(1),
        body: Body::Event(event),
    };
    DocumentsOf::apply(documents, &entry);
}

pub fn folded(events: impl IntoIterator<Item = Event>) -> Documents {
    let mut documents = Documents::default();
    for (event, lsn) in events.into_iter().zip(1..) {
        apply(&mut documents, lsn, event);
    }
    documents
}
