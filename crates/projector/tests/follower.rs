//! The follower against a log in memory: what it folds, where it stops, and when it starts again.

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use mltrack_event::{ColumnsId, TypeId};
use mltrack_event::{Event, NoteAdded, RecordsScrubbed, RunKey, encode, encode_metrics};
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Batch, CompactOptions, Log, OpenOptions, PlainPacker, StreamId};
use mltrack_projector::{
    Body, Cursor, Entry, EpochId, Follower, Lsn, Progress, Projector, Reader, read_range,
};
use proptest::prelude::*;

/// Keeps the lsns, and the first value of each metric point.
struct Trace;

impl Projector for Trace {
    const NAME: &'static str = "trace";
    const VERSION: u32 = 1;
    type State = Vec<(u64, Option<f64>)>;

    fn apply(state: &mut Self::State, entry: &Entry<'_>) {
        let value = match &entry.body {
            Body::Metrics(view) => view.value(0),
            _ => None,
        };
        state.push((entry.lsn.get(), value));
    }
}

const RUN: RunKey = RunKey::from_bytes([7; 8]);

fn open(disk: &MemoryDisk) -> Log {
    Log::on(disk.handle(), OpenOptions::default()).unwrap().0
}

fn reader(disk: &MemoryDisk) -> Reader {
    Reader::on(disk.handle()).unwrap()
}

/// Appends batches of metric points, whose values are their lsns.
fn append(log: &Log, sizes: &[usize]) {
    let mut payload = Vec::new();
    for size in sizes {
        let mut batch = Batch::new();
        let first = log.end().unwrap().get();
        for number in 0..*size as u64 {
            payload.clear();
            let value = (first + number) as f64;
            let (type_id, version) =
                encode_metrics(RUN, ColumnsId(1), 0, &[value], &mut payload).unwrap();
            batch.push(type_id.0, version.0, None, &payload).unwrap();
        }
        log.append(&mut batch).unwrap();
    }
}

fn lsns(follower: &Follower<Trace>) -> Vec<u64> {
    follower.state().iter().map(|(lsn, _)| *lsn).collect()
}

fn lsn(value: u64) -> Lsn {
    Lsn::new(value).unwrap()
}

#[test]
fn a_follower_folds_what_is_there_and_then_what_comes() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    assert_eq!(
        follower.catch_up().unwrap(),
        Lsn::FIRST,
        "an empty log is caught up with"
    );
    append(&log, &[3, 1]);
    assert_eq!(follower.catch_up().unwrap(), lsn(5));
    append(&log, &[2]);
    assert_eq!(follower.catch_up().unwrap(), lsn(7));
    assert_eq!(lsns(&follower), [1, 2, 3, 4, 5, 6]);
    assert!(
        follower
            .state()
            .iter()
            .all(|(lsn, value)| *value == Some(*lsn as f64))
    );
    assert_eq!(
        (follower.counts().folded, follower.counts().rewinds),
        (6, 0)
    );
}

#[test]
fn a_moment_in_the_middle_of_a_batch_can_be_asked_for_in_any_order() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[5, 5]);
    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    for at in [3, 4, 7, 2, 10, 1, 99] {
        let next = follower.to(lsn(at)).unwrap();
        let last = at.min(10);
        assert_eq!(next, lsn(last + 1));
        assert_eq!(lsns(&follower), (1..=last).collect::<Vec<_>>(), "at {at}");
    }
}

#[test]
fn a_checkpoint_inside_a_batch_is_where_the_next_follower_goes_on() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[5, 5]);
    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    follower.to(lsn(3)).unwrap();
    let checkpoint = follower.checkpoint();
    assert_eq!(checkpoint.next, lsn(4));
    let state = follower.into_state();
    let mut follower = Follower::<Trace>::resume(reader(&disk), state, checkpoint).unwrap();
    follower.catch_up().unwrap();
    assert_eq!(lsns(&follower), (1..=10).collect::<Vec<_>>());
    assert_eq!(follower.counts().folded, 7);
}

