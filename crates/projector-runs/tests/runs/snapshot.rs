//! Snapshots: a state that goes on from one is the state that was folded from zero, and damage is never believed.

use std::fs;
use std::path::Path;

use mltrack_event::{
    EndState, Event, ExperimentId, ExperimentPurged, NoteAdded, RunCreated, RunDeleted, RunPurged,
    TagsSet, encode,
};
use mltrack_log::{Batch, Log, OpenOptions};
use mltrack_projector::index::{Rows, Stored as _};
use mltrack_projector::{Cursor, EpochId, Follower, Lsn, Reader};
use mltrack_projector_runs::snapshot::{Shelf, Snapshot, Written};
use mltrack_projector_runs::{Brief, Deleted, Runs, State};
use proptest::prelude::*;

use crate::support::*;

pub fn cursor(next: u64) -> Cursor {
    Cursor {
        epoch: EpochId([7; 16]),
        next: Lsn::new(next).unwrap(),
    }
}

/// The bytes of a state's snapshot: equal for equal states only.
pub fn bytes_of(state: &State) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let written = Shelf::new(folder.path().into()).write(state, cursor(1));
    fs::read(written.unwrap().path).unwrap()
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

/// One of many events about one of a few runs, some of which do not fit.
pub fn event(kind: u8, number: u64, value: i64) -> Event {
    let (id, key) = (run_id(number), run_id(number).key());
    let (actor, command) = ("ada".to_owned(), "test".to_owned());
    let name = ["loss", "acc", "lr"][value.unsigned_abs() as usize % 3];
    match kind {
        0 | 1 => RunCreated {
            experiment: ExperimentId(1 + number % 3),
            parent: (value > 0).then(|| run_id(number / 2).key()),
            tags: vec![("team".into(), format!("t{value}"))],
            ..created(id, number)
        }
        .into(),
        2 => started(key, value % 2 == 0).into(),
        3 => ended(key, EndState::Failed, Some("boom")).into(),
        4 => resumed(key).into(),
        5 => lost(key).into(),
        6 => params(key, &[(name, value.into()), ("seed", 1i64.into())]).into(),
        7 => TagsSet {
            run: key,
            tags: vec![(name.into(), value.to_string())],
            actor,
            command,
        }
        .into(),
        8 => RunDeleted {
            run: key,
            actor,
            command,
        }
        .into(),
        9 => NoteAdded {
            run: key,
            text: format!("note {value}"),
            actor,
            command,
        }
        .into(),
        10 => metric(name).into(),
        11 => set(&["loss", "acc"]).into(),
        12 => row(
            key,
            set(&["loss", "acc"]).id,
            value,
            &[f64::NAN, value as f64],
        )
        .into(),
        13 => experiment(ExperimentId(1 + number % 3), name).into(),
        14 => attached(key).into(),
        15 => RunPurged {
            run: id,
            experiment: ExperimentId(1 + number % 3),
            number,
            actor,
            command,
        }
        .into(),
        16 => ExperimentPurged {
            experiment: ExperimentId(1 + number % 3),
            name: name.into(),
            run_number_max: 9,
            actor,
            command,
        }
        .into(),
        _ => point(key, name, value, value as f64 / 3.0).into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_fold_through_snapshots_is_the_fold_from_zero(
        steps in prop::collection::vec((0u8..24, 0u64..12, -4i64..20), 1..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().into());
        let (mut straight, mut through) = (World::new(), World::new());
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(steps.len())).collect();
        for (at, (kind, number, value)) in steps.into_iter().enumerate() {
            straight.add(event(kind, number, value));
            let lsn = through.add(event(kind, number, value));
            if cuts.contains(&at) {
                let shared = through.state.share();
                let written = shelf.write(&shared, cursor(lsn + 1)).unwrap();
                let snapshot = Snapshot::open(&written.path).unwrap();
                prop_assert_eq!(snapshot.cursor(), cursor(lsn + 1));
                prop_assert_eq!(snapshot.verify(), Ok(()));
                through.state = snapshot.into_state().unwrap();
            }
        }
        prop_assert_eq!(through.state.fault(), None);
        // Slots differ when runs were purged before a snapshot; the order does not.
        let list = |briefs: Vec<(u32, Brief)>| {
            briefs.into_iter().map(|(_, brief)| brief).collect::<Vec<_>>()
        };
        let briefs = |state: &State| list(state.briefs().collect());
        prop_assert_eq!(briefs(&straight.state), briefs(&through.state));
        for id in [1, 2, 3].map(ExperimentId) {
            let of = |state: &State| list(state.briefs_of(id).collect());
            prop_assert_eq!(of(&straight.state), of(&through.state));
        }
        let running = |state: &State| state.running().map(|run| run.id).collect::<Vec<_>>();
        prop_assert_eq!(running(&straight.state), running(&through.state));
        prop_assert!(bytes_of(&straight.state) == bytes_of(&through.state));
        let runs = |state: &State| format!("{:?}", state.runs().collect::<Vec<_>>());
        prop_assert_eq!(runs(&straight.state), runs(&through.state));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn rows_that_are_changed_one_by_one_are_those_of_the_state(
        steps in prop::collection::vec((0u8..24, 0u64..12, -4i64..20), 1..120),
        ask in prop::collection::vec(any::<bool>(), 120),
    ) {
        let rows_of = |state: &State| {
            let mut rows = Rows::new();
            Runs::rows(state, &mut |key, value| drop(rows.insert(key.to_vec(), value)));
            rows
        };
        let mut world = World::new();
        world.run(1, "kind-elk");
        let mut kept = rows_of(&world.state);
        prop_assert!(!Runs::changes(&mut world.state, &mut |_, _| panic!("nothing is known")));
        let last = steps.len() - 1;
        for (at, (kind, number, value)) in steps.into_iter().enumerate() {
            world.add(event(kind, number, value));
            if at == last || ask[at] {
                let is_known = Runs::changes(&mut world.state, &mut |key, value| match value {
                    Some(value) => drop(kept.insert(key.to_vec(), value)),
                    None => drop(kept.remove(key)),
                });
                prop_assert!(is_known);
            }
        }
        prop_assert_eq!(kept, rows_of(&world.state));
    }
}

#[test]
fn a_run_that_is_made_again_after_its_purge_keeps_its_row() {
    let mut world = World::new();
    let made = |world: &mut World| world.add(event(0, 9, 0));
    made(&mut world);
    assert!(!Runs::changes(&mut world.state, &mut |_, _| {}));
    world.add(event(15, 9, 0));
    made(&mut world);
    let mut kept = Rows::new();
    let mut keep = |key: &[u8], value: Option<Vec<u8>>| match value {
        Some(value) => drop(kept.insert(key.to_vec(), value)),
        None => drop(kept.remove(key)),
    };
    assert!(Runs::changes(&mut world.state, &mut keep));
    Runs::rows(&world.state, &mut |key, value| {
        let is_run = key.starts_with(b"r");
        assert!(!is_run || kept.get(key) == Some(&value), "{key:?}");
    });
    assert_eq!(kept.keys().filter(|key| key.starts_with(b"r")).count(), 1);
}

#[test]
fn a_copy_of_a_state_stays_as_it_was_while_the_state_goes_on() {
    let mut world = World::new();
    let key = world.run(1, "kind-elk");
    let copy = world.state.share();
    let before = bytes_of(&copy);
    world.add(point(key, "loss", 1, 0.5));
    world.run(2, "red-oak");
    assert_eq!((copy.run_count(), world.state.run_count()), (1, 2));
    assert!(bytes_of(&copy) == before);
    assert!(bytes_of(&world.state) != before);
}

#[test]
fn runs_of_a_snapshot_are_found_by_all_that_people_type() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().into());
    let mut world = World::new();
    for number in 1..=300 {
        world.run(number, &format!("run-{number}"));
    }
    world.add(ended(run_id(7).key(), EndState::Completed, None));
    let written = shelf.write(&world.state, cursor(900)).unwrap();
    world.state = Snapshot::open(&written.path).unwrap().into_state().unwrap();
    world.run(301, "new");
    let find = |text: &str| {
        let found = world.state.find_runs(text, Deleted::Hidden, |_| true);
        found
            .unwrap()
            .iter()
            .map(|run| run.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(find("run-150"), [150]);
    assert_eq!(find("resnet/299"), [299]);
    assert_eq!(find(&run_id(17).to_string()), [17]);
    assert_eq!(find("@last"), [301]);
    assert_eq!(find("@running").len(), 300);
    assert_eq!(world.state.next_run_number(EXPERIMENT), 302);
    assert_eq!(world.state.fault(), None);
}

/// A log of an experiment and two runs, its shelf, and a snapshot after the first run.
fn store(folder: &Path) -> (Log, Shelf, Written) {
    let (log, _) = Log::open(&folder.join("store"), OpenOptions::default()).unwrap();
    append(
        &log,
        &[
            experiment(EXPERIMENT, "resnet").into(),
            metric("loss").into(),
        ],
    );
    let shelf = Shelf::new(folder.join("snapshots"));
    let mut written = None;
    for number in [1, 2] {
        let key = run_id(number).key();
        let events = [
            created(run_id(number), number).into(),
            started(key, true).into(),
        ];
        append(&log, &events);
        append(&log, &[point(key, "loss", 1, 0.5).into()]);
        let follower = folded(log.reader().unwrap());
        let write = || {
            shelf
                .write(follower.state(), follower.checkpoint())
                .unwrap()
        };
        written = Some(written.unwrap_or_else(write));
    }
    (log, shelf, written.unwrap())
}

fn folded(reader: Reader) -> Follower<Runs> {
    let mut follower = Follower::new(reader);
    follower.catch_up().unwrap();
    follower
}

#[test]
fn the_newest_snapshot_at_or_before_a_moment_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (log, shelf, first) = store(folder.path());
    let follower = folded(log.reader().unwrap());
    let second = shelf
        .write(follower.state(), follower.checkpoint())
        .unwrap();
    let found = |last: Option<u64>| {
        let last = last.and_then(Lsn::new);
        let found = shelf.find(&mut log.reader().unwrap(), last).unwrap();
        found.state.map(|(_, cursor)| cursor.next)
    };
    assert_eq!(found(None), Some(second.next));
    assert_eq!(found(Some(second.next.get() - 2)), Some(first.next));
    assert_eq!(found(Some(first.next.get() - 1)), Some(first.next));
    assert_eq!(found(Some(first.next.get() - 2)), None);
}

