//! How long opening takes: after a clean stop, after a kill of a writer at full speed, without ctl and checkpoints,
//! and of a copy.
//!
//! Opening changes a store, so each round first brings it into the state that is measured. Files are in memory, as
//! they are when a program starts again after a crash; the baseline reads the header of every segment.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mltrack_log::{Batch, Log, OpenOptions, OpenReport, Verdict, door};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit, median};
use crate::times::since_ns;
use crate::{store, system};

const ROW: &str = "open";
const BATCH_COUNT: u64 = 256;
/// What is appended between rounds, so that the last segment is well filled.
const BETWEEN_BYTES: u64 = 40 << 20;
const SHARED_FILES: [&str; 3] = ["ctl", "CKPT.a", "CKPT.b"];

pub fn run(bench: &Bench) -> Result<()> {
    let bytes = bench.size(10_000_000_000, 1_000_000_000);
    let place = bench.place()?;
    let rounds = bench.rounds(7);
    let mut killed = vec![];
    for round in 0..rounds as u64 {
        kill_a_writer(
            &place.store(),
            if round == 0 { bytes } else { BETWEEN_BYTES },
            round,
        )?;
        killed.push(open_and_close(
            &place.store(),
            &[Verdict::Stopped, Verdict::Torn],
        )?);
    }
    bench.show(ROW, &baseline(&place.store())?);
    show(
        bench,
        "open after kill -9 of a writer at full speed",
        &killed,
        100e6,
        &place.store(),
    )?;
    clean(bench, &place.store(), rounds)?;
    without_shared(bench, &place.store(), rounds)?;
    copy(bench, &place.store(), rounds)
}

/// What one opening took.
struct Opened {
    took_ns: f64,
    read_bytes: f64,
}

fn show(bench: &Bench, what: &str, opened: &[Opened], target_ns: f64, store: &Path) -> Result<()> {
    let times: Vec<f64> = opened.iter().map(|opened| opened.took_ns).collect();
    let read: Vec<f64> = opened.iter().map(|opened| opened.read_bytes).collect();
    let (used, read) = (store::used_bytes(store)?, median(&read).unwrap_or(0.0));
    let note = format!(
        "store of {:.1} GB, {:.1} MB of it read",
        used as f64 / 1e9,
        read / 1e6
    );
    let figure = Figure::new(what, Unit::Nanoseconds, &times);
    bench.show(ROW, &figure.at_most(target_ns).note(note));
    Ok(())
}

/// Opens a store and looks at the clock and at what was read.
fn timed(store: &Path) -> Result<(Log, OpenReport, Opened)> {
    let (before, start) = (system::read_bytes()?, door::monotonic());
    let (log, report) = Log::open(store, OpenOptions::default())?;
    let took_ns = since_ns(start);
    let read_bytes = (system::read_bytes()? - before) as f64;
    Ok((
        log,
        report,
        Opened {
            took_ns,
            read_bytes,
        },
    ))
}

fn baseline(store: &Path) -> Result<Figure> {
    let mut times = vec![];
    for _ in 0..5 {
        let start = door::monotonic();
        for entry in fs::read_dir(store)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "log") {
                let mut header = [0; 256];
                File::open(path)?.read_exact(&mut header)?;
                std::hint::black_box(header);
            }
        }
        times.push(since_ns(start));
    }
    Ok(Figure::new(
        "  bare read of each segment's header",
        Unit::Nanoseconds,
        &times,
    ))
}

/// Lets a process append `bytes` and then go on, and kills it at another moment in each round.
fn kill_a_writer(store: &Path, bytes: u64, round: u64) -> Result<()> {
    let mut writer = Child::spawn(ROW, "write", store, &[bytes])?;
    writer.wait_ready()?;
    writer.go()?;
    writer.numbers()?;
    std::thread::sleep(Duration::from_millis(300 + 230 * round));
    writer.kill()
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let log = store::open(order.store)?;
    child::ready()?;
    append_bytes(&log, order.number(0)?)?;
    child::say(&[]);
    loop {
        append_bytes(&log, BETWEEN_BYTES)?;
    }
}

fn append_bytes(log: &Log, bytes: u64) -> Result<()> {
    let batches = bytes / (BATCH_COUNT * store::PAYLOAD.len() as u64);
    store::append_alone(log, &mut Batch::new(), batches, BATCH_COUNT)
}

/// Opens the store, checks that it is in the state that is meant to be measured, and leaves it clean.
fn open_and_close(store: &Path, expected: &[Verdict]) -> Result<Opened> {
    let (log, report, opened) = timed(store)?;
    let verdict = report.verdict.context("nobody else has the store open")?;
    ensure!(
        expected.contains(&verdict),
        "the store was found {verdict:?}, not {expected:?}"
    );
    log.close()?;
    Ok(opened)
}

/// Opens a store that is in order, appends, and closes it.
fn refill(store: &Path) -> Result<()> {
    let log = store::open(store)?;
    append_bytes(&log, BETWEEN_BYTES)?;
    Ok(log.close()?)
}

fn clean(bench: &Bench, store: &Path, rounds: usize) -> Result<()> {
    let mut times = vec![];
    for _ in 0..rounds {
        refill(store)?;
        times.push(open_and_close(store, &[Verdict::Clean])?);
    }
    show(bench, "open after a clean stop", &times, 10e6, store)
}

fn without_shared(bench: &Bench, store: &Path, rounds: usize) -> Result<()> {
    let mut times = vec![];
    for _ in 0..rounds {
        refill(store)?;
        for name in SHARED_FILES {
            fs::remove_file(store.join(name)).with_context(|| format!("remove {name}"))?;
        }
        let (log, _, opened) = timed(store)?;
        times.push(opened);
        log.close()?;
    }
    show(
        bench,
        "open without ctl, CKPT.a and CKPT.b",
        &times,
        500e6,
        store,
    )
}

/// A copy as `cp -r` makes it of a store whose writer was killed.
fn copy(bench: &Bench, store: &Path, rounds: usize) -> Result<()> {
    kill_a_writer(store, BETWEEN_BYTES, 1)?;
    let place = bench.place()?;
    let copy = place.store();
    copy_folder(store, &copy)?;
    let mut times = vec![];
    for round in 0..rounds {
        if round > 0 {
            make_copy_again(store, &copy)?;
        }
        times.push(open_and_close(&copy, &[Verdict::Copy])?);
    }
    show(bench, "open of a copy", &times, 500e6, &copy)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Takes back what opening has changed in a copy: the small files, and segments that the original does not have.
fn make_copy_again(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let is_segment = path.extension().is_some_and(|ending| ending == "log");
        let original = from.join(&name);
        if entry.file_type()?.is_dir() || name == "LOCK" {
            continue;
        }
        if !original.exists() {
            fs::remove_file(path)?;
        } else if !is_segment {
            fs::copy(original, path)?;
        }
    }
    Ok(())
}
