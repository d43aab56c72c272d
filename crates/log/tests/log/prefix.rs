//! The beginning of a log as a store of its own: the same records, and nothing behind them.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mltrack_log::{
    CompactOptions, Condition, Depth, Log, LogError, Lsn, OwnedRecord, PlainPacker, Prefix, Reader,
    StreamId, VerifyOptions, compact, copy_prefix, door, verify,
};

use crate::support::{Dice, options, random_batch};

/// Longer than seals take on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Batches by their end, in a folder with a dozen small segments, the older of which are packed when wanted.
fn grown(path: &Path, is_packed: bool) -> Vec<(u64, Vec<OwnedRecord>)> {
    let mut dice = Dice(7);
    let (log, _) = Log::open(path, options()).expect("the folder can be written");
    for step in 0..160 {
        let (mut batch, _) = random_batch(&mut dice, &log, 1 + step % 5, 200);
        if step % 7 == 0 {
            let stream = StreamId(1 + step % 3);
            let seen = log.end().expect("the log is open");
            let unchanged = &[stream];
            let condition = Condition {
                stream,
                unchanged,
                seen,
            };
            log.append_if(&mut batch, condition).expect("nobody else");
        } else {
            log.append(&mut batch).expect("the disk has room");
        }
    }
    log.close().expect("the disk syncs");
    if is_packed {
        // Seals are written in the background, as long as somebody has the store open.
        let (log, _) = Log::open(path, options()).expect("the store opens");
        let (mut packed, start) = (0, door::monotonic());
        // Random bytes pack badly: some segments stay as they are, because that saves too little.
        while packed < 2 {
            assert!(start.elapsed() < PATIENCE, "{packed} segments are packed");
            std::thread::park_timeout(Duration::from_millis(1));
            packed += packed_now(path);
        }
        log.close().expect("the disk syncs");
    }
    batches(path)
}

/// How many segments a compaction packs.
fn packed_now(path: &Path) -> u64 {
    let report = compact(
        path,
        options(),
        &CompactOptions {
            keep_replaced: Duration::ZERO,
            on_progress: Some(&|_| ControlFlow::Continue(())),
            ..CompactOptions::new(Arc::new(PlainPacker))
        },
    );
    report.expect("the store compacts").packed
}

fn batches(path: &Path) -> Vec<(u64, Vec<OwnedRecord>)> {
    let mut reader = Reader::open(path, &options()).expect("the store opens");
    let mut all = Vec::new();
    while let Some(batch) = reader.next_batch().expect("every record reads") {
        let records: Vec<OwnedRecord> = batch.map(OwnedRecord::from).collect();
        let end = records.last().expect("a batch has records").lsn.get();
        all.push((end, records));
    }
    all
}

fn copied(from: &Path, into: &Path, last: u64) -> Result<Prefix, LogError> {
    copy_prefix(from, into, Lsn::new(last), &[], &mut |_, _| {})
}

#[test]
fn every_beginning_holds_the_batches_up_to_its_end_and_goes_on_from_there() {
    for is_packed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("store");
        let all = grown(&from, is_packed);
        let end = all.last().unwrap().0;
        for last in (0..end + 3).step_by(47).chain([1, end, end + 1]) {
            let into = folder.path().join(format!("copy-{last}"));
            let prefix = copied(&from, &into, last).unwrap();
            let wanted: Vec<_> = all
                .iter()
                .filter(|(end, _)| *end <= last)
                .cloned()
                .collect();
            assert_eq!(batches(&into), wanted, "packed {is_packed}, up to {last}");
            assert_eq!(
                prefix.last.map_or(0, Lsn::get),
                wanted.last().map_or(0, |(end, _)| *end)
            );
            let deep = VerifyOptions {
                depth: Depth::Deep,
                ..VerifyOptions::default()
            };
            let report = verify(&into, &deep).unwrap();
            assert!(report.is_sound(), "{last}: {:?}", report.damages);
            let (log, _) = Log::open(&into, options()).unwrap();
            let (mut batch, _) = random_batch(&mut Dice(last), &log, 2, 20);
            log.append(&mut batch).unwrap();
            log.close().unwrap();
            let again = batches(&into);
            assert_eq!(again.len(), wanted.len() + 1, "up to {last}");
            assert_eq!(again[..wanted.len()], wanted);
            std::fs::remove_dir_all(into).unwrap();
        }
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone_and_a_failure_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("store");
    grown(&from, false);
    let into = folder.path().join("there");
    std::fs::create_dir(&into).unwrap();
    assert!(matches!(copied(&from, &into, 5), Err(LogError::Io { .. })));
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0);
    let nowhere = folder.path().join("nowhere");
    assert!(matches!(
        copied(&folder.path().join("none"), &nowhere, 5),
        Err(LogError::NotAStore { .. })
    ));
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}
