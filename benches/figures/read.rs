//! Reading the log in order from memory: frames with their crc, and replay through the decoding of events.
//!
//! Each round is a process of its own, so that the memory it reports is the reader's. The baseline reads the same
//! files in large pieces and takes a crc of each stretch as long as a frame.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use mltrack_log::bench_support::read_with_crc;
use mltrack_log::door;
use mltrack_projector::{Body, Entry, Follower, Projector};

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::rate;
use crate::{store, system};

const ROW: &str = "read";
const MEMORY_MAX: f64 = 64.0 * 1024.0 * 1024.0;

pub fn run(bench: &Bench) -> Result<()> {
    let frames = bench.size(16_000_000, 1_500_000);
    let place = bench.place()?;
    let log = store::open(&place.store())?;
    store::append_points(&log, frames)?;
    log.close()?;
    let frame_len = store::used_bytes(&place.store())? / frames;
    let rounds = bench.rounds(7);
    let (mut bare, mut memory) = (vec![], vec![]);
    for _ in 0..rounds {
        bare.push(read_bare(&place.store(), frame_len as usize)?);
    }
    let note = format!("{frames} frames of {frame_len} bytes");
    let name = "  bare read with crc, pieces as long as a frame";
    bench.show(ROW, &Figure::new(name, Unit::PerSecond, &bare));
    for (role, what, target) in [
        ("frames", "sequential read with crc, warm, frames", 20e6),
        ("replay", "replay through event decode, events", 10e6),
    ] {
        let mut speeds = vec![];
        for _ in 0..rounds {
            let (speed, anonymous) = in_process(&place.store(), role, frames)?;
            speeds.push(speed);
            memory.push(anonymous);
        }
        let figure = Figure::new(what, Unit::PerSecond, &speeds);
        bench.show(ROW, &figure.at_least(target).note(note.clone()));
    }
    let memory_max = memory.into_iter().fold(0.0, f64::max);
    let figure = Figure::new(
        "anonymous memory of a reader, max",
        Unit::Bytes,
        &[memory_max],
    );
    bench.show(ROW, &figure.at_most(MEMORY_MAX));
    Ok(())
}

/// Records a second and anonymous memory of a process that reads the store.
fn in_process(store: &Path, role: &str, frames: u64) -> Result<(f64, f64)> {
    let mut reader = Child::spawn(ROW, role, store, &[])?;
    let numbers = reader.numbers()?;
    reader.end()?;
    ensure!(
        numbers.first() == Some(&(frames as f64)),
        "read {numbers:?} of {frames} frames"
    );
    ensure!(numbers.len() == 3, "the reader tells three numbers");
    Ok((numbers[1], numbers[2]))
}

/// Pieces a second, of all segments in turn.
fn read_bare(store: &Path, piece_len: usize) -> Result<f64> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(store)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "log") {
            segments.push(path);
        }
    }
    segments.sort();
    let (start, mut count) = (door::monotonic(), 0);
    for segment in &segments {
        let (pieces, fold) = read_with_crc(segment, piece_len)?;
        std::hint::black_box(fold);
        count += pieces;
    }
    Ok(rate(count, start))
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    let start = door::monotonic();
    let (count, anonymous) = match order.role {
        "frames" => read_frames(order.store)?,
        _ => replay(order.store)?,
    };
    child::say(&[count as f64, rate(count, start), anonymous as f64]);
    Ok(())
}

/// How many records lie between two looks at the memory.
const LOOK_INTERVAL: u64 = 1 << 18;

fn read_frames(store: &Path) -> Result<(u64, u64)> {
    let mut reader = store::reader(store)?;
    let (mut count, mut anonymous_max) = (0, 0);
    while let Some(records) = reader.next_batch()? {
        for record in records {
            std::hint::black_box(record.payload.first());
            count += 1;
            if count % LOOK_INTERVAL == 0 {
                anonymous_max = anonymous_max.max(system::anonymous_bytes()?);
            }
        }
    }
    Ok((count, anonymous_max.max(system::anonymous_bytes()?)))
}

/// A projector that needs every value and keeps nothing but their sum.
struct Sum;

#[derive(Default)]
struct Total {
    points: u64,
    sum: f64,
}

impl Projector for Sum {
    const NAME: &'static str = "sum";
    const VERSION: u32 = 1;
    type State = Total;

    fn apply(state: &mut Total, entry: &Entry<'_>) {
        if let Body::Metrics(view) = &entry.body {
            state.points += view.len() as u64;
            state.sum += view.values().sum::<f64>();
        }
    }
}

fn replay(store: &Path) -> Result<(u64, u64)> {
    let mut follower = Follower::<Sum>::new(store::reader(store)?);
    follower.catch_up()?;
    let state = follower.state();
    ensure!(
        state.points == follower.counts().folded,
        "every event is one point"
    );
    std::hint::black_box(state.sum);
    Ok((state.points, system::anonymous_bytes()?))
}
