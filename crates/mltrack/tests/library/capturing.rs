//! The environment of a run: recorded in the background, once for all runs of a folder, and never in the way.

use std::time::Duration;

use mltrack::{Capture, Code, Reproducible, Tracker};
use mltrack_event::TypeId;
use tempfile::{TempDir, tempdir};

use crate::support::code;

const LONG: Duration = Duration::from_secs(30);

fn store(capture: Capture) -> (TempDir, Tracker) {
    let folder = tempdir().unwrap();
    let tracker = Tracker::builder(folder.path())
        .capture(capture)
        .open()
        .unwrap();
    (folder, tracker)
}

fn captures(tracker: &Tracker) -> usize {
    let mut reader = tracker.log().unwrap().reader().unwrap();
    let mut count = 0;
    while let Some(batch) = reader.next_batch().unwrap() {
        count += batch
            .filter(|record| record.type_id == TypeId::ENVIRONMENT_CAPTURED.0)
            .count();
    }
    count
}

#[test]
fn a_run_says_where_it_ran_and_its_documents_are_artifacts() {
    let (_folder, tracker) = store(Capture::Full);
    let experiment = tracker.experiment("e").unwrap();
    let run = experiment.run().seed(7).start().unwrap();
    run.finish().unwrap();
    assert!(run.wait_for_environment(LONG));
    let environment = tracker
        .environment(run.id())
        .unwrap()
        .expect("it is recorded");
    assert_eq!(environment.summary["seed"], "7");
    for key in [
        "os.name",
        "cpu.threads",
        "memory.bytes",
        "command",
        "cwd",
        "executable.hash",
    ] {
        assert!(
            environment.summary.contains_key(key),
            "{key} {:?}",
            environment.summary
        );
    }
    let document = tracker.environment_document(&environment).unwrap().unwrap();
    assert_eq!(
        document["process"]["command"],
        environment.summary["command"].as_str()
    );
    let path = &environment.documents["environment"].path;
    assert_eq!(path, "mltrack/environment.json");
    let listed = tracker.artifact(run.id(), path).unwrap();
    assert_eq!(listed.id, environment.documents["environment"].id);
}

#[test]
fn a_minimal_one_starts_no_program_and_keeps_no_code() {
    let (_folder, tracker) = store(Capture::Minimal);
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    run.finish().unwrap();
    assert!(run.wait_for_environment(LONG));
    let environment = tracker.environment(run.id()).unwrap().unwrap();
    assert_eq!(environment.reproducible, Reproducible::No);
    assert!(!environment.summary.contains_key("git.commit"));
    assert!(!environment.documents.contains_key("patch"));
    assert!(tracker.environment_patch(&environment).unwrap().is_none());
}

#[test]
fn nothing_is_recorded_when_it_is_off_or_the_tracker_is() {
    let (_folder, tracker) = store(Capture::Off);
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    assert!(run.wait_for_environment(Duration::ZERO));
    run.finish().unwrap();
    assert!(tracker.environment(run.id()).unwrap().is_none());
    assert_eq!(captures(&tracker), 0);
    let nobody = mltrack::RunId::from_bytes([3; 16]);
    assert_eq!(code(tracker.environment(nobody)), Code::NotFound);
    let disabled = Tracker::disabled();
    let run = disabled.experiment("e").unwrap().start_run().unwrap();
    assert!(run.wait_for_environment(Duration::ZERO));
    assert!(disabled.environment(run.id()).unwrap().is_none());
}

#[test]
fn all_runs_of_a_process_share_a_capture_and_each_has_an_event_of_its_own() {
    let (_folder, tracker) = store(Capture::Full);
    let experiment = tracker.experiment("e").unwrap();
    let runs: Vec<_> = (0..20).map(|_| experiment.start_run().unwrap()).collect();
    for run in &runs {
        run.finish().unwrap();
        assert!(run.wait_for_environment(LONG));
    }
    let blobs: Vec<_> = runs
        .iter()
        .map(|run| tracker.environment(run.id()).unwrap().unwrap().documents["environment"].blob)
        .collect();
    assert!(blobs.iter().all(|blob| *blob == blobs[0]));
    assert_eq!(captures(&tracker), 20);
}

#[test]
fn a_resumed_run_has_the_environment_of_its_last_start_and_an_attached_one_none_of_its_own() {
    let (folder, tracker) = store(Capture::Minimal);
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    run.finish().unwrap();
    assert!(run.wait_for_environment(LONG));
    let first = tracker.environment(run.id()).unwrap().unwrap();
    let again = Tracker::builder(folder.path())
        .capture(Capture::Minimal)
        .setup("make all")
        .open()
        .unwrap();
    let resumed = again.resume(run.id()).unwrap();
    let attached = tracker.attach(run.id()).unwrap();
    drop(attached);
    resumed.finish().unwrap();
    assert!(resumed.wait_for_environment(LONG));
    let second = again.environment(run.id()).unwrap().unwrap();
    assert!(second.lsn > first.lsn);
    assert_eq!(second.summary["setup"], "make all");
    assert!(!first.summary.contains_key("setup"));
    assert_eq!(captures(&tracker), 2);
}

#[test]
fn a_root_that_does_not_answer_costs_the_documents_and_not_the_run() {
    let folder = tempdir().unwrap();
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "no folder").unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let tracker = Tracker::builder(folder.path().join("store"))
        .capture(Capture::Minimal)
        .artifacts(blocked.join("inside").display().to_string())
        .on_warning(move |warning| tell.send(warning.to_string()).unwrap())
        .open()
        .unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    run.log_metric("loss", 0.5).unwrap();
    run.finish().unwrap();
    assert!(run.wait_for_environment(LONG));
    assert!(told.recv_timeout(LONG).unwrap().contains("environment"));
    let environment = tracker.environment(run.id()).unwrap().unwrap();
    assert!(environment.summary.contains_key("os.name"));
    assert!(environment.documents.is_empty());
}
