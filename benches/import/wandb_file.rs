//! A file as W&B's program writes it: for each step what the summary is by now, and the step itself.
//!
//! Invariant: the same arguments give the same bytes.

#[path = "../../crates/import/src/wandb/log_form.rs"]
mod log_form;
#[path = "../../crates/import/src/wandb/log_made.rs"]
mod log_made;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;
use log_form::HEADER;
use log_made::push_record;

pub const METRICS: u64 = 10;

/// When the run started, in seconds since 1970.
const STARTED_S: u64 = 1_795_326_935;

/// Writes one run of so many steps; how many bytes it takes.
pub fn write(path: &Path, steps: u64) -> Result<u64> {
    let mut log = Log {
        file: BufWriter::with_capacity(1 << 20, File::create(path)?),
        len: HEADER.len() as u64,
        next: Vec::new(),
    };
    log.file.write_all(&HEADER)?;
    log.record(&run())?;
    for step in 0..steps {
        let items = items(step);
        log.record(&field(3, &items))?;
        let history = [items, field(2, &number(1, step))].concat();
        log.record(&field(2, &history))?;
    }
    log.record(&field(18, &number(2, steps / 100)))?;
    log.file.flush()?;
    Ok(fs::metadata(path)?.len())
}

fn run() -> Vec<u8> {
    let texts = [(1, "benchrun"), (3, "bench"), (8, "bench run")];
    let mut run: Vec<u8> = texts.map(|(at, text)| field(at, text.as_bytes())).concat();
    run.extend(field(17, &number(1, STARTED_S)));
    field(17, &run)
}

/// What was logged at a step: metrics, and what the peer says beside them.
fn items(step: u64) -> Vec<u8> {
    let mut items = Vec::new();
    for at in 0..METRICS {
        let value = 1.0 / (step + at + 3) as f64;
        items.extend(item(&format!("metric/{at}"), &value.to_string()));
    }
    let ran_s = 5.0 + step as f64 * 0.01;
    let time_s = format!("{:.16e}", STARTED_S as f64 + ran_s);
    items.extend(item("_step", &step.to_string()));
    items.extend(item("_timestamp", &time_s));
    items.extend(item("_runtime", &format!("{ran_s:.9}")));
    items
}

fn item(key: &str, json: &str) -> Vec<u8> {
    let item = [field(2, key.as_bytes()), field(16, json.as_bytes())].concat();
    field(1, &item)
}

/// A field of bytes in a message.
fn field(number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 6);
    varint(&mut bytes, number << 3 | 2);
    varint(&mut bytes, body.len() as u64);
    bytes.extend(body);
    bytes
}

/// A field with a number in it.
fn number(number: u64, value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(&mut bytes, number << 3);
    varint(&mut bytes, value);
    bytes
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The file, and the record that is written next.
struct Log {
    file: BufWriter<File>,
    len: u64,
    next: Vec<u8>,
}

impl Log {
    fn record(&mut self, record: &[u8]) -> Result<()> {
        self.next.clear();
        push_record(&mut self.next, self.len, record);
        self.len += self.next.len() as u64;
        Ok(self.file.write_all(&self.next)?)
    }
}
