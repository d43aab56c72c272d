//! Arbitrary files as a store: reading, verifying and opening it end, without a panic, and what opens takes a record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_fuzz::{options, write_files};
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Appended, Batch, Log, Reader, VerifyOptions, verify_on};

/// More records and damaged places than any input can hold.
const STEPS_MAX: usize = 1 << 20;

/// Reads to the end over whatever damage there is. Returns the records' lsns, or `None` when it cannot be opened.
fn read(disk: &MemoryDisk) -> Option<Vec<u64>> {
    let mut reader = Reader::on(disk.handle()).ok()?;
    let mut lsns: Vec<u64> = Vec::new();
    for _ in 0..STEPS_MAX {
        match reader.next_batch() {
            Ok(Some(batch)) => lsns.extend(batch.map(|record| record.lsn.get())),
            Ok(None) => {
                assert!(
                    lsns.is_sorted_by(|left, right| left < right),
                    "lsns go up: {lsns:?}"
                );
                return Some(lsns);
            }
            Err(_) => drop(reader.skip_damage().ok()?),
        }
    }
    panic!("reading does not end");
}

fuzz_target!(|bytes: &[u8]| {
    let disk = MemoryDisk::default();
    write_files(&disk, bytes);
    let before = read(&disk);
    verify_on(&disk.handle(), &VerifyOptions::default()).ok();
    let Ok((log, report)) = Log::on(disk.handle(), options()) else {
        return;
    };
    let mut batch = Batch::new();
    batch.push(1, 1, None, b"behind it all").expect("it fits");
    let appended = log.append(&mut batch);
    let is_appended = matches!(appended, Ok(Appended::Visible { .. }));
    log.close().ok();
    let after = read(&disk);
    if let (true, Some(after)) = (is_appended, after) {
        assert!(
            after.last().is_some_and(|last| *last >= report.next.get()),
            "{after:?}"
        );
        // Recovery takes nothing away that a reader saw.
        let before = before.unwrap_or_default();
        assert!(
            before.iter().all(|lsn| after.contains(lsn)),
            "{before:?} then {after:?}"
        );
    }
});