#[test]
fn a_snapshot_that_the_log_does_not_bear_out_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (log, shelf, written) = store(folder.path());
    let follower = folded(log.reader().unwrap());
    let ahead = Cursor {
        next: follower.next_lsn().plus(1),
        ..follower.checkpoint()
    };
    let strange = Cursor {
        epoch: EpochId([1; 16]),
        next: Lsn::new(4).unwrap(),
    };
    for cursor in [ahead, strange] {
        shelf.write(follower.state(), cursor).unwrap();
    }
    assert_eq!(shelf.list().len(), 3);
    let found = shelf.find(&mut log.reader().unwrap(), None).unwrap();
    assert_eq!(found.state.unwrap().1.next, written.next);
    shelf.find(&mut log.reader().unwrap(), Lsn::new(3)).unwrap();
    let left: Vec<_> = shelf.list().into_iter().map(|kept| kept.path).collect();
    assert_eq!(left, [written.path]);
}

#[test]
fn no_flipped_byte_of_a_snapshot_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (_log, shelf, written) = store(folder.path());
    let good = fs::read(&written.path).unwrap();
    let expected = Snapshot::open(&written.path).unwrap().into_state().unwrap();
    let expected = format!("{:?}", expected.runs().collect::<Vec<_>>());
    let mut undetected = Vec::new();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        fs::write(&written.path, &bad).unwrap();
        let Ok(snapshot) = Snapshot::open(&written.path) else {
            continue;
        };
        if snapshot.verify().is_err() {
            continue;
        }
        let state = snapshot.into_state().unwrap();
        let believed = format!("{:?}", state.runs().collect::<Vec<_>>());
        assert_eq!(believed, expected, "byte {at} is believed");
        undetected.push(at);
    }
    assert!(
        undetected.iter().all(|at| *at >= good.len() - 16),
        "only the zeros before the end's magic mean nothing: {undetected:?}"
    );
    for len in 0..good.len() {
        fs::write(&written.path, &good[..len]).unwrap();
        assert!(Snapshot::open(&written.path).is_err(), "cut at {len}");
    }
    assert_eq!(shelf.list().len(), 1);
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_the_one_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (log, shelf, first) = store(folder.path());
    let follower = folded(log.reader().unwrap());
    let second = shelf
        .write(follower.state(), follower.checkpoint())
        .unwrap();
    let mut bytes = fs::read(&second.path).unwrap();
    let last = bytes.len() - 40;
    bytes[last] ^= 1;
    fs::write(&second.path, bytes).unwrap();
    let found = shelf.find(&mut log.reader().unwrap(), None).unwrap();
    assert_eq!(found.state.unwrap().1.next, first.next);
    let set_aside = &found.set_aside[0];
    assert!(
        set_aside.to.exists() && !second.path.exists(),
        "{set_aside}"
    );
    assert!(
        set_aside.to_string().contains("damaged at byte"),
        "{set_aside}"
    );
}

