//! Failing syncs, a full disk, a stopped lock holder, copies: nothing that was accepted is lost, and order is kept.

use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{
    Appended, Batch, Condition, Log, LogError, OpenOptions, Reader, StreamId, Verdict, repair_on,
};

use crate::support::{hold_lock, kill, options, read_rest, read_store};

fn push(log: &Log, text: &str) -> Result<Appended, LogError> {
    let mut batch = Batch::new();
    batch
        .push(1, 1, None, text.as_bytes())
        .expect("the batch is small");
    let appended = log.append(&mut batch);
    assert_eq!(
        batch.is_empty(),
        appended.is_ok(),
        "a refused batch stays with its caller"
    );
    appended
}

fn push_control(log: &Log, text: &str) -> Result<Appended, LogError> {
    let mut batch = Batch::new();
    batch
        .push(2, 1, None, text.as_bytes())
        .expect("the batch is small");
    let seen = log.end().expect("open");
    log.append_if(
        &mut batch,
        Condition {
            stream: StreamId(1),
            unchanged: &[StreamId(1)],
            seen,
        },
    )
}

fn texts(disk: &MemoryDisk) -> Vec<String> {
    let (records, _) = read_store(disk).expect("the store reads");
    records
        .into_iter()
        .map(|record| String::from_utf8(record.payload).expect("text"))
        .collect()
}

fn is_visible(appended: &Result<Appended, LogError>) -> bool {
    matches!(appended, Ok(Appended::Visible { .. }))
}

/// A store whose second record met a failing sync, with three batches in the spool.
fn poisoned() -> (MemoryDisk, Log) {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    push(&log, "durable").expect("appends");
    log.sync().expect("syncs work");
    push(&log, "lost by the sync").expect("appends");
    disk.fail_syncs(true);
    assert!(matches!(log.sync(), Err(LogError::Io { .. })));
    disk.fail_syncs(false);
    for text in ["first", "second", "third"] {
        assert_eq!(
            push(&log, text).expect("goes to the spool"),
            Appended::Deferred
        );
    }
    (disk, log)
}

const POISONED_TEXTS: [&str; 5] = ["durable", "lost by the sync", "first", "second", "third"];

#[test]
fn a_failed_sync_is_not_tried_again_and_what_follows_waits_in_the_spool() {
    let (disk, log) = poisoned();
    assert!(
        matches!(log.sync(), Err(LogError::Poisoned { .. })),
        "a later sync would lie"
    );
    assert!(matches!(
        push_control(&log, "never"),
        Err(LogError::Poisoned { .. })
    ));
    assert!(log.stalled_by().expect("open").is_some());
    assert_eq!(
        texts(&disk),
        POISONED_TEXTS[..2],
        "what was visible stays so"
    );
    assert!(
        matches!(log.close(), Err(LogError::Poisoned { .. })),
        "the store is not clean"
    );
    check_reopened(&disk);
}

#[test]
fn a_process_killed_after_a_failed_sync_loses_nothing_it_was_told_is_accepted() {
    let (disk, log) = poisoned();
    kill(log, &disk);
    check_reopened(&disk);
}

fn check_reopened(disk: &MemoryDisk) {
    let (log, report) = Log::on(disk.handle(), options()).expect("the store opens");
    assert_eq!((report.merged_batches, report.unmerged), (3, None));
    log.sync().expect("syncs work again");
    assert_eq!(texts(disk), POISONED_TEXTS);
    for seed in 0..20 {
        let image = disk.crash_image(seed);
        assert_eq!(
            texts(&image),
            POISONED_TEXTS,
            "the sync passed over what was lost, seed {seed}"
        );
    }
    log.close().expect("closes");
}

#[test]
fn a_recovery_whose_sync_failed_is_not_believed_by_the_next_one() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    push(&log, "durable").expect("appends");
    log.sync().expect("syncs work");
    kill(log, &disk);
    disk.fail_syncs(true);
    assert!(matches!(
        Log::on(disk.handle(), options()),
        Err(LogError::Io { .. })
    ));
    disk.fail_syncs(false);
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    push(&log, "behind it").expect("appends");
    log.sync().expect("syncs work");
    for seed in 0..20 {
        let image = disk.crash_image(seed);
        assert_eq!(texts(&image), ["durable", "behind it"], "seed {seed}");
    }
}

#[test]
fn a_closed_store_whose_last_file_was_cut_behind_its_end_takes_records_that_can_be_read() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    push(&log, "whole").expect("appends");
    log.close().expect("closes");
    let names = disk.names();
    let last = names.iter().rfind(|name| name.starts_with("seg-"));
    disk.corrupt(last.expect("a segment"), |bytes| {
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
        bytes.truncate((used + 1).next_multiple_of(8));
    });
    let (log, report) = Log::on(disk.handle(), options()).expect("the store opens");
    assert_ne!(report.verdict, Some(Verdict::Clean));
    push(&log, "behind it").expect("appends");
    log.close().expect("closes");
    assert_eq!(texts(&disk), ["whole", "behind it"]);
}

