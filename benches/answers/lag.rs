//! From visible to indexed, while four processes log 500,000 points a second together.
//!
//! The row owns the index. Again and again it asks where the log ends and waits until all of that is indexed; the
//! baseline is the same with an idle log, where each wait finds nothing to do.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mltrack::{Indexer, Tracker};
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::{Times, nanoseconds};

const ROW: &str = "lag";
const WRITERS: u64 = 4;
const VALUES: [&str; 5] = ["a", "b", "c", "d", "e"];
/// All writers together.
const POINTS_PER_S: u64 = 500_000;
const LONG: Duration = Duration::from_secs(30);

pub fn run(bench: &Bench) -> Result<()> {
    let seconds = bench.size(20, 2);
    let place = bench.place()?;
    let tracker = Tracker::open(place.store())?;
    tracker.experiment(ROW)?;
    let indexer = tracker.index()?.context("nobody else owns the index")?;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let mut writer = Child::spawn(ROW, "write", &place.store(), &[seconds])?;
        writer.wait_ready()?;
        writers.push(writer);
    }
    let before = tracker.log().context("it is open")?.end()?.get();
    let start = door::monotonic();
    for writer in &mut writers {
        writer.go()?;
    }
    let lags = sample(&tracker, &indexer, Duration::from_secs(seconds))?;
    let took = (door::monotonic() - start).as_secs_f64();
    let written = tracker.log().context("it is open")?.end()?.get() - before;
    for writer in writers {
        writer.end()?;
    }
    let rate = written as f64 * VALUES.len() as f64 / took;
    bench.show(
        ROW,
        &Figure::new("points logged by four processes", Unit::PerSecond, &[rate]),
    );
    let figure = Figure::new("visible to indexed, p99", Unit::Nanoseconds, &[lags.p99()]);
    bench.show(ROW, &figure.at_most(100e6));
    bench.show(ROW, &Figure::new("  p50", Unit::Nanoseconds, &[lags.p50()]));
    bench.show(
        ROW,
        &Figure::new("  longest", Unit::Nanoseconds, &[lags.max()]),
    );
    drop(indexer);
    let check = tracker.check_index()?.context("the tracker is enabled")?;
    ensure!(
        check.is_same(),
        "the index is the fold: {:?}",
        check.differences
    );
    Ok(())
}

fn sample(tracker: &Tracker, indexer: &Indexer, duration: Duration) -> Result<Times> {
    let log = tracker.log().context("it is open")?;
    let deadline = door::monotonic() + duration;
    let mut lags_ns = Vec::new();
    let mut asked = log.end()?;
    loop {
        let (seen, end) = (door::monotonic(), log.end()?);
        if end != asked {
            ensure!(indexer.wait_for(end, LONG)?, "indexed within {LONG:?}");
            lags_ns.push(nanoseconds(door::monotonic() - seen));
            asked = end;
        }
        if seen >= deadline {
            return Ok(Times::new(lags_ns));
        }
    }
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let tracker = Tracker::open(order.store)?;
    let run = tracker.find_experiment(ROW)?.start_run()?;
    child::ready()?;
    let start = door::monotonic();
    let calls_per_s = POINTS_PER_S / WRITERS / VALUES.len() as u64;
    // A burst each millisecond: the clock is asked between them, and the processor is left to others.
    let (mut calls, burst) = (0, calls_per_s / 1000);
    while (door::monotonic() - start) < Duration::from_secs(order.number(0)?) {
        let due = (door::monotonic() - start).as_millis() as u64 * burst;
        while calls < due {
            run.log_metrics(calls as i64, VALUES.map(|name| (name, calls as f64)))?;
            calls += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    run.finish()?;
    Ok(())
}
