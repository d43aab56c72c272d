//! Stores filled beneath the library: records like those of `log_metric`, made without a run.

use std::path::Path;

use anyhow::{Result, ensure};
use mltrack_event::{ColumnsId, Event, RunKey, TypeId, encode_metrics};
use mltrack_log::{Appended, Batch, Log, OpenOptions, Reader};

/// Payload of the raw rows: about what one metric takes.
pub const PAYLOAD: [u8; 40] = [0x5a; 40];
/// The type of raw records; no event has it.
const RAW_TYPE: u16 = 0xfff0;

pub fn open(path: &Path) -> Result<Log> {
    Ok(Log::open(path, OpenOptions::default())?.0)
}

pub fn reader(path: &Path) -> Result<Reader> {
    Ok(Reader::open(path, &OpenOptions::default())?)
}

/// Appends `batches` batches of `count` raw records. Returns how many batches were visible at once: others went to the
/// spool, because another process held the lock for too long.
pub fn append_raw(log: &Log, batch: &mut Batch, batches: u64, count: u64) -> Result<u64> {
    let mut visible = 0;
    for _ in 0..batches {
        for _ in 0..count {
            batch.push(RAW_TYPE, 1, None, &PAYLOAD)?;
        }
        visible += u64::from(matches!(log.append(batch)?, Appended::Visible { .. }));
    }
    Ok(visible)
}

/// The same where nobody else can hold the lock.
pub fn append_alone(log: &Log, batch: &mut Batch, batches: u64, count: u64) -> Result<()> {
    let visible = append_raw(log, batch, batches, count)?;
    ensure!(
        visible == batches,
        "{} appends were deferred without a rival",
        batches - visible
    );
    Ok(())
}

/// Appends `count` batches of one metric point each.
pub fn append_points(log: &Log, count: u64) -> Result<()> {
    let (run, columns) = (RunKey::from_bytes(*b"figures!"), ColumnsId(0x6c6f_7373));
    let (mut batch, mut payload) = (Batch::new(), Vec::new());
    for step in 0..count {
        payload.clear();
        let values = [step as f64];
        let (type_id, version) = encode_metrics(run, columns, step as i64, &values, &mut payload)?;
        batch.push(type_id.0, version.0, None, &payload)?;
        log.append(&mut batch)?;
    }
    Ok(())
}

/// Bytes of all frames of the store.
pub fn used_bytes(path: &Path) -> Result<u64> {
    Ok(reader(path)?
        .segments()
        .iter()
        .map(|segment| segment.used)
        .sum())
}

/// Metric points in the store, of one run or of all. Read without the library, so that it checks it.
pub fn count_points(path: &Path, run: Option<RunKey>) -> Result<u64> {
    let mut reader = reader(path)?;
    let mut count = 0;
    while let Some(records) = reader.next_batch()? {
        for record in records {
            if record.type_id == TypeId::METRICS_LOGGED.0 {
                let view = mltrack_event::decode_metrics(record.version, record.payload)?;
                count += if run.is_none_or(|run| run == view.run) {
                    view.len() as u64
                } else {
                    0
                };
            } else if record.type_id == TypeId::METRIC_BATCH_LOGGED.0 {
                count += count_batch(record.version, record.payload, run)?;
            }
        }
    }
    Ok(count)
}

fn count_batch(version: u16, payload: &[u8], run: Option<RunKey>) -> Result<u64> {
    let event = mltrack_event::decode(TypeId::METRIC_BATCH_LOGGED.0, version, payload)?;
    Ok(match event {
        Event::MetricBatchLogged(batch) if run.is_none_or(|run| run == batch.run) => {
            batch.values.len() as u64
        }
        _ => 0,
    })
}
