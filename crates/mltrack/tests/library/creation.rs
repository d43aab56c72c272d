//! Making experiments and runs, from many threads and trackers at once.

use std::collections::BTreeSet;

use mltrack::{Code, Tracker};

use crate::support::{Process, Store, code, role, say};

#[test]
fn an_experiment_is_made_once_by_any_number_of_threads_and_trackers() {
    let store = Store::new();
    let other = store.another();
    let ids: BTreeSet<_> = std::thread::scope(|scope| {
        let get = |at: usize| {
            let tracker = if at.is_multiple_of(2) {
                &store.tracker
            } else {
                &other
            };
            scope.spawn(move || tracker.experiment("resnet").unwrap().id())
        };
        let threads: Vec<_> = (0..16).map(get).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(ids.len(), 1);
    assert_eq!(store.tracker.experiments().fetch().unwrap().total, 1);
}

#[test]
fn run_numbers_never_repeat_under_concurrency() {
    let store = Store::new();
    let other = store.another();
    let numbers: BTreeSet<u64> = std::thread::scope(|scope| {
        let start = |at: usize| {
            let tracker = if at.is_multiple_of(2) {
                &store.tracker
            } else {
                &other
            };
            scope.spawn(move || {
                let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
                run.finish().unwrap();
                run.number()
            })
        };
        let threads: Vec<_> = (0..24).map(start).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(numbers, (1..=24).collect());
}

#[test]
fn processes_share_an_experiment_and_its_numbers() {
    const NAME: &str = "creation::processes_share_an_experiment_and_its_numbers";
    if let Some((_, tracker)) = role() {
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        run.finish().unwrap();
        return say(run.number());
    }
    let store = Store::new();
    let start = |_| Process::start(NAME, "starter", store.path());
    let mut processes: Vec<Process> = (0..4).map(start).collect();
    let numbers: BTreeSet<String> = processes.iter_mut().map(Process::hear).collect();
    assert_eq!(numbers, ["1", "2", "3", "4"].map(String::from).into());
    assert_eq!(
        store.tracker.experiments().fetch().unwrap().items[0].run_count(),
        4
    );
}

#[test]
fn a_new_experiment_refuses_a_name_that_is_taken_or_none() {
    let store = Store::new();
    let tracker = &store.tracker;
    tracker
        .new_experiment("resnet")
        .description("deep")
        .create()
        .unwrap();
    assert_eq!(
        code(tracker.new_experiment("resnet").create()),
        Code::Conflict
    );
    let error = tracker.experiment("").unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert!(error.to_string().contains("1 to 256 characters"), "{error}");
}

#[test]
fn a_missing_store_is_made_and_a_folder_that_contains_one_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("project").join(".mltrack");
    assert_eq!(
        code(Tracker::builder(&path).create(false).open()),
        Code::NotFound
    );
    Tracker::open(&path).unwrap().experiment("resnet").unwrap();
    let again = Tracker::open(folder.path().join("project")).unwrap();
    assert_eq!(again.path(), Some(path.as_path()));
    again.find_experiment("resnet").unwrap();
}

#[test]
fn a_tracker_for_reading_sees_everything_and_changes_nothing() {
    let store = Store::new();
    store
        .tracker
        .run("resnet", |run| Ok(run.log_metric("loss", 0.5)?))
        .unwrap();
    let reader = Tracker::builder(store.path())
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(reader.runs().fetch().unwrap().total, 1);
    assert_eq!(code(reader.experiment("bert")), Code::InvalidState);
    assert_eq!(
        code(reader.experiment("resnet").unwrap().start_run()),
        Code::InvalidState
    );
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(
        code(Tracker::builder(nowhere.path()).read_only(true).open()),
        Code::NotFound
    );
}

#[test]
fn many_short_runs_leave_nothing_behind_in_the_process() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    for number in 1..=200 {
        let run = experiment.start_run().unwrap();
        run.log_metric("loss", 0.5).unwrap();
        assert_eq!(run.number(), number);
        run.cancel("enough").unwrap();
    }
    assert_eq!(
        store.tracker.experiments().fetch().unwrap().items[0].runs["cancelled"],
        200
    );
}
