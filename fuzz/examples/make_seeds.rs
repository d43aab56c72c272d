//! Writes the seed corpus from real stores and the golden events: run it after a change of the format.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --example make_seeds`

use std::path::{Path, PathBuf};

use mltrack_event::{ColumnsId, RunKey, encode_metrics};
use mltrack_fuzz::{REPAIRED, options};
use mltrack_log::codec::frame::{FrameHeader, Salt};
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Batch, Log, Lsn, PackRecord, StreamId, WriterId};
use mltrack_projector_metrics::block::pack;

fn corpus(target: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    std::fs::create_dir_all(&folder).expect("the corpus is ours");
    folder
}

fn put(target: &str, name: &str, bytes: &[u8]) {
    std::fs::write(corpus(target).join(name), bytes).expect("the corpus is ours");
}

/// A store with several segments; `is_clean` says whether it was closed in order.
fn store(is_clean: bool) -> MemoryDisk {
    let disk = MemoryDisk::default();
    let (log, _) = Log::on(disk.handle(), options()).expect("memory takes a store");
    let mut batch = Batch::new();
    for number in 0..40u8 {
        for part in 0..=number % 3 {
            batch
                .push(1, 1, Some(7), &vec![number; 20 + usize::from(part) * 60])
                .expect("it fits");
        }
        if number % 5 == 0 {
            log.append_control(&mut batch, StreamId(3))
                .expect("appended");
        } else {
            log.append(&mut batch).expect("appended");
        }
        if number == 20 {
            log.sync().expect("memory syncs");
        }
    }
    let left = disk.copy();
    log.close().expect("closed");
    if is_clean { disk } else { left }
}

/// A disk's files as an input of `segment_recovery`.
fn input(disk: &MemoryDisk, flag: u8) -> Vec<u8> {
    let mut input = Vec::new();
    for name in disk.names() {
        let kind = match name.as_str() {
            "FORMAT" => 0,
            "CKPT.a" => 1,
            "CKPT.b" => 2,
            name if name.starts_with("seg-") => 7,
            _ => continue,
        };
        let mut bytes = disk.bytes(&name);
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        bytes.truncate(used.next_multiple_of(64).min(bytes.len()));
        input.push(kind | flag);
        input.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        input.extend_from_slice(&bytes);
    }
    input
}

fn frames() {
    let header = FrameHeader {
        lsn_low: 5,
        previous_crc: 9,
        commit_time: 1_700_000_000_000_000_000,
        writer: 3,
        batch_id: 11,
        count: 2,
        control: None,
        spooled: None,
        clock: None,
    };
    let clocked = FrameHeader {
        clock: Some(12),
        ..header
    };
    for (name, header) in [("plain", header), ("clocked", clocked)] {
        let mut frame = vec![0; header.encoded_len()];
        frame.extend_from_slice(&[4, 3, b'o', b'n', b'e', 6, 2, 3, b't', b'w', b'o']);
        header.stamp(&mut frame, Salt::new(7));
        frame.resize(frame.len().next_multiple_of(8), 0);
        put("frame_decode", name, &frame);
    }
}

fn events() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/events");
    let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/format.md");
    let types = std::fs::read_to_string(types).expect("the format's page");
    let mut files: Vec<_> = std::fs::read_dir(golden)
        .expect("golden events")
        .flatten()
        .collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().into_string().expect("a plain name");
        let Some((event, _)) = name.split_once("_v") else {
            continue;
        };
        let row = types
            .lines()
            .find(|line| line.contains(&format!("| {event} |")));
        let Some(id) = row.and_then(|row| row.split("0x").nth(1)?.get(..4)) else {
            continue;
        };
        let id = u16::from_str_radix(id, 16).expect("hex");
        let text = std::fs::read_to_string(file.path()).expect("golden bytes");
        let Some(line) = text.lines().find(|line| !line.starts_with('#')) else {
            continue;
        };
        let mut bytes = id.to_le_bytes().to_vec();
        bytes.push(1);
        for pair in line.trim().as_bytes().chunks_exact(2) {
            let pair = std::str::from_utf8(pair).expect("hex");
            bytes.push(u8::from_str_radix(pair, 16).expect("hex"));
        }
        put("event_decode", event, &bytes);
    }
}

/// The payload of a record: mostly points of a few runs, now and then something else.
fn payload(at: u16, count: u16, width: usize) -> (u16, Vec<u8>) {
    if at % 64 == 15 {
        return (0x3000, vec![at as u8; 20]);
    }
    let runs = (200 / count).max(1);
    let run = RunKey::from_bytes([(at % runs) as u8; 8]);
    let value = f64::from(at % 89) / 7.0;
    let values: Vec<f64> = (0..width).map(|column| value + column as f64).collect();
    let mut payload = Vec::new();
    let step = i64::from(at);
    encode_metrics(run, ColumnsId(1), step, &values, &mut payload).expect("it fits");
    (1, payload)
}

/// Blocks of few points, of many, and of short chunks that share their columns.
fn blocks() {
    for (name, count, width) in [("few", 5, 2), ("many", 1100, 1), ("shared", 60, 3)] {
        let payloads: Vec<_> = (0..count).map(|at| payload(at, count, width)).collect();
        let records = payloads.iter().zip(0..).map(|((type_id, payload), at)| {
            let time_ns = 1_700_000_000_000_000_000 + at as i64 * 1_000_003;
            PackRecord {
                lsn: Lsn::FIRST.plus(at),
                type_id: *type_id,
                version: 1,
                writer: WriterId(2),
                time_ns,
                has_time: false,
                commit_time_ns: time_ns,
                payload,
            }
        });
        put("block", name, &pack(&records.collect::<Vec<_>>()));
    }
}

fn main() {
    for (name, is_clean) in [("stopped", false), ("clean", true)] {
        let disk = store(is_clean);
        put("segment_recovery", name, &input(&disk, 0));
        put(
            "segment_recovery",
            &format!("{name}-repaired"),
            &input(&disk, REPAIRED),
        );
        for file in disk.names().iter().filter(|file| !file.starts_with("seg-")) {
            let bytes = disk.bytes(file);
            if !bytes.is_empty() && bytes.len() < 4096 {
                put(
                    "manifest",
                    &format!("{name}-{}", file.replace('/', "-")),
                    &bytes,
                );
            }
        }
    }
    let manifest = mltrack_log::codec::manifest::Manifest {
        store: mltrack_log::StoreId([4; 16]),
        number: 1,
        quarantined: vec![mltrack_log::codec::manifest::Quarantine {
            base: 1,
            first_lsn: 3,
            end_lsn: 5,
            offset: 300,
            end_offset: 400,
            time_ns: 6,
        }],
    };
    put("manifest", "manifest", &manifest.encode());
    frames();
    events();
    blocks();
    // Operations are read from any bytes; these lengths reach every kind of operation.
    for (name, len) in [("short", 64u16), ("long", 1024)] {
        let bytes: Vec<u8> = (0..len)
            .map(|at| (at.wrapping_mul(167) >> 3) as u8)
            .collect();
        put("operations", name, &bytes);
    }
}