#[test]
fn repair_ends_a_poisoned_epoch_while_its_writer_goes_on() {
    let (disk, log) = poisoned();
    let repaired = repair_on(&disk.handle(), options()).expect("repairs");
    assert!(repaired.unpoisoned_at.is_some() && repaired.quarantined.is_empty());
    assert!(is_visible(&push(&log, "fourth")), "the writer is back");
    log.sync().expect("syncs work again");
    let expected = [&POISONED_TEXTS[..], &["fourth"]].concat();
    for seed in 0..20 {
        assert_eq!(texts(&disk.crash_image(seed)), expected, "seed {seed}");
    }
    log.close().expect("closes");
    assert_eq!(texts(&disk), expected);
}

fn used_len(disk: &MemoryDisk) -> u64 {
    disk.names()
        .iter()
        .map(|name| disk.bytes(name).len() as u64)
        .sum()
}

/// Appends until the disk is full. Returns how many were accepted.
fn fill(log: &Log) -> usize {
    (0..1000)
        .find(|number| match push(log, &format!("{number}")) {
            Ok(Appended::Visible { .. }) => false,
            Err(LogError::DiskFull { needed, .. }) => needed > 0,
            other => panic!("{other:?}"),
        })
        .expect("the disk is full at last")
}

#[test]
fn a_full_disk_refuses_batches_takes_control_batches_and_goes_on_when_there_is_room() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    disk.set_capacity(Some(used_len(&disk) + 5000));
    let count = fill(&log);
    assert!(count > 50, "a segment takes more than {count} batches");
    assert!(matches!(
        push(&log, "again"),
        Err(LogError::DiskFull { .. })
    ));
    push_control(&log, "a run can end").expect("room is kept for ends");
    push_control(&log, "and another").expect("room is kept for ends");
    log.sync().expect("a full disk syncs");
    let mut expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    expected.extend(["a run can end".into(), "and another".into()]);
    assert_eq!(texts(&disk.crash_image(7)), expected);
    disk.set_capacity(None);
    assert!(is_visible(&push(&log, "room again")));
    expected.push("room again".into());
    log.close().expect("closes");
    assert_eq!(texts(&disk), expected);
}

fn impatient() -> OpenOptions {
    OpenOptions {
        lock_wait: Duration::from_millis(5),
        ..options()
    }
}

#[test]
fn behind_a_stopped_holder_batches_wait_in_order_and_come_out_once() {
    let disk = MemoryDisk::default();
    let (stopped, _) = Log::on(disk.handle(), impatient()).expect("the store opens");
    let (log, _) = Log::on(disk.handle(), impatient()).expect("joins");
    push(&log, "before").expect("appends");
    hold_lock(&disk, stopped.writer().expect("open").0);
    for text in ["one", "two", "three"] {
        assert_eq!(
            push(&log, text).expect("goes to the spool"),
            Appended::Deferred
        );
    }
    assert_eq!(log.stalled_by().expect("open"), Some(std::process::id()));
    assert!(matches!(
        push_control(&log, "never"),
        Err(LogError::Busy { .. })
    ));
    assert_eq!(texts(&disk), ["before"]);
    hold_lock(&disk, 0);
    assert!(is_visible(&push(&log, "four")));
    assert_eq!(log.stalled_by().expect("open"), None);
    assert_eq!(texts(&disk), ["before", "one", "two", "three", "four"]);
    assert!(
        !disk.names().iter().any(|name| name.starts_with("spool/")),
        "the spool is gone"
    );
    stopped.close().expect("closes");
    log.close().expect("closes");
}

#[test]
fn a_killed_holder_is_taken_over_at_once() {
    let disk = MemoryDisk::default();
    let patient = OpenOptions {
        lock_wait: Duration::from_secs(20),
        ..options()
    };
    let (dead, _) = Log::on(disk.handle(), patient.clone()).expect("the store opens");
    let writer = dead.writer().expect("open").0;
    kill(dead, &disk);
    let (log, _) = Log::on(disk.handle(), patient).expect("recovers");
    hold_lock(&disk, writer);
    let start = mltrack_log::door::monotonic();
    assert!(is_visible(&push(&log, "mine")));
    let took = mltrack_log::door::monotonic() - start;
    assert!(
        took < Duration::from_secs(5),
        "the kernel says at once that the holder is dead"
    );
}

