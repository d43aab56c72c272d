//! Damage anywhere in a small store: it is reported by name, or it changes nothing that anybody reads.
//!
//! Usually every byte of the small files and a sample of the segments' is changed; with `MLTRACK_CRASH_ROUNDS` of 8
//! or more every bit and byte of all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, Condition, Depth, Log, LogError, OpenOptions, OwnedRecord, Reader, StreamId,
    VerifyOptions, repair_on, verify_on,
};

use crate::support::{Dice, History, kill, options, random_batch, read_store, rounds, wait_until};

/// A store of four segments, two of them sealed at least, with control batches in it.
fn small_store() -> (MemoryDisk, Log) {
    let disk = MemoryDisk::default();
    let options = OpenOptions {
        sync_interval: Duration::from_millis(1),
        ..options()
    };
    let (log, _) = Log::on(disk.handle(), options).expect("the store opens");
    let (mut dice, mut history) = (Dice(4), History::default());
    while log.reader().expect("open").segments().len() < 4 {
        let (mut batch, made) = random_batch(&mut dice, &log, 5, 100);
        let appended = match dice.below(5) {
            0 => {
                let (stream, seen) = (StreamId(3), log.end().expect("open"));
                log.append_if(
                    &mut batch,
                    Condition {
                        stream,
                        unchanged: &[],
                        seen,
                    },
                )
            }
            _ => log.append(&mut batch),
        };
        history.note(appended.expect("the memory disk has room"), made, &disk);
    }
    let verify = || verify_on(&disk.handle(), &VerifyOptions::default()).expect("verifies");
    wait_until("seals", || verify().sealed >= 2);
    log.sync().expect("the memory disk syncs");
    (disk, log)
}

/// One change of one byte.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: usize,
    value: u8,
}

/// The changes that are tried on a file: all on small ones, a sample on segments.
fn changes(bytes: &[u8]) -> Vec<Change> {
    let step = if bytes.len() <= 256 {
        1
    } else {
        8u64.div_ceil(rounds()) as usize
    };
    let mut changes = Vec::new();
    for (at, old) in bytes.iter().copied().enumerate() {
        // Headers are short and matter most.
        if at >= 256 && at % step != 0 {
            continue;
        }
        let bits: Vec<u32> = if step == 1 {
            (0..8).collect()
        } else {
            vec![at as u32 * 5 % 8]
        };
        changes.extend(bits.into_iter().map(|bit| Change {
            at,
            value: old ^ (1 << bit),
        }));
        changes.extend([0, 0xff].map(|value| Change { at, value }));
        changes.retain(|change| change.at != at || change.value != old);
    }
    changes
}

/// What reading a damaged store gave.
struct Seen {
    records: Vec<OwnedRecord>,
    errors: Vec<LogError>,
}

/// Reads on behind damage, as far as it goes. Every missing record must lie in a range that was called lost.
fn read_around(mut reader: Reader, originals: &[OwnedRecord], durable: u64) -> Seen {
    let mut seen = Seen {
        records: Vec::new(),
        errors: Vec::new(),
    };
    let mut lost = Vec::new();
    loop {
        match crate::support::read_rest_into(&mut reader, &mut seen.records) {
            Ok(()) => break,
            Err(error @ LogError::Corrupt { .. }) => {
                seen.errors.push(error);
                let range = reader.skip_damage().expect("the memory disk reads");
                lost.push(range.first.get()..range.end.get());
                assert!(
                    seen.errors.len() < 100,
                    "damage does not end: {:?}",
                    seen.errors
                );
            }
            Err(error) => {
                seen.errors.push(error);
                return seen;
            }
        }
    }
    let mut found = seen.records.iter().peekable();
    for original in originals {
        if found.next_if(|record| record.lsn == original.lsn).is_some() {
            continue;
        }
        let lsn = original.lsn.get();
        let is_reported = lsn >= durable || lost.iter().any(|range| range.contains(&lsn));
        assert!(
            is_reported,
            "lsn {lsn} is silently lost; reported: {lost:?}"
        );
    }
    seen
}

fn check_values(seen: &Seen, originals: &[OwnedRecord]) {
    for record in &seen.records {
        let at = originals.binary_search_by_key(&record.lsn, |original| original.lsn);
        let original = at.map(|at| &originals[at]);
        assert_eq!(original, Ok(record), "a wrong value was read");
    }
}

/// Reads, opens and verifies a damaged store. Returns whether anybody noticed.
fn check_damaged(image: &MemoryDisk, originals: &[OwnedRecord], durable: u64, name: &str) -> bool {
    let mut errors = Vec::new();
    match Reader::on(image.handle()) {
        Ok(reader) => {
            let seen = read_around(reader, originals, durable);
            check_values(&seen, originals);
            errors.extend(seen.errors);
        }
        Err(error) => errors.push(error),
    }
    let options = VerifyOptions {
        depth: Depth::Deep,
        ..VerifyOptions::default()
    };
    let verified = verify_on(&image.handle(), &options);
    let is_noticed = !verified.is_ok_and(|report| report.is_sound());
    assert!(
        is_noticed || errors.is_empty(),
        "readers meet damage that verify passes over"
    );
    match Log::on(image.handle(), crate::support::options()) {
        Ok((log, _)) => {
            let seen = read_around(log.reader().expect("open"), originals, durable);
            check_values(&seen, originals);
            errors.extend(seen.errors);
            let mut batch = Batch::new();
            batch
                .push(1, 1, None, b"behind")
                .expect("the batch is small");
            let appended = log
                .append(&mut batch)
                .expect("a damaged store takes records");
            let last = originals.last().expect("the store is not empty").lsn;
            let is_new = matches!(appended, Appended::Visible { first, .. } if first > last);
            assert!(
                is_new || durable <= last.get(),
                "{appended:?} is used again"
            );
            log.close().expect("the memory disk syncs");
        }
        Err(error) => errors.push(error),
    }
    for error in &errors {
        let text = error.to_string();
        assert!(
            text.contains(name),
            "{name} is damaged, the message names another: {text}"
        );
    }
    is_noticed || !errors.is_empty()
}

