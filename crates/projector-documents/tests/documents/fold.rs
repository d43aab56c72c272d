//! What the newest word about each document makes of the state.

use std::collections::BTreeMap;

use mltrack_event::{BlobId, DocumentPut, Event};
use mltrack_projector_documents::Documents;
use proptest::prelude::*;

use crate::support::{apply, folded, put, removed};

#[test]
fn the_newest_word_counts_and_the_first_one_is_remembered() {
    let documents = folded([put("k", "a", "1"), put("k", "a", "2"), put("k", "b", "3")]);
    let found = documents.get("k", "a").unwrap();
    assert_eq!((found.created_lsn.get(), found.lsn.get()), (1, 2));
    assert_eq!(found.body.as_deref(), Some("2"));
    assert_eq!(documents.list("k", "", Some("a")).count(), 1);
    let again = folded([
        put("k", "a", "1"),
        removed("k", "a"),
        put("k", "a", "2"),
        removed("k", "x"),
    ]);
    assert_eq!(again.get("k", "a").unwrap().created_lsn.get(), 3);
    assert_eq!(again.oddities().orphaned, 1);
}

#[test]
fn bodies_that_are_long_or_too_many_stay_in_the_log() {
    let short = "x".repeat(16 << 10);
    let documents = folded([
        put("k", "long", &"x".repeat((16 << 10) + 1)),
        put("k", "short", &short),
    ]);
    assert_eq!(documents.get("k", "long").unwrap().body, None);
    assert_eq!(documents.kept_len(), short.len());
    let many = (0..2000).map(|at| put(&format!("kind-{}", at % 10), &at.to_string(), &short));
    let documents = folded(many);
    assert_eq!(documents.kept_len(), 24 << 20);
    assert!(
        documents
            .list("kind-0", "", None)
            .filter(|found| found.body.is_some())
            .count()
            <= 256
    );
    assert_eq!(documents.count("kind-3"), 200);
}

#[test]
fn blobs_that_are_let_go_are_remembered_for_a_month() {
    let with = |id: &str, blob: u8| -> Event {
        let Event::DocumentPut(put) = put("file", id, "{}") else {
            unreachable!("it is a put");
        };
        DocumentPut {
            blobs: vec![(BlobId::from_bytes([blob; 32]), 7)],
            ..put
        }
        .into()
    };
    let mut documents = folded([
        with("a", 1),
        with("a", 2),
        with("b", 3),
        removed("file", "b"),
    ]);
    assert_eq!(documents.live_blobs().count(), 1);
    let released: Vec<BlobId> = documents.released_blobs(0).collect();
    assert_eq!(
        released,
        [BlobId::from_bytes([1; 32]), BlobId::from_bytes([3; 32])]
    );
    assert_eq!(documents.released_blobs(3_000_000_000).count(), 1);
    apply(&mut documents, 40 * 24 * 3600, with("a", 4));
    assert_eq!(documents.released_blobs(0).count(), 1);
}

proptest! {
    #[test]
    fn any_story_ends_as_a_plain_map_does(story in prop::collection::vec((0..4_u8, 0..6_u8, prop::option::of(0..9_u8)), 0..60)) {
        let mut plain: BTreeMap<(String, String), String> = BTreeMap::new();
        let events = story.iter().map(|(kind, id, body)| {
            let (kind, id) = (format!("k{kind}"), format!("i{id}"));
            if let Some(body) = body {
                plain.insert((kind.clone(), id.clone()), body.to_string());
                return put(&kind, &id, &body.to_string());
            }
            plain.remove(&(kind.clone(), id.clone()));
            removed(&kind, &id)
        });
        let events: Vec<Event> = events.collect();
        let documents: Documents = folded(events);
        let mut found = BTreeMap::new();
        for kind in documents.kinds() {
            for document in documents.list(kind, "", None) {
                let body = document.body.map(|body| body.to_string()).unwrap_or_default();
                found.insert((kind.to_owned(), document.id.to_string()), body);
            }
        }
        prop_assert_eq!(found, plain);
    }
}
