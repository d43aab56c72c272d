//! Everything a person does to datasets and models can be taken back, and taken back again.

use std::path::{Path, PathBuf};

use mltrack::{Bump, Code, DatasetSummary, Lsn, ModelSummary, Tracker};

use crate::support::{Store, code};

fn dataset(tracker: &Tracker) -> DatasetSummary {
    tracker.datasets(None).unwrap().remove(0)
}

fn model(tracker: &Tracker) -> ModelSummary {
    tracker.models(None).unwrap().remove(0)
}

fn tags(key: &str, value: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_owned())]
}

/// What an undo can set back: everything but places in the log.
fn told(dataset: &DatasetSummary) -> String {
    let versions: Vec<_> = dataset
        .versions
        .iter()
        .map(|row| (row.number, &row.version, &row.tags, row.removed.is_some()))
        .collect();
    format!(
        "{} {} {:?} {} {versions:?}",
        dataset.name,
        dataset.description,
        dataset.tags,
        dataset.deleted.is_some()
    )
}

fn told_model(model: &ModelSummary) -> String {
    let versions: Vec<_> = model
        .versions
        .iter()
        .map(|row| {
            let removed = row.removed.is_some();
            (
                &row.version,
                &row.tags,
                &row.description,
                &row.stage,
                removed,
            )
        })
        .collect();
    format!(
        "{} {} {:?} {:?} {} {versions:?}",
        model.name,
        model.description,
        model.tags,
        model.aliases,
        model.deleted.is_some()
    )
}

/// Does something, takes it back and does it again by taking the undo back.
fn undo_and_redo(
    tracker: &Tracker,
    look: impl Fn(&Tracker) -> String,
    act: impl FnOnce() -> Option<Lsn>,
) {
    let before = look(tracker);
    assert!(act().is_some(), "it is a record");
    let after = look(tracker);
    assert_ne!(before, after, "it did something");
    let undone = tracker.undo_last().apply().unwrap().unwrap();
    assert_eq!(look(tracker), before, "undid {}", undone.operation.what);
    tracker.undo(undone.lsn.unwrap()).apply().unwrap();
    assert_eq!(look(tracker), after, "redid {}", undone.operation.what);
}

#[test]
fn every_change_of_a_dataset_is_undone_and_redone() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.new_dataset("d").tag("old", "1").create().unwrap();
    handle.version().reference("x", "md5:1").add().unwrap();
    let check =
        |act: &dyn Fn() -> Option<Lsn>| undo_and_redo(tracker, |it| told(&dataset(it)), act);
    check(&|| handle.rename("e").unwrap());
    check(&|| handle.describe("pictures").unwrap());
    check(&|| handle.tag(&tags("new", "2"), &["old".to_owned()]).unwrap());
    let version = handle.latest().unwrap();
    check(&|| version.tag(&tags("gold", ""), &[]).unwrap());
    check(&|| {
        version
            .set_version(Some(&"1.2.0".parse().unwrap()))
            .unwrap()
    });
    check(&|| version.set_version(None).unwrap());
    check(&|| version.remove().unwrap());
    check(&|| version.restore().unwrap());
    check(&|| handle.delete().unwrap());
    check(&|| tracker.restore_dataset("e").unwrap());
}

#[test]
fn every_change_of_a_model_is_undone_and_redone() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.model("m").unwrap();
    let add = || {
        handle
            .version()
            .source("x")
            .bump(Bump::Patch)
            .add()
            .unwrap()
    };
    let (first, _) = (add(), add());
    let check =
        |act: &dyn Fn() -> Option<Lsn>| undo_and_redo(tracker, |it| told_model(&model(it)), act);
    check(&|| handle.set_alias("prod", 1).unwrap());
    check(&|| handle.set_alias("prod", 2).unwrap());
    check(&|| handle.remove_alias("prod").unwrap());
    check(&|| first.move_to("Staging").unwrap());
    check(&|| first.describe("the one of the paper").unwrap());
    check(&|| first.tag(&tags("gold", ""), &[]).unwrap());
    check(&|| first.remove().unwrap());
    check(&|| handle.rename("n").unwrap());
    check(&|| handle.delete().unwrap());
}

