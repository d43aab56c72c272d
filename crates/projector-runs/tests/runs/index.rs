//! The index folder: what is stored comes back, and what cannot be used is set aside.

use std::fs;
use std::path::Path;

use mltrack_event::{EndState, Event, encode};
use mltrack_log::{Batch, Log, OpenOptions};
use mltrack_projector::index::Stored as _;
use mltrack_projector::{Cursor, EpochId, Follower, Lsn};
use mltrack_projector_runs::snapshot::Shelf;
use mltrack_projector_runs::{Runs, index};

use crate::support::*;

/// A store with a log of an experiment, two runs and their points.
fn store(folder: &Path) -> Log {
    let (log, _) = Log::open(&folder.join("store"), OpenOptions::default()).unwrap();
    let mut events: Vec<Event> = vec![
        experiment(EXPERIMENT, "resnet").into(),
        metric("loss").into(),
        metric("acc").into(),
        set(&["loss", "acc"]).into(),
    ];
    for number in [1, 2] {
        let key = run_id(number).key();
        events.push(created(run_id(number), number).into());
        events.push(started(key, true).into());
        events.push(params(key, &[("lr", 0.1.into()), ("n", 3i64.into())]).into());
        events.push(row(key, set(&["loss", "acc"]).id, 1, &[f64::NAN, -0.0]).into());
        events.push(point(key, "loss", 2, 0.5).into());
        events.push(ended(key, EndState::Failed, Some("boom")).into());
    }
    append(&log, &events);
    log
}

fn append(log: &Log, events: &[Event]) {
    let mut batch = Batch::new();
    for event in events {
        let mut payload = Vec::new();
        let (type_id, version) = encode(event, &mut payload).unwrap();
        batch.push(type_id.0, version.0, None, &payload).unwrap();
    }
    log.append(&mut batch).unwrap();
}

fn folded(log: &Log) -> Follower<Runs> {
    let mut follower = Follower::new(log.reader().unwrap());
    follower.catch_up().unwrap();
    follower
}

#[test]
fn a_stored_state_comes_back_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    assert!(index::load(&path).unwrap().found.is_none());
    let follower = folded(&log);
    let stored = index::store(&path, follower.state(), follower.checkpoint()).unwrap();
    assert_eq!((stored.rows, stored.rows_written), (1 + 1 + 2 + 3, 7));

    let loaded = index::load(&path).unwrap();
    assert_eq!(loaded.set_aside, None);
    let (state, cursor) = loaded.found.unwrap();
    assert_eq!(
        format!("{:?}", state.runs().collect::<Vec<_>>()),
        format!("{:?}", follower.state().runs().collect::<Vec<_>>())
    );
    let mut resumed = Follower::<Runs>::resume(log.reader().unwrap(), state, cursor).unwrap();
    append(&log, &[point(run_id(2).key(), "loss", 3, 0.25).into()]);
    resumed.catch_up().unwrap();
    assert_eq!(resumed.counts().folded, 1);

    let stored = index::store(&path, resumed.state(), resumed.checkpoint()).unwrap();
    assert_eq!(stored.rows_written, 1, "one run");
    let check = index::check(&path, log.reader().unwrap()).unwrap();
    assert!(check.is_same(), "{check:?}");
    assert_eq!((check.rows, check.folded), (7, 17));
}

#[test]
fn a_check_names_the_rows_that_are_not_the_fold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let cursor = folded(&log).checkpoint();
    let other = tempfile::tempdir().unwrap();
    let mut world = World::new();
    world.run(9, "never there");
    index::store(&path, &world.state, cursor).unwrap();
    let check = index::check(&path, log.reader().unwrap()).unwrap();
    assert!(!check.is_same());
    for name in [
        "experiment 1 differs".to_owned(),
        format!("run {} is too many", run_id(9)),
        format!("run {} is missing", run_id(1)),
    ] {
        assert!(
            check.differences.contains(&name),
            "{name} in {:?}",
            check.differences
        );
    }
    let none = index::check(&other.path().join("index"), log.reader().unwrap()).unwrap();
    assert!(none.checkpoint.is_none() && !none.is_same());
}

#[test]
fn an_index_of_another_history_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let strange = Cursor {
        epoch: EpochId([1; 16]),
        next: Lsn::new(5).unwrap(),
    };
    index::store(&path, folded(&log).state(), strange).unwrap();
    assert!(
        index::check(&path, log.reader().unwrap())
            .unwrap()
            .is_rewound
    );
    let (state, cursor) = index::load(&path).unwrap().found.unwrap();
    let follower = Follower::<Runs>::resume(log.reader().unwrap(), state, cursor).unwrap();
    assert_eq!(
        (follower.counts().rewinds, follower.next_lsn()),
        (1, Lsn::FIRST)
    );
    assert!(follower.state().run_count() == 0);
}

#[test]
fn rows_that_are_no_more_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let follower = folded(&log);
    index::store(&path, follower.state(), follower.checkpoint()).unwrap();
    let stored = index::store(&path, &World::new().state, follower.checkpoint()).unwrap();
    assert_eq!((stored.rows, stored.rows_removed), (2, 5));
    let (state, _) = index::load(&path).unwrap().found.unwrap();
    assert!(state.run_count() == 0 && state.experiments().count() == 1);
}

