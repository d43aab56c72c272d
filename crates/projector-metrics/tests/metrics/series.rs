//! The folder of series: whatever happens to it, answers are those of a fold of the log.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use mltrack_event::{
    Event, HistogramLogged, JsonLogged, MetricDefined, MetricsLogged, RunKey, encode,
};
use mltrack_log::{Batch, Log, OpenOptions};
use mltrack_projector::{Lsn, Reader};
use mltrack_projector_metrics::{
    Answer, Asked, Asking, Extended, Query, SeriesFolder, SetAsideFile, Start, read, read_values,
};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::answer::{dictionary, told};
use crate::world::{RUN, World, act, action, keys, pair, step};

static GO_ON: AtomicBool = AtomicBool::new(false);

struct Series {
    folder: TempDir,
    series: SeriesFolder,
}

impl Series {
    fn new() -> Series {
        let folder = tempfile::tempdir().unwrap();
        let series = SeriesFolder::new(folder.path().join("series"));
        Series { folder, series }
    }

    /// Another handle, as another process has one.
    fn again(&self) -> SeriesFolder {
        SeriesFolder::new(self.folder.path().join("series"))
    }

    fn files(&self) -> Vec<PathBuf> {
        files(self.series.path())
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn extend(series: &SeriesFolder, log: &Log) -> Extended {
    series.extend(&|| log.reader(), &GO_ON).unwrap()
}

/// Asks both ways, of everything that is visible now.
fn check(series: &SeriesFolder, log: &Log, query: &Query) -> (Answer, Vec<SetAsideFile>) {
    let (dictionary, mut reader) = (dictionary(), log.reader().unwrap());
    let asked = Asked {
        query,
        dictionary: &dictionary,
        first: Lsn::FIRST,
        end: log.end().unwrap(),
    };
    let mut set_aside = Vec::new();
    let answer = series.answer(Asking {
        reader: &mut reader,
        asked: &asked,
        set_aside: &mut set_aside,
    });
    let answer = answer.unwrap();
    assert_eq!(told(&answer.histories), told(&fold(&mut reader, query)));
    (answer, set_aside)
}

fn fold(reader: &mut Reader, query: &Query) -> Vec<mltrack_projector_metrics::History> {
    let start = Start::Run {
        created: Lsn::FIRST,
        dictionary: &dictionary(),
    };
    read(reader, query, start, None).unwrap()
}

fn in_buckets(count_max: usize) -> Query {
    Query::new(RUN).buckets(NonZeroUsize::new(count_max).unwrap())
}

/// Enough points in one column for nodes, in the pair of columns and alone.
fn grow(world: &mut World, from: i64, count: i64) {
    let steps: Vec<i64> = (from..from + count).collect();
    let [loss, ..] = keys();
    for steps in steps.chunks(100) {
        let values: Vec<f64> = steps
            .iter()
            .map(|step| (step * step % 101) as f64)
            .collect();
        let other: Vec<f64> = steps.iter().map(|step| (step % 7) as f64).collect();
        world.batch(pair().id, steps, &[], &[values, other].concat());
        world.row(RUN, loss.id().into(), steps[0], 9, &[f64::NAN]);
    }
}

#[test]
fn what_is_in_the_folder_is_not_read_from_the_log() {
    let (mut world, series) = (World::new(), Series::new());
    grow(&mut world, 0, 5000);
    let before = check(&series.series, &world.log, &Query::new(RUN)).0;
    assert!(before.log_records > 100);
    let extended = extend(&series.series, &world.log);
    assert_eq!((extended.records, extended.files), (100, 1));
    assert_eq!(extended.next, Some(world.log.end().unwrap()));
    for query in [Query::new(RUN), in_buckets(10), in_buckets(2000)] {
        let (answer, set_aside) = check(&series.series, &world.log, &query);
        assert_eq!((answer.log_records, set_aside.len()), (0, 0));
    }
    grow(&mut world, 5000, 500);
    let (answer, _) = check(&series.again(), &world.log, &in_buckets(100));
    assert_eq!(answer.log_records, 10, "only what is new");
}

#[test]
fn small_files_are_written_together_again_and_nothing_is_left_over() {
    let (mut world, series) = (World::new(), Series::new());
    for round in 0..40 {
        grow(&mut world, round * 10, 10);
        extend(&series.series, &world.log);
        assert!(series.files().len() <= 7, "{:?}", series.files());
        check(&series.series, &world.log, &in_buckets(50));
    }
    let nothing = extend(&series.series, &world.log);
    assert_eq!(nothing, Extended::default());
}

#[test]
fn a_file_with_a_wrong_bit_anywhere_changes_no_answer_and_is_written_again() {
    let (mut world, series) = (World::new(), Series::new());
    grow(&mut world, 0, 3000);
    extend(&series.series, &world.log);
    let path = series.files().remove(0);
    let whole = fs::read(&path).unwrap();
    let mut told_count = 0;
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, damaged).unwrap();
        let other = series.again();
        for query in [Query::new(RUN), in_buckets(9)] {
            let (_, set_aside) = check(&other, &world.log, &query);
            told_count += set_aside.len();
        }
    }
    assert!(told_count > 75, "{told_count} of 150 wrong bits were told");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let other = series.again();
    assert_eq!(check(&other, &world.log, &in_buckets(9)).1.len(), 1);
    assert_eq!(
        check(&other, &world.log, &in_buckets(9)).1.len(),
        0,
        "told once"
    );
    assert_eq!(extend(&other, &world.log).files, 1);
    assert_eq!(fs::read(&path).unwrap(), whole);
    assert_eq!(check(&other, &world.log, &in_buckets(9)).0.log_records, 0);
}

