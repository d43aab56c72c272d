//! One metric of a run: every point of a million, and ten million in 2,000 buckets.
//!
//! Warm: the same question was asked before in this process. Cold: the first one of a handle, with its opening apart.
//! The baseline is the same question to a copy without series files: a pass over the log.

use anyhow::{Result, ensure};
use mltrack::{RunId, Tracker};
use mltrack_log::door;

use crate::bench::{Bench, Place};
use crate::curves::Curve;
use crate::figure::{Figure, Unit};
use crate::system;
use crate::times::since_ns;

const ROW: &str = "history";
const BUCKETS: usize = 2000;

pub fn run(bench: &Bench) -> Result<()> {
    let exact = bench.size(1_000_000, 100_000);
    let long = bench.size(10_000_000, 1_000_000);
    let place = bench.place()?;
    let tracker = Tracker::open(place.store())?;
    let one = append(&tracker, 1, exact)?;
    let five = append(&tracker, 5, exact)?;
    let ten = append(&tracker, 1, long)?;
    let questions: [(&str, f64, Question); 4] = [
        (
            "every point, one value a call",
            20e6,
            Question::Exact(one, exact),
        ),
        (
            "every point, five values a call",
            20e6,
            Question::Exact(five, exact),
        ),
        (
            "2,000 buckets of the long one",
            3e6,
            Question::Buckets(ten, long),
        ),
        (
            "numbers about every point",
            0.0,
            Question::Stats(one, exact),
        ),
    ];
    for (what, _, question) in &questions {
        let start = door::monotonic();
        question.ask(&tracker)?;
        let figure = Figure::new(
            format!("  {what}, from the log"),
            Unit::Nanoseconds,
            &[since_ns(start)],
        );
        bench.show(ROW, &figure);
    }
    // The questions above have begun to write series files in the background; closing the store waits for them.
    tracker.close()?;
    let tracker = Tracker::open(place.store())?;
    tracker.extend_series()?;
    for (what, target_ns, question) in &questions {
        let note = format!("{} points", question.points());
        let (warm, processor_ns) = timed(bench, || question.ask(&tracker))?;
        let figure = Figure::new(*what, Unit::Nanoseconds, &warm).note(note);
        let figure = match *target_ns {
            0.0 => figure,
            target_ns => figure.at_most(target_ns),
        };
        bench.show(ROW, &figure);
        let figure = Figure::new("  processor time of it", Unit::Nanoseconds, &[processor_ns]);
        bench.show(
            ROW,
            &figure.note("all threads; the rest is waiting for a processor"),
        );
        let cold = cold(bench, &place, question)?;
        let figure = Figure::new(format!("  {what}, cold"), Unit::Nanoseconds, &cold);
        bench.show(ROW, &figure);
    }
    tracker.close()?;
    Ok(())
}

/// A run of so many rows.
fn append(tracker: &Tracker, width: usize, rows: u64) -> Result<RunId> {
    let (mut curve, run) = Curve::begin(tracker, width)?;
    curve.append(tracker, rows)?;
    run.finish()?;
    Ok(curve.run)
}

enum Question {
    Exact(RunId, u64),
    Buckets(RunId, u64),
    Stats(RunId, u64),
}

impl Question {
    fn points(&self) -> u64 {
        match self {
            Question::Exact(_, points)
            | Question::Buckets(_, points)
            | Question::Stats(_, points) => points + 1,
        }
    }

    /// Asks, and checks that all points are in the answer.
    fn ask(&self, tracker: &Tracker) -> Result<()> {
        let found = match self {
            Question::Exact(run, _) => {
                let points = tracker.history(*run, "loss").fetch()?;
                std::hint::black_box(&points).len() as u64
            }
            Question::Buckets(run, _) => {
                let history = tracker.history(*run, "loss").buckets(BUCKETS);
                let buckets = history.fetch()?;
                ensure!(buckets.len() > BUCKETS / 2, "{} buckets", buckets.len());
                buckets.iter().map(|bucket| bucket.count).sum()
            }
            Question::Stats(run, _) => tracker.history(*run, "loss").stats()?.count,
        };
        ensure!(found == self.points(), "{found} points in the answer");
        Ok(())
    }
}

/// How long each round took, and the processor time of one.
fn timed(bench: &Bench, mut ask: impl FnMut() -> Result<()>) -> Result<(Vec<f64>, f64)> {
    let mut times_ns = Vec::new();
    ask()?;
    let processor_ns = system::process_ns()?;
    for _ in 0..bench.rounds(21) {
        let start = door::monotonic();
        ask()?;
        times_ns.push(since_ns(start));
    }
    let spent_ns = system::process_ns()? - processor_ns;
    let rounds = times_ns.len() as f64;
    Ok((times_ns, spent_ns as f64 / rounds))
}

/// First questions of handles that look only. What the handle folds of the runs is not part of it.
fn cold(bench: &Bench, place: &Place, question: &Question) -> Result<Vec<f64>> {
    let mut times_ns = Vec::new();
    for _ in 0..bench.rounds(5).min(5) {
        let tracker = Tracker::builder(place.store()).read_only(true).open()?;
        tracker.runs().limit(1).fetch()?;
        let start = door::monotonic();
        question.ask(&tracker)?;
        times_ns.push(since_ns(start));
    }
    Ok(times_ns)
}
