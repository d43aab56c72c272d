//! The fold: the newest word about each document counts.
//!
//! Invariant: total: every event, in any order, gives a state.

use mltrack_event::Event;
use mltrack_projector::{Body, Entry, Projector};

use crate::documents::Documents;

/// The projector of documents.
#[derive(Clone, Copy, Debug)]
pub struct DocumentsOf;

impl Projector for DocumentsOf {
    const NAME: &'static str = "documents";
    const VERSION: u32 = 1;
    type State = Documents;

    fn apply(documents: &mut Documents, entry: &Entry<'_>) {
        match &entry.body {
            Body::Event(Event::DocumentPut(put)) => documents.put(put, entry),
            Body::Event(Event::DocumentRemoved(removed)) => documents.remove(removed, entry),
            Body::Unreadable(_) => documents.count_unreadable(),
            Body::Event(_) | Body::Metrics(_) => {}
        }
    }
}
