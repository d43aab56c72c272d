//! Blocks of every version ever written read back: the files below `tests/golden/blocks` never change.
//!
//! Bytes that are written need not be the same as those here: a later compressor may do better.
//! `MLTRACK_BLESS=1 cargo test -p mltrack-projector-metrics golden` writes files that are missing, for a new version.

use std::fmt::Write as _;
use std::path::PathBuf;

use mltrack_event::{ColumnsId, Event, MetricBatchLogged};
use mltrack_projector_metrics::block::{BlockIndex, read_nodes, unpack};

use super::records::{Owned, of_event, one, pack_owned, run};

fn file() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../../tests/golden/blocks/mixed_v1.hex")
}

/// Every form of column, batches of both kinds, a shared group, residue, a gap, and columns that have nodes.
fn mixed() -> Vec<Owned> {
    let mut records = Vec::new();
    for lsn in 1..1101u16 {
        let noise = f64::from(u32::from(lsn) * 7919 % 1013) / 1013.0;
        let values = [
            f64::from(noise as f32),
            noise / 3.0,
            f64::from(lsn % 89) / 100.0,
            f64::from(lsn % 61) / 64.0,
            0.5,
        ];
        let step = i64::from(lsn) * 2;
        records.push(one(lsn.into(), run(1), 11, step, &values));
    }
    for lsn in 1101..1110u16 {
        let value = f64::from(lsn) / 7.0;
        let number = (lsn % 3) as u8;
        records.push(one(lsn.into(), run(number), 12, -5, &[value, f64::NAN]));
    }
    for (lsn, times) in [(2000, Vec::new()), (2001, vec![i64::MIN, 0, i64::MAX])] {
        let event = Event::MetricBatchLogged(MetricBatchLogged {
            run: run(1),
            columns: ColumnsId(13),
            steps: vec![3, i64::MIN, i64::MAX],
            times,
            values: vec![0.1, -0.0, f64::INFINITY],
        });
        records.push(of_event(lsn, &event));
    }
    records.push(Owned {
        type_id: 0x3000,
        version: 7,
        writer: u32::MAX,
        has_time: true,
        time_ns: -1,
        payload: b"what a third party logged ".repeat(9),
        ..one(3000, run(1), 1, 0, &[0.0])
    });
    records
}

fn read_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).unwrap();
        u8::from_str_radix(pair, 16).unwrap()
    };
    digits.chunks(2).map(byte).collect()
}

fn write_hex(block: &[u8]) -> String {
    let mut text = String::new();
    for line in block.chunks(64) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn golden_blocks_read_back() {
    if std::env::var_os("MLTRACK_BLESS").is_some_and(|value| value == "1") && !file().exists() {
        std::fs::create_dir_all(file().parent().unwrap()).unwrap();
        std::fs::write(file(), write_hex(&pack_owned(&mixed()))).unwrap();
    }
    let block = read_hex(&std::fs::read_to_string(file()).unwrap());
    let source = block.as_slice();
    let mut read = Vec::new();
    unpack(&source, &mut |record| read.push(Owned::of(record))).unwrap();
    assert_eq!(read.len(), mixed().len());
    for (read, expected) in read.iter().zip(mixed()) {
        assert_eq!(*read, expected);
    }
    let index = BlockIndex::open(&source).unwrap();
    let chunk = index.chunks(run(1)).find(|chunk| chunk.columns.0 == 11);
    let nodes = read_nodes(&source, chunk.unwrap(), 4, 0).unwrap();
    let constant = nodes.iter().map(|node| (node.mean(), node.nan_count));
    assert!(constant.eq(nodes.iter().map(|_| (Some(0.5), 0))));
}