#[test]
fn what_a_dead_writer_left_is_swept_and_what_a_living_one_writes_is_not() {
    let (mut world, series) = (World::new(), Series::new());
    grow(&mut world, 0, 100);
    fs::create_dir(series.series.path()).unwrap();
    let (dead, alive) = (
        series.series.path().join("1-0.new"),
        series.series.path().join("1-1.new"),
    );
    fs::write(&dead, "half a block").unwrap();
    let file = fs::File::create(&alive).unwrap();
    file.lock().unwrap();
    extend(&series.series, &world.log);
    assert!(!dead.exists() && alive.exists());
    drop(file);
    extend(&series.series, &world.log);
    assert_eq!(series.files().len(), 1);
}

#[test]
fn an_extension_that_is_stopped_leaves_only_whole_files() {
    let (mut world, series) = (World::new(), Series::new());
    grow(&mut world, 0, 2000);
    let log = &world.log;
    let stop = AtomicBool::new(true);
    let stopped = series.series.extend(&|| log.reader(), &stop).unwrap();
    assert_eq!(stopped.records, 0);
    assert_eq!(series.files(), Vec::<PathBuf>::new());
    check(&series.series, log, &in_buckets(9));
}

/// A log in a folder, with everything in its own epoch.
fn log_at(path: &Path) -> Log {
    Log::open(path, OpenOptions::default()).unwrap().0
}

fn append(log: &Log, event: &Event) {
    let (mut batch, mut payload) = (Batch::new(), Vec::new());
    let (type_id, version) = encode(event, &mut payload).unwrap();
    batch.push(type_id.0, version.0, None, &payload).unwrap();
    log.append(&mut batch).unwrap();
}

fn append_losses(log: &Log, values: impl Iterator<Item = f64>) {
    for (step, value) in (0..).zip(values) {
        let logged = MetricsLogged {
            run: RUN,
            columns: keys()[0].id().into(),
            step,
            values: vec![value],
        };
        append(log, &logged.into());
    }
}

#[test]
fn a_file_of_a_history_that_the_log_does_not_have_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let log = log_at(&one);
    append(&log, &MetricDefined::new(&keys()[0]).into());
    append_losses(&log, (0..10).map(f64::from));
    log.close().unwrap();
    fs::create_dir(&other).unwrap();
    for path in files(&one) {
        fs::copy(&path, other.join(path.file_name().unwrap())).unwrap();
    }
    let (log, fork) = (log_at(&one), log_at(&other));
    append_losses(&log, (0..20).map(|value| f64::from(value) + 0.5));
    append_losses(&fork, (0..20).map(f64::from));
    let series = SeriesFolder::new(folder.path().join("series"));
    assert!(extend(&series, &log).records >= 30);
    assert_eq!(check(&series, &log, &Query::new(RUN)).0.log_records, 0);

    let of_fork = SeriesFolder::new(folder.path().join("series"));
    let (answer, set_aside) = check(&of_fork, &fork, &Query::new(RUN));
    assert_eq!((set_aside.len(), answer.log_records > 0), (1, true));
    assert!(set_aside[0].why.contains("cut off"), "{set_aside:?}");
    extend(&of_fork, &fork);
    let (answer, set_aside) = check(&of_fork, &fork, &Query::new(RUN));
    assert_eq!((set_aside.len(), answer.log_records), (0, 0));
}

