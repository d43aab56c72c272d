//! Row `mlflow`: a database with 1 M points of 1,000 runs, by the whole program.
//!
//! Invariant: the rows lie in the order in which `MLflow` writes them: run by run, step by step.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::program;

const ROUNDS: usize = 5;
/// One import takes at most so long.
const NANOSECONDS_MAX: f64 = 5e9;
const RUNS: u64 = 1_000;
const METRICS: u64 = 10;

/// The tables that are read, and an experiment with a run.
const STORE: &str = include_str!("../../crates/import/tests/import/mlflow.sql");
const EMPTY: &str = "DELETE FROM runs; DELETE FROM params; DELETE FROM metrics;";
/// The experiment of that store.
const EXPERIMENT: i64 = 1;
const STARTED_MS: i64 = 1_700_000_000_000;

pub fn run(bench: &Bench) -> Result<()> {
    let count = bench.size(1_000_000, 50_000);
    let place = bench.place()?;
    let file = place.path().join("mlflow.db");
    write(&file, count / RUNS / METRICS)?;
    let mut took = Vec::new();
    for _ in 0..bench.rounds(ROUNDS) {
        took.push(program::import(bench, "mlflow", &file, count)? * 1e9);
    }
    let figure = Figure::new("a database of 1,000 runs", Unit::Nanoseconds, &took);
    let note = format!("{count} points");
    bench.show("mlflow", &figure.note(note).at_most(NANOSECONDS_MAX));
    Ok(())
}

/// Makes the database; each of its runs has so many steps.
fn write(path: &Path, steps: u64) -> Result<()> {
    let mut database = Connection::open(path)?;
    database.execute_batch(STORE)?;
    database.execute_batch(EMPTY)?;
    let transaction = database.transaction()?;
    for at in 0..RUNS {
        write_run(&transaction, at, steps)?;
    }
    Ok(transaction.commit()?)
}

fn write_run(database: &Connection, at: u64, steps: u64) -> Result<()> {
    let id = format!("{at:032x}");
    let started = STARTED_MS + at as i64 * 1_000;
    let mut run = database.prepare_cached(
        "INSERT INTO runs VALUES (?1, ?2, 'LOCAL', 'train.py', '', 'ada', 'FINISHED', ?3, ?4, '', 'active', '', ?5, NULL)",
    )?;
    let ended = started + steps as i64;
    run.execute(params![id, format!("run {at}"), started, ended, EXPERIMENT])?;
    let mut param = database.prepare_cached("INSERT INTO params VALUES (?1, ?2, ?3)")?;
    param.execute(params!["lr", format!("{}", 0.1 / (at + 1) as f64), id])?;
    let mut point =
        database.prepare_cached("INSERT INTO metrics VALUES (?1, ?2, ?3, ?4, ?5, 0)")?;
    let names: Vec<String> = (0..METRICS).map(|at| format!("metric/{at}")).collect();
    for step in 0..steps as i64 {
        for (metric, name) in names.iter().enumerate() {
            let value = 1.0 / (step + metric as i64 + 1) as f64;
            point.execute(params![name, value, started + step, id, step])?;
        }
    }
    Ok(())
}
