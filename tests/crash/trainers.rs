//! Training processes, through the library: forks of a run's owner, and a run whose log somebody holds.

use std::time::Duration;

use mltrack::{RunId, RunState, Tracker};

use crate::check::test_folder;
use crate::process::{PATIENCE, Process, Program, number, until};

/// A trainer and its run.
fn trainer(store: &str, wait_ms: u32, fail: Option<&str>) -> (Process, RunId) {
    let words = [store.to_owned(), "resnet".into(), wait_ms.to_string()];
    let process = Process::start_program(Program::Trainer, &words, fail);
    let run = process.expect("run")[0].parse().expect("a run id");
    (process, run)
}

fn reader(store: &str) -> Tracker {
    Tracker::builder(store)
        .read_only(true)
        .open()
        .expect("the store opens for reading")
}

/// Checks that the run has the points 0 to `count`, each once, and nothing else.
fn has_points(store: &str, run: RunId, count: i64) {
    let points = reader(store)
        .history(run, "value")
        .fetch()
        .expect("it logged");
    let steps: Vec<i64> = (0..count).collect();
    assert_eq!(points.steps, steps);
    let values: Vec<f64> = steps.iter().map(|step| *step as f64).collect();
    assert_eq!(points.values, values);
}

#[test]
fn a_forked_child_logs_through_the_run_it_inherited_and_its_parent_ends_the_run() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let (mut parent, run) = trainer(store, 5_000, None);
    parent.tell("go 10");
    assert_eq!(parent.expect("done"), ["10", "0"]);
    parent.tell("fork 5");
    assert_eq!(parent.expect("child"), ["5", "0"]);
    parent.tell("go 10");
    assert_eq!(parent.expect("done"), ["10", "0"]);
    let state = |tracker: &Tracker| tracker.run_summary(run).expect("it is there").state;
    assert_eq!(
        state(&reader(store)),
        RunState::Running,
        "the child's end ended nothing"
    );
    parent.tell("finish");
    parent.expect("finished");
    parent.end_input();
    assert!(parent.wait().success());
    assert_eq!(state(&reader(store)), RunState::Completed);
    has_points(store, run, 25);
}

#[test]
fn a_sleeping_child_of_a_killed_trainer_does_not_keep_its_run_alive() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let (mut parent, run) = trainer(store, 5_000, None);
    parent.tell("go 3");
    parent.expect("done");
    parent.tell("sleeper");
    parent.expect("sleeper");
    let tracker = reader(store);
    parent.kill();
    until(Duration::from_secs(1), "the run counts as lost", || {
        tracker.run_summary(run).expect("it is there").state == RunState::Lost
    });
    has_points(store, run, 3);
}

#[test]
fn a_run_defers_while_another_trainer_is_stopped_with_the_log_and_warns_once_with_its_process() {
    let folder = test_folder();
    let store = folder.path().join("store");
    let store = store.to_str().expect("a path of letters");
    let (mut run_of, run) = trainer(store, 20, None);
    run_of.tell("go 5");
    assert_eq!(run_of.expect("done"), ["5", "0"]);
    // The holder stops in the middle of a copy, well behind the events that started its run.
    let (mut holder, held) = trainer(store, 5_000, Some("append.copied:30:stop"));
    holder.tell("go 100");
    until(PATIENCE, "the holder stands still", || holder.is_stopped());
    run_of.tell("go 20");
    let warning = run_of.answer().expect("it lives");
    let process = format!("process {} holds", holder.id());
    assert!(
        warning.starts_with("warning") && warning.contains(&process),
        "{warning}"
    );
    assert_eq!(
        run_of.expect("done"),
        ["0", "20"],
        "told once, then deferred"
    );
    holder.signal("CONT");
    assert_eq!(holder.expect("done"), ["100", "0"]);
    let mut next = 25;
    until(PATIENCE, "the log moves for the run again", || {
        run_of.tell("go 1");
        next += 1;
        number::<u64>(&run_of.expect("done")[0]) == 1
    });
    for mut process in [run_of, holder] {
        process.tell("finish");
        process.expect("finished");
        process.end_input();
        assert!(process.wait().success());
    }
    has_points(store, run, next);
    has_points(store, held, 100);
}
