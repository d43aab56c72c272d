//! Event files as `PyTorch`'s and `tensorboardX`'s writers write them: an event for each value.
//!
//! Invariant: the same arguments give the same bytes.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Result;
use crc_fast::{CrcAlgorithm, checksum};

const TAGS: [&str; 5] = [
    "train/loss",
    "train/accuracy",
    "eval/loss",
    "eval/accuracy",
    "lr",
];
/// Runs, which the peer reads side by side.
const RUNS: u64 = 4;

/// Writes so many scalars, in four runs of five tags; how many bytes they take.
pub fn write(folder: &Path, count: u64) -> Result<u64> {
    let mut len = 0;
    for run in 0..RUNS {
        let folder = folder.join(format!("run-{run}"));
        fs::create_dir_all(&folder)?;
        let path = folder.join("events.out.tfevents.1700000000.host.1.0");
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let mut record = Vec::new();
        for step in 0..count / RUNS / TAGS.len() as u64 {
            for (at, tag) in TAGS.iter().enumerate() {
                event(
                    &mut record,
                    1.7e9 + step as f64 * 0.01,
                    step,
                    tag,
                    1.0 / (step + at as u64 + 1) as f32,
                );
                write_record(&mut file, &record)?;
            }
        }
        file.flush()?;
        len += fs::metadata(&path)?.len();
    }
    Ok(len)
}

fn event(record: &mut Vec<u8>, time_s: f64, step: u64, tag: &str, value: f32) {
    record.clear();
    record.push(0x09);
    record.extend(time_s.to_le_bytes());
    record.push(0x10);
    varint(record, step);
    let value_len = 2 + tag.len() + 5;
    record.extend([
        0x2a,
        value_len as u8 + 2,
        0x0a,
        value_len as u8,
        0x0a,
        tag.len() as u8,
    ]);
    record.extend(tag.as_bytes());
    record.push(0x15);
    record.extend(value.to_le_bytes());
}

fn varint(record: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        record.push(number as u8 | 0x80);
        number >>= 7;
    }
    record.push(number as u8);
}

fn write_record(file: &mut impl std::io::Write, record: &[u8]) -> std::io::Result<()> {
    let len = (record.len() as u64).to_le_bytes();
    file.write_all(&len)?;
    file.write_all(&masked(&len).to_le_bytes())?;
    file.write_all(record)?;
    file.write_all(&masked(record).to_le_bytes())
}

fn masked(bytes: &[u8]) -> u32 {
    let crc = checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}