#[test]
fn a_state_from_another_history_is_discarded_and_folded_again() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[3]);
    let strange = Cursor {
        epoch: EpochId([9; 16]),
        next: lsn(3),
    };
    let kept = vec![(1, None), (2, None)];
    let mut follower = Follower::<Trace>::resume(reader(&disk), kept, strange).unwrap();
    assert_eq!(follower.counts().rewinds, 1);
    follower.catch_up().unwrap();
    assert_eq!(
        follower.state(),
        &[(1, Some(1.0)), (2, Some(2.0)), (3, Some(3.0))]
    );
}

#[test]
fn a_state_ahead_of_the_log_is_discarded_and_folded_again() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[3]);
    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    follower.catch_up().unwrap();
    let ahead = Cursor {
        next: lsn(9),
        ..follower.checkpoint()
    };
    let mut follower = Follower::<Trace>::resume(reader(&disk), vec![(8, None)], ahead).unwrap();
    assert_eq!(follower.counts().rewinds, 1);
    follower.catch_up().unwrap();
    assert_eq!(lsns(&follower), [1, 2, 3]);
}

#[test]
fn a_follower_that_stays_open_notices_that_the_log_went_back() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[5]);
    log.close().unwrap();
    let kept: Vec<(String, Vec<u8>)> = disk
        .names()
        .into_iter()
        .map(|name| (name.clone(), disk.bytes(&name)))
        .collect();
    let log = open(&disk);
    append(&log, &[5]);
    log.close().unwrap();
    let mut follower: Follower<Trace> = Follower::new(reader(&disk));
    follower.catch_up().unwrap();
    assert_eq!(lsns(&follower), (1..=10).collect::<Vec<_>>());

    for (name, bytes) in kept {
        disk.corrupt(&name, |live| live.clone_from(&bytes));
    }
    follower.catch_up().unwrap();
    assert_eq!(lsns(&follower), (1..=5).collect::<Vec<_>>());
    assert_eq!(follower.counts().rewinds, 1);
}

/// Says that a record is being written over; without one, that all of them have been.
fn scrub(log: &Log, lsns: &[u64]) {
    let scrubbed = RecordsScrubbed {
        run: RUN,
        lsns: lsns.to_vec(),
        blobs: Vec::new(),
        why: String::new(),
        actor: String::new(),
        command: String::new(),
    };
    let (mut batch, mut payload) = (Batch::new(), Vec::new());
    let (type_id, version) = encode(&Event::from(scrubbed), &mut payload).unwrap();
    batch.push(type_id.0, version.0, None, &payload).unwrap();
    log.append_rolled(&mut batch, StreamId(1)).unwrap();
}

#[test]
fn what_was_folded_before_it_was_written_over_is_folded_again_once() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[3]);
    let mut open_before: Follower<Trace> = Follower::new(reader(&disk));
    open_before.catch_up().unwrap();
    let cursor = open_before.checkpoint();
    let kept = open_before.state().clone();
    scrub(&log, &[2]);
    scrub(&log, &[2]);
    open_before.catch_up().unwrap();
    let mut payload = Vec::new();
    encode_metrics(RUN, ColumnsId(1), 0, &[-1.0], &mut payload).unwrap();
    log.compact(&CompactOptions {
        overwrite: Some(&BTreeMap::from([(lsn(2), Some(payload))])),
        keep_replaced: Duration::ZERO,
        ..CompactOptions::new(Arc::new(PlainPacker))
    })
    .unwrap();
    open_before.catch_up().unwrap();
    assert_eq!(open_before.state()[1], (2, Some(2.0)));
    assert_eq!(open_before.counts().rewinds, 0);
    scrub(&log, &[]);
    append(&log, &[1]);
    let mut resumed = Follower::<Trace>::resume(reader(&disk), kept, cursor).unwrap();
    let mut fresh: Follower<Trace> = Follower::new(reader(&disk));
    for follower in [&mut open_before, &mut resumed, &mut fresh] {
        follower.catch_up().unwrap();
        assert_eq!(follower.state()[1], (2, Some(-1.0)));
        assert_eq!(lsns(follower), (1..=7).collect::<Vec<_>>());
        let rewinds = follower.counts().rewinds;
        append(&log, &[]);
        follower.catch_up().unwrap();
        assert_eq!(follower.counts().rewinds, rewinds);
    }
    assert_eq!(open_before.counts().rewinds, 1);
    assert_eq!((resumed.counts().rewinds, fresh.counts().rewinds), (1, 0));
}

