//! Row `parquet`: every point of a store to one file, by the whole program, and the most memory that it had.
//!
//! Invariant: what was written is counted by a reader that is not ours.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mltrack::Tracker;
use mltrack_log::door;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};

const ROUNDS: usize = 3;
const RUNS: u64 = 50;
const METRICS: [&str; 10] = [
    "loss",
    "acc",
    "lr",
    "val/loss",
    "val/acc",
    "grad/norm",
    "grad/max",
    "time",
    "tokens",
    "entropy",
];
const MEMORY_MAX: f64 = 256.0 * 1024.0 * 1024.0;

pub fn run(bench: &Bench) -> Result<()> {
    let wished = std::env::var("MLTRACK_BENCH_POINTS").ok();
    let wished = wished.map_or(Ok(50_000_000), |text| text.parse())?;
    let place = bench.place()?;
    let count = fill(&place.store(), bench.size(wished, 500_000))?;
    let to = place.path().join("points.parquet");
    let (mut rates, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (seconds, peak) = export(&place.store(), &to)?;
        rates.push(count as f64 / seconds);
        peaks.push(peak);
        let reader = SerializedFileReader::new(File::open(&to)?)?;
        let rows = reader.metadata().file_metadata().num_rows();
        ensure!(rows == count as i64, "{rows} points of {count} came out");
    }
    let len = fs::metadata(&to)?.len() as f64 / count as f64;
    let points = Figure::new("points to Parquet", Unit::PerSecond, &rates);
    let points = points.note(format!("{count} points, {len:.2} bytes each"));
    bench.show("parquet", &points.at_least(5e6));
    let memory = Figure::new("  most memory of the process", Unit::Bytes, &peaks);
    bench.show("parquet", &memory.at_most(MEMORY_MAX));
    Ok(())
}

/// Makes the store, and says how many points are in it.
fn fill(store: &Path, count: u64) -> Result<u64> {
    let tracker = Tracker::builder(store).no_system_metrics().open()?;
    let experiment = tracker.experiment("resnet")?;
    let steps = (count / RUNS / METRICS.len() as u64).max(1);
    for run_number in 0..RUNS {
        let run = experiment.start_run()?;
        for step in 0..steps {
            let at = (step + run_number) as f64 / 1e3;
            let values = (0..).zip(METRICS).map(|(place, name)| {
                let noise = (at * 1e3 + f64::from(place)).sin() / 100.0;
                (name, 1.0 / (at + 1.0) + noise)
            });
            run.log_metrics(step as i64, values)?;
        }
        run.finish()?;
    }
    tracker.extend_series()?;
    tracker.close()?;
    Ok(RUNS * steps * METRICS.len() as u64)
}

/// Seconds from starting the program to its end, and the most memory that it had.
fn export(store: &Path, to: &Path) -> Result<(f64, f64)> {
    let begun = door::monotonic();
    let mut child = Command::new(program())
        .arg("-C")
        .arg(store)
        .args(["export", "metrics", "--format", "parquet", "-o"])
        .arg(to)
        .stderr(Stdio::piped())
        .spawn()
        .context("start mltrack")?;
    let peak = watched(&mut child)?;
    let seconds = (door::monotonic() - begun).as_secs_f64();
    let ended = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "the export failed: {said}");
    Ok((seconds, peak))
}

/// Waits for the end. The kernel keeps the peak itself, so only what came in the last moment can be missed.
fn watched(child: &mut Child) -> Result<f64> {
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let word = line.and_then(|line| line.split_whitespace().next());
        if let Some(kilobytes) = word.and_then(|word| word.parse::<f64>().ok()) {
            peak = peak.max(kilobytes * 1024.0);
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
    Ok(peak)
}

fn program() -> PathBuf {
    let named = std::env::var_os("MLTRACK_BENCH_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_mltrack").into())
}
