//! `log_metric` from one process, uncontended, visible to others on return; and what is left of it after `kill -9`.
//!
//! The baseline is the cheapest way without a library to make a point visible to others on return: one `write` of as
//! many bytes to a file opened for appending. Speed and single timings are measured apart, because a reading of the
//! clock is a good part of a call.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use mltrack::{Logged, Run, Tracker};
use mltrack_log::bench_support::Counter;
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::store;
use crate::times::{Times, rate};

const ROW: &str = "single";
/// About what one point takes in the log.
pub const BARE_LEN: usize = 56;
const WARM_UP_CALLS: u64 = 1000;

/// What one round measured.
pub struct Round {
    pub per_second: f64,
    pub times: Times,
}

pub fn run(bench: &Bench) -> Result<()> {
    let calls = bench.size(2_000_000, 300_000);
    let (mut logged, mut bare) = (vec![], vec![]);
    for _ in 0..bench.rounds(9) {
        bare.push(bare_round(bench, calls / 4)?);
        logged.push(log_round(bench, calls)?);
    }
    let of =
        |rounds: &[Round], value: fn(&Round) -> f64| rounds.iter().map(value).collect::<Vec<_>>();
    let show = |what: &str, value: fn(&Round) -> f64| {
        Figure::new(
            format!("log_metric, {what}"),
            Unit::Nanoseconds,
            &of(&logged, value),
        )
    };
    let speed = Figure::new(
        "log_metric, calls",
        Unit::PerSecond,
        &of(&logged, |round| round.per_second),
    );
    bench.show(
        ROW,
        &speed.at_least(1e6).note(format!("{calls} calls a round")),
    );
    bench.show(ROW, &show("p50", |round| round.times.p50()).at_most(1e3));
    bench.show(ROW, &show("p99", |round| round.times.p99()).at_most(10e3));
    bench.show(ROW, &show("max", |round| round.times.max()));
    let what = "  bare write of 56 bytes, calls";
    bench.show(
        ROW,
        &Figure::new(what, Unit::PerSecond, &of(&bare, |round| round.per_second)),
    );
    let p99 = of(&bare, |round| round.times.p99());
    bench.show(
        ROW,
        &Figure::new("  bare write of 56 bytes, p99", Unit::Nanoseconds, &p99),
    );
    killed(bench)
}

fn log_round(bench: &Bench, calls: u64) -> Result<Round> {
    let place = bench.place()?;
    let (tracker, run) = start(&place.store())?;
    log_calls(&run, WARM_UP_CALLS)?;
    let start = door::monotonic();
    log_calls(&run, calls)?;
    let per_second = rate(calls, start);
    let times = Times::of_calls(calls, |number| log_one(&run, number as f64))?;
    let run_key = run.id().key();
    run.finish()?;
    drop((run, tracker));
    let kept = store::count_points(&place.store(), Some(run_key))?;
    ensure!(
        kept == WARM_UP_CALLS + 2 * calls,
        "{kept} points are kept of {}",
        2 * calls
    );
    Ok(Round { per_second, times })
}

pub fn start(store: &Path) -> Result<(Tracker, Run)> {
    let tracker = Tracker::open(store)?;
    let run = tracker.experiment("figures")?.start_run()?;
    Ok((tracker, run))
}

/// One call, which must have been visible on return.
pub fn log_one(run: &Run, value: f64) -> Result<()> {
    let logged = run.log_metric("loss", value)?;
    ensure!(
        matches!(logged, Logged::Visible(_)),
        "an uncontended call was deferred"
    );
    Ok(())
}

pub fn log_calls(run: &Run, calls: u64) -> Result<()> {
    (0..calls).try_for_each(|number| log_one(run, number as f64))
}

fn bare_round(bench: &Bench, calls: u64) -> Result<Round> {
    let place = bench.place()?;
    let path = place.path().join("bare");
    let mut file = File::options().append(true).create_new(true).open(path)?;
    let bytes = [0x5a; BARE_LEN];
    let start = door::monotonic();
    (0..calls).try_for_each(|_| file.write_all(&bytes))?;
    let per_second = rate(calls, start);
    let times = Times::of_calls(calls, |_| file.write_all(&bytes))?;
    Ok(Round { per_second, times })
}

/// A process logs at full speed, counts in shared memory what was acknowledged, and is killed.
fn killed(bench: &Bench) -> Result<()> {
    let (mut kept, mut acknowledged_min) = (vec![], u64::MAX);
    for round in 0..bench.rounds(20) as u64 {
        let place = bench.place()?;
        let counter = Counter::create(&place.path().join("counter"))?;
        let mut writer = Child::spawn(ROW, "log", &place.store(), &[])?;
        writer.wait_ready()?;
        writer.go()?;
        std::thread::sleep(Duration::from_millis(150 + 97 * (round % 10)));
        writer.kill()?;
        let acknowledged = counter.get();
        let count = store::count_points(&place.store(), None)?;
        // The call that was killed may have come through without its caller having been told.
        ensure!(
            count <= acknowledged + 1,
            "{count} points, {acknowledged} acknowledged"
        );
        acknowledged_min = acknowledged_min.min(acknowledged);
        kept.push(count.min(acknowledged) as f64 / acknowledged.max(1) as f64 * 100.0);
    }
    let kept_min = kept.iter().copied().fold(f64::INFINITY, f64::min);
    let note = format!(
        "worst of {} kills; at least {acknowledged_min} calls each",
        kept.len()
    );
    let figure = Figure::new(
        "points kept after kill -9 at full speed",
        Unit::Percent,
        &[kept_min],
    );
    bench.show(ROW, &figure.at_least(100.0).note(note));
    Ok(())
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let folder = order.store.parent().unwrap_or(order.store);
    let counter = Counter::open(&folder.join("counter"))?;
    let (_tracker, run) = start(order.store)?;
    child::ready()?;
    for acknowledged in 1.. {
        log_one(&run, acknowledged as f64)?;
        counter.set(acknowledged);
    }
    Ok(())
}
