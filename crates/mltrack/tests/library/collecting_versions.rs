//! The files of removed versions of datasets and models: they stay while the removal can be taken back, and then go.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mltrack::{ArtifactGc, Code, GcProgress, NodeRef, Stays, Tracker};

use crate::support::{Store, code};

fn collect(tracker: &Tracker, older_than: Duration, is_dry_run: bool) -> ArtifactGc {
    let gc = tracker.gc().older_than(older_than).dry_run(is_dry_run);
    gc.run().unwrap().unwrap().artifacts
}

fn selectors(collected: &ArtifactGc) -> Vec<&str> {
    let purged = collected.versions_purged.iter();
    purged.map(|version| version.selector.as_str()).collect()
}

#[test]
fn the_files_of_a_removed_version_go_when_it_can_no_longer_be_taken_back() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("digits").unwrap();
    let add = |own: &str| {
        let version = dataset.version().bytes("shared.csv", "x\n1\n");
        version.bytes("own.csv", own).add().unwrap()
    };
    let (first, second) = (add("a\n1\n"), add("a\n2\n"));
    first.remove().unwrap();
    let month = Duration::from_hours(24 * 30);
    let early = collect(tracker, month, false);
    assert_eq!((early.versions_purged.len(), early.blobs()), (0, 0));
    assert!(matches!(
        early.versions_kept[0].1,
        Stays::Undoable(left) if left <= month
    ));
    let dry = collect(tracker, Duration::ZERO, true);
    assert_eq!(selectors(&dry), ["digits@v1"]);
    assert_eq!(dry.blobs(), 2, "its list and its own file");
    assert_eq!(first.files().unwrap().len(), 2, "nothing has happened");
    let done = collect(tracker, Duration::ZERO, false);
    assert_eq!(selectors(&done), ["digits@v1"]);
    assert_eq!((done.blobs(), done.bytes()), (2, dry.bytes()));
    assert_eq!(second.files().unwrap().len(), 2, "what it shares stays");
    assert!(tracker.verify_artifacts().run().unwrap().is_sound());
    let again = collect(tracker, Duration::ZERO, false);
    assert_eq!((again.versions_purged.len(), again.blobs()), (0, 0));
    first.restore().unwrap();
    let back = store.another().dataset_version("digits@v1").unwrap();
    assert_eq!(back.content, None, "it says that its bytes are not kept");
    assert_eq!(code(back.files()), Code::InvalidState);
    let added = add("a\n1\n");
    assert_eq!(
        (added.number, added.is_new()),
        (3, true),
        "a version that keeps the bytes again"
    );
    assert_eq!(added.files().unwrap().len(), 2);
}

#[test]
fn what_was_restored_before_the_collection_keeps_its_files() {
    let store = Store::new();
    let dataset = store.tracker.dataset("digits").unwrap();
    let version = dataset.version().bytes("a.csv", "x\n1\n").add().unwrap();
    version.remove().unwrap();
    assert_eq!(
        collect(&store.tracker, Duration::ZERO, true)
            .versions_purged
            .len(),
        1
    );
    version.restore().unwrap();
    let done = collect(&store.tracker, Duration::ZERO, false);
    assert_eq!((done.versions_purged.len(), done.blobs()), (0, 0));
    assert_eq!(version.files().unwrap().len(), 1);
}

#[test]
fn a_deleted_dataset_and_a_removed_model_give_their_files_back_and_cannot_undo_that() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("digits").unwrap();
    dataset.version().bytes("a.csv", "x\n1\n").add().unwrap();
    dataset.version().bytes("a.csv", "x\n2\n").add().unwrap();
    dataset.delete().unwrap();
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("card.md"), "made by hand").unwrap();
    let model = tracker.model("resnet").unwrap();
    let version = model.version().file(files.path().join("card.md"));
    let version = version.add().unwrap();
    version.remove().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let gc = tracker.gc().older_than(Duration::ZERO);
    let gc = gc.on_progress(move |at| heard.lock().unwrap().push(at));
    let done = gc.run().unwrap().unwrap().artifacts;
    assert_eq!(selectors(&done), ["digits@v1", "digits@v2", "resnet@v1"]);
    assert!(matches!(
        done.versions_purged[2].version,
        NodeRef::ModelVersion(_, 1)
    ));
    assert_eq!(done.blobs(), 6);
    let told = told.lock().unwrap();
    assert!(told.contains(&GcProgress::Looking { done: 6 }), "{told:?}");
    assert!(told.contains(&GcProgress::Freeing { done: 6, all: 6 }));
    let purges = tracker.operations().fetch().unwrap();
    let purge = purges.iter().find(|operation| {
        operation
            .what
            .contains("purged the files of dataset digits")
    });
    let purge = purge.unwrap_or_else(|| panic!("a purge is an operation: {purges:?}"));
    let purge = purge.last;
    assert!(tracker.undo(purge).apply().is_err());
    tracker.restore_dataset("digits").unwrap();
    let back = tracker.dataset_version("digits@v2").unwrap();
    assert_eq!(code(back.files()), Code::InvalidState);
    version.restore().unwrap();
    let back = tracker.model_version("resnet@v1").unwrap();
    assert!(back.stored_files().unwrap().is_empty());
    assert_eq!(code(back.get_to(files.path())), Code::InvalidState);
}
