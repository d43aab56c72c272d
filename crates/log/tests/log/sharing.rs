//! Several handles on one disk, as processes share a folder: what one appends the others see, whole and at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Appended, Batch, Condition, Log, LogError, OpenOptions, Reader, StreamId};

use crate::support::{kill, options, read_rest, wait_until};

fn big_segments() -> OpenOptions {
    OpenOptions {
        segment_len: 1 << 16,
        ..options()
    }
}

#[test]
fn a_reader_beside_an_appender_sees_whole_batches_in_order_and_no_damage() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), big_segments()).expect("the store opens");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let follow = || {
            let mut reader = Reader::on(disk.handle())?;
            let mut count = 0u64;
            loop {
                let was_done = is_done.load(Ordering::Acquire);
                reader.refresh()?;
                while let Some(batch) = reader.next_batch()? {
                    let lsns: Vec<u64> = batch.map(|record| record.lsn.get()).collect();
                    assert_eq!(
                        lsns,
                        [count + 1, count + 2],
                        "a batch is cut or out of order"
                    );
                    count += 2;
                }
                if was_done {
                    return Ok::<u64, LogError>(count);
                }
            }
        };
        let followers = [scope.spawn(follow), scope.spawn(follow)];
        let mut batch = Batch::new();
        for number in 0..6_000u64 {
            batch
                .push(1, 1, None, &number.to_le_bytes())
                .expect("the batch is small");
            batch
                .push(1, 1, None, b"second")
                .expect("the batch is small");
            log.append(&mut batch).expect("the memory disk has room");
        }
        is_done.store(true, Ordering::Release);
        for follower in followers {
            let count = follower.join().expect("the follower does not panic");
            assert_eq!(count.expect("the follower meets no damage"), 12_000);
        }
    });
}

#[test]
fn handles_that_append_at_once_lose_nothing_and_keep_each_ones_order() {
    let disk = MemoryDisk::default();
    let (first, _) = Log::on(disk.handle(), big_segments()).expect("the store opens");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (log, report) = Log::on(disk.handle(), big_segments()).expect("joins");
                assert_eq!(report.verdict, None, "somebody was there");
                let mut batch = Batch::new();
                for number in 0..500u64 {
                    batch
                        .push(1, 1, None, &number.to_le_bytes())
                        .expect("the batch is small");
                    let appended = log.append(&mut batch).expect("the memory disk has room");
                    assert!(matches!(appended, Appended::Visible { .. }));
                }
                log.close().expect("leaves");
            });
        }
    });
    let records = read_rest(&mut first.reader().expect("open")).expect("reads");
    assert_eq!(records.len(), 2_000);
    let mut writers: Vec<u32> = records.iter().map(|record| record.writer.0).collect();
    writers.sort_unstable();
    writers.dedup();
    assert_eq!(writers.len(), 4, "each handle has an id of its own");
    for writer in writers {
        let mine = records.iter().filter(|record| record.writer.0 == writer);
        let numbers = mine.map(|record| u64::from_le_bytes(*record.payload.first_chunk().unwrap()));
        assert!(numbers.eq(0..500), "writer {writer} is out of order");
    }
}

#[test]
fn a_waiting_reader_is_woken_by_the_append_and_not_by_the_clock() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let waiters = disk
        .handle()
        .control(true)
        .expect("the memory disk has a page");
    let mut quick = 0;
    for number in 0..21u64 {
        let took = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut reader = log.reader().expect("open");
                reader.seek(log.end().expect("open"));
                assert!(
                    reader.wait(Duration::from_secs(20)).expect("open"),
                    "nobody came"
                );
                mltrack_log::door::monotonic()
            });
            wait_until("the waiter", || {
                waiters.page().tail_waiters.load(Ordering::SeqCst) == 1
            });
            let mut batch = Batch::new();
            batch
                .push(1, 1, None, &number.to_le_bytes())
                .expect("the batch is small");
            let start = mltrack_log::door::monotonic();
            log.append(&mut batch).expect("the memory disk has room");
            waiter
                .join()
                .expect("the waiter does not panic")
                .saturating_duration_since(start)
        });
        quick += u32::from(took < Duration::from_millis(10));
    }
    assert!(
        quick > 10,
        "only {quick} of 21 waits ended before the next look at the clock"
    );
}

