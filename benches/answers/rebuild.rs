//! Folding everything again from nothing: the index of 10,000 runs and the series files of 50 million points, in
//! parallel, by a process that does nothing else. The baseline is reading the same log and folding nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use anyhow::{Context as _, Result, ensure};
use mltrack::{EndState, PastEnd, PastRun, Tracker, WallTime};
use mltrack_log::{Reader, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::rate;

const ROW: &str = "rebuild";
const METRICS: u64 = 10;
/// Runs that log at the same time, so that their records lie between each other.
const AT_ONCE: u64 = 16;
const MEMORY_MAX: f64 = 512.0 * 1024.0 * 1024.0;

pub fn run(bench: &Bench) -> Result<()> {
    let runs = bench.size(10_000, 320);
    let steps = bench.size(500, 100);
    let points = runs * steps * METRICS;
    let place = bench.place()?;
    let tracker = Tracker::open(place.store())?;
    make(&tracker, runs, steps)?;
    tracker.close()?;
    let (mut speeds, mut memory, mut reading) = (vec![], vec![], vec![]);
    for _ in 0..bench.rounds(5) {
        let mut worker = Child::spawn(ROW, "rebuild", &place.store(), &[points])?;
        let numbers = worker.numbers()?;
        worker.end()?;
        ensure!(numbers.len() == 3, "the worker tells three numbers");
        speeds.push(numbers[0]);
        memory.push(numbers[1]);
        reading.push(numbers[2]);
    }
    let figure = Figure::new("index and series files, points", Unit::PerSecond, &speeds);
    let figure = figure.note(format!("{runs} runs, {points} points"));
    bench.show(ROW, &figure.at_least(8e6));
    let figure = Figure::new("  anonymous memory meanwhile, max", Unit::Bytes, &memory);
    bench.show(ROW, &figure.at_most(MEMORY_MAX));
    let figure = Figure::new("  reading the log alone, points", Unit::PerSecond, &reading);
    bench.show(ROW, &figure);
    Ok(())
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let points = order.number(0)?;
    let tracker = Tracker::builder(order.store).create(false).open()?;
    let (is_done, anonymous_max) = (AtomicBool::new(false), AtomicU64::new(0));
    let (speed, rebuilt) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| crate::series::watch_memory(&is_done, &anonymous_max));
        let start = door::monotonic();
        let rebuilt = tracker.rebuild(|_| {});
        let speed = rate(points, start);
        is_done.store(true, Relaxed);
        watcher.join().expect("the watcher returns its errors")?;
        Ok::<_, anyhow::Error>((speed, rebuilt?))
    })?;
    let rebuilt = rebuilt.context("the tracker is enabled")?;
    ensure!(
        rebuilt.index.rows > 0 && rebuilt.series.files > 0,
        "{rebuilt:?}"
    );
    let start = door::monotonic();
    let mut reader: Reader = tracker.log().context("it is open")?.reader()?;
    while let Some(batch) = reader.next_batch()? {
        std::hint::black_box(batch.count());
    }
    child::say(&[
        speed,
        anonymous_max.load(Relaxed) as f64,
        rate(points, start),
    ]);
    Ok(())
}

fn make(tracker: &Tracker, runs: u64, steps: u64) -> Result<()> {
    let mut import = tracker.experiment("rebuild")?.import()?;
    let columns = import.columns((0..METRICS).map(|metric| format!("metric_{metric}")))?;
    let started = 1_700_000_000_000_000_000_i64;
    let mut values = Vec::new();
    for first in (0..runs).step_by(AT_ONCE as usize) {
        let mut open = Vec::new();
        for number in first..(first + AT_ONCE).min(runs) {
            let at = WallTime(started + number as i64 * 1_000_000_000);
            open.push(import.begin(&PastRun::new(format!("run-{number}"), at))?);
        }
        for step in 0..steps {
            let at = WallTime(started + step as i64 * 1_000_000);
            for (place, run) in open.iter().enumerate() {
                let value = |metric| {
                    let trend = 1.0 / (1.0 + step as f64 + metric as f64);
                    let noise = (step * 7 + place as u64 * 13 + metric * 29) % 97;
                    f64::from((trend + noise as f64 / 1e4) as f32)
                };
                values.clear();
                values.extend((0..METRICS).map(value));
                import.log(*run, columns, step as i64, at, &values)?;
            }
        }
        for run in open {
            let end = PastEnd::Ended(EndState::Completed, None);
            import.end(run, WallTime(started + 1_000_000_000), end)?;
        }
    }
    Ok(import.flush()?)
}
