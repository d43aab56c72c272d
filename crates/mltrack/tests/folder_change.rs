//! A program that changes its folder keeps its store. In a program of its own, because the folder is the process's.

use std::path::Path;

use mltrack::Tracker;

#[test]
fn what_is_folded_stays_with_the_log_when_the_program_changes_its_folder() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::env::set_current_dir(first.path()).unwrap();
    let tracker = Tracker::open(".mltrack").unwrap();
    std::env::set_current_dir(second.path()).unwrap();

    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    run.log_metric("loss", 0.5).unwrap();
    run.finish().unwrap();
    tracker.snapshot().unwrap();
    drop(tracker.index().unwrap());
    let points = tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!(points.values, [0.5]);

    assert!(
        is_empty(second.path()),
        "nothing was made in the new folder"
    );
    let store = first.path().join(".mltrack");
    for derived in ["snapshots", "index"] {
        assert!(!is_empty(&store.join(derived)), "{derived}");
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}
