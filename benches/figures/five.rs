//! `log_metrics` of five metrics a call, uncontended, against one `write` of as many bytes.

use std::fs::File;
use std::io::Write as _;

use anyhow::{Result, ensure};
use mltrack::{Logged, Run};
use mltrack_log::door;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::single::start;
use crate::store;
use crate::times::{Times, rate};

const ROW: &str = "five";
pub const POINTS_PER_CALL: u64 = 5;
/// About what five points in one call take in the log.
const BARE_LEN: usize = 100;
const WARM_UP_CALLS: u64 = 1000;

pub fn run(bench: &Bench) -> Result<()> {
    let calls = bench.size(1_000_000, 200_000);
    let (mut points, mut bare, mut p50, mut p99, mut max) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..bench.rounds(9) {
        bare.push(bare_round(bench, calls)?);
        let (speed, times) = log_round(bench, calls)?;
        points.push(speed);
        p50.push(times.p50());
        p99.push(times.p99());
        max.push(times.max());
    }
    let speed = Figure::new("log_metrics of 5, points", Unit::PerSecond, &points);
    bench.show(
        ROW,
        &speed.at_least(4e6).note(format!("{calls} calls a round")),
    );
    for (what, values) in [("p50", p50), ("p99", p99), ("max", max)] {
        let what = format!("log_metrics of 5, {what} of a call");
        bench.show(ROW, &Figure::new(what, Unit::Nanoseconds, &values));
    }
    let what = "  bare write of 100 bytes, points";
    bench.show(ROW, &Figure::new(what, Unit::PerSecond, &bare));
    Ok(())
}

fn log_round(bench: &Bench, calls: u64) -> Result<(f64, Times)> {
    let place = bench.place()?;
    let (tracker, run) = start(&place.store())?;
    (0..WARM_UP_CALLS).try_for_each(|step| log_five(&run, step))?;
    let begin = door::monotonic();
    (WARM_UP_CALLS..WARM_UP_CALLS + calls).try_for_each(|step| log_five(&run, step))?;
    let speed = rate(calls * POINTS_PER_CALL, begin);
    let times = Times::of_calls(calls, |step| log_five(&run, WARM_UP_CALLS + calls + step))?;
    run.finish()?;
    drop((run, tracker));
    let kept = store::count_points(&place.store(), None)?;
    let made = (WARM_UP_CALLS + 2 * calls) * POINTS_PER_CALL;
    ensure!(kept == made, "{kept} points are kept of {made}");
    Ok((speed, times))
}

/// One step of a training loop.
pub fn log_five(run: &Run, step: u64) -> Result<()> {
    let value = step as f64;
    let metrics = [
        ("loss", value),
        ("accuracy", value + 1.0),
        ("learning_rate", value + 2.0),
        ("gradient_norm", value + 3.0),
        ("tokens_per_second", value + 4.0),
    ];
    let logged = run.log_metrics(step as i64, metrics)?;
    ensure!(
        matches!(logged, Logged::Visible(_)),
        "an uncontended call was deferred"
    );
    Ok(())
}

fn bare_round(bench: &Bench, calls: u64) -> Result<f64> {
    let place = bench.place()?;
    let path = place.path().join("bare");
    let mut file = File::options().append(true).create_new(true).open(path)?;
    let begin = door::monotonic();
    (0..calls).try_for_each(|_| file.write_all(&[0x5a; BARE_LEN]))?;
    Ok(rate(calls * POINTS_PER_CALL, begin))
}
