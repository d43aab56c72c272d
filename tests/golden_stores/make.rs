//! Makes the golden stores: a log is written and, where the store is of one that was killed, copied while it is open.
//!
//! Invariants: only files that mean something in a copy are kept; the last record of a store that gets cut is one that
//! the cut takes away.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mltrack_event::type_from_name;
use mltrack_log::codec::checkpoint::{Checkpoint, FolderIdentity};
use mltrack_log::{
    Batch, CompactOptions, Log, OpenOptions, PlainPacker, StreamId, Verdict, compact,
};

/// The most records that a batch of these stores has.
pub const BATCH_COUNT_MAX: usize = 3;
const CHECKPOINTS: [&str; 2] = ["CKPT.a", "CKPT.b"];

/// The golden stores of format version 1.0.
pub const STORES: [Kind; 5] = [
    Kind::Clean,
    Kind::Stopped,
    Kind::Torn,
    Kind::Epochs,
    Kind::Copied,
];

/// What a golden store is an example of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Closed in order; every event of version 1.
    Clean,
    /// All processes were killed.
    Stopped,
    /// The last batch, not durable yet, lost a bit.
    Torn,
    /// Several segments, killed twice, then closed.
    Epochs,
    /// A copy that was taken while the store was written: its checkpoint is ahead of its segments.
    Copied,
    /// As `Epochs`, with its old segments packed by the plain packer. The second reader does not unpack.
    Packed,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Clean => "v1_clean",
            Kind::Stopped => "v1_stopped",
            Kind::Torn => "v1_torn",
            Kind::Epochs => "v1_epochs",
            Kind::Copied => "v1_copied",
            Kind::Packed => "v1_packed",
        }
    }

    pub fn verdict(self) -> Verdict {
        match self {
            Kind::Clean | Kind::Epochs | Kind::Packed => Verdict::Clean,
            Kind::Stopped => Verdict::Stopped,
            Kind::Torn => Verdict::Torn,
            Kind::Copied => Verdict::Copy,
        }
    }

    /// Whether bytes behind the end are left out.
    pub fn is_cut(self) -> bool {
        matches!(self, Kind::Torn | Kind::Copied)
    }
}

