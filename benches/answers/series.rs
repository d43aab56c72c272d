//! Writing series files from the log: points a second, bytes for each, and the memory of the process that does it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use anyhow::{Context as _, Result, ensure};
use mltrack::Tracker;
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::curves::Curve;
use crate::figure::{Figure, Unit};
use crate::system;
use crate::times::rate;

const ROW: &str = "series";
const MEMORY_MAX: f64 = 256.0 * 1024.0 * 1024.0;

pub fn run(bench: &Bench) -> Result<()> {
    for (what, width, points, target) in [
        (
            "series files, five values a call, points",
            5,
            20_000_000,
            Some(12e6),
        ),
        ("series files, one value a call, points", 1, 5_000_000, None),
    ] {
        let points = bench.size(points, points / 10);
        let place = bench.place()?;
        let tracker = Tracker::open(place.store())?;
        let (mut curve, run) = Curve::begin(&tracker, width)?;
        curve.append(&tracker, points / width as u64)?;
        run.finish()?;
        tracker.close()?;
        let (mut speeds, mut memory, mut bytes, mut own) = (vec![], vec![], vec![], vec![]);
        for _ in 0..bench.rounds(5) {
            fs::remove_dir_all(place.store().join("series")).ok();
            let [speed, anonymous, written, own_speed] = in_process(&place.store(), points)?;
            own.push(own_speed);
            speeds.push(speed);
            memory.push(anonymous);
            bytes.push(written / points as f64);
        }
        let figure = Figure::new(what, Unit::PerSecond, &speeds).note(format!("{points} points"));
        let figure = match target {
            Some(target) => figure.at_least(target),
            None => figure,
        };
        bench.show(ROW, &figure);
        let figure = Figure::new(
            "  points for each second of a processor",
            Unit::PerSecond,
            &own,
        );
        bench.show(ROW, &figure);
        bench.show(
            ROW,
            &Figure::new("  bytes for each point", Unit::Bytes, &bytes),
        );
        let memory_max = memory.into_iter().fold(0.0, f64::max);
        let figure = Figure::new(
            "  anonymous memory meanwhile, max",
            Unit::Bytes,
            &[memory_max],
        );
        bench.show(ROW, &figure.at_most(MEMORY_MAX));
    }
    Ok(())
}

/// Points a second, anonymous memory, bytes, and points for each second of a processor, of a process that writes the
/// files.
fn in_process(store: &Path, points: u64) -> Result<[f64; 4]> {
    let mut writer = Child::spawn(ROW, "extend", store, &[points])?;
    let numbers = writer.numbers()?;
    writer.end()?;
    <[f64; 4]>::try_from(numbers)
        .ok()
        .context("the writer tells four numbers")
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let points = order.number(0)?;
    let tracker = Tracker::builder(order.store).create(false).open()?;
    let (is_done, anonymous_max) = (AtomicBool::new(false), AtomicU64::new(0));
    let ([speed, own_speed], written) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_memory(&is_done, &anonymous_max));
        let (start, own_start_ns) = (door::monotonic(), system::process_ns()?);
        let written = tracker.extend_series();
        let speed = rate(points, start);
        let own_ns = system::process_ns()? - own_start_ns;
        is_done.store(true, Relaxed);
        watcher.join().expect("the watcher returns its errors")?;
        let own_speed = points as f64 * 1e9 / (own_ns as f64).max(1.0);
        Ok::<_, anyhow::Error>(([speed, own_speed], written?))
    })?;
    let written = written.expect("the tracker is enabled");
    ensure!(written.files > 0, "nothing was written");
    child::say(&[
        speed,
        anonymous_max.load(Relaxed) as f64,
        written.bytes as f64,
        own_speed,
    ]);
    Ok(())
}

/// Looks at the memory of this process until it is done.
pub fn watch_memory(is_done: &AtomicBool, anonymous_max: &AtomicU64) -> Result<()> {
    while !is_done.load(Relaxed) {
        anonymous_max.fetch_max(system::anonymous_bytes()?, Relaxed);
        std::thread::park_timeout(std::time::Duration::from_millis(2));
    }
    Ok(())
}
