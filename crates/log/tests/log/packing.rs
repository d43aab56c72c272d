//! Packed segments read as the ones they were made from: every record, batch, place and time; and what cannot be read is named.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mltrack_log::medium::Mode;
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, CompactOptions, CompactReport, Condition, Depth, Log, LogError, Lsn,
    OpenOptions, OwnedRecord, PackFault, PackRecord, Packer, PlainPacker, Reader, SkipReason,
    StreamId, Tail, VerifyOptions, VerifyReport, compact_on, verify_on,
};

use crate::support::{Dice, History, hold_lock, options, random_step, read_rest, read_store};

pub fn plain() -> CompactOptions<'static> {
    CompactOptions::new(Arc::new(PlainPacker))
}

/// Without the hour in which replaced segments stay.
pub fn at_once() -> CompactOptions<'static> {
    CompactOptions {
        keep_replaced: Duration::ZERO,
        ..plain()
    }
}

pub fn compact(disk: &MemoryDisk, options: &CompactOptions<'_>) -> CompactReport {
    compact_on(&disk.handle(), crate::support::options(), options).expect("the store compacts")
}

/// A closed store with some dozens of segments; records of every kind in it.
pub fn grown(seed: u64) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let mut dice = Dice(seed);
    let mut history = History::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    for _ in 0..150 {
        random_step(&mut dice, &log, &disk, &mut history);
    }
    spool_some(&disk, &log);
    for _ in 0..100 {
        random_step(&mut dice, &log, &disk, &mut history);
    }
    log.close().expect("the memory disk syncs");
    disk
}

/// Some batches that come through a spool.
fn spool_some(disk: &MemoryDisk, log: &Log) {
    let impatient = OpenOptions {
        lock_wait: Duration::from_millis(1),
        ..options()
    };
    let (deferring, _) = Log::on(disk.handle(), impatient).expect("joins");
    hold_lock(disk, log.writer().expect("open").0);
    for number in 0..5u8 {
        let mut batch = Batch::new();
        batch.push(7, 1, None, &[number; 30]).expect("small");
        let appended = deferring.append(&mut batch).expect("goes to the spool");
        assert_eq!(appended, Appended::Deferred);
    }
    hold_lock(disk, 0);
    deferring.close().expect("closes");
}

/// Everything a reader tells, batch by batch.
fn batches(disk: &MemoryDisk) -> Vec<(Option<StreamId>, Vec<OwnedRecord>)> {
    let mut reader = Reader::on(disk.handle()).expect("the store opens");
    let mut all = Vec::new();
    while let Some(batch) = reader.next_batch().expect("every record reads") {
        let stream = batch.stream;
        all.push((stream, batch.map(OwnedRecord::from).collect()));
    }
    all
}

pub fn verified(disk: &MemoryDisk) -> VerifyReport {
    verified_against(disk, None)
}

fn verified_against(disk: &MemoryDisk, against: Option<[u8; 32]>) -> VerifyReport {
    let options = VerifyOptions {
        depth: Depth::Deep,
        against,
        ..VerifyOptions::default()
    };
    let report = verify_on(&disk.handle(), &options).expect("the store verifies");
    assert!(report.is_sound(), "{:?}", report.damages);
    report
}

fn files(disk: &MemoryDisk, prefix: &str) -> usize {
    let names = disk.names();
    let is_meant = |name: &&String| name.starts_with(prefix) && name.contains(".log");
    names.iter().filter(is_meant).count()
}

#[test]
fn every_batch_comes_back_as_it_was() {
    for seed in 0..4 {
        let disk = grown(seed);
        let (before, sealed) = (batches(&disk), verified(&disk));
        let report = compact(&disk, &at_once());
        assert!(report.packed > 5, "{report:?}");
        assert_eq!(batches(&disk), before, "seed {seed}");
        let after = verified_against(&disk, sealed.head);
        assert_eq!(after.packed, report.packed);
        assert_eq!(after.records, sealed.records);
        assert_eq!(files(&disk, "pack-"), report.packed as usize);
        assert_eq!(report.bytes_freed, report.bytes_before);
        assert!(
            report.bytes_before * 9 > report.bytes_after * 10,
            "{report:?}"
        );
        assert_eq!(report.segments_seen, after.segments);
        let is_explained = |(_, reason): &(Lsn, SkipReason)| {
            matches!(reason, SkipReason::TooNew | SkipReason::DoesNotPay)
        };
        assert!(report.skipped.iter().all(is_explained), "{report:?}");
    }
}

#[test]
fn replaced_segments_stay_for_an_hour_and_are_not_packed_again() {
    let disk = grown(1);
    let segments = files(&disk, "seg-");
    let before = batches(&disk);
    let first = compact(&disk, &plain());
    assert!(first.packed > 0 && first.bytes_freed == 0);
    assert_eq!(files(&disk, "seg-"), segments);
    let again = compact(&disk, &plain());
    assert_eq!((again.packed, again.bytes_freed), (0, 0), "{again:?}");
    let freed = compact(&disk, &at_once());
    assert_eq!(freed.bytes_freed, first.bytes_before);
    assert_eq!(files(&disk, "seg-"), segments - first.packed as usize);
    assert_eq!(batches(&disk), before);
}

