//! Artifacts of training processes that fork, or are killed between storing the bytes and saying so in the log.

use std::time::Duration;

use mltrack::{RunId, Tracker};
use mltrack_artifact::{BlobHash, BlobStore};

use crate::check::test_folder;
use crate::process::{PATIENCE, Process, Program};
use crate::seaweed::{Server, options, url};

fn trainer(store: &str, fail: Option<&str>) -> (Process, RunId) {
    trainer_with(store, fail, &[])
}

fn trainer_with(store: &str, fail: Option<&str>, variables: &[(&str, &str)]) -> (Process, RunId) {
    let words = [store.to_owned(), "resnet".into(), "5000".into()];
    let process = Process::start_with(Program::Trainer, &words, fail, variables);
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
    let (parent, _) = trainer(store, None);
    fork_and_put(parent);
    assert_eq!(sound_artifacts(store), 3 + 8 + 8);
}

/// What is made of threads and connections does not survive a fork: the child makes its own, its parent keeps its own.
#[test]
fn a_forked_child_stores_in_a_bucket_while_its_parent_stores_there_too() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let server = Server::start();
    let root = url(&server.endpoint(), "forks").to_string();
    let variables = [
        ("MLTRACK_ARTIFACTS", root.as_str()),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let (parent, run) = trainer_with(store, None, &variables);
    fork_and_put(parent);
    let tracker = Tracker::builder(store).read_only(true).open();
    let tracker = tracker.expect("the store opens for reading");
    let logged = tracker.artifacts().run(run).fetch().expect("it is read");
    let named = logged
        .items
        .iter()
        .filter(|row| !row.path.starts_with("mltrack/"));
    let bucket = BlobStore::open(&url(&server.endpoint(), "forks"), options()).expect("a client");
    let mut count = 0;
    for artifact in named {
        let blob = BlobHash(artifact.blob.to_bytes());
        bucket.verify(&blob).expect("every byte is there");
        count += 1;
    }
    assert_eq!(count, 3 + 8 + 8);
}

/// Uploads before the fork, then parent and child at the same time, then the end.
fn fork_and_put(mut parent: Process) {
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
