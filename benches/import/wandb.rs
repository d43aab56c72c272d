//! Row `wandb`: a file of 1 M points, by the whole program.

use anyhow::Result;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::{program, wandb_file};

const ROUNDS: usize = 5;
/// One import takes at most so long.
const NANOSECONDS_MAX: f64 = 3e9;

pub fn run(bench: &Bench) -> Result<()> {
    let count = bench.size(1_000_000, 50_000);
    let place = bench.place()?;
    let file = place.path().join("run-benchrun.wandb");
    let len = wandb_file::write(&file, count / wandb_file::METRICS)?;
    let mut took = Vec::new();
    for _ in 0..bench.rounds(ROUNDS) {
        took.push(program::import(bench, "wandb", &file, count)? * 1e9);
    }
    let figure = Figure::new("a file of one run", Unit::Nanoseconds, &took);
    let note = format!("{count} points, {:.0} MB", len as f64 / 1e6);
    bench.show("wandb", &figure.note(note).at_most(NANOSECONDS_MAX));
    Ok(())
}
