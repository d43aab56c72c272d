//! What takes back an operation on documents: the bodies that they had before it.
//!
//! Invariant: a document is set back only while it is as the operation left it.

use std::collections::BTreeMap;

use mltrack_event::{DocumentRemoved, Event, StreamId};
use mltrack_log::Lsn;
use mltrack_projector_documents::Found;

use crate::document_bodies::{NewBody, put_events, with_bodies};
use crate::error::Result;
use crate::inverse::{By, Hindrance};
use crate::inverse_thing::ThingInverse;
use crate::operation_scan::Deed;
use crate::store::Store;

/// The kind and the id of the document that an event is about.
pub(crate) fn document_of(event: &Event) -> Option<(&str, &str)> {
    match event {
        Event::DocumentPut(put) => Some((&put.kind, &put.id)),
        Event::DocumentRemoved(removed) => Some((&removed.kind, &removed.id)),
        _ => None,
    }
}

/// The stream of a batch that changes several documents; `None` when it changes one or none.
pub(crate) fn stream(events: &[Event]) -> Option<StreamId> {
    let mut documents = events.iter().filter_map(document_of);
    let (kind, _) = documents.next()?;
    documents.next().map(|_| StreamId::documents(kind))
}

/// What takes the documents of an operation back now.
pub(crate) fn plan(
    store: &Store,
    deed: &Deed,
    by: By<'_>,
) -> Result<Result<ThingInverse, Hindrance>> {
    let mut inverse = ThingInverse::default();
    // What the operation left: whether each document was there behind it.
    let mut left: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for event in &deed.events {
        if let Some(document) = document_of(event) {
            left.insert(document, matches!(event, Event::DocumentPut(_)));
        }
    }
    if left.is_empty() {
        return Ok(Ok(inverse));
    }
    if let Some(hindrance) = changed_since(store, deed, &left)? {
        return Ok(Err(hindrance));
    }
    let documents: Vec<(&str, &str)> = left.keys().copied().collect();
    let before = before(store, deed, &documents)?;
    for (((kind, id), is_there), before) in left.into_iter().zip(before) {
        let streams = [StreamId::document(kind, id), StreamId::documents(kind)];
        inverse.unchanged.extend(streams);
        let (actor, command) = by.pair();
        match with_bodies(before.into_iter().collect(), || store.reader())?.pop() {
            Some(before) => {
                let new = NewBody {
                    kind,
                    id,
                    body: &before.body,
                    blobs: &before.blobs,
                };
                put_events(&new, (actor, command), &mut inverse.events);
            }
            None if is_there => inverse.events.push(
                DocumentRemoved {
                    kind: kind.to_owned(),
                    id: id.to_owned(),
                    actor,
                    command,
                }
                .into(),
            ),
            None => {}
        }
    }
    Ok(Ok(inverse))
}

/// The first document that somebody changed after the operation.
fn changed_since(
    store: &Store,
    deed: &Deed,
    left: &BTreeMap<(&str, &str), bool>,
) -> Result<Option<Hindrance>> {
    store.with_documents(|documents| {
        for ((kind, id), is_there) in left {
            let now = documents.lsn(kind, id);
            let is_same = match now {
                Some(lsn) => *is_there && (deed.first..=deed.last).contains(&lsn),
                None => !is_there,
            };
            if !is_same {
                let since = now.map_or("removed".to_owned(), |lsn| {
                    format!("changed by record {lsn}")
                });
                let what = format!("the document {id:?} of kind {kind} was {since} since");
                return Ok(Some(Hindrance::Thing(what)));
            }
        }
        Ok(None)
    })
}

/// The documents as they were before the operation.
fn before(store: &Store, deed: &Deed, wanted: &[(&str, &str)]) -> Result<Vec<Option<Found>>> {
    let Some(before) = Lsn::new(deed.first.get() - 1) else {
        return Ok(vec![None; wanted.len()]);
    };
    let mut follower = store.documents_before(Some(before))?;
    follower.to(before)?;
    let found = wanted
        .iter()
        .map(|(kind, id)| follower.state().get(kind, id));
    Ok(found.collect())
}
