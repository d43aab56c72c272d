//! Lineage: links by hand, now and then, for writers and for who only looks.

use mltrack::{Code, EdgeKind, NodeRef, RunKey, Tracker};

use crate::support::*;

fn outside(name: &str) -> NodeRef {
    NodeRef::External(format!("https://example.org/{name}"))
}

#[test]
fn a_link_stands_once_until_it_is_taken_back_and_the_past_keeps_it() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let (from, to) = (outside("corpus"), NodeRef::Run(run.id().key()));
    let kind = EdgeKind::UsesDataset;
    assert!(store.tracker.link(&from, &to, kind).unwrap());
    assert!(!store.tracker.link(&from, &to, kind).unwrap());
    let then = store.tracker.runs().fetch().unwrap().lsn;
    assert!(store.tracker.unlink(&from, &to, kind).unwrap());
    assert!(!store.tracker.unlink(&from, &to, kind).unwrap());
    assert_eq!(store.tracker.links(None).unwrap(), []);
    let links = store.tracker.links(then).unwrap();
    assert_eq!(
        (&links[0].from, &links[0].to, links[0].kind),
        (&from, &to, kind)
    );
}

#[test]
fn an_end_that_is_not_there_and_a_link_to_itself_are_refused() {
    let store = Store::new();
    let nobody = NodeRef::Run(RunKey::from_bytes([7; 8]));
    let error = store
        .tracker
        .link(&outside("a"), &nobody, EdgeKind::Produces);
    assert_eq!(error.unwrap_err().code(), Code::NotFound);
    let error = store
        .tracker
        .link(&outside("a"), &outside("a"), EdgeKind::Produces);
    assert_eq!(error.unwrap_err().code(), Code::ValidationError);
}

#[test]
fn another_process_that_only_looks_sees_links_and_makes_none() {
    let store = Store::new();
    store
        .tracker
        .link(&outside("a"), &outside("b"), EdgeKind::DerivedFrom)
        .unwrap();
    let looking = Tracker::builder(store.path())
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(looking.links(None).unwrap().len(), 1);
    let refused = looking.link(&outside("b"), &outside("c"), EdgeKind::DerivedFrom);
    assert_eq!(refused.unwrap_err().code(), Code::InvalidState);
    store
        .tracker
        .link(&outside("b"), &outside("c"), EdgeKind::DerivedFrom)
        .unwrap();
    assert_eq!(looking.links(None).unwrap().len(), 2);
}
