//! Artifacts: bytes that runs keep, stored in the background and found again.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use mltrack::{ArtifactKind, Code, Run, Tracker};

use crate::support::{Store, code};

pub fn start(tracker: &Tracker) -> Run {
    tracker.experiment("resnet").unwrap().start_run().unwrap()
}

/// Keeps the background busy until something is sent, or the sender is gone.
pub struct Gate(pub Receiver<()>);

impl Read for Gate {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.recv().ok();
        Ok(0)
    }
}

/// A tracker whose warnings are kept.
fn warned(store: &Store, artifacts: &str) -> (Tracker, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let said = Arc::clone(&told);
    let tracker = Tracker::builder(store.path())
        .artifacts(artifacts)
        .on_warning(move |warning| said.lock().unwrap().push(warning.to_string()))
        .open()
        .unwrap();
    (tracker, told)
}

#[test]
fn a_file_becomes_an_artifact_that_every_process_finds_and_reads() {
    let store = Store::new();
    let file = store.path().join("weights.pt");
    fs::write(&file, b"PK\x03\x04 weights").unwrap();
    let run = start(&store.tracker);
    let logged = run
        .log_artifact("./out//weights.pt", &file)
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(logged.len(), 1);
    let found = store
        .another()
        .artifact(run.id(), "out/weights.pt")
        .unwrap();
    assert_eq!(found, logged[0]);
    assert_eq!((found.version, found.len, found.step), (1, 12, None));
    assert_eq!(
        (found.kind.clone(), &*found.media_type),
        (ArtifactKind::Model, "application/x-pytorch")
    );
    assert_eq!(&*found.run_name, run.name());
    let mut reader = store.another().open_artifact(&found).unwrap();
    reader.seek(SeekFrom::End(-7)).unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), reader.len()), ("weights", 12));
}

#[test]
fn a_call_returns_before_the_bytes_are_stored_and_finish_waits_for_them() {
    let store = Store::new();
    let run = start(&store.tracker);
    let (open, gate) = channel();
    let slow = run.artifact("slow").reader(Gate(gate)).unwrap();
    let next = run.log_artifact_bytes("next", "x").unwrap();
    assert!(!slow.is_done() && !next.is_done());
    assert_eq!(store.tracker.artifacts().fetch().unwrap().total, 0);
    drop(open);
    run.finish().unwrap();
    assert!(slow.is_done() && next.is_done());
    assert_eq!(store.another().artifacts().fetch().unwrap().total, 2);
}

#[test]
fn a_tracker_that_is_dropped_stores_what_it_took() {
    let store = Store::new();
    let tracker = store.another();
    let run = tracker
        .experiment("resnet")
        .unwrap()
        .run()
        .detached(true)
        .start()
        .unwrap();
    for number in 0..20 {
        run.log_artifact_bytes(format!("{number}"), vec![number; 1000])
            .unwrap();
    }
    drop((run, tracker));
    assert_eq!(store.tracker.artifacts().fetch().unwrap().total, 20);
}

#[test]
fn a_folder_is_logged_with_every_file_under_its_path() {
    let store = Store::new();
    let folder = store.path().join("results");
    fs::create_dir_all(folder.join("plots")).unwrap();
    for file in ["a.csv", "plots/b.png", "plots/c.png"] {
        fs::write(folder.join(file), file).unwrap();
    }
    let run = start(&store.tracker);
    let logged = run
        .artifact("out")
        .step(3)
        .folder(&folder)
        .unwrap()
        .wait()
        .unwrap();
    let paths: Vec<&str> = logged
        .iter()
        .map(|artifact| artifact.path.as_str())
        .collect();
    assert_eq!(paths, ["out/a.csv", "out/plots/b.png", "out/plots/c.png"]);
    assert!(logged.iter().all(|artifact| artifact.step == Some(3)));
    assert_eq!(
        run.log_artifacts(&folder).unwrap().wait().unwrap()[0].path,
        "a.csv"
    );
    assert_eq!(code(run.log_artifact("x", &folder)), Code::ValidationError);
    assert_eq!(
        code(run.artifact("x").folder(folder.join("a.csv"))),
        Code::ValidationError
    );
}

