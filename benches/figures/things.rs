//! What surrounds a run: what its start costs with everything recorded, what sampling the machine costs while it runs, how
//! fast its console is searched, and how fast two runs are compared.

use std::time::Duration;

use anyhow::{Result, ensure};
use mltrack::reproduce::compare;
use mltrack::{Capture, Level, Tracker, door};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::system::processor_ns;
use crate::times::since_ns;

const ROW: &str = "things";

pub fn run(bench: &Bench) -> Result<()> {
    started(bench)?;
    sampled(bench)?;
    searched(bench)?;
    compared(bench)
}

/// From the call to the handle: the machine, the program and the repository around are recorded in the background.
fn started(bench: &Bench) -> Result<()> {
    for (what, capture) in [
        ("start_run, everything recorded", Capture::Full),
        ("  nothing recorded", Capture::Off),
    ] {
        let place = bench.place()?;
        let tracker = Tracker::builder(place.store()).capture(capture).open()?;
        let experiment = tracker.experiment("figures")?;
        let mut calls = vec![];
        for _ in 0..bench.rounds(41) {
            let start = door::monotonic();
            let run = experiment.start_run()?;
            calls.push(since_ns(start));
            // Waits for what is still recorded, so that the next start meets a quiet machine.
            run.finish()?;
        }
        bench.show(
            ROW,
            &Figure::new(what, Unit::Nanoseconds, &calls).at_most(1e6),
        );
    }
    Ok(())
}

/// Processor time of the whole process while a run runs and nothing is logged.
fn sampled(bench: &Bench) -> Result<()> {
    let seconds = bench.size(20, 3);
    let mut shares = vec![];
    for _ in 0..bench.rounds(3).min(3) {
        let place = bench.place()?;
        let tracker = Tracker::builder(place.store())
            .capture(Capture::Off)
            .system_metrics(Duration::from_secs(1))
            .open()?;
        let run = tracker.experiment("figures")?.start_run()?;
        let (start, before) = (door::monotonic(), processor_ns()?);
        std::thread::sleep(Duration::from_secs(seconds));
        shares.push((processor_ns()? - before) as f64 / since_ns(start) * 100.0);
        run.finish()?;
    }
    let figure = Figure::new("sampling each second, of a core", Unit::Percent, &shares);
    bench.show(
        ROW,
        &figure.at_most(0.5).note(format!("{seconds} s a round")),
    );
    Ok(())
}

/// A pattern that few lines have, over all lines of a run, the first time and again.
fn searched(bench: &Bench) -> Result<()> {
    let count = bench.size(1_000_000, 50_000);
    let place = bench.place()?;
    let tracker = Tracker::builder(place.store())
        .capture(Capture::Off)
        .open()?;
    let run = tracker.experiment("figures")?.start_run()?;
    for line in 0..count {
        run.log_line(
            Level::Info,
            format!("epoch {} step {line} loss 0.{line:07}", line / 1000),
        )?;
    }
    for (what, pattern, is_last) in [
        ("a word of ten lines found", "step [0-9]*77777 ", false),
        ("  the last ten of very many", "loss", true),
    ] {
        let mut times = vec![];
        for _ in 0..bench.rounds(5) {
            let start = door::monotonic();
            let query = tracker.lines(run.id()).grep(pattern);
            let query = if is_last { query.last(10) } else { query };
            let found = query.fetch()?;
            times.push(since_ns(start));
            ensure!(!found.is_empty() || bench.is_quick, "lines are found");
        }
        let figure = Figure::new(what, Unit::Nanoseconds, &times);
        bench.show(ROW, &figure.note(format!("{count} lines")));
    }
    Ok(run.finish()?)
}

/// Two runs with the same points, compared bit by bit.
fn compared(bench: &Bench) -> Result<()> {
    let points = bench.size(10_000_000, 500_000);
    let place = bench.place()?;
    let tracker = Tracker::builder(place.store())
        .capture(Capture::Off)
        .open()?;
    let experiment = tracker.experiment("figures")?;
    let (old, new) = (experiment.start_run()?, experiment.start_run()?);
    let names = ["loss", "acc", "lr", "norm", "speed"];
    for run in [&old, &new] {
        for step in 0..points / names.len() as u64 {
            run.log_metrics(step as i64, names.map(|name| (name, (step as f64).sqrt())))?;
        }
    }
    let mut speeds = vec![];
    for _ in 0..bench.rounds(5) {
        let start = door::monotonic();
        let comparison = compare((&tracker, old.id()), (&tracker, new.id()), 0.0)?;
        speeds.push(points as f64 / (since_ns(start) / 1e9));
        ensure!(comparison.is_reproduced(), "they are the same");
    }
    let figure = Figure::new("points of two runs compared", Unit::PerSecond, &speeds);
    bench.show(ROW, &figure.note(format!("{points} points each")));
    old.finish()?;
    Ok(new.finish()?)
}