#[test]
fn values_of_other_kinds_are_in_the_folder_too() {
    let (world, series) = (World::new(), Series::new());
    for step in 0..50 {
        let json = format!("[{step}]");
        let name = format!("table-{}", step % 3);
        let run = if step % 10 == 9 {
            RunKey::from_bytes([9; 8])
        } else {
            RUN
        };
        world.append(
            &JsonLogged {
                run,
                name,
                step,
                json,
            }
            .into(),
            step,
        );
    }
    for round in 0..2 {
        let mut reader = world.log.reader().unwrap();
        let query = Query::new(RUN).metric("table-*").steps(5..40);
        let (dictionary, mut set_aside) = (dictionary(), Vec::new());
        let asked = Asked {
            query: &query,
            dictionary: &dictionary,
            first: Lsn::FIRST,
            end: world.log.end().unwrap(),
        };
        let found = series.series.values::<JsonLogged>(Asking {
            reader: &mut reader,
            asked: &asked,
            set_aside: &mut set_aside,
        });
        let expected = read_values::<JsonLogged>(&mut reader, &query, Start::Log, None).unwrap();
        assert_eq!((found.unwrap(), expected.len()), (expected, 31));
        let none = read_values::<HistogramLogged>(&mut reader, &query, Start::Log, None).unwrap();
        assert_eq!(none.len(), 0);
        if round == 0 {
            assert_eq!(extend(&series.series, &world.log).records, 50);
        }
    }
}

#[test]
fn many_may_extend_at_once() {
    let (mut world, series) = (World::new(), Series::new());
    for round in 0..5 {
        grow(&mut world, round * 1000, 1000);
        let log = &world.log;
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| extend(&series.again(), log));
            }
        });
        let query = in_buckets(77);
        check(&series.series, log, &query);
        check(&series.again(), log, &query);
    }
}

#[test]
fn what_is_written_alone_is_cleared_beside_it_and_neither_fails() {
    let (mut world, series) = (World::new(), Series::new());
    grow(&mut world, 0, 300);
    let log = &world.log;
    std::thread::scope(|scope| {
        let other = series.again();
        scope.spawn(move || {
            for _ in 0..100 {
                let open = || log.reader();
                other.extend_alone(&open, &AtomicBool::new(false)).unwrap();
            }
        });
        for _ in 0..100 {
            series.series.clear().unwrap();
        }
    });
    series.series.clear().unwrap();
    let left = series.files();
    assert!(left.len() == 1 && left[0].ends_with("lock"), "{left:?}");
    check(&series.again(), log, &in_buckets(77));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_stay_the_same_while_the_folder_grows_and_loses_files(
        rounds in prop::collection::vec((prop::collection::vec(action(), 0..6), 0u8..4), 1..5),
        steps in (step(), step()),
        count_max in 1usize..12,
    ) {
        let (mut world, series) = (World::new(), Series::new());
        for (more, fate) in rounds {
            act(&mut world, more);
            let fresh = series.again();
            extend(&fresh, &world.log);
            if fate == 0 {
                for file in series.files() {
                    fs::remove_file(file).unwrap();
                }
            }
            let handle = if fate == 1 { series.again() } else { fresh };
            for query in [
                Query::new(RUN),
                in_buckets(count_max),
                Query::new(RUN).steps(steps.0..=steps.1),
                in_buckets(count_max).steps(steps.0..),
                in_buckets(count_max).metric("train/*").times_ns(10..60),
            ] {
                check(&handle, &world.log, &query);
            }
        }
    }
}