#[test]
fn an_event_never_names_bytes_that_are_not_there() {
    let store = Store::new();
    let blocked = store.path().join("no-folder");
    fs::write(&blocked, "a file where the root should be").unwrap();
    let (tracker, told) = warned(&store, blocked.to_str().unwrap());
    let run = start(&tracker);
    let upload = run.log_artifact_bytes("model.pt", "weights").unwrap();
    assert_eq!(code(upload.wait()), Code::IoError);
    run.log_artifact_bytes("dropped.pt", "weights")
        .map(drop)
        .unwrap();
    run.finish().unwrap();
    assert_eq!(
        store
            .another()
            .artifacts()
            .all_versions()
            .fetch()
            .unwrap()
            .total,
        0
    );
    let told = told.lock().unwrap();
    assert!(
        told[0].contains("model.pt was not logged") && told[1].contains("dropped.pt"),
        "{told:?}"
    );
    assert_eq!(told.len(), 2);
}

#[test]
fn a_reader_that_fails_logs_nothing() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(1)
                .ok_or_else(|| std::io::Error::other("planted"))?;
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    struct Panicking;
    impl Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("planted")
        }
    }
    let store = Store::new();
    let run = start(&store.tracker);
    for reads in [0, 1, 2, 40] {
        let error = run
            .artifact("stream")
            .reader(Failing(reads))
            .unwrap()
            .wait()
            .unwrap_err();
        assert!(format!("{error:#}").contains("planted"), "{error:#}");
    }
    assert_eq!(
        code(run.artifact("stream").reader(Panicking).unwrap().wait()),
        Code::InternalError
    );
    assert_eq!(
        run.log_artifact_bytes("after", "x")
            .unwrap()
            .wait()
            .unwrap()[0]
            .version,
        1
    );
    assert_eq!(store.tracker.artifacts().fetch().unwrap().total, 1);
}

#[test]
fn a_file_that_changes_before_it_is_stored_is_an_error_that_says_so() {
    let store = Store::new();
    let run = start(&store.tracker);
    let file = store.path().join("weights");
    fs::write(&file, "first").unwrap();
    let (open, gate) = channel();
    run.artifact("slow").reader(Gate(gate)).map(drop).unwrap();
    let changed = run.log_artifact("changed", &file).unwrap();
    let copied = run.artifact("copied").snapshot(true).file(&file).unwrap();
    fs::write(&file, "second!").unwrap();
    drop(open);
    let error = changed.wait().unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(
        error
            .to_string()
            .contains("it changed before it could be stored"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("snapshot(true)"));
    let copied = copied.wait().unwrap().remove(0);
    assert_eq!(store.tracker.artifact_bytes(&copied).unwrap(), b"first");
    let left: Vec<_> = fs::read_dir(store.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("aside")),
        "{left:?}"
    );
}

#[test]
fn what_is_too_long_is_refused_at_once_with_both_numbers() {
    let store = Store::new();
    let tracker = Tracker::builder(store.path())
        .artifact_size_max(1000)
        .open()
        .unwrap();
    let run = start(&tracker);
    let file = store.path().join("large");
    fs::write(&file, vec![0; 1001]).unwrap();
    for refused in [
        run.log_artifact("a", &file),
        run.log_artifact_bytes("a", vec![0; 1001]),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.code(), Code::ArtifactTooLarge);
        assert!(
            error.to_string().contains("1001") && error.to_string().contains("1000"),
            "{error}"
        );
    }
    let streamed = run
        .artifact("a")
        .reader(std::io::repeat(0).take(1 << 20))
        .unwrap();
    assert_eq!(code(streamed.wait()), Code::ArtifactTooLarge);
    run.log_artifact_bytes("a", vec![0; 1000])
        .unwrap()
        .wait()
        .unwrap();
}

