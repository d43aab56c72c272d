//! Row `tensorboard`: 10 M scalars from event files, by the whole program, beside what `RustBoard` takes to load them.
//!
//! Invariant: both read the same files, one after the other in every round, after a first read that warms the cache for
//! both; what was imported is counted.

use anyhow::Result;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::{events, program, rustboard};

const ROUNDS: usize = 5;
const MEGABYTE: f64 = 1e6;

pub fn run(bench: &Bench) -> Result<()> {
    let count = bench.size(10_000_000, 500_000);
    let logs = bench.place()?;
    let len = events::write(logs.path(), count)? as f64;
    let peer = rustboard::program();
    let (mut ours, mut sampled, mut all) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(peer) = &peer {
        rustboard::load(peer, logs.path(), false)?;
    }
    for _ in 0..bench.rounds(ROUNDS) {
        ours.push(program::import(bench, "tensorboard", logs.path(), count)?);
        if let Some(peer) = &peer {
            sampled.push(rustboard::load(peer, logs.path(), false)?);
            all.push(rustboard::load(peer, logs.path(), true)?);
        }
    }
    let rate =
        |seconds: &[f64]| -> Vec<f64> { seconds.iter().map(|one| count as f64 / one).collect() };
    let speed = |seconds: &[f64]| format!("{:.0} MB/s", len / MEGABYTE / median(seconds));
    let points = Figure::new("scalars imported", Unit::PerSecond, &rate(&ours));
    bench.show("tensorboard", &points.note(speed(&ours)));
    if peer.is_none() {
        let why = "no RustBoard: MLTRACK_RUSTBOARD, or cargo xtask test --only tools";
        bench.show("tensorboard", &Figure::skipped("beside RustBoard", why));
        return Ok(());
    }
    for (what, seconds) in [
        ("  RustBoard, which keeps a thousand of a series", &sampled),
        ("  RustBoard, which keeps all", &all),
    ] {
        let figure = Figure::new(what, Unit::PerSecond, &rate(seconds));
        bench.show("tensorboard", &figure.note(speed(seconds)));
    }
    let times = |peer: &[f64]| -> Vec<f64> {
        peer.iter()
            .zip(&ours)
            .map(|(peer, ours)| peer / ours)
            .collect()
    };
    let figure = Figure::new(
        "faster than RustBoard's load",
        Unit::Times,
        &times(&sampled),
    );
    bench.show("tensorboard", &figure.at_least(2.0));
    let figure = Figure::new("faster than its load of all", Unit::Times, &times(&all));
    bench.show("tensorboard", &figure);
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
