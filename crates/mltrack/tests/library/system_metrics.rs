//! Samples of the machine: they come to every run that runs, and to no other.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mltrack::{Code, Cursor, Follow, Run, TailEvent, Tracker};

use crate::support::{Store, code};

const OFTEN: Duration = Duration::from_millis(100);
/// Far longer than any sample takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn often(store: &Store) -> Tracker {
    let builder = Tracker::builder(store.path());
    builder.system_metrics(OFTEN).open().unwrap()
}

fn started(tracker: &Tracker, name: &str) -> Run {
    let experiment = tracker.experiment("resnet").unwrap();
    experiment.run().name(name).start().unwrap()
}

fn tail(tracker: &Tracker, run: &Run) -> Follow {
    let tail = tracker.tail().from(Cursor::Start).run(run.id());
    tail.types(["metrics_logged"]).follow()
}

fn next(tail: &mut Follow) -> TailEvent {
    let event = tail.next_within(PATIENCE).unwrap();
    event.expect("a sample comes in time")
}

fn step(event: &TailEvent) -> i64 {
    event.points().next().expect("a sample has values").1
}

#[test]
fn a_run_is_given_samples_with_steps_and_times_until_it_ends() {
    let store = Store::new();
    let tracker = often(&store);
    let run = started(&tracker, "one");
    let mut samples = tail(&tracker, &run);
    let (first, second) = (next(&mut samples), next(&mut samples));
    assert_eq!((step(&first), step(&second)), (0, 1));
    assert!(first.time < second.time);
    let names: Vec<&str> = second.points().map(|(name, ..)| name).collect();
    assert!(
        names.iter().all(|name| name.starts_with("system/")),
        "{names:?}"
    );
    for name in ["system/process.cpu.percent", "system/process.memory.bytes"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    run.finish().unwrap();
    let count = |run: &Run| {
        let history = tracker.history(run.id(), "system/process.memory.bytes");
        history.fetch().unwrap().steps.len()
    };
    let (at_the_end, other) = (count(&run), started(&tracker, "two"));
    let mut samples = tail(&tracker, &other);
    next(&mut samples);
    next(&mut samples);
    assert_eq!(count(&run), at_the_end);
    other.finish().unwrap();
}

fn sampling_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")));
    let samplers = names
        .flatten()
        .filter(|name| name.trim() == "mltrack-system");
    samplers.count()
}

#[test]
fn all_runs_of_all_stores_of_a_process_are_given_samples_by_one_thread() {
    let (one, two) = (Store::new(), Store::new());
    let trackers = [often(&one), often(&two)];
    let runs = [
        started(&trackers[0], "a"),
        started(&trackers[0], "b"),
        started(&trackers[1], "c"),
    ];
    for (run, tracker) in runs.iter().zip([&trackers[0], &trackers[0], &trackers[1]]) {
        next(&mut tail(tracker, run));
    }
    // Another test's thread may be on its way out.
    while sampling_threads() != 1 {
        next(&mut tail(&trackers[0], &runs[0]));
    }
    for run in &runs {
        run.finish().unwrap();
    }
}

#[test]
fn a_resumed_run_goes_on_with_the_next_sample() {
    let store = Store::new();
    let tracker = often(&store);
    let run = started(&tracker, "one");
    let last = step(&next(&mut tail(&tracker, &run)));
    run.fail(&std::io::Error::other("broken")).unwrap();
    let id = run.id();
    let history = |tracker: &Tracker| {
        let history = tracker.history(id, "system/process.count");
        history.fetch().unwrap().steps
    };
    let before = history(&tracker);
    assert!(before.contains(&last));
    let run = tracker.resume(id).unwrap();
    let mut samples = tail(&tracker, &run);
    for _ in 0..=before.len() {
        next(&mut samples);
    }
    run.finish().unwrap();
    let steps = history(&tracker);
    let wanted: Vec<i64> = (0..steps.len() as i64).collect();
    assert_eq!(steps, wanted, "none twice, none left out");
}

#[test]
fn who_joins_a_run_does_not_sample_for_it_and_neither_does_who_does_not_want_to() {
    let store = Store::new();
    let silent = Tracker::builder(store.path())
        .no_system_metrics()
        .open()
        .unwrap();
    let run = started(&silent, "one");
    let tracker = often(&store);
    let joined = tracker.attach(run.id()).unwrap();
    // Samples of another run come twice meanwhile.
    let other = started(&tracker, "other");
    let mut samples = tail(&tracker, &other);
    next(&mut samples);
    next(&mut samples);
    let summary = tracker.run_summary(run.id()).unwrap();
    assert!(summary.metrics.is_empty(), "{:?}", summary.metrics);
    drop(joined);
    run.finish().unwrap();
    other.finish().unwrap();
}

#[test]
fn an_end_by_another_process_ends_the_samples_too() {
    let store = Store::new();
    let tracker = often(&store);
    let run = started(&tracker, "one");
    next(&mut tail(&tracker, &run));
    let another = store.another();
    another
        .end_run(run.id(), mltrack::EndState::Cancelled, None)
        .unwrap();
    let other = started(&tracker, "other");
    let mut samples = tail(&tracker, &other);
    for _ in 0..3 {
        next(&mut samples);
    }
    let count = || {
        let history = tracker.history(run.id(), "system/process.count");
        history.fetch().unwrap().steps.len()
    };
    let at_the_end = count();
    next(&mut samples);
    assert_eq!(count(), at_the_end);
    other.finish().unwrap();
}

#[test]
fn metrics_of_ones_own_may_have_the_same_prefix() {
    let store = Store::new();
    let run = started(&store.tracker, "one");
    run.log_metric("system/fans", 3.0).unwrap();
    run.finish().unwrap();
    let points = store
        .tracker
        .history(run.id(), "system/fans")
        .fetch()
        .unwrap();
    assert_eq!(points.values, [3.0]);
}

#[test]
fn an_interval_that_is_no_use_is_refused() {
    let store = Store::new();
    let builder = Tracker::builder(store.path()).system_metrics(Duration::from_millis(1));
    assert_eq!(code(builder.open()), Code::ValidationError);
}

#[test]
fn a_dropped_run_is_not_kept_open_by_its_samples() {
    let store = Store::new();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&warnings);
    let builder = Tracker::builder(store.path()).system_metrics(OFTEN);
    let builder = builder.on_warning(move |warning| told.lock().unwrap().push(warning.to_string()));
    let tracker = builder.open().unwrap();
    let run = started(&tracker, "one");
    next(&mut tail(&tracker, &run));
    let id = run.id();
    drop(run);
    let summary = store.tracker.run_summary(id).unwrap();
    assert_eq!(summary.state, mltrack::RunState::Failed);
    assert!(warnings.lock().unwrap().is_empty());
}