#[test]
fn reading_begins_at_any_record_of_a_packed_segment() {
    let disk = grown(2);
    compact(&disk, &at_once());
    let (records, mut reader) = read_store(&disk).expect("the store reads");
    for (at, record) in records.iter().enumerate().step_by(17) {
        reader.seek(record.lsn);
        let batch = reader.next_batch().expect("reads").expect("there is more");
        let first = batch
            .map(OwnedRecord::from)
            .find(|found| found.lsn >= record.lsn);
        assert_eq!(first.as_ref(), Some(&records[at]));
        let cursor = reader.cursor();
        reader.resume(cursor).expect("the epoch is known");
        let rest = read_rest(&mut reader).expect("reads");
        let from = records.partition_point(|record| record.lsn < cursor.next);
        assert_eq!(rest, records[from..]);
        let last = records.partition_point(|other| other.commit_time_ns <= record.commit_time_ns);
        let found = reader.last_at(record.commit_time_ns).expect("reads");
        assert_eq!(found, Some(records[last - 1].lsn));
    }
}

#[test]
fn appending_goes_on_behind_packed_segments_and_what_is_new_is_packed_later() {
    let disk = grown(3);
    compact(&disk, &at_once());
    let (before, _) = read_store(&disk).expect("the store reads");
    let (log, report) = Log::on(disk.handle(), options()).expect("the store opens");
    assert_eq!(report.verdict, Some(mltrack_log::Verdict::Clean));
    let mut history = History::default();
    let mut dice = Dice(8);
    for _ in 0..60 {
        random_step(&mut dice, &log, &disk, &mut history);
    }
    let beside = log.compact(&at_once()).expect("an open store compacts");
    assert!(beside.packed > 0, "{beside:?}");
    log.close().expect("closes");
    let (after, _) = read_store(&disk).expect("the store reads");
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + history.made.len());
    verified(&disk);
}

#[test]
fn a_tail_reads_on_through_segments_that_are_packed_under_it() {
    let disk = grown(4);
    let (records, _) = read_store(&disk).expect("the store reads");
    let mut tail = Tail::new(Reader::on(disk.handle()).expect("opens"));
    let mut next = || tail.next_within(Duration::from_secs(5)).expect("reads");
    let mut seen: Vec<_> = (0..40).filter_map(|_| next()).collect();
    compact(&disk, &at_once());
    while seen.len() < records.len() {
        seen.extend(next());
    }
    assert_eq!(seen, records);
    let cursor = tail.cursor();
    let mut resumed = Reader::on(disk.handle()).expect("opens");
    resumed.resume(cursor).expect("nothing was rewound");
}

#[test]
fn a_dry_run_says_what_compacting_does_and_changes_nothing() {
    let disk = grown(5);
    let names = disk.names();
    let said = compact(
        &disk,
        &CompactOptions {
            is_dry_run: true,
            ..at_once()
        },
    );
    assert_eq!(disk.names(), names);
    let done = compact(&disk, &at_once());
    assert_eq!(said.packed, done.packed);
    assert_eq!(said.bytes_before, done.bytes_before);
    let apart = said.bytes_after.abs_diff(done.bytes_after);
    assert!(apart * 10 <= done.bytes_after, "{said:?} {done:?}");
    assert_eq!(said.skipped, done.skipped);
    let again = compact(
        &disk,
        &CompactOptions {
            is_dry_run: true,
            ..at_once()
        },
    );
    assert_eq!((again.packed, again.bytes_after), (0, 0));
}

#[test]
fn young_segments_stay_and_a_caller_can_stop() {
    let disk = grown(6);
    let (records, _) = read_store(&disk).expect("the store reads");
    let middle = records[records.len() / 2].commit_time_ns;
    let report = compact(
        &disk,
        &CompactOptions {
            keep_raw_after_ns: Some(middle),
            ..at_once()
        },
    );
    let kept = report.skipped.iter();
    let kept = kept
        .filter(|(_, reason)| *reason == SkipReason::KeptRaw)
        .count();
    assert!(report.packed > 0 && kept > 0, "{report:?}");
    let looked = AtomicU64::new(0);
    let stop = |_| {
        looked.fetch_add(1, Ordering::Relaxed);
        ControlFlow::Break(())
    };
    let stopped = compact(
        &disk,
        &CompactOptions {
            on_progress: Some(&stop),
            ..at_once()
        },
    );
    assert!(stopped.is_stopped && looked.into_inner() <= 2);
    assert_eq!(read_store(&disk).expect("reads").0, records);
}

/// A packer that the readers of a test do not know, unless they are given it.
pub struct Strange;

impl Packer for Strange {
    fn id(&self) -> u32 {
        0x5714_0001
    }