#[test]
fn a_condition_is_refused_exactly_when_a_newer_control_record_is_of_its_streams() {
    let disk = MemoryDisk::default();
    let (one, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let (two, _) = Log::on(disk.handle(), options()).expect("joins");
    let seen = two.end().expect("open");
    let append = |log: &Log, stream: u64, unchanged: &[StreamId], seen| {
        let mut batch = Batch::new();
        batch
            .push(9, 1, None, &[7; 200])
            .expect("the batch is small");
        log.append_if(
            &mut batch,
            Condition {
                stream: StreamId(stream),
                unchanged,
                seen,
            },
        )
    };
    // Enough of them that the walk back crosses segments.
    for _ in 0..60 {
        append(&one, 1, &[], seen).expect("no stream is asked for");
    }
    append(&two, 2, &[StreamId(2)], seen).expect("nobody has touched stream 2");
    let refused = append(&two, 2, &[StreamId(2), StreamId(1)], seen);
    assert!(
        matches!(refused, Err(LogError::Conflict { .. })),
        "{refused:?}"
    );
    let now = two.end().expect("open");
    append(&two, 1, &[StreamId(1), StreamId(2)], now).expect("all of it was seen");
    let refused = append(&one, 2, &[StreamId(1)], now);
    assert!(
        matches!(refused, Err(LogError::Conflict { newer }) if newer == now),
        "{refused:?}"
    );
}

#[test]
fn a_writer_id_is_not_given_out_twice_even_when_its_first_owner_wrote_nothing() {
    let disk = MemoryDisk::default();
    let mut writers = Vec::new();
    for number in 0..6 {
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        writers.push(log.writer().expect("open").0);
        if number % 2 == 0 {
            kill(log, &disk);
        } else {
            log.close().expect("closes");
        }
    }
    let mut distinct = writers.clone();
    distinct.dedup();
    assert!(
        writers.is_sorted() && distinct.len() == writers.len(),
        "{writers:?}"
    );
}

#[test]
fn a_reader_notices_what_a_writer_did_that_came_and_was_killed_behind_its_back() {
    let disk = MemoryDisk::default();
    let mut batch = Batch::new();
    let mut live = || {
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        batch.push(1, 1, None, b"x").expect("the batch is small");
        log.append(&mut batch).expect("the memory disk has room");
        kill(log, &disk);
    };
    live();
    let mut reader = Reader::on(disk.handle()).expect("reads");
    assert_eq!(read_rest(&mut reader).expect("reads").len(), 1);
    for _ in 0..3 {
        live();
        reader.refresh().expect("reads");
        assert_eq!(read_rest(&mut reader).expect("reads").len(), 1);
    }
}

#[test]
fn a_handle_that_is_closed_beside_appends_leaves_a_clean_store() {
    for _ in 0..20 {
        let disk = MemoryDisk::default();
        let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
        let acked = std::thread::scope(|scope| {
            let clone = log.clone();
            let appender = scope.spawn(move || {
                let (mut batch, mut acked) = (Batch::new(), 0u64);
                loop {
                    batch.push(1, 1, None, b"x").expect("the batch is small");
                    match clone.append(&mut batch) {
                        Ok(Appended::Visible { next, .. }) => acked = next.get(),
                        Ok(Appended::Deferred) => panic!("nobody holds the lock"),
                        Err(LogError::Closed) => return acked,
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            wait_until("appends", || log.end().expect("open").get() > 50);
            log.close().expect("closes");
            appender.join().expect("the appender does not panic")
        });
        let (again, report) = Log::on(disk.handle(), options()).expect("the store opens");
        assert_eq!(report.verdict, Some(mltrack_log::Verdict::Clean));
        assert_eq!(report.next.get(), acked);
        again.close().expect("closes");
    }
}

/// Nanoseconds that this thread has spent on a processor.
#[cfg(target_os = "linux")]
fn processor_time_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells");
    text.split(' ')
        .next()
        .and_then(|field| field.parse().ok())
        .expect("a number comes first")
}

#[cfg(target_os = "linux")]
#[test]
fn waiting_for_a_store_that_nobody_has_open_costs_next_to_nothing() {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("the store opens");
    let mut batch = Batch::new();
    batch.push(1, 1, None, b"x").expect("the batch is small");
    log.append(&mut batch).expect("the memory disk has room");
    kill(log, &disk);
    let mut reader = Reader::on(disk.handle()).expect("reads");
    read_rest(&mut reader).expect("reads");
    let before = processor_time_ns();
    assert!(!reader.wait(Duration::from_millis(500)).expect("reads"));
    let spent = processor_time_ns() - before;
    assert!(
        spent < 150_000_000,
        "half a second of waiting took {spent} ns of a processor"
    );
}
