//! `log_metric` from four processes at once into one store, each with a run of its own.
//!
//! Every process first measures its speed and then, on a sign from the row, single calls; nobody leaves a phase before
//! all have ended it. Calls that were deferred, because another process held the lock for too long, were not visible on
//! return and do not count as speed. The baseline is four processes that write to one file opened for appending.

use std::cell::Cell;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use mltrack::Logged;
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::single::{BARE_LEN, start};
use crate::store;
use crate::times::{Times, rate};

const ROW: &str = "together";
const PROCESS_COUNT: u64 = 4;

/// What four processes reached.
struct Together {
    per_second: f64,
    /// The slowest process's p99 and max.
    p99: f64,
    max: f64,
    /// Calls that went to the spool because the lock was not to be had in time.
    deferred: f64,
}

pub fn run(bench: &Bench) -> Result<()> {
    let calls = bench.size(1_000_000, 150_000);
    let (mut logged, mut bare) = (vec![], vec![]);
    for _ in 0..bench.rounds(9) {
        bare.push(round(bench, "write", calls / 4)?);
        logged.push(round(bench, "log", calls)?);
    }
    let of = |rounds: &[Together], value: fn(&Together) -> f64| {
        rounds.iter().map(value).collect::<Vec<_>>()
    };
    let speed = of(&logged, |round| round.per_second);
    let deferred = of(&logged, |round| round.deferred).into_iter().sum::<f64>();
    let note = format!("{calls} calls each a round; {deferred} deferred in all");
    let speed = Figure::new(
        "log_metric, 4 processes, calls of all",
        Unit::PerSecond,
        &speed,
    );
    bench.show(ROW, &speed.at_least(1.2e6).note(note));
    let show = |what: &str, values: &[f64]| Figure::new(what, Unit::Nanoseconds, values);
    let p99 = of(&logged, |round| round.p99);
    bench.show(
        ROW,
        &show("log_metric, 4 processes, p99 of the slowest", &p99),
    );
    let max = of(&logged, |round| round.max);
    bench.show(ROW, &show("log_metric, 4 processes, max", &max));
    let bare_speed = of(&bare, |round| round.per_second);
    let name = "  4 processes, bare write of 56 bytes, calls of all";
    bench.show(ROW, &Figure::new(name, Unit::PerSecond, &bare_speed));
    let bare_p99 = of(&bare, |round| round.p99);
    bench.show(
        ROW,
        &show("  4 processes, bare write, p99 of the slowest", &bare_p99),
    );
    Ok(())
}

fn round(bench: &Bench, role: &str, calls: u64) -> Result<Together> {
    let place = bench.place()?;
    let spawn = |_| Child::spawn(ROW, role, &place.store(), &[calls]);
    let mut children = (0..PROCESS_COUNT).map(spawn).collect::<Result<Vec<_>>>()?;
    children.iter_mut().try_for_each(Child::wait_ready)?;
    let start = door::monotonic();
    children.iter_mut().try_for_each(Child::go)?;
    let mut visible = 0.0;
    for child in &mut children {
        visible += child.numbers()?.iter().sum::<f64>();
    }
    let per_second = rate(visible as u64, start);
    children.iter_mut().try_for_each(Child::go)?;
    let mut together = Together {
        per_second,
        p99: 0.0,
        max: 0.0,
        deferred: 0.0,
    };
    for child in &mut children {
        let numbers = child.numbers()?;
        ensure!(numbers.len() == 3, "a child tells three numbers");
        together.p99 = together.p99.max(numbers[0]);
        together.max = together.max.max(numbers[1]);
        together.deferred += numbers[2];
    }
    children.iter_mut().try_for_each(Child::go)?;
    children.into_iter().try_for_each(Child::end)?;
    if role == "log" {
        let kept = store::count_points(&place.store(), None)?;
        let made = 2 * calls * PROCESS_COUNT;
        ensure!(kept == made, "{kept} points are kept of {made}");
    }
    Ok(together)
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let calls = order.number(0)?;
    match order.role {
        "log" => log(order.store, calls),
        _ => write(&order.store.with_extension("bare"), calls),
    }
}

fn log(store: &Path, calls: u64) -> Result<()> {
    let (_tracker, run) = start(store)?;
    let visible = Cell::new(0_u64);
    let log = |number| {
        let logged = run.log_metric("loss", number as f64)?;
        visible.set(visible.get() + u64::from(matches!(logged, Logged::Visible(_))));
        Ok(())
    };
    let times = two_phases(calls, log, &visible)?;
    child::say(&[times.p99(), times.max(), (2 * calls - visible.get()) as f64]);
    child::wait()?;
    Ok(run.finish()?)
}

fn write(path: &Path, calls: u64) -> Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    let write = |_| Ok(file.write_all(&[0x5a; BARE_LEN])?);
    let times = two_phases(calls, write, &Cell::new(calls))?;
    child::say(&[times.p99(), times.max(), 0.0]);
    child::wait()
}

/// First for speed, then call by call. `visible` is what the first phase tells the row.
fn two_phases(
    calls: u64,
    mut call: impl FnMut(u64) -> Result<()>,
    visible: &Cell<u64>,
) -> Result<Times> {
    child::ready()?;
    (0..calls).try_for_each(&mut call)?;
    child::say(&[visible.get() as f64]);
    child::wait()?;
    Times::of_calls(calls, call)
}
