//! Power cuts at every operation of a workload: what was durable is back, nothing is invented, no lsn is used twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    CompactOptions, Depth, Log, LogError, OpenOptions, OwnedRecord, PackRecord, Verdict,
    VerifyOptions, verify_on,
};

use crate::packing::{at_once, compact, grown, plain};
use crate::support::{
    Dice, History, assert_order, kill, options, random_step, read_store, rounds, tiny_batch,
    wait_until,
};

/// Three lives of a store: closed, killed, and cut off in the middle.
fn lives(disk: &MemoryDisk, seed: u64, options: &OpenOptions) -> History {
    let mut dice = Dice(seed);
    let mut history = History::default();
    for life in 0..3 {
        let (log, _) = Log::on(disk.handle(), options.clone()).expect("the store opens");
        for _ in 0..10 + dice.below(14) {
            random_step(&mut dice, &log, disk, &mut history);
        }
        match (life + seed) % 3 {
            0 => {
                let end = log.end().expect("the log is open");
                log.close().expect("the memory disk syncs");
                history.durable.push((disk.captured_count(), end.get()));
            }
            _ => kill(log, disk),
        }
    }
    history
}

/// What a reader may find in an image of operation `at`.
fn check_records(records: &[OwnedRecord], history: &History, at: usize) {
    for record in records {
        let lsn = record.lsn.get();
        let made = history
            .made
            .get(&lsn)
            .unwrap_or_else(|| panic!("lsn {lsn} is invented"));
        assert!(
            made.is(record),
            "lsn {lsn} reads {record:?} where {made:?} was appended"
        );
    }
    let durable = history.durable_at(at);
    let found = records
        .iter()
        .filter(|record| record.lsn.get() < durable)
        .count();
    let expected = history.made.range(..durable).count();
    assert_eq!(found, expected, "durable records before {durable} are lost");
}

fn check_image(disk: &MemoryDisk, history: &History, at: usize, seed: u64) {
    let image = disk.crash_image_at(at, seed);
    let records = match read_store(&image) {
        Err(LogError::NotAStore { .. }) if history.durable_at(at) == 1 => Vec::new(),
        Err(error) => panic!("a reader refuses the image: {error}"),
        Ok((records, reader)) => {
            check_records(&records, history, at);
            assert_order(&records, &reader);
            records
        }
    };
    let (log, report) = Log::on(image.handle(), options()).expect("a writer opens the image");
    let mut reader = log.reader().expect("the log is open");
    let again = crate::support::read_rest(&mut reader).expect("a writer's view reads");
    assert_eq!(
        records, again,
        "the recovered log differs from what a reader saw"
    );
    assert!(
        report.next.get() >= history.visible_at(at),
        "lsn {} is used again",
        report.next
    );
    let (mut batch, _) = tiny_batch(&log, 3);
    log.append(&mut batch)
        .expect("the recovered log takes records");
    log.close().expect("the recovered log closes");
    let (all, reader) = read_store(&image).expect("the closed store reads");
    assert_eq!(all.len(), records.len() + 3);
    assert_eq!(all[..records.len()], records);
    assert_order(&all, &reader);
    assert_eq!(reader.verdict(), Some(Verdict::Clean));
}

/// Names the image when a check fails, so that it can be looked at alone.
fn check_images(disk: &MemoryDisk, history: &History, workload: u64, seeds: u64) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= disk.captured_count() {
                        return;
                    }
                    for seed in 0..seeds {
                        let _name =
                            Named(format!("workload {workload}, operation {at}, seed {seed}"));
                        check_image(
                            disk,
                            history,
                            at,
                            seed.wrapping_mul(0x1234_5677) + at as u64,
                        );
                    }
                }
            });
        }
    });
}

struct Named(String);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {}", self.0);
        }
    }
}

#[test]
fn a_power_cut_at_any_operation_keeps_what_was_durable_and_invents_nothing() {
    for seed in 0..3 * rounds() {
        let disk = MemoryDisk::default();
        disk.capture();
        let history = lives(&disk, seed, &options());
        assert!(
            history.made.len() > 500 && history.durable.len() > 1,
            "the workload is too small"
        );
        check_images(&disk, &history, seed, 3);
    }
}

