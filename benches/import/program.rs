//! The program that is measured, and one import by it.
//!
//! Invariant: every import goes into a new store, and what came in is counted.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use mltrack_log::door;
use serde_json::Value;

use crate::bench::Bench;

/// Seconds of one import of so many points, from starting the program to its end.
pub fn import(bench: &Bench, kind: &str, from: &Path, count: u64) -> Result<f64> {
    let place = bench.place()?;
    let begun = door::monotonic();
    let ended = Command::new(program())
        .arg("-C")
        .arg(place.store())
        .args(["import", kind])
        .arg(from)
        .arg("--json")
        .output()
        .context("start mltrack")?;
    let seconds = (door::monotonic() - begun).as_secs_f64();
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "the import failed: {said}");
    let report: Value = serde_json::from_slice(&ended.stdout)?;
    let points = report["items"][0]["points"].as_u64();
    ensure!(
        points == Some(count),
        "{points:?} points of {count} came in"
    );
    Ok(seconds)
}

fn program() -> PathBuf {
    let named = std::env::var_os("MLTRACK_BENCH_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_mltrack").into())
}