/// Tries every change of one file, on all processors. Returns how many were noticed.
fn check_file(disk: &MemoryDisk, name: &str, originals: &[OwnedRecord], durable: u64) -> usize {
    let changes = changes(&disk.bytes(name));
    let (next, noticed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(change) = changes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let image = disk.crash_image(0);
                    image.corrupt(name, |bytes| bytes[change.at] = change.value);
                    let check = || check_damaged(&image, originals, durable, name);
                    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
                    let is_noticed = result.unwrap_or_else(|_| panic!("{name}: {change:?}"));
                    noticed.fetch_add(usize::from(is_noticed), Ordering::Relaxed);
                }
            });
        }
    });
    noticed.into_inner()
}

/// An image in which everything live is durable, so that every crash image of it is the same.
fn settled(disk: &MemoryDisk) -> MemoryDisk {
    for name in disk.names() {
        disk.corrupt(&name, |_| ());
    }
    disk.handle().sync_folder().expect("the memory disk syncs");
    disk.crash_image(0)
}

fn check_store(disk: &MemoryDisk, durable: u64) {
    let disk = settled(disk);
    let (originals, _) = read_store(&disk).expect("the undamaged store reads");
    assert!(originals.len() > 100);
    for name in disk.names() {
        if name == "spare" || name.contains('/') {
            continue;
        }
        let noticed = check_file(&disk, &name, &originals, durable);
        let is_quiet = name.starts_with("CKPT");
        assert!(
            noticed > 100 || is_quiet,
            "{name}: only {noticed} changes were noticed"
        );
    }
}

#[test]
fn damage_to_a_closed_store_is_reported_or_harmless() {
    let (disk, log) = small_store();
    log.close().expect("the memory disk syncs");
    check_store(&disk, u64::MAX);
}

#[test]
fn damage_to_a_killed_store_is_reported_or_harmless() {
    let (disk, log) = small_store();
    let durable = log.durable().expect("open").get();
    let mut batch = Batch::new();
    batch
        .push(1, 1, None, b"not durable")
        .expect("the batch is small");
    log.append(&mut batch).expect("the memory disk has room");
    kill(log, &disk);
    check_store(&disk, durable);
}

#[test]
fn damage_to_a_manifest_hides_no_record_and_shows_no_damaged_one() {
    let (disk, log) = small_store();
    log.close().expect("the memory disk syncs");
    let first = "seg-00000000000000000001.log";
    disk.corrupt(first, |bytes| bytes[700] ^= 4);
    let repaired = repair_on(&disk.handle(), options()).expect("repairs");
    assert_eq!(repaired.quarantined.len(), 1);
    let disk = settled(&disk);
    let (originals, _) = read_store(&disk).expect("the repaired store reads around the damage");
    for change in changes(&disk.bytes("MANIFEST-1")) {
        let image = disk.crash_image(0);
        image.corrupt("MANIFEST-1", |bytes| bytes[change.at] = change.value);
        let reader = Reader::on(image.handle()).expect("the store opens without its manifest");
        let seen = read_around(reader, &originals, u64::MAX);
        check_values(&seen, &originals);
        assert_eq!(seen.records.len(), originals.len(), "{change:?}");
        assert_eq!(
            seen.errors.len(),
            1,
            "the damage is no longer known: {change:?}"
        );
    }
}

#[test]
fn damage_to_a_spool_is_reported_and_what_stands_before_it_is_kept() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    disk.fail_syncs(true);
    let mut batch = Batch::new();
    batch
        .push(1, 1, None, b"visible")
        .expect("the batch is small");
    log.append(&mut batch).expect("the memory disk has room");
    log.sync().expect_err("syncs fail");
    for number in 0..3u8 {
        batch
            .push(1, 1, None, &[number; 9])
            .expect("the batch is small");
        assert_eq!(
            log.append(&mut batch).expect("goes to the spool"),
            Appended::Deferred
        );
    }
    kill(log, &disk);
    disk.fail_syncs(false);
    let disk = settled(&disk);
    let spool = disk
        .names()
        .into_iter()
        .find(|name| name.starts_with("spool/"))
        .expect("a spool");
    for change in changes(&disk.bytes(&spool)) {
        let image = disk.crash_image(0);
        image.corrupt(&spool, |bytes| bytes[change.at] = change.value);
        let (log, report) = Log::on(image.handle(), options()).expect("the store opens");
        let records = crate::support::read_rest(&mut log.reader().expect("open")).expect("reads");
        for (record, number) in records[1..].iter().zip(0u8..) {
            assert_eq!(record.payload, [number; 9], "{change:?}");
        }
        assert_eq!(
            records.len() as u64,
            1 + report.merged_batches,
            "{change:?}"
        );
        let is_kept = image.names().iter().any(|name| name.starts_with("spool/"));
        let is_whole = report.merged_batches == 3 && report.unmerged.is_none() && !is_kept;
        let is_reported = report.unmerged.is_some() && is_kept;
        // A spool is only known to be this store's by its header.
        assert!(is_whole || is_reported, "{change:?}: {report:?}");
        log.close().expect("the memory disk syncs");
    }
}