#[test]
fn what_cannot_be_decoded_is_an_entry_and_is_counted() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    let mut batch = Batch::new();
    let note = NoteAdded {
        run: RUN,
        text: "a".into(),
        actor: String::new(),
        command: String::new(),
    };
    let mut payload = Vec::new();
    let (type_id, version) = encode(&Event::from(note), &mut payload).unwrap();
    batch.push(type_id.0, version.0, None, &payload).unwrap();
    batch
        .push(type_id.0, version.0, None, &payload[..3])
        .unwrap();
    batch
        .push(TypeId::METRICS_LOGGED.0, 1, None, b"short")
        .unwrap();
    batch.push(0x1234, 1, None, b"somebody else's").unwrap();
    log.append(&mut batch).unwrap();

    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    follower.catch_up().unwrap();
    let counts = follower.counts();
    assert_eq!((counts.folded, counts.unreadable), (4, 2));
    let (at, error) = counts.last_unreadable.as_ref().unwrap();
    assert_eq!((*at, error.type_id), (lsn(3), TypeId::METRICS_LOGGED));

    let mut bodies = Vec::new();
    let mut reader = log.reader().unwrap();
    read_range(&mut reader, Lsn::FIRST, None, |entry| {
        bodies.push((entry.run(), matches!(entry.body, Body::Unreadable(_))));
    })
    .unwrap();
    assert_eq!(
        bodies,
        [
            (Some(RUN), false),
            (None, true),
            (None, true),
            (None, false)
        ]
    );
}

#[test]
fn progress_is_reported_on_the_way_and_at_the_end() {
    let disk = MemoryDisk::default();
    let log = open(&disk);
    append(&log, &[1000; 80]);
    let (sender, receiver) = mpsc::channel();
    let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
    follower.on_progress(move |progress| sender.send(progress).unwrap());
    follower.catch_up().unwrap();
    drop(follower);
    let seen: Vec<Progress> = receiver.iter().collect();
    let folded: Vec<u64> = seen.iter().map(|progress| progress.folded).collect();
    assert_eq!(folded, [65_536, 80_000]);
    assert_eq!(
        seen.last().map(|progress| (progress.next, progress.end)),
        Some((lsn(80_001), lsn(80_001)))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_way_through_the_log_gives_every_record_once(
        sizes in prop::collection::vec(1usize..20, 1..20),
        stops in prop::collection::vec(1u64..250, 0..10),
    ) {
        let disk = MemoryDisk::default();
        let log = Log::on(disk.handle(), OpenOptions { segment_len: 4096, ..OpenOptions::default() }).unwrap().0;
        append(&log, &sizes);
        let total = sizes.iter().sum::<usize>() as u64;
        let mut follower: Follower<Trace> = Follower::new(log.reader().unwrap());
        for stop in stops {
            follower.to(lsn(stop)).unwrap();
            prop_assert_eq!(lsns(&follower), (1..=stop.min(total)).collect::<Vec<_>>());
        }
        follower.catch_up().unwrap();
        prop_assert_eq!(lsns(&follower), (1..=total).collect::<Vec<_>>());
    }
}
