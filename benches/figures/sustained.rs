//! Raw append for longer than memory hides: gigabytes with a sync each second, against bare writes of the same bytes.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use mltrack_log::{Batch, door};

use crate::bench::Bench;
use crate::figure::{Figure, Unit, median};
use crate::times::rate;
use crate::{store, system};

const ROW: &str = "sustained";
/// The interval of the default policy, which the bare loop keeps too.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);
const WRITE_LEN: usize = 1 << 20;
const BATCH_COUNT: u64 = 256;

/// What one round of the log took.
struct Logged {
    bytes: u64,
    bytes_per_second: f64,
    written: u64,
    device_written: Option<u64>,
}

pub fn run(bench: &Bench) -> Result<()> {
    let target_bytes = bench.size(4 << 30, 512 << 20);
    let (mut log, mut bare, mut shares) = (vec![], vec![], vec![]);
    let (mut amplified, mut on_device) = (vec![], vec![]);
    for _ in 0..bench.rounds(5) {
        let logged = logged(bench, target_bytes)?;
        log.push(logged.bytes_per_second);
        bare.push(written(bench, logged.bytes)?);
        shares.push(log[log.len() - 1] / bare[bare.len() - 1] * 100.0);
        amplified.push(logged.written as f64 / logged.bytes as f64);
        on_device.extend(
            logged
                .device_written
                .map(|bytes| bytes as f64 / logged.bytes as f64),
        );
    }
    bench.show(
        ROW,
        &Figure::new("raw append, bytes", Unit::PerSecond, &log),
    );
    let name = "  bare sequential write and fdatasync, bytes";
    bench.show(ROW, &Figure::new(name, Unit::PerSecond, &bare));
    let share = Figure::new("raw append of bare", Unit::Percent, &shares);
    bench.show(
        ROW,
        &share
            .at_least(50.0)
            .note(format!("{} MiB", target_bytes >> 20)),
    );
    let device = median(&on_device)
        .map(|times| format!("{times:.2} x at the device, journal and others included"));
    let written = Figure::new(
        "bytes written for each byte of log",
        Unit::Times,
        &amplified,
    );
    bench.show(ROW, &written.at_most(1.5).note(device.unwrap_or_default()));
    Ok(())
}

fn logged(bench: &Bench, target_bytes: u64) -> Result<Logged> {
    let place = bench.place()?;
    let (before, device_before) = counters(place.path())?;
    let log = store::open(&place.store())?;
    let mut batch = Batch::new();
    // Tag, length, type and version of each record; the frame's header is shared by the batch.
    let batches = target_bytes / (BATCH_COUNT * (store::PAYLOAD.len() as u64 + 5));
    let start = door::monotonic();
    store::append_alone(&log, &mut batch, batches, BATCH_COUNT)?;
    log.sync()?;
    let batches_per_second = rate(batches, start);
    let (after, device_after) = counters(place.path())?;
    log.close()?;
    let bytes = store::used_bytes(&place.store())?;
    Ok(Logged {
        bytes,
        bytes_per_second: batches_per_second * bytes as f64 / batches as f64,
        written: after - before,
        device_written: device_after
            .zip(device_before)
            .map(|(after, before)| after - before),
    })
}

fn counters(folder: &Path) -> Result<(u64, Option<u64>)> {
    Ok((system::write_bytes()?, system::device_write_bytes(folder)))
}

/// Bytes a second of a plain file, synced as often as the log is.
fn written(bench: &Bench, bytes: u64) -> Result<f64> {
    let place = bench.place()?;
    let mut file = File::create_new(place.path().join("bare"))?;
    let block = vec![0x5a; WRITE_LEN];
    let start = door::monotonic();
    let mut next_sync = start + SYNC_INTERVAL;
    let mut left = bytes;
    while left > 0 {
        let len = left.min(WRITE_LEN as u64);
        file.write_all(&block[..len as usize])?;
        left -= len;
        if door::monotonic() >= next_sync {
            file.sync_data()?;
            next_sync = door::monotonic() + SYNC_INTERVAL;
        }
    }
    file.sync_data()?;
    Ok(rate(bytes, start))
}