#[test]
fn what_cannot_be_an_artifact_is_refused_at_once() {
    let store = Store::new();
    let run = start(&store.tracker);
    for name in [
        "",
        "../x",
        "/x",
        "a/../../x",
        "a\\b",
        "nul.txt",
        "a\u{202e}b",
    ] {
        assert_eq!(
            code(run.log_artifact_bytes(name, "x")),
            Code::ValidationError,
            "{name:?}"
        );
    }
    assert_eq!(
        code(run.log_artifact("a", store.path().join("none"))),
        Code::NotFound
    );
    run.finish().unwrap();
    let late = run.log_artifact_bytes("a", "x").unwrap_err();
    assert_eq!(late.code(), Code::InvalidState);
    assert!(late.hint().unwrap().contains("resume"), "{late:?}");
}

#[test]
fn only_the_last_of_a_runs_checkpoints_are_kept_when_it_says_so() {
    let store = Store::new();
    let run = start(&store.tracker);
    for step in 0..3 {
        run.log_artifact_bytes(format!("ckpt/{step}"), vec![step; 100])
            .unwrap();
    }
    run.keep_last("ckpt/*", 2).unwrap();
    run.keep_last("log", 1).unwrap();
    for step in 3..6 {
        run.log_artifact_bytes(format!("ckpt/{step}"), vec![step; 100])
            .unwrap();
        run.log_artifact_bytes("log", vec![step; 10]).unwrap();
    }
    run.log_artifact_bytes("other/1", "x").unwrap();
    run.finish().unwrap();
    let page = store.tracker.artifacts().all_versions().fetch().unwrap();
    let left: Vec<String> = page
        .items
        .iter()
        .map(mltrack::Artifact::reference)
        .collect();
    assert_eq!(left, ["ckpt/4@v1", "ckpt/5@v1", "log@v3", "other/1@v1"]);
    let removed = store
        .tracker
        .artifacts()
        .with_removed()
        .path("ckpt/0")
        .fetch()
        .unwrap();
    assert_eq!(
        removed.items[0].removed.as_ref().unwrap().why,
        "keep-last 2"
    );
    assert_eq!(
        code(start(&store.tracker).keep_last("*", 0)),
        Code::ValidationError
    );
}

#[test]
fn an_upload_can_be_awaited() {
    let store = Store::new();
    let run = start(&store.tracker);
    let (open, gate) = channel();
    let upload = run.artifact("slow").reader(Gate(gate)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let logged = runtime.block_on(async move {
        let task = tokio::task::LocalSet::new();
        task.run_until(async {
            let waiting = tokio::task::spawn_local(upload);
            drop(open);
            waiting.await.unwrap()
        })
        .await
    });
    assert_eq!(logged.unwrap()[0].path, "slow");
}

#[test]
fn an_artifact_can_be_logged_from_outside_while_the_run_is_running() {
    let store = Store::new();
    let run = start(&store.tracker);
    let outside = store.another();
    outside
        .new_artifact(run.id(), "report.md")
        .bytes("done")
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(
        store.tracker.artifact(run.id(), "report.md").unwrap().kind,
        ArtifactKind::Report
    );
    run.finish().unwrap();
    assert_eq!(
        code(outside.new_artifact(run.id(), "late").bytes("x")),
        Code::InvalidState
    );
    let nobody = mltrack::RunId::from_bytes([7; 16]);
    assert_eq!(
        code(outside.new_artifact(nobody, "late").bytes("x")),
        Code::NotFound
    );
}

#[test]
fn a_disabled_tracker_keeps_nothing_and_fails_nothing() {
    let tracker = Tracker::disabled();
    let run = start(&tracker);
    let upload = run.log_artifact("a", "no such file").unwrap();
    assert!(upload.is_done() && upload.wait().unwrap().is_empty());
    run.keep_last("*", 1).unwrap();
    assert_eq!(tracker.artifacts().fetch().unwrap().total, 0);
    assert!(tracker.verify_artifacts().run().unwrap().is_sound());
    assert_eq!(tracker.artifact_roots().unwrap(), None);
}