#[test]
fn a_damaged_folder_is_set_aside_and_a_fresh_one_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let (state, _) = index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
    for name in ["conf", "db"] {
        let mut bytes = fs::read(path.join(name)).unwrap();
        for byte in &mut bytes {
            *byte ^= 0x5a;
        }
        fs::write(path.join(name), bytes).unwrap();
    }
    let set_aside = index::load(&path).unwrap().set_aside.unwrap();
    assert_eq!(set_aside.to, folder.path().join("index.set-aside-1"));
    assert!(set_aside.to.exists() && !path.exists(), "{set_aside}");

    fs::write(&path, b"a file where the folder should be").unwrap();
    let stored = index::store(&path, &state, folded(&log).checkpoint()).unwrap();
    assert_eq!(
        stored.set_aside.unwrap().to,
        folder.path().join("index.set-aside-2")
    );
    assert!(
        index::check(&path, log.reader().unwrap())
            .unwrap()
            .is_same()
    );
}

#[test]
fn a_row_that_does_not_decode_is_damage_and_a_newer_index_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = store(folder.path());
    for (name, key, value, why) in [
        (
            "run",
            &b"r0123456789abcdef"[..],
            &b"nonsense"[..],
            "is damaged",
        ),
        ("strange", b"zz", b"", "no row of this version"),
        (
            "newer",
            b"m",
            b"\x09rest",
            "a newer program (index version 9",
        ),
        ("meta", b"m", b"", "its checkpoint is damaged"),
    ] {
        let path = folder.path().join(name);
        index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
        {
            let database = open_when_free(&path);
            database.insert(key, value).unwrap();
            database.flush().unwrap();
        }
        let loaded = index::load(&path).unwrap();
        assert!(loaded.found.is_none());
        let set_aside = loaded.set_aside.unwrap().to_string();
        assert!(set_aside.contains(why), "{name}: {set_aside}");
    }
}

#[test]
fn an_index_that_somebody_has_open_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
    let holder = open_when_free(&path);
    let set_aside = index::load(&path).unwrap().set_aside.unwrap();
    assert_eq!(set_aside.why, "another process uses it");
    index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
    drop(holder);
    assert!(
        index::check(&path, log.reader().unwrap())
            .unwrap()
            .is_same()
    );
}

#[test]
fn an_index_of_an_older_version_counts_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
    {
        let database = open_when_free(&path);
        database.insert(b"m", &b"\x00an older layout"[..]).unwrap();
        database.flush().unwrap();
    }
    let loaded = index::load(&path).unwrap();
    assert!(loaded.found.is_none() && loaded.set_aside.is_none());
    index::rebuild(&path, log.reader().unwrap(), |_| {}).unwrap();
    assert!(
        index::check(&path, log.reader().unwrap())
            .unwrap()
            .is_same()
    );
}

/// A database that was closed a moment ago gives its lock back a moment later, from a thread of its own.
fn open_when_free(path: &Path) -> sled::Db {
    let mut attempts = 0_u32;
    loop {
        match sled::open(path) {
            Ok(database) => return database,
            Err(error) if attempts > 1_000_000 => panic!("never free: {error}"),
            Err(_) => attempts += 1,
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_open_index_is_changed_row_by_row_and_stays_the_fold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let mut follower = folded(&log);
    {
        let (mut index, set_aside) = index::Index::open(&path).unwrap();
        assert!(set_aside.is_none() && index.checkpoint().unwrap().is_none());
        let cursor = follower.checkpoint();
        let first = index.update(follower.state_mut(), cursor).unwrap();
        assert_eq!(first.rows, 7, "nobody knows yet what changed");

        let news: [(Vec<Event>, u64); 4] = [
            (vec![point(run_id(2).key(), "loss", 3, 0.25).into()], 1),
            (vec![created(run_id(3), 3).into(), metric("lr").into()], 3),
            (vec![point(run_id(9).key(), "loss", 1, 1.0).into()], 1),
            (
                vec![
                    started(run_id(3).key(), true).into(),
                    lost(run_id(3).key()).into(),
                ],
                1,
            ),
        ];
        for (events, rows) in news {
            append(&log, &events);
            follower.catch_up().unwrap();
            let cursor = follower.checkpoint();
            let written = index.update(follower.state_mut(), cursor).unwrap();
            assert_eq!(written.rows, rows, "{events:?}");
            assert_eq!(index.checkpoint().unwrap(), Some(cursor));
        }
        index.flush().unwrap();
    }
    let check = index::check(&path, log.reader().unwrap()).unwrap();
    assert!(check.is_same(), "{check:?}");
}

#[test]
fn an_index_that_goes_on_from_a_snapshot_writes_what_came_since() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let log = store(folder.path());
    let follower = folded(&log);
    index::store(&path, follower.state(), follower.checkpoint()).unwrap();
    let shelf = Shelf::new(folder.path().join("snapshots"));
    shelf
        .write(follower.state(), follower.checkpoint())
        .unwrap();

    let mut reader = log.reader().unwrap();
    let (state, cursor) = shelf.find(&mut reader, None).unwrap().state.unwrap();
    let mut follower = Follower::<Runs>::resume(reader, state, cursor).unwrap();
    {
        let (mut index, _) = index::Index::open(&path).unwrap();
        assert!(!Runs::changes(follower.state_mut(), &mut |_, _| {}));
        append(&log, &[point(run_id(1).key(), "loss", 9, 0.125).into()]);
        follower.catch_up().unwrap();
        let cursor = follower.checkpoint();
        let written = index.update(follower.state_mut(), cursor).unwrap();
        assert_eq!(written.rows_written, 1);
    }
    let check = index::check(&path, log.reader().unwrap()).unwrap();
    assert!(check.is_same(), "{check:?}");
}
