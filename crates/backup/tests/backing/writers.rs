//! Backups while others write, pack and collect garbage: nothing acknowledged is missing, and nothing follows a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};

use mltrack_event::TypeId;
use mltrack_log::{Batch, CompactOptions, OpenOptions, PlainPacker, compact};

use crate::support::{Stage, push, read, restored, until};

/// What each writer appends beside one backup.
const RECORDS_A_ROUND: usize = 400;

/// Appends in rounds. It ends when nobody can begin another one: also when the test fails.
fn write_rounds(stage: &Stage, rounds: &Receiver<()>, acknowledged: &AtomicU64) {
    let log = stage.log();
    while rounds.recv().is_ok() {
        for number in 0..RECORDS_A_ROUND {
            push(&log, number);
            let end = log.end().expect("open").get() - 1;
            acknowledged.fetch_max(end, Ordering::AcqRel);
        }
    }
    log.close().expect("closes");
}

/// Takes a backup and restores it: it has what was acknowledged before, and is a beginning of the store's log.
fn one_round(stage: &Stage, round: usize, acknowledged: &AtomicU64) {
    let before = acknowledged.load(Ordering::Acquire);
    let report = stage.back_up(&stage.place()).expect("it is taken");
    let last = report.last.expect("records").get();
    assert!(last >= before, "{last} of {before}");
    let into = stage.path(&format!("round-{round}"));
    restored(&stage.place(), &into).expect("it is restored");
    let (copy, all) = (read(&into), read(&stage.store()));
    assert_eq!(copy, until(all, last), "round {round}");
    assert_eq!(copy.last().map(|record| record.0), Some(last));
}

fn pack(stage: &Stage) {
    let packer = CompactOptions::new(Arc::new(PlainPacker));
    compact(&stage.store(), OpenOptions::default(), &packer).expect("it is packed");
}

#[test]
fn what_was_acknowledged_before_the_start_is_in_it_and_what_is_in_it_is_a_beginning() {
    let stage = Stage::new();
    stage.write(10);
    let acknowledged = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        for _ in 0..3 {
            let (begin, rounds) = channel();
            writers.push(begin);
            let (stage, acknowledged) = (&stage, &acknowledged);
            scope.spawn(move || write_rounds(stage, &rounds, acknowledged));
        }
        for round in 0..8 {
            for writer in &writers {
                writer.send(()).expect("it is there");
            }
            if round % 2 == 1 {
                pack(&stage);
            }
            one_round(&stage, round, &acknowledged);
        }
    });
}

#[test]
fn bytes_that_are_freed_meanwhile_are_not_named_by_the_backup() {
    let stage = Stage::new();
    stage.write(10);
    let place = stage.place();
    for round in 0..6 {
        let blob = stage.put(&format!("weights of round {round}"));
        let freed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // As garbage collection does it: first the record, then the bytes.
                let log = stage.log();
                let mut batch = Batch::new();
                batch
                    .push(TypeId::ARTIFACTS_PURGED.0, 1, None, b"")
                    .expect("small");
                log.append(&mut batch).expect("appends");
                stage.root().purge(&blob).expect("it is freed");
                freed.store(true, Ordering::Release);
                log.close().expect("closes");
            });
            stage.back_up(&place).expect("it is taken");
        });
        assert!(freed.load(Ordering::Acquire));
        let (_, manifest) = place.find(None).expect("it is there");
        let into = stage.path(&format!("round-{round}"));
        restored(&place, &into).expect("it is restored");
        let purges = |lsn: u64| {
            let seen = until(read(&stage.store()), lsn);
            seen.iter()
                .filter(|record| record.1 == TypeId::ARTIFACTS_PURGED.0)
                .count()
        };
        let is_named = purges(manifest.lsn) == round;
        let is_there = into
            .join("artifacts/blobs")
            .join(&blob.to_string()[..2])
            .join(blob.to_string());
        assert!(
            !is_named || is_there.is_file(),
            "round {round}: a record names what is not there"
        );
    }
}