#[test]
fn a_row_that_cannot_be_read_is_a_fault_of_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let (_log, shelf, written) = store(folder.path());
    let mut bytes = fs::read(&written.path).unwrap();
    // Rows come first, behind the header.
    bytes[100] ^= 1;
    fs::write(&written.path, bytes).unwrap();
    let state = Snapshot::open(&written.path).unwrap().into_state().unwrap();
    assert_eq!(state.fault(), None);
    assert!(state.run(run_id(1).key()).is_none());
    let fault = state.fault().unwrap().clone();
    assert!(
        fault.to_string().contains("do not have their hash"),
        "{fault}"
    );
    assert!(shelf.write(&state, cursor(9)).is_err());
    assert!(shelf.set_aside(&fault).is_some());
    assert!(shelf.list().is_empty());
}

#[test]
fn a_snapshot_of_another_version_is_left_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (log, shelf, written) = store(folder.path());
    let mut bytes = fs::read(&written.path).unwrap();
    bytes[12] = 200;
    fs::write(&written.path, bytes).unwrap();
    let found = shelf.find(&mut log.reader().unwrap(), None).unwrap();
    assert!(found.state.is_none() && found.set_aside.is_empty());
    assert!(written.path.exists());
}

#[test]
fn pruning_keeps_the_newest_and_leaves_foreign_files_alone() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::new(folder.path().join("snapshots"));
    let world = World::new();
    for next in 1..=40 {
        shelf.write(&world.state, cursor(next)).unwrap();
    }
    let foreign = folder.path().join("snapshots/notes.txt");
    fs::write(&foreign, b"mine").unwrap();
    let removed = shelf.prune();
    let kept: Vec<u64> = shelf.list().iter().map(|kept| kept.next.get()).collect();
    assert_eq!(kept, [40, 39, 38, 36, 32, 24, 8]);
    assert_eq!(removed.len(), 33);
    assert!(foreign.exists());
}

#[cfg(unix)]
#[test]
fn a_snapshot_has_the_rights_of_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o2770)).unwrap();
    let shelf = Shelf::new(folder.path().join("snapshots"));
    let written = shelf.write(&World::new().state, cursor(9)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&folder.path().join("snapshots")), 0o2770);
    assert_eq!(mode(&written.path), 0o660);
}
