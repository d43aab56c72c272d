//! Backups while others write, pack and collect garbage: nothing acknowledged is missing, and nothing follows a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mltrack_event::TypeId;
use mltrack_log::{Batch, CompactOptions, OpenOptions, PlainPacker, compact};

use crate::support::{Stage, push, read, restored, until};

#[test]
fn what_was_acknowledged_before_the_start_is_in_it_and_what_is_in_it_is_a_beginning() {
    let stage = Stage::new();
    stage.write(10);
    let is_over = AtomicBool::new(false);
    let acknowledged = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let log = stage.log();
                let mut number = 0;
                while !is_over.load(Ordering::Acquire) {
                    push(&log, number);
                    number += 1;
                    let end = log.end().expect("open").get() - 1;
                    acknowledged.fetch_max(end, Ordering::AcqRel);
                }
                log.close().expect("closes");
            });
        }
        for round in 0..8 {
            let before = acknowledged.load(Ordering::Acquire);
            if round % 2 == 1 {
                compact(
                    &stage.store(),
                    OpenOptions::default(),
                    &CompactOptions::new(Arc::new(PlainPacker)),
                )
                .expect("it is packed");
            }
            let report = stage.back_up(&stage.place()).expect("it is taken");
            let last = report.last.expect("records").get();
            assert!(last >= before, "{last} of {before}");
            let into = stage.path(&format!("round-{round}"));
            restored(&stage.place(), &into).expect("it is restored");
            let (copy, all) = (read(&into), read(&stage.store()));
            assert_eq!(copy, until(all, last), "round {round}");
            assert_eq!(copy.last().map(|record| record.0), Some(last));
        }
        is_over.store(true, Ordering::Release);
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
