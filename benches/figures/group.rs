//! What waiting for the disk together saves: policy `group` with 64 threads against policy `each` with one.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::Result;
use mltrack_log::{Batch, Durability, Log, OpenOptions, door};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::store;
use crate::times::rate;

const ROW: &str = "group";
const THREAD_COUNT: usize = 64;

pub fn run(bench: &Bench) -> Result<()> {
    let duration = Duration::from_millis(bench.size(3000, 1000));
    let (mut bare, mut each, mut group, mut times) = (vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds(7) {
        bare.push(synced_writes(bench, duration)?);
        each.push(appended(bench, Durability::Each, 1, duration)?);
        group.push(appended(bench, Durability::Group, THREAD_COUNT, duration)?);
        times.push(group[group.len() - 1] / each[each.len() - 1]);
    }
    bench.show(
        ROW,
        &Figure::new(
            "  bare write and fdatasync, one thread",
            Unit::PerSecond,
            &bare,
        ),
    );
    bench.show(
        ROW,
        &Figure::new("  policy each, one thread", Unit::PerSecond, &each),
    );
    bench.show(
        ROW,
        &Figure::new("  policy group, 64 threads", Unit::PerSecond, &group),
    );
    let reached = Figure::new("policy group, 64 threads, of each", Unit::Times, &times);
    bench.show(ROW, &reached.at_least(80.0));
    Ok(())
}

/// Durable batches of one record a second.
fn appended(
    bench: &Bench,
    durability: Durability,
    threads: usize,
    duration: Duration,
) -> Result<f64> {
    let place = bench.place()?;
    let options = OpenOptions {
        durability,
        ..OpenOptions::default()
    };
    let (log, _) = Log::open(&place.store(), options)?;
    let (is_over, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = door::monotonic();
    std::thread::scope(|scope| -> Result<()> {
        let append = || append_until(&log, &is_over, &count);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(append)).collect();
        std::thread::sleep(duration);
        is_over.store(true, Relaxed);
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("no append panics"));
        joined.collect()
    })?;
    let reached = rate(count.load(Relaxed), start);
    log.close()?;
    Ok(reached)
}

fn append_until(log: &Log, is_over: &AtomicBool, count: &AtomicU64) -> Result<()> {
    let mut batch = Batch::new();
    while !is_over.load(Relaxed) {
        store::append_alone(log, &mut batch, 1, 1)?;
        count.fetch_add(1, Relaxed);
    }
    Ok(())
}

fn synced_writes(bench: &Bench, duration: Duration) -> Result<f64> {
    let place = bench.place()?;
    let mut file = File::create_new(place.path().join("bare"))?;
    let (start, mut count) = (door::monotonic(), 0);
    while !is_past(start, duration) {
        file.write_all(&store::PAYLOAD)?;
        file.sync_data()?;
        count += 1;
    }
    Ok(rate(count, start))
}

fn is_past(start: Instant, duration: Duration) -> bool {
    door::monotonic() - start >= duration
}
