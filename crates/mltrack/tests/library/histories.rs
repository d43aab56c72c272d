//! Histories with series files, without them, and with what is left of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mltrack::{Bucket, Code, Points, Run, Stats, Tracker};

use crate::support::{Store, code};

/// A run with a curve, out of order at times, in which some points are NaN.
fn curve(store: &Store, points: i64) -> Run {
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    grow(&run, 0, points);
    run
}

fn grow(run: &Run, from: i64, points: i64) {
    for at in from..from + points {
        let step = if at % 100 == 7 { at - 50 } else { at };
        let value = if at % 97 == 0 {
            f64::NAN
        } else {
            (at * 31 % 1009) as f64
        };
        run.log_metrics(step, [("loss", value), ("acc", -value)])
            .unwrap();
        if at % 250 == 0 {
            run.metric("loss")
                .context("subset", "val")
                .log(value, at)
                .unwrap();
        }
    }
}

/// Everything that can be asked about the run's loss, as text with every bit.
fn asked(tracker: &Tracker, run: &Run) -> Vec<String> {
    let history = || tracker.history(run.id(), "loss");
    let points = |points: Points| {
        let bits: Vec<u64> = points.values.iter().map(|value| value.to_bits()).collect();
        format!(
            "{:?} {bits:?} {:?} {:?}",
            points.steps, points.times_ns, points.lsns
        )
    };
    let buckets = |buckets: Vec<Bucket>| format!("{buckets:?}");
    let stats = |stats: Stats| format!("{stats:?}");
    let all = tracker.histories(run.id()).metric("*").steps(100..900);
    vec![
        points(history().fetch().unwrap()),
        points(history().steps(123..456).fetch().unwrap()),
        points(history().context("subset", "val").fetch().unwrap()),
        buckets(history().buckets(7).fetch().unwrap()),
        buckets(history().buckets(100_000).fetch().unwrap()),
        buckets(history().steps(10..1000).buckets(33).fetch().unwrap()),
        stats(history().stats().unwrap()),
        format!("{:?}", all.stats().unwrap()),
    ]
}

fn series_files(store: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(store.join("series"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn series_files_change_no_answer_and_neither_does_their_loss() {
    let store = Store::new();
    let run = curve(&store, 3000);
    let before = asked(&store.tracker, &run);
    let half = run
        .log_line(mltrack::Level::Info, "half")
        .unwrap()
        .lsn()
        .unwrap();
    let report = store.tracker.extend_series().unwrap().unwrap();
    assert_eq!((report.records, report.files), (3012, 1));
    assert_eq!(asked(&store.tracker, &run), before);
    assert_eq!(asked(&store.another(), &run), before);

    grow(&run, 3000, 500);
    let after = asked(&store.tracker, &run);
    assert_ne!(after, before);
    let at = store.tracker.history(run.id(), "loss").at(half);
    let then = at.buckets(7).fetch().unwrap();
    assert_eq!(format!("{then:?}"), before[3]);
    store.tracker.extend_series().unwrap();
    assert_eq!(asked(&store.tracker, &run), after);
    fs::remove_dir_all(store.tracker.path().unwrap().join("series")).unwrap();
    assert_eq!(asked(&store.tracker, &run), after);
    run.finish().unwrap();
}

#[test]
fn a_damaged_series_file_is_told_once_and_replaced() {
    let store = Store::new();
    let run = curve(&store, 2000);
    let before = asked(&store.tracker, &run);
    store.tracker.extend_series().unwrap();
    let path = store.tracker.path().unwrap().to_owned();
    let file = series_files(&path).remove(0);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[middle..middle + 200] {
        *byte ^= 0xff;
    }
    fs::write(&file, bytes).unwrap();

    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = Arc::clone(&told);
    let tracker = Tracker::builder(&path)
        .on_warning(move |warning| tells.lock().unwrap().push(warning.to_string()))
        .open()
        .unwrap();
    assert_eq!(asked(&tracker, &run), before);
    assert_eq!(asked(&tracker, &run), before);
    let told = told.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the log answers in its place"), "{told:?}");
    tracker.extend_series().unwrap();
    assert_eq!(asked(&store.another(), &run), before);
    run.finish().unwrap();
}

#[test]
fn who_only_looks_uses_series_files_and_writes_none() {
    let store = Store::new();
    let run = curve(&store, 1000);
    run.finish().unwrap();
    let path = store.tracker.path().unwrap().to_owned();
    let look = || Tracker::builder(&path).read_only(true).open().unwrap();
    assert_eq!(code(look().extend_series()), Code::InvalidState);
    let before = asked(&look(), &run);
    assert!(!path.join("series").exists());
    store.tracker.extend_series().unwrap();
    assert_eq!(asked(&look(), &run), before);
    assert_eq!(series_files(&path).len(), 1);
}

#[test]
fn compaction_changes_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Tracker::builder(folder.path()).segment_size(1 << 14);
    let tracker = builder.open().unwrap();
    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    grow(&run, 0, 2000);
    let before = asked(&tracker, &run);
    let compact = || tracker.compact().free_at_once(true).run().unwrap().unwrap();
    compact();
    assert_eq!(asked(&tracker, &run), before);
    tracker.extend_series().unwrap();
    grow(&run, 2000, 2000);
    let after = asked(&tracker, &run);
    tracker.extend_series().unwrap();
    compact();
    assert_eq!(asked(&tracker, &run), after);
    tracker.extend_series().unwrap();
    let other = Tracker::builder(folder.path())
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(asked(&other, &run), after);
    assert!(series_files(tracker.path().unwrap()).len() < 3);
    run.finish().unwrap();
}

#[test]
fn parts_of_a_growing_history_are_the_whole_each_point_once() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Tracker::builder(folder.path()).segment_size(1 << 14);
    let tracker = builder.open().unwrap();
    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    let other = Tracker::builder(folder.path())
        .read_only(true)
        .open()
        .unwrap();
    let (mut mark, mut parts) = (None, Vec::new());
    for round in 0..12 {
        grow(&run, round * 300, if round % 4 == 3 { 0 } else { 300 });
        match round {
            5 => drop(tracker.extend_series().unwrap()),
            8 => drop(tracker.compact().free_at_once(true).run().unwrap()),
            _ => {}
        }
        let history = other.history(run.id(), "loss");
        let part = history.fetch_after(mark).unwrap();
        assert_eq!(part.is_whole, round == 0);
        mark = part.mark;
        parts.extend(part.points.lsns.into_iter().zip(part.points.steps));
    }
    let whole = other.history(run.id(), "loss").fetch().unwrap();
    let mut whole: Vec<_> = whole.lsns.into_iter().zip(whole.steps).collect();
    whole.sort_unstable();
    parts.sort_unstable();
    assert_eq!(parts, whole);
    run.finish().unwrap();
}

#[test]
fn a_mark_of_another_log_is_not_gone_on_from() {
    let (store, other) = (Store::new(), Store::new());
    let (run, longer) = (curve(&store, 10), curve(&other, 20));
    let history = other.tracker.history(longer.id(), "loss");
    let mark = history.fetch_after(None).unwrap().mark;
    let history = store.tracker.history(run.id(), "loss");
    let part = history.fetch_after(mark).unwrap();
    assert!(part.is_whole);
    assert_eq!(part.points.len(), 10);
    run.finish().unwrap();
    longer.finish().unwrap();
}