/// Type and payload of every golden event, in the order of their files' names.
pub fn payloads() -> Vec<(u16, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(super::golden("events"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut payloads = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix("_v1.hex") else {
            continue;
        };
        let type_id = type_from_name(name).unwrap().0;
        let text = fs::read_to_string(&file).unwrap();
        let hexes = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        payloads.extend(hexes.map(|hex| (type_id, super::bytes::from_hex(hex))));
    }
    payloads
}

/// Copies what a store is made of; `ctl`, spares and folders mean nothing in a copy.
pub fn copy_store(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_kept = matches!(name.as_str(), "FORMAT" | "LOCK" | "CKPT.a" | "CKPT.b")
            || name.starts_with("MANIFEST-")
            || name.starts_with("seg-")
            || name.starts_with("pack-");
        if is_kept {
            fs::write(to.join(name), fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Writes this folder's identity into the checkpoints, so that it is no copy but the folder itself.
pub fn settle(folder: &Path) {
    let lock = fs::metadata(folder.join("LOCK")).unwrap();
    let folder_identity = FolderIdentity {
        device: lock.dev(),
        inode: lock.ino(),
    };
    for slot in CHECKPOINTS {
        let Ok(bytes) = fs::read(folder.join(slot)) else {
            continue;
        };
        if let Some(checkpoint) = Checkpoint::decode(&bytes) {
            let settled = Checkpoint {
                folder: folder_identity,
                ..checkpoint
            };
            fs::write(folder.join(slot), settled.encode()).unwrap();
        }
    }
}

/// Makes a golden store in `target`.
pub fn store(kind: Kind, target: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let first = scratch.path().join("first");
    let log = open(&first);
    match kind {
        Kind::Clean => {
            write(&log, 0..usize::MAX);
            log.close().unwrap();
            seal(&first);
            copy_store(&first, target);
        }
        Kind::Stopped => {
            write(&log, 0..20);
            log.sync().unwrap();
            write(&log, 20..40);
            copy_store(&first, target);
        }
        Kind::Torn => {
            write(&log, 0..9);
            log.sync().unwrap();
            write(&log, 9..12);
            copy_store(&first, target);
            let (path, mut bytes, end) = last_segment(target);
            bytes[end - 1] ^= 1;
            fs::write(path, bytes).unwrap();
        }
        Kind::Epochs => epochs(&log, scratch.path(), target),
        Kind::Copied => copied(&log, &first, target),
        Kind::Packed => packed(&log, scratch.path(), target),
    }
}

fn packed(log: &Log, scratch: &Path, target: &Path) {
    let fourth = scratch.join("fourth");
    epochs(log, scratch, &fourth);
    settle(&fourth);
    let packing = CompactOptions {
        keep_replaced: Duration::ZERO,
        ..CompactOptions::new(Arc::new(PlainPacker))
    };
    let report = compact(&fourth, OpenOptions::default(), &packing).unwrap();
    assert!(report.packed > 2, "{report:?}");
    copy_store(&fourth, target);
}

/// Killed in the middle twice, closed at last.
fn epochs(log: &Log, scratch: &Path, target: &Path) {
    write(log, 0..25);
    log.sync().unwrap();
    write(log, 25..30);
    let (second, third) = (scratch.join("second"), scratch.join("third"));
    copy_store(&scratch.join("first"), &second);
    settle(&second);
    let log = open(&second);
    write(&log, 5..50);
    copy_store(&second, &third);
    settle(&third);
    let log = open(&third);
    write(&log, 0..45);
    log.close().unwrap();
    seal(&third);
    copy_store(&third, target);
}

/// Opens the store until the background has written every footer.
fn seal(folder: &Path) {
    let options = OpenOptions {
        sync_interval: Duration::from_millis(1),
        ..OpenOptions::default()
    };
    let (log, _) = Log::open(folder, options).unwrap();
    let has_footer = |path: &PathBuf| {
        fs::read(path)
            .unwrap()
            .windows(8)
            .any(|bytes| bytes == b"MLTFOOT\x01")
    };
    while segments(folder)
        .split_last()
        .is_some_and(|(_, rolled)| !rolled.iter().all(has_footer))
    {
        std::thread::yield_now();
    }
    log.close().unwrap();
}

/// The copy program read the segment before its last batch was written and the checkpoint after it was durable.
fn copied(log: &Log, source: &Path, target: &Path) {
    write(log, 10..18);
    let (path, _, end) = last_segment(source);
    write(log, 18..19);
    log.sync().unwrap();
    copy_store(source, target);
    let (same, mut bytes, end_now) = last_segment(target);
    assert_eq!(
        same.file_name(),
        path.file_name(),
        "both ends lie in one segment"
    );
    assert!(end_now > end, "the last batch is behind the others");
    bytes[end..].fill(0);
    fs::write(same, bytes).unwrap();
}

fn open(folder: &Path) -> Log {
    let options = OpenOptions {
        segment_len: 4096,
        // Only the calls of `sync` above make anything durable.
        sync_interval: Duration::from_hours(24),
        dictionary_types: &[4, 5],
        ..OpenOptions::default()
    };
    Log::open(folder, options).unwrap().0
}

/// Appends golden events in batches of one to three, every third batch with a stream, every second record with a time.
fn write(log: &Log, range: std::ops::Range<usize>) {
    let payloads = payloads();
    let range = range.start..range.end.min(payloads.len());
    let mut batch = Batch::new();
    let mut count = 0;
    for (number, (type_id, payload)) in payloads[range].iter().enumerate() {
        let time = (number % 2 == 1).then_some(1_795_232_540_500_000_000 + number as i64);
        batch.push(*type_id, 1, time, payload).unwrap();
        if usize::from(batch.count()) > count % BATCH_COUNT_MAX {
            append(log, &mut batch, count);
            count += 1;
        }
    }
    if !batch.is_empty() {
        append(log, &mut batch, count);
    }
    // A third party's type and a version of tomorrow, which nobody here knows.
    batch.push(0x0100, 3, None, b"theirs").unwrap();
    batch.push(0x0001, 2, None, b"tomorrow").unwrap();
    append(log, &mut batch, 1);
}

fn append(log: &Log, batch: &mut Batch, count: usize) {
    if count % 3 == 2 {
        log.append_control(batch, StreamId(7 + count as u64))
            .unwrap();
    } else {
        log.append(batch).unwrap();
    }
}

/// The last segment: its path, its bytes, and where the last byte that was written ends.
fn last_segment(folder: &Path) -> (PathBuf, Vec<u8>, usize) {
    let path = segments(folder).pop().expect("every store has a segment");
    let bytes = fs::read(&path).unwrap();
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    (path, bytes, end)
}

/// The segments' paths in order.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut segments: Vec<PathBuf> = names
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    segments.sort();
    segments
}