#[test]
fn a_power_cut_while_segments_are_sealed_loses_nothing_durable() {
    let disk = MemoryDisk::default();
    let options = OpenOptions {
        sync_interval: Duration::from_millis(1),
        ..options()
    };
    let (log, _) = Log::on(disk.handle(), options).expect("the store opens");
    let mut history = History::default();
    let mut dice = Dice(9);
    disk.capture();
    while log.reader().expect("open").segments().len() < 5 {
        random_step(&mut dice, &log, &disk, &mut history);
    }
    wait_until("seals", || sealed_count(&disk) >= 3);
    history.synced(&log, &disk);
    log.close().expect("the memory disk syncs");
    check_images(&disk, &history, 0, 2);
}

fn sealed_count(disk: &MemoryDisk) -> u64 {
    let options = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    let report = verify_on(&disk.handle(), &options).expect("a store in use verifies");
    assert!(report.is_sound(), "{:?}", report.damages);
    report.sealed
}

#[test]
fn records_of_a_segment_whose_name_was_lost_never_lend_their_lsns_to_others() {
    for seed in 0..16 {
        let disk = MemoryDisk::default();
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        let mut history = History::default();
        for _ in 0..4 {
            let (mut batch, made) = tiny_batch(&log, 1600);
            let appended = log.append(&mut batch).expect("the memory disk has room");
            history.note(appended, made, &disk);
        }
        let image = disk.crash_image(seed);
        let (_, report) = Log::on(image.handle(), options()).expect("the image opens");
        assert!(
            report.next.get() >= history.visible_at(0),
            "seed {seed} goes on at {}",
            report.next
        );
        log.close().expect("the memory disk syncs");
    }
}

#[test]
fn a_power_cut_while_segments_are_packed_loses_nothing_durable() {
    for seed in 0..2 * rounds() {
        let disk = MemoryDisk::default();
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        let mut history = History::default();
        let mut dice = Dice(77 + seed);
        while log.reader().expect("open").segments().len() < 8 {
            random_step(&mut dice, &log, &disk, &mut history);
        }
        disk.capture();
        let first = log.compact(&at_once()).expect("compacts");
        assert!(first.packed > 2, "{first:?}");
        for _ in 0..6 {
            random_step(&mut dice, &log, &disk, &mut history);
        }
        let kept = log.compact(&plain()).expect("compacts");
        history.synced(&log, &disk);
        let freed = log.compact(&at_once()).expect("compacts");
        assert!(freed.bytes_freed >= kept.bytes_before, "{freed:?}");
        log.close().expect("the memory disk syncs");
        check_images(&disk, &history, seed, 2);
    }
}

/// Records with this payload byte at their start are meant.
fn is_unwanted(payload: &[u8]) -> bool {
    payload.first().is_some_and(|byte| *byte < 100)
}

#[test]
fn a_power_cut_while_records_are_dropped_takes_no_others() {
    let disk = grown(21);
    compact(&disk, &at_once());
    let (before, _) = read_store(&disk).expect("the store reads");
    disk.capture();
    let is_dropped = |record: &PackRecord<'_>| is_unwanted(record.payload);
    let done = compact(
        &disk,
        &CompactOptions {
            drop: Some(&is_dropped),
            ..at_once()
        },
    );
    assert!(done.dropped_records > 100, "{done:?}");
    for at in (0..disk.captured_count()).step_by(3) {
        let image = disk.crash_image_at(at, at as u64);
        let (found, _) = read_store(&image).expect("the image reads");
        let mut rest = before.iter();
        for record in &found {
            let skipped = rest.by_ref().take_while(|other| *other != record);
            let is_explained = skipped.into_iter().all(|lost| is_unwanted(&lost.payload));
            assert!(is_explained, "operation {at}, before lsn {}", record.lsn);
        }
        assert!(
            rest.all(|lost| is_unwanted(&lost.payload)),
            "operation {at}"
        );
    }
}