    fn pack(&self, records: &[PackRecord<'_>]) -> Vec<u8> {
        PlainPacker.pack(records)
    }

    fn unpack(&self, block: &[u8], each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), PackFault> {
        PlainPacker.unpack(block, each)
    }
}

#[test]
fn a_reader_without_the_packer_names_it_and_reads_everything_else() {
    let disk = grown(8);
    let (records, _) = read_store(&disk).expect("the store reads");
    let strange: Arc<dyn Packer> = Arc::new(Strange);
    let middle = records[records.len() / 2].commit_time_ns;
    let options = CompactOptions {
        keep_raw_after_ns: Some(middle),
        keep_replaced: Duration::ZERO,
        ..CompactOptions::new(Arc::clone(&strange))
    };
    assert!(compact(&disk, &options).packed > 0);
    let mut reader = Reader::on(disk.handle()).expect("opens");
    let error = read_rest(&mut reader).expect_err("it cannot be read");
    assert!(
        matches!(
            error,
            LogError::NoPacker {
                packer: 0x5714_0001,
                ..
            }
        ),
        "{error}"
    );
    reader.skip_damage().expect("steps over a block");
    let packed = reader.packed().expect("blocks are there").len();
    assert!(packed > 0);
    reader.seek(records[records.len() * 3 / 4].lsn);
    let rest = read_rest(&mut reader).expect("what is not packed reads");
    assert_eq!(rest.last(), records.last());
    let known = Reader::on_with(disk.handle(), vec![strange]);
    let all = read_rest(&mut known.expect("opens")).expect("reads");
    assert_eq!(all, records);
    let report = verified(&disk);
    assert!(report.unread > 0 && report.unread == report.packed);
}

#[test]
fn a_condition_that_would_walk_into_a_packed_segment_is_refused_and_holds_after_catching_up() {
    let disk = grown(10);
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let push = |seen: Lsn| {
        let mut batch = Batch::new();
        batch.push(2, 1, None, b"state").expect("small");
        let stream = StreamId(99);
        let condition = Condition {
            stream,
            unchanged: &[stream],
            seen,
        };
        log.append_if(&mut batch, condition)
    };
    push(Lsn::FIRST).expect("nothing of that stream is there, and nothing is packed");
    log.compact(&at_once()).expect("compacts");
    let conflict = push(log.end().expect("open"));
    conflict.expect("whoever has seen everything is told the truth");
    let unseen = push(Lsn::FIRST);
    assert!(
        matches!(unseen, Err(LogError::Conflict { .. })),
        "{unseen:?}"
    );
    log.close().expect("closes");
}

#[test]
fn an_empty_store_and_a_small_one_have_nothing_to_pack() {
    let disk = MemoryDisk::default();
    let missing = compact_on(&disk.handle(), options(), &plain());
    assert!(matches!(missing, Err(LogError::NotAStore { .. })));
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let mut batch = Batch::new();
    batch.push(1, 1, None, b"only").expect("small");
    log.append(&mut batch).expect("appends");
    let report = log.compact(&plain()).expect("compacts");
    assert_eq!((report.packed, report.segments_seen), (0, 1));
    assert_eq!(report.skipped[0].1, SkipReason::TooNew);
    log.close().expect("closes");
    assert_eq!(files(&disk, "pack-"), 0);
}

#[test]
fn two_compactions_do_not_work_at_once() {
    let disk = grown(11);
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let second = |_| {
        let busy = compact_on(&disk.handle(), options(), &plain());
        assert!(matches!(busy, Err(LogError::Busy { .. })), "{busy:?}");
        ControlFlow::Continue(())
    };
    let report = log.compact(&CompactOptions {
        on_progress: Some(&second),
        ..at_once()
    });
    assert!(report.expect("compacts").packed > 0);
    log.close().expect("closes");
}

#[test]
fn a_spool_that_came_into_the_log_before_it_was_packed_does_not_come_in_again() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let impatient = OpenOptions {
        lock_wait: Duration::from_millis(1),
        ..options()
    };
    let (deferring, _) = Log::on(disk.handle(), impatient).expect("joins");
    hold_lock(&disk, log.writer().expect("open").0);
    for number in 0..5u8 {
        let mut batch = Batch::new();
        batch.push(7, 1, None, &[number; 30]).expect("small");
        deferring.append(&mut batch).expect("goes to the spool");
    }
    let names = disk.names();
    let spool = names.iter().find(|name| name.starts_with("spool/"));
    let spool = spool.expect("a spool was made");
    let spooled = disk.bytes(spool);
    hold_lock(&disk, 0);
    deferring.close().expect("closes");
    let (mut dice, mut history) = (Dice(1), History::default());
    while log.reader().expect("open").segments().len() < 5 {
        random_step(&mut dice, &log, &disk, &mut history);
    }
    log.close().expect("closes");
    let (records, _) = read_store(&disk).expect("the store reads");
    assert!(compact(&disk, &at_once()).packed >= 2);
    // As if whoever merged it had been killed before it could remove the spool.
    let file = disk.handle().open(spool, Mode::Create(0)).expect("makes");
    file.write_at(&spooled, 0).expect("writes");
    let (log, report) = Log::on(disk.handle(), options()).expect("the store opens");
    assert_eq!((report.merged_batches, report.unmerged), (0, None));
    log.close().expect("closes");
    assert_eq!(read_store(&disk).expect("reads").0, records);
    assert!(!disk.names().contains(spool), "it has done its duty");
}
