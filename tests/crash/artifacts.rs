//! Artifacts of training processes that fork, or are killed between storing the bytes and saying so in the log.

use std::time::Duration;

use mltrack::{RunId, Tracker};

use crate::check::test_folder;
use crate::process::{PATIENCE, Process, Program};

fn trainer(store: &str, fail: Option<&str>) -> (Process, RunId) {
    let words = [store.to_owned(), "resnet".into(), "5000".into()];
    let process = Process::start_program(Program::Trainer, &words, fail);
    let run = process.expect("run")[0].parse().expect("a run id");
    (process, run)
}

/// How many artifacts there are, after every byte of them was proved.
fn sound_artifacts(store: &str) -> u64 {
    let tracker = Tracker::builder(store).read_only(true).open();
    let tracker = tracker.expect("the store opens for reading");
    let check = tracker.verify_artifacts().run().expect("roots can be read");
    assert!(check.is_sound(), "{:?}", check.damages);
    check.artifacts
}

#[test]
fn a_forked_child_stores_artifacts_of_its_own_while_its_parent_stores_others() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let (mut parent, _) = trainer(store, None);
    parent.tell("put 3");
    parent.expect("put");
    parent.tell("fork-put 8");
    let (mut is_child_done, mut is_parent_done) = (false, false);
    while !is_child_done || !is_parent_done {
        match parent
            .answer_within(PATIENCE)
            .expect("both go on")
            .as_deref()
        {
            Some("child") => is_child_done = true,
            Some("put") => is_parent_done = true,
            other => panic!("{other:?}"),
        }
    }
    parent.tell("finish");
    parent.expect("finished");
    parent.end_input();
    assert!(parent.wait().success());
    assert_eq!(sound_artifacts(store), 3 + 8 + 8);
}

#[test]
fn a_trainer_that_is_killed_while_it_appends_leaves_no_event_without_its_bytes() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let mut most = 0;
    for nth in 4..12 {
        let fail = format!("append.copied:{nth}:kill");
        let (mut process, _) = trainer(store, Some(&fail));
        process.tell("put 20");
        assert!(process.is_killed(), "{fail}");
        most = sound_artifacts(store);
    }
    assert!(most > 0);
    let tracker = Tracker::open(store).expect("it opens");
    tracker
        .gc()
        .older_than(Duration::ZERO)
        .run()
        .expect("it collects");
    assert_eq!(sound_artifacts(store), most);
}
