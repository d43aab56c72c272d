//! Writing series files from the log: points a second, bytes for each, and the memory of the process that does it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use anyhow::{Result, ensure};
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
        let (mut speeds, mut memory, mut bytes) = (vec![], vec![], vec![]);
        for _ in 0..bench.rounds(5) {
            fs::remove_dir_all(place.store().join("series")).ok();
            let [speed, anonymous, written] = in_process(&place.store(), points)?;
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

/// Points a second, anonymous memory and bytes of a process that writes the files.
fn in_process(store: &Path, points: u64) -> Result<[f64; 3]> {
    let mut writer = Child::spawn(ROW, "extend", store, &[points])?;
    let numbers = writer.numbers()?;
    writer.end()?;
    ensure!(numbers.len() == 3, "the writer tells three numbers");
    Ok([numbers[0], numbers[1], numbers[2]])
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let points = order.number(0)?;
    let tracker = Tracker::builder(order.store).create(false).open()?;
    let (is_done, anonymous_max) = (AtomicBool::new(false), AtomicU64::new(0));
    let (speed, written) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_memory(&is_done, &anonymous_max));
        let start = door::monotonic();
        let written = tracker.extend_series();
        let speed = rate(points, start);
        is_done.store(true, Relaxed);
        watcher.join().expect("the watcher returns its errors")?;
        Ok::<_, anyhow::Error>((speed, written?))
    })?;
    let written = written.expect("the tracker is enabled");
    ensure!(written.files > 0, "nothing was written");
    child::say(&[
        speed,
        anonymous_max.load(Relaxed) as f64,
        written.bytes as f64,
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
