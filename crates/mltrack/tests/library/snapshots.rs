//! Snapshots: by command and by themselves, never believed over the log, without a trace for who only looks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mltrack::{Code, EndState, Tracker};

use crate::support::*;

/// Three runs, a snapshot after each of the first two.
fn store() -> (Store, Vec<PathBuf>) {
    let store = Store::new();
    let mut paths = Vec::new();
    for number in 1..=3 {
        let run = store
            .tracker
            .experiment("resnet")
            .unwrap()
            .start_run()
            .unwrap();
        run.log_param("number", number).unwrap();
        run.log_metrics(1, [("loss", f64::from(number)), ("acc", f64::NAN)])
            .unwrap();
        if number < 3 {
            run.finish().unwrap();
            paths.push(store.tracker.snapshot().unwrap().unwrap().path);
        } else {
            run.log_metric("extra", 1.0).unwrap();
            run.finish().unwrap();
        }
    }
    (store, paths)
}

/// Everything that can be asked about runs and experiments, as text.
fn told(tracker: &Tracker) -> String {
    let runs = tracker.runs().with_deleted().fetch().unwrap();
    let experiments = tracker.experiments().fetch().unwrap();
    format!("{runs:#?}\n{experiments:#?}")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn look(store: &Store) -> Tracker {
    Tracker::builder(store.path())
        .read_only(true)
        .open()
        .unwrap()
}

#[test]
fn a_report_says_what_was_written_and_a_check_proves_it() {
    let (store, _) = store();
    let report = store.tracker.snapshot().unwrap().unwrap();
    assert_eq!(report.runs, 3);
    assert_eq!(report.lsn, store.tracker.runs().fetch().unwrap().lsn);
    assert_eq!(report.bytes, fs::metadata(&report.path).unwrap().len());
    assert_eq!(report.kept, 3);
    let checks = store.tracker.check_snapshots().unwrap();
    assert_eq!(checks.len(), 3);
    assert!(
        checks.iter().all(|check| check.differences.is_empty()),
        "{checks:?}"
    );
    assert_eq!(store.tracker.snapshots()[0].path, report.path);
}

#[test]
fn answers_are_the_same_with_snapshots_and_without() {
    let (store, paths) = store();
    let with = told(&store.another());
    let pasts = |tracker: &Tracker| {
        let last = tracker.runs().fetch().unwrap().lsn.unwrap();
        let lsns = (1..=last.get()).map(|lsn| mltrack::Lsn::new(lsn).unwrap());
        lsns.map(|lsn| format!("{:?}", tracker.runs().at(lsn).fetch().unwrap().items))
            .collect::<Vec<_>>()
    };
    let pasts_with = pasts(&look(&store));
    for path in &paths {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(told(&store.another()), with);
    assert_eq!(pasts(&look(&store)), pasts_with);
}

#[test]
fn a_damaged_row_is_noticed_told_and_made_good_from_the_log() {
    let (store, paths) = store();
    let expected = told(&store.tracker);
    for path in &paths {
        let mut bytes = fs::read(path).unwrap();
        // Rows come first, behind the header.
        bytes[80] ^= 1;
        fs::write(path, bytes).unwrap();
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let heard = Arc::clone(&heard);
        move |warning: &mltrack::Warning| heard.lock().unwrap().push(warning.to_string())
    };
    let tracker = Tracker::builder(store.path())
        .on_warning(tell)
        .open()
        .unwrap();
    assert_eq!(told(&tracker), expected);
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[0].contains("set aside as"), "{heard:?}");
    assert!(tracker.snapshots().is_empty());
    assert!(tracker.snapshot().unwrap().is_some());
}

#[test]
fn decisions_made_over_a_snapshot_are_those_made_over_the_log() {
    let (store, _) = store();
    let tracker = store.another();
    let run = tracker.runs().fetch().unwrap().items.pop().unwrap();
    assert_eq!(run.number, 1);
    let resumed = tracker.resume(run.id).unwrap();
    assert_eq!(code(resumed.log_param("number", 2)), Code::Conflict);
    resumed.log_metric("loss", 0.5).unwrap();
    resumed.finish().unwrap();
    let next = tracker.experiment("resnet").unwrap().start_run().unwrap();
    assert_eq!(next.number(), 4);
    next.finish().unwrap();
    assert_eq!(
        code(tracker.end_run(run.id, EndState::Failed, None)),
        Code::InvalidState
    );
    let told_here = told(&tracker);
    for kept in tracker.snapshots() {
        fs::remove_file(kept.path).unwrap();
    }
    assert_eq!(told(&store.another()), told_here);
}

#[test]
fn who_only_looks_uses_snapshots_and_leaves_no_trace() {
    let (store, paths) = store();
    let mut bytes = fs::read(&paths[1]).unwrap();
    bytes[80] ^= 1;
    fs::write(&paths[1], bytes).unwrap();
    let before = names(&store.path().join("snapshots"));
    let looking = look(&store);
    assert_eq!(told(&looking), told(&store.tracker));
    assert_eq!(code(looking.snapshot()), Code::InvalidState);
    drop(looking);
    assert_eq!(names(&store.path().join("snapshots")), before);
}

#[test]
fn a_long_tail_is_written_to_a_snapshot_by_whoever_folds_it() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    log_ones(&run, "loss", 50_000);
    let open = |tail_len| {
        Tracker::builder(store.path())
            .snapshots_after(tail_len, Duration::ZERO)
            .open()
            .unwrap()
    };
    let patient = open(1 << 30);
    patient.runs().fetch().unwrap();
    drop(patient);
    assert!(store.tracker.snapshots().is_empty());

    let keen = open(1 << 20);
    keen.runs().fetch().unwrap();
    // Closing waits for what is being written.
    drop(keen);
    assert_eq!(store.tracker.snapshots().len(), 1);
    let keen = open(1 << 20);
    keen.runs().fetch().unwrap();
    drop(keen);
    assert_eq!(
        store.tracker.snapshots().len(),
        1,
        "the tail is short again"
    );
    let checks = store.tracker.check_snapshots().unwrap();
    assert!(checks[0].differences.is_empty(), "{checks:?}");
}

