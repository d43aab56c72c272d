//! Compaction: alone on the machine, and beside four processes that log and four that follow.
//!
//! The records are points as `log_metric` makes them, packed by the packer that knows no event: what is measured is the
//! log's own part, reading, checking, writing, syncing and reading back. The writers log at a fixed pace, a fifth of
//! what one process reaches alone, so that their p99 says what compaction does to them and not what they do to each
//! other. The baseline reads the same files and takes the crc of each frame's worth of bytes.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, ensure};
use mltrack_log::bench_support::read_with_crc;
use mltrack_log::{CompactOptions, CompactReport, OpenOptions, PlainPacker, Tail, compact, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::single::start;
use crate::store;
use crate::times::{Times, nanoseconds, rate};

const ROW: &str = "compact";
const PROCESS_COUNT: usize = 4;
/// Calls per second of each writer.
const PACE: u64 = 100_000;
/// Calls between two looks at the clock.
const BURST: u64 = 100;
const FRAME_LEN: usize = 64;

pub fn run(bench: &Bench) -> Result<()> {
    let points = bench.size(8_000_000, 1_000_000);
    let (mut speed, mut bare, mut left) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds(3) {
        let place = bench.place()?;
        fill(&place.store(), points)?;
        bare.push(read_all(&place.store())?);
        let start = door::monotonic();
        let report = compact_once(&place.store(), false)?;
        speed.push(rate(report.bytes_before, start));
        left.push(report.bytes_after as f64 / report.bytes_before as f64 * 100.0);
    }
    let note = format!("bytes of log, {points} points a round");
    let figure = Figure::new("compaction, otherwise idle", Unit::PerSecond, &speed);
    bench.show(ROW, &figure.at_least(200e6).note(note));
    let figure = Figure::new("  read and crc of the same", Unit::PerSecond, &bare);
    bench.show(ROW, &figure);
    let figure = Figure::new("  left by the plain packer", Unit::Percent, &left);
    bench.show(ROW, &figure);
    beside(bench, points)
}

fn beside(bench: &Bench, points: u64) -> Result<()> {
    let (mut speed, mut alone, mut with) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds(3) {
        let place = bench.place()?;
        fill(&place.store(), points)?;
        let mut tailers = spawn("tail", &place.store())?;
        let mut writers = spawn("log", &place.store())?;
        writers.iter_mut().try_for_each(Child::go)?;
        alone.push(p99_of_slowest(&mut writers)?);
        writers.iter_mut().try_for_each(Child::go)?;
        let start = door::monotonic();
        let report = compact_once(&place.store(), true)?;
        speed.push(rate(report.bytes_before, start));
        with.push(p99_of_slowest(&mut writers)?);
        tailers.iter_mut().try_for_each(Child::go)?;
        writers
            .into_iter()
            .chain(tailers)
            .try_for_each(Child::end)?;
    }
    let name = "compaction beside 4 writers and 4 tailers";
    let note = format!("each writer makes {PACE} calls a second");
    let figure = Figure::new(name, Unit::PerSecond, &speed);
    bench.show(ROW, &figure.at_least(40e6).note(note));
    let times: Vec<f64> = with
        .iter()
        .zip(&alone)
        .map(|(with, alone)| with / alone)
        .collect();
    let figure = Figure::new("  the writers' p99, to that without", Unit::Times, &times);
    bench.show(ROW, &figure.at_most(2.0));
    let figure = Figure::new("  p99 without compaction", Unit::Nanoseconds, &alone);
    bench.show(ROW, &figure);
    let figure = Figure::new("  p99 with compaction", Unit::Nanoseconds, &with);
    bench.show(ROW, &figure);
    Ok(())
}

fn fill(path: &Path, points: u64) -> Result<()> {
    let log = store::open(path)?;
    store::append_points(&log, points)?;
    Ok(log.close()?)
}

fn compact_once(path: &Path, is_background: bool) -> Result<CompactReport> {
    let go_on = |_| ControlFlow::Continue(());
    let options = CompactOptions {
        keep_replaced: Duration::ZERO,
        is_background,
        on_progress: Some(&go_on),
        ..CompactOptions::new(Arc::new(PlainPacker))
    };
    let report = compact(path, OpenOptions::default(), &options)?;
    ensure!(report.packed > 0, "nothing was packed: {report:?}");
    Ok(report)
}

fn read_all(path: &Path) -> Result<f64> {
    let (start, mut len) = (door::monotonic(), 0);
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("seg-") {
            read_with_crc(&entry.path(), FRAME_LEN)?;
            len += entry.metadata()?.len();
        }
    }
    Ok(rate(len, start))
}

fn spawn(role: &str, store: &Path) -> Result<Vec<Child>> {
    let children = (0..PROCESS_COUNT).map(|_| Child::spawn(ROW, role, store, &[]));
    let mut children = children.collect::<Result<Vec<_>>>()?;
    children.iter_mut().try_for_each(Child::wait_ready)?;
    Ok(children)
}

/// Ends the phase that the writers are in: they have run for at least two seconds.
fn p99_of_slowest(writers: &mut [Child]) -> Result<f64> {
    let mut slowest: f64 = 0.0;
    writers.iter_mut().try_for_each(Child::go)?;
    for writer in writers {
        slowest = slowest.max(writer.numbers()?.iter().copied().fold(0.0, f64::max));
    }
    Ok(slowest)
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    match order.role {
        "log" => log(order.store),
        _ => tail(order.store),
    }
}

fn log(store: &Path) -> Result<()> {
    let (_tracker, run) = start(store)?;
    child::ready()?;
    for is_last in [false, true] {
        let is_over = AtomicBool::new(false);
        let times = std::thread::scope(|scope| {
            scope.spawn(|| {
                let told = child::wait();
                is_over.store(true, Relaxed);
                told
            });
            paced_calls(&is_over, |number| {
                run.log_metric("loss", number as f64)?;
                Ok(())
            })
        })?;
        child::say(&[times.p99()]);
        if !is_last {
            child::wait()?;
        }
    }
    Ok(run.finish()?)
}

/// Calls at the row's pace for two seconds at least, until told to stop.
fn paced_calls(is_over: &AtomicBool, mut call: impl FnMut(u64) -> Result<()>) -> Result<Times> {
    let (begin, mut times_ns, mut number) = (door::monotonic(), Vec::new(), 0);
    while !is_over.load(Relaxed) || begin.elapsed() < Duration::from_secs(2) {
        for _ in 0..BURST {
            let before = door::monotonic();
            call(number)?;
            times_ns.push(nanoseconds(before.elapsed()));
            number += 1;
        }
        let due = Duration::from_nanos(number * 1_000_000_000 / PACE);
        std::thread::park_timeout(due.saturating_sub(begin.elapsed()));
    }
    Ok(Times::new(times_ns))
}

fn tail(store: &Path) -> Result<()> {
    let reader = store::reader(store)?;
    let mut tail = Tail::new(reader);
    child::ready_and_go_on();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let told = child::wait();
            is_over.store(true, Relaxed);
            told
        });
        while !is_over.load(Relaxed) {
            tail.next_within(Duration::from_millis(100))?;
        }
        Ok(())
    })
}