#[test]
fn a_spool_that_meets_a_full_disk_half_way_repeats_no_batch() {
    let disk = MemoryDisk::default();
    let (stopped, _) = Log::on(disk.handle(), impatient()).expect("the store opens");
    let (log, _) = Log::on(disk.handle(), impatient()).expect("joins");
    hold_lock(&disk, stopped.writer().expect("open").0);
    let expected: Vec<String> = (0..30).map(|number| format!("{number:0>400}")).collect();
    for text in &expected {
        assert_eq!(
            push(&log, text).expect("goes to the spool"),
            Appended::Deferred
        );
    }
    // Room for one more segment; the spool needs three.
    disk.set_capacity(Some(used_len(&disk) + 5000));
    hold_lock(&disk, 0);
    for _ in 0..3 {
        let refused = push(&log, "refused");
        assert!(
            matches!(
                refused,
                Err(LogError::DiskFull { .. }) | Ok(Appended::Deferred)
            ),
            "{refused:?}"
        );
        if refused.is_ok() {
            break;
        }
    }
    let merged = texts(&disk).len();
    assert!((1..30).contains(&merged), "{merged} batches fit");
    disk.set_capacity(None);
    log.sync().expect("the spool drains");
    let found = texts(&disk);
    let kept: Vec<&String> = found.iter().filter(|text| *text != "refused").collect();
    assert!(
        kept.into_iter().eq(&expected),
        "batches are lost, repeated or out of order"
    );
}

#[test]
fn a_batch_that_no_segment_can_take_is_refused_before_it_blocks_the_spool() {
    let disk = MemoryDisk::default();
    let (stopped, _) = Log::on(disk.handle(), impatient()).expect("the store opens");
    let (log, _) = Log::on(disk.handle(), impatient()).expect("joins");
    let oversized = "x".repeat(5000);
    assert!(matches!(
        push(&log, &oversized),
        Err(LogError::TooLarge { .. })
    ));
    hold_lock(&disk, stopped.writer().expect("open").0);
    assert!(matches!(
        push(&log, &oversized),
        Err(LogError::TooLarge { .. })
    ));
    assert_eq!(
        push(&log, "short").expect("goes to the spool"),
        Appended::Deferred
    );
    hold_lock(&disk, 0);
    assert!(is_visible(&push(&log, "behind")));
    assert_eq!(texts(&disk), ["short", "behind"]);
}

#[test]
fn a_copy_taken_while_others_write_opens_and_holds_what_was_visible() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..1500 {
                push(&log, &number.to_string()).expect("appends");
            }
        });
        for _ in 0..12 {
            let visible = log.end().expect("open").get() - 1;
            let copy = disk.copy();
            let found = texts(&copy);
            assert!(found.len() as u64 >= visible);
            assert!(
                found
                    .iter()
                    .zip(0u32..)
                    .all(|(text, number)| *text == number.to_string())
            );
            let (of_copy, report) = Log::on(copy.handle(), options()).expect("the copy opens");
            assert_eq!(report.verdict, Some(Verdict::Copy));
            assert!(is_visible(&push(&of_copy, "of the copy")));
            of_copy.close().expect("closes");
            assert_eq!(texts(&copy).len(), found.len() + 1);
            assert_eq!(
                Reader::on(copy.handle()).expect("reads").verdict(),
                Some(Verdict::Clean)
            );
        }
        writer.join().expect("the writer does not panic");
    });
    assert_eq!(
        texts(&disk).len(),
        1500,
        "a copy is nothing to the original"
    );
}

#[test]
fn a_cursor_from_a_cut_off_epoch_is_told_where_to_go_on() {
    let mut rewound = 0;
    for seed in 0..12 {
        let disk = MemoryDisk::default();
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        push(&log, "durable").expect("appends");
        log.sync().expect("syncs");
        let mut reader = log.reader().expect("open");
        read_rest(&mut reader).expect("reads");
        let kept = reader.cursor();
        push(&log, "in danger").expect("appends");
        reader.refresh().expect("reads");
        read_rest(&mut reader).expect("reads");
        let cursor = reader.cursor();
        let image = disk.crash_image(seed);
        let (after, _) = Log::on(image.handle(), options()).expect("the image opens");
        push(&after, "later").expect("appends");
        let mut reader = after.reader().expect("open");
        reader
            .resume(kept)
            .expect("what was durable is known for ever");
        match reader.resume(cursor) {
            Ok(()) => assert_eq!(texts(&image), ["durable", "in danger", "later"]),
            Err(LogError::Rewound { to }) => {
                rewound += 1;
                assert_eq!(to.next, kept.next);
                reader.resume(to).expect("the log knows its own cursor");
                let rest = read_rest(&mut reader).expect("reads");
                assert_eq!(
                    rest.iter()
                        .map(|record| &*record.payload)
                        .collect::<Vec<_>>(),
                    [b"later"]
                );
                assert_eq!(reader.cursor().next, after.end().expect("open"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        (1..12).contains(&rewound),
        "the seeds show only one of both: {rewound} of 12"
    );
}
