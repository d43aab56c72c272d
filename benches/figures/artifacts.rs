//! Artifacts: how long the training waits for one, how fast its bytes are stored and checked, and how long a list takes.
//!
//! The baseline of storing is a plain copy of the same file into the same filesystem, made durable, in the same round.
//! The list is asked twice: of a tracker that has answered once, and by a process of its own that opens the store, with
//! a snapshot beneath it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use mltrack::{Capture, Tracker, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::since_ns;

const ROW: &str = "artifacts";
/// Runs that share the artifacts of the list.
const RUNS: u64 = 100;

pub fn run(bench: &Bench) -> Result<()> {
    stored(bench)?;
    listed(bench)
}

fn stored(bench: &Bench) -> Result<()> {
    let len = bench.size(1 << 30, 64 << 20);
    let place = bench.place()?;
    let file = place.store().with_extension("weights");
    let (mut calls, mut shares, mut checks, mut added) = (vec![], vec![], vec![], vec![]);
    for round in 0..bench.rounds(3) as u64 {
        fill(&file, len, round)?;
        let copy = copy_durably(&file, len)?;
        let store = place.store().with_extension(round.to_string());
        let tracker = Tracker::open(&store)?;
        let run = tracker.experiment("figures")?.start_run()?;
        let start = door::monotonic();
        let upload = run.log_artifact("model.pt", &file)?;
        calls.push(since_ns(start));
        upload.wait()?;
        shares.push(copy / since_ns(start) * 100.0);
        let before = used(&store.join("artifacts"))?;
        change(&file, len)?;
        run.log_artifact("model.pt", &file)?.wait()?;
        added.push((used(&store.join("artifacts"))? - before) as f64 / len as f64 * 100.0);
        let start = door::monotonic();
        let check = tracker.verify_artifacts().run()?;
        ensure!(check.is_sound(), "{:?}", check.damages);
        checks.push(check.bytes as f64 / (since_ns(start) / 1e9));
        run.finish()?;
        fs::remove_dir_all(&store)?;
    }
    let mib = len >> 20;
    let figure = Figure::new(
        format!("log_artifact of {mib} MiB, the call"),
        Unit::Nanoseconds,
        &calls,
    );
    bench.show(ROW, &figure.at_most(1e6));
    let figure = Figure::new(
        "  until it is stored, to a plain copy",
        Unit::Percent,
        &shares,
    );
    bench.show(ROW, &figure.at_least(60.0));
    let figure = Figure::new("  added by one of which 5 % differ", Unit::Percent, &added);
    bench.show(ROW, &figure.at_most(10.0));
    let figure = Figure::new("  bytes verified", Unit::PerSecond, &checks);
    bench.show(ROW, &figure.at_least(1e9));
    Ok(())
}

/// Bytes that nothing compresses.
fn fill(file: &Path, len: u64, seed: u64) -> Result<()> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, File::create(file)?);
    for _ in 0..len / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.write_all(&state.to_le_bytes())?;
    }
    Ok(out.into_inner()?.sync_all()?)
}

/// Changes 5 % of the bytes, as a training does that moves some layers: a place in every 51 MiB.
fn change(file: &Path, len: u64) -> Result<()> {
    use std::os::unix::fs::FileExt as _;
    let out = File::options().write(true).open(file)?;
    let places = (len / (51 << 20)).max(1);
    let part = vec![0xA5; (len / 20 / places) as usize];
    for place in 0..places {
        out.write_all_at(&part, place * (len / places))?;
    }
    Ok(out.sync_all()?)
}

fn copy_durably(file: &Path, len: u64) -> Result<f64> {
    let copy = file.with_extension("copy");
    let start = door::monotonic();
    ensure!(fs::copy(file, &copy)? == len, "the copy is whole");
    File::open(&copy)?.sync_all()?;
    let took_ns = since_ns(start);
    fs::remove_file(copy)?;
    Ok(took_ns)
}

fn used(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
        let entry = entry?;
        sum += if entry.is_dir() {
            used(&path)?
        } else {
            entry.len()
        };
    }
    Ok(sum)
}

fn listed(bench: &Bench) -> Result<()> {
    let count = bench.size(100_000, 10_000);
    let place = bench.place()?;
    let tracker = Tracker::builder(place.store())
        .capture(Capture::Off)
        .open()?;
    for _ in 0..RUNS {
        let run = tracker.experiment("figures")?.start_run()?;
        for number in 0..count / RUNS {
            run.artifact(format!("ckpt/{number:05}.pt"))
                .step(number as i64)
                .bytes("the same weights")?;
        }
        run.finish()?;
    }
    tracker.snapshot()?;
    ensure!(
        tracker.artifacts().fetch()?.total as u64 == count,
        "every artifact is there"
    );
    let mut warm = vec![];
    for _ in 0..bench.rounds(9) {
        let start = door::monotonic();
        let page = tracker.artifacts().fetch()?;
        warm.push(since_ns(start));
        ensure!(page.items.len() as u64 == count, "all on one page");
    }
    let figure = Figure::new(
        format!("{count} artifacts listed"),
        Unit::Nanoseconds,
        &warm,
    );
    bench.show(ROW, &figure.at_most(50e6));
    let mut cold = vec![];
    for _ in 0..bench.rounds(9) {
        let mut child = Child::spawn(ROW, "list", &place.store(), &[count])?;
        cold.push(child.numbers()?.first().copied().unwrap_or(f64::NAN));
        child.end()?;
    }
    let figure = Figure::new(
        "  by a process that opens the store",
        Unit::Nanoseconds,
        &cold,
    );
    bench.show(ROW, &figure.at_most(50e6).note("with a snapshot"));
    Ok(())
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let start = door::monotonic();
    let tracker = Tracker::builder(order.store).read_only(true).open()?;
    let page = tracker.artifacts().fetch()?;
    let took_ns = since_ns(start);
    ensure!(
        page.items.len() as u64 == order.number(0)?,
        "all on one page"
    );
    child::say(&[took_ns]);
    Ok(())
}
