//! Lineage: links by hand, now and then, for writers and for who only looks.

use mltrack::{Code, EdgeKind, NodeKind, NodeRef, RunKey, Tracker};

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

/// The files of snapshots of things.
fn kept(store: &Store) -> Vec<std::path::PathBuf> {
    let files = store.tracker.snapshots().into_iter();
    let of_things = |file: &mltrack::SnapshotFile| {
        let name = file.path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("things-")
    };
    files.filter(of_things).map(|file| file.path).collect()
}

#[test]
fn a_snapshot_has_what_was_linked_and_a_damaged_one_is_set_aside_and_told() {
    let store = Store::new();
    let bare = store.tracker.snapshot().unwrap().unwrap();
    assert_eq!((bare.things_bytes, kept(&store).len()), (0, 0));
    let link = |from: &str, to: &str| {
        let kind = EdgeKind::DerivedFrom;
        store.tracker.link(&outside(from), &outside(to), kind)
    };
    link("a", "b").unwrap();
    let report = store.tracker.snapshot().unwrap().unwrap();
    assert!(report.things_bytes > 0);
    let file = kept(&store).remove(0);
    link("b", "c").unwrap();
    let checked = store.tracker.check_snapshots().unwrap();
    assert!(checked.iter().all(|checked| checked.differences.is_empty()));
    assert_eq!(
        checked
            .iter()
            .filter(|checked| checked.kept.path == file)
            .count(),
        1
    );
    let open = || Tracker::builder(store.path()).open().unwrap();
    assert_eq!(open().links(None).unwrap().len(), 2);

    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let checked = store.tracker.check_snapshots().unwrap();
    let differing = checked
        .iter()
        .filter(|checked| !checked.differences.is_empty());
    assert_eq!(differing.count(), 1);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let told_to = std::sync::Arc::clone(&told);
    let tracker = Tracker::builder(store.path())
        .on_warning(move |warning| told_to.lock().unwrap().push(warning.to_string()))
        .open()
        .unwrap();
    assert_eq!(tracker.links(None).unwrap().len(), 2);
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    assert!(!file.exists() && kept(&store).is_empty());
}

#[test]
fn a_question_about_the_past_goes_on_from_a_snapshot_before_it_only() {
    let store = Store::new();
    let mut then = Vec::new();
    for number in 0..4 {
        let (from, to) = (outside(&format!("{number}")), outside("end"));
        store
            .tracker
            .link(&from, &to, EdgeKind::DerivedFrom)
            .unwrap();
        then.push(store.tracker.runs().fetch().unwrap().lsn);
        store.tracker.snapshot().unwrap();
    }
    let looking = Tracker::builder(store.path())
        .read_only(true)
        .open()
        .unwrap();
    for (number, lsn) in then.into_iter().enumerate() {
        assert_eq!(looking.links(lsn).unwrap().len(), number + 1);
    }
}

#[test]
fn what_is_affected_is_counted_and_the_past_knows_less() {
    let store = Store::new();
    let raw = store.tracker.dataset("raw").unwrap();
    let digest = format!("sha256:{}", "1".repeat(64));
    raw.version()
        .reference("s3://data/raw", &digest)
        .add()
        .unwrap();
    let experiment = store.tracker.experiment("vision").unwrap();
    let run = experiment.run().name("train").start().unwrap();
    run.use_dataset("raw@v1", mltrack::Split::Train).unwrap();
    let then = store.tracker.runs().fetch().unwrap().lsn.unwrap();
    let model = store.tracker.model("resnet").unwrap();
    model.version().run(&run).source("here").add().unwrap();
    run.finish().unwrap();
    let asked = || store.tracker.lineage("dataset:raw@v1").unwrap();
    let impact = asked().impact().unwrap();
    let counts =
        [NodeKind::Run, NodeKind::Model, NodeKind::ModelVersion].map(|kind| impact.count(kind));
    assert_eq!(counts, [1, 1, 1]);
    let last = impact.graph.nodes.len() - 1;
    let path = impact.graph.path_to(last).into_iter();
    let path: Vec<&str> = path
        .map(|place| impact.graph.nodes[place].name.as_str())
        .collect();
    assert_eq!((path[0], path[2]), ("raw v1", "resnet v1"));
    assert_eq!(asked().at(then).impact().unwrap().count(NodeKind::Model), 0);
    assert_eq!(asked().down().depth(1).fetch().unwrap().nodes.len(), 2);
    let whole = store
        .tracker
        .lineage("model:resnet")
        .unwrap()
        .up()
        .fetch()
        .unwrap();
    assert!(
        whole.nodes.iter().any(|node| node.name == "raw v1"),
        "all versions are meant"
    );
    let before = store
        .tracker
        .lineage("model:resnet")
        .unwrap()
        .at(then)
        .fetch();
    assert_eq!(before.unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_link_is_undone_and_done_again_and_not_when_somebody_was_faster() {
    let store = Store::new();
    let (from, to, kind) = (outside("a"), outside("b"), EdgeKind::DerivedFrom);
    store.tracker.link(&from, &to, kind).unwrap();
    let count = || store.tracker.links(None).unwrap().len();
    let undone = store.tracker.undo_last().apply().unwrap().unwrap().lsn;
    assert_eq!(count(), 0);
    store.tracker.undo(undone.unwrap()).apply().unwrap();
    assert_eq!(count(), 1);
    let log = store.tracker.operations().fetch().unwrap();
    let told = |what: &str| log.iter().any(|operation| operation.what.contains(what));
    assert!(told(
        "linked https://example.org/a -> https://example.org/b (derived_from)"
    ));
    store.tracker.unlink(&from, &to, kind).unwrap();
    store.tracker.undo_last().apply().unwrap();
    assert_eq!(count(), 1);
    store.tracker.unlink(&from, &to, kind).unwrap();
    let first = log.last().unwrap().first;
    let refused = store.tracker.undo(first).apply();
    assert!(refused.is_err(), "{refused:?}");
}
