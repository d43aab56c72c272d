//! The index: one owner at a time keeps it up with the log, and it is never ahead of it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mltrack::{Code, Indexer, Tracker};

use crate::support::*;

const LONG: Duration = Duration::from_mins(1);

/// Waits until everything that is visible now is indexed.
fn catch_up(tracker: &Tracker, indexer: &Indexer) {
    let end = tracker.runs().fetch().unwrap().lsn.unwrap().plus(1);
    assert!(indexer.wait_for(end, LONG).unwrap());
    assert!(indexer.next_lsn() >= end);
}

fn assert_same(tracker: &Tracker) {
    let check = tracker.check_index().unwrap().unwrap();
    assert!(check.is_same(), "{check:?}");
}

/// A run with points, ended.
fn add_run(tracker: &Tracker, name: &str) {
    let run = tracker.experiment(name).unwrap().start_run().unwrap();
    run.log_param("lr", 0.1).unwrap();
    log_ones(&run, "loss", 10);
    run.finish().unwrap();
}

#[test]
fn an_index_follows_the_log_and_is_its_fold() {
    let store = Store::new();
    add_run(&store.tracker, "resnet");
    let indexer = store.tracker.index().unwrap().unwrap();
    catch_up(&store.tracker, &indexer);
    let other = store.another();
    for name in ["bert", "gpt", "resnet"] {
        add_run(&other, name);
        catch_up(&other, &indexer);
    }
    assert!(indexer.is_running());
    drop(indexer);
    assert_same(&store.tracker);

    // The next owner goes on where the last one was, with a snapshot and without.
    store.tracker.snapshot().unwrap();
    add_run(&other, "late");
    let indexer = other.index().unwrap().unwrap();
    catch_up(&other, &indexer);
    drop(indexer);
    assert_same(&store.tracker);
}

#[test]
fn one_process_at_a_time_owns_the_index_and_a_killed_one_hands_it_over() {
    if let Some((_, tracker)) = role() {
        let indexer = tracker.index().unwrap().unwrap();
        add_run(&tracker, "theirs");
        catch_up(&tracker, &indexer);
        say("indexed");
        wait_for_the_end();
        return;
    }
    let store = Store::new();
    let test = "indexing::one_process_at_a_time_owns_the_index_and_a_killed_one_hands_it_over";
    let mut process = Process::start(test, "owner", store.path());
    assert_eq!(process.hear(), "indexed");
    assert!(store.tracker.index().unwrap().is_none());
    assert_eq!(code(store.tracker.rebuild_index(|_| {})), Code::Busy);
    assert_eq!(code(store.tracker.check_index()), Code::Busy);
    assert_eq!(store.tracker.runs().fetch().unwrap().total, 1);
    process.kill();
    let indexer = store.tracker.index().unwrap().unwrap();
    add_run(&store.tracker, "ours");
    catch_up(&store.tracker, &indexer);
    drop(indexer);
    assert_same(&store.tracker);
}

#[test]
fn an_index_that_cannot_be_used_is_set_aside_and_written_anew() {
    let store = Store::new();
    add_run(&store.tracker, "resnet");
    store.tracker.rebuild_index(|_| {}).unwrap();
    let folder = store.path().join("index");
    for name in ["conf", "db"] {
        let mut bytes = fs::read(folder.join(name)).unwrap();
        for byte in &mut bytes {
            *byte ^= 0x5a;
        }
        fs::write(folder.join(name), bytes).unwrap();
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
    let indexer = tracker.index().unwrap().unwrap();
    catch_up(&tracker, &indexer);
    drop(indexer);
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("index.set-aside-1"), "{heard:?}");
    assert_same(&tracker);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_index_and_a_snapshot_of_what_the_log_lost_are_discarded() {
    let store = Store::new();
    add_run(&store.tracker, "kept");
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short");
    copy(store.path(), &short);

    add_run(&store.tracker, "lost");
    store.tracker.rebuild_index(|_| {}).unwrap();
    store.tracker.snapshot().unwrap();
    copy(&store.path().join("index"), &short.join("index"));
    copy(&store.path().join("snapshots"), &short.join("snapshots"));

    let tracker = Tracker::open(&short).unwrap();
    let named = |tracker: &Tracker| tracker.experiments().fetch().unwrap().items.len();
    assert_eq!(named(&tracker), 1);
    assert!(tracker.check_index().unwrap().unwrap().is_rewound);
    assert!(tracker.snapshots().is_empty());
    add_run(&tracker, "instead");
    let indexer = tracker.index().unwrap().unwrap();
    catch_up(&tracker, &indexer);
    drop(indexer);
    assert_same(&tracker);
    assert_eq!(named(&tracker), 2);
}

#[test]
fn everything_that_is_kept_can_be_folded_again_at_once() {
    let store = Store::new();
    add_run(&store.tracker, "resnet");
    let (sender, told) = std::sync::mpsc::channel();
    let rebuilt = store.tracker.rebuild(move |lsn| sender.send(lsn).unwrap());
    let rebuilt = rebuilt.unwrap().unwrap();
    assert!(
        rebuilt.index.rows > 0 && rebuilt.series.records > 0,
        "{rebuilt:?}"
    );
    let last = store.tracker.runs().fetch().unwrap().lsn.unwrap();
    assert_eq!(told.iter().last(), Some(last.get()));
    assert_same(&store.tracker);
    let looking = Tracker::builder(store.path())
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(code(looking.rebuild(|_| {})), Code::InvalidState);
}

#[test]
fn kept_files_can_be_deleted_and_their_writers_killed_at_any_moment() {
    if let Some((_, tracker)) = role() {
        let _indexer = tracker.index().unwrap();
        say("ready");
        loop {
            add_run(&tracker, "theirs");
            // Somebody deletes the folder meanwhile.
            tracker.snapshot().ok();
        }
    }
    let store = Store::new();
    let test = "indexing::kept_files_can_be_deleted_and_their_writers_killed_at_any_moment";
    for round in 0..6_u64 {
        let mut process = Process::start(test, "keeper", store.path());
        process.hear();
        for run in 0..3 + round {
            add_run(&store.tracker, "ours");
            let folder = ["index", "snapshots"][(run + round) as usize % 2];
            // What somebody writes at this moment may be in the way: then some of it stays.
            fs::remove_dir_all(store.path().join(folder)).ok();
        }
        process.kill();
    }
    let checks = store.tracker.check_snapshots().unwrap();
    assert!(
        checks.iter().all(|check| check.differences.is_empty()),
        "{checks:?}"
    );
    let indexer = store.tracker.index().unwrap().unwrap();
    catch_up(&store.tracker, &indexer);
    drop(indexer);
    assert_same(&store.tracker);
    let ours = store.tracker.runs().experiment("ours").fetch().unwrap();
    assert_eq!(ours.total, (0..6).map(|round| 3 + round).sum::<usize>());
}