#[test]
fn a_tracker_with_little_memory_tells_the_same_as_one_with_any() {
    let (store, _) = store();
    let little = Tracker::builder(store.path()).run_memory(0).open().unwrap();
    let experiment = little.experiment("resnet").unwrap();
    for number in 4..8 {
        let run = little.new_remote_run(experiment.id()).create().unwrap();
        run.log_points(&[mltrack::RemotePoint {
            name: "loss",
            value: f64::from(number),
            step: 1,
            time: mltrack::WallTime(1),
        }])
        .unwrap();
        let first = store.tracker.runs().filter("loss > 2").order_by("loss");
        let second = little.runs().filter("loss > 2").order_by("loss");
        let ids = |page: mltrack::Page<mltrack::RunSummary>| {
            page.items.into_iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(first.fetch().unwrap()), ids(second.fetch().unwrap()));
    }
    let runs = |tracker: &Tracker| {
        let mut runs = tracker.runs().with_deleted().fetch().unwrap().items;
        // The clock goes on between the two questions.
        for run in &mut runs {
            run.silent_ns = None;
        }
        format!("{runs:?}")
    };
    assert_eq!(runs(&little), runs(&store.tracker));
}

#[test]
fn a_tracker_whose_memory_is_bounded_goes_on_from_the_snapshots_that_it_writes() {
    let store = Store::new();
    let straight = &store.tracker;
    let keen = Tracker::builder(store.path())
        .snapshots_after(0, Duration::ZERO)
        .run_memory(0)
        .open()
        .unwrap();
    let experiment = keen.experiment("resnet").unwrap();
    for number in 1..=40_u32 {
        let run = keen
            .new_remote_run(experiment.id())
            .param("number", i64::from(number))
            .create()
            .unwrap();
        if number % 3 == 0 {
            keen.delete_run(run.id()).unwrap();
        }
        let asked = |tracker: &Tracker| {
            let query = tracker.runs().with_deleted().filter("number > 3");
            let page = query.order_by("-number").fetch().unwrap();
            let runs = page.items.into_iter();
            runs.map(|run| (run.id, run.number, run.is_deleted, run.params))
                .collect::<Vec<_>>()
        };
        assert_eq!(asked(&keen), asked(straight), "after {number}");
        // Only then is it certain that the next question meets the fold over the snapshot.
        keen.wait_for_snapshot().unwrap();
    }
    assert!(!keen.snapshots().is_empty());
    let checks = straight.check_snapshots().unwrap();
    let is_right = |check: &mltrack::SnapshotCheck| check.differences.is_empty();
    assert!(checks.iter().all(is_right), "{checks:?}");
}

#[test]
fn who_is_idle_has_a_snapshot_written_that_a_busy_one_would_not() {
    let store = Store::new();
    let run = store.tracker.experiment("resnet").unwrap();
    let run = run.start_run().unwrap();
    log_ones(&run, "loss", 50_000);
    let quick = Tracker::builder(store.path()).quick_start().open().unwrap();
    quick.keep_start_quick(true).unwrap();
    quick.wait_for_snapshot().unwrap();
    // Folding this little takes less than a tenth of a second, or the machine is slow and it pays.
    assert!(quick.snapshots().len() <= 1);
    let looking = Tracker::builder(store.path())
        .read_only(true)
        .quick_start()
        .open()
        .unwrap();
    let before = quick.snapshots().len();
    looking.keep_start_quick(true).unwrap();
    looking.wait_for_snapshot().unwrap();
    assert_eq!(quick.snapshots().len(), before, "who looks leaves no trace");
}