#[test]
fn what_was_made_is_deleted_or_removed_and_a_redo_brings_it_back() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.dataset("d").unwrap();
    let undone = tracker.undo_last().apply().unwrap().unwrap();
    assert_eq!(undone.operation.what, "made dataset d");
    assert_eq!(undone.what, "deleted dataset d");
    assert!(dataset(tracker).deleted.is_some());
    tracker.undo(undone.lsn.unwrap()).apply().unwrap();
    assert!(dataset(tracker).deleted.is_none());

    handle.version().reference("x", "md5:1").add().unwrap();
    let undone = tracker.undo_last().apply().unwrap().unwrap();
    assert_eq!(undone.what, "removed dataset d@v1");
    assert_eq!(code(handle.latest()), Code::NotFound);
    tracker.undo(undone.lsn.unwrap()).apply().unwrap();
    assert_eq!(handle.latest().unwrap().number, 1);
}

#[test]
fn an_undo_stops_at_what_somebody_did_later_and_names_it() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.model("m").unwrap();
    handle.version().source("x").add().unwrap();
    handle.version().source("y").add().unwrap();
    let first = handle.set_alias("prod", 1).unwrap().unwrap();
    handle.set_alias("prod", 2).unwrap();
    let error = tracker.undo(first).apply().unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    let message = error.to_string();
    assert!(
        message.contains("the alias \"prod\" was changed again"),
        "{message}"
    );
    assert!(message.contains("let prod name model m@v2"), "{message}");

    let deleted = handle.delete().unwrap().unwrap();
    tracker.model("m").unwrap();
    let taken = tracker.undo(deleted).apply().unwrap_err();
    assert_eq!(taken.code(), Code::Conflict);
    assert!(
        taken.to_string().contains("another model is called \"m\""),
        "{taken}"
    );
}

#[test]
fn a_dataset_that_got_versions_since_is_not_unmade() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.dataset("d").unwrap();
    handle.version().reference("x", "md5:1").add().unwrap();
    let made = tracker.operations().fetch().unwrap().pop().unwrap();
    assert_eq!(made.what, "made dataset d");
    let error = tracker.undo(made.first).apply().unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(error.to_string().contains("added dataset d@v1"), "{error}");
}

#[test]
fn an_undo_goes_on_from_the_newest_snapshot_before_the_operation() {
    let store = Store::new();
    let tracker = &store.tracker;
    let handle = tracker.dataset("d").unwrap();
    handle.version().reference("x", "md5:1").add().unwrap();
    handle.describe("first").unwrap();
    let old = snapshot_of_things(tracker);
    let told = handle.describe("second").unwrap().unwrap();
    let new = snapshot_of_things(tracker);
    assert_ne!(old, new);
    let mut bytes = std::fs::read(&old).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&old, bytes).unwrap();
    let another = store.another();
    assert_eq!(dataset(&another).description, "second");
    assert!(old.exists(), "the present is in the newer one");
    another.undo(told).apply().unwrap();
    assert_eq!(dataset(tracker).description, "first");
    assert!(!old.exists(), "it was looked at, and set aside");
    assert!(new.exists());
    handle.describe("third").unwrap();
    let whole = snapshot_of_things(tracker);
    handle.rename("e").unwrap();
    store.another().undo_last().apply().unwrap();
    assert_eq!(dataset(tracker).name, "d");
    assert!(whole.exists());
}

/// Writes a snapshot and tells where that of datasets and models is.
fn snapshot_of_things(tracker: &Tracker) -> PathBuf {
    tracker.snapshot().unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let kept = tracker.snapshots().into_iter().map(|kept| kept.path);
    let mut of_things = kept.filter(|path| name(path).starts_with("things"));
    of_things.next().expect("there are things to keep")
}
