//! What the targets share: files in an input, and crcs that are made right so that the code behind them is reached.

use std::time::Duration;

use mltrack_log::OpenOptions;
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::medium::{Medium, Mode};

/// Longer than any run of a target, so that nothing happens behind its back.
const NEVER: Duration = Duration::from_secs(3600);
/// Set in a file's first byte: its crcs are made right before it is written.
pub const REPAIRED: u8 = 0x80;

/// A small store without a clock of its own.
pub fn options() -> OpenOptions {
    OpenOptions {
        segment_len: 4096,
        lock_wait: Duration::from_millis(50),
        sync_interval: NEVER,
        ..OpenOptions::default()
    }
}

/// The name of a file by its number in an input; segments are named by the base lsn in their header.
fn file_name(kind: u8, bytes: &[u8]) -> String {
    match kind & !REPAIRED {
        0 => "FORMAT".into(),
        1 => "CKPT.a".into(),
        2 => "CKPT.b".into(),
        3 => "spare".into(),
        4 => "MANIFEST-1".into(),
        5 => "MANIFEST-2".into(),
        6 => "spool/0000000000000001.spool".into(),
        _ => format!("seg-{:020}.log", u64_at(bytes, 48) & 0xffff),
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes
        .get(at..at + 8)
        .and_then(|bytes| bytes.try_into().ok());
    eight.map_or(0, u64::from_le_bytes)
}

/// Puts an input's files on a disk. An input is files, each: kind u8, length u16, bytes.
pub fn write_files(disk: &MemoryDisk, mut input: &[u8]) {
    let medium = disk.handle();
    while let [kind, low, high, rest @ ..] = input {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (bytes, after) = rest.split_at(len);
        let mut bytes = bytes.to_vec();
        if kind & REPAIRED != 0 {
            repair_file(*kind & !REPAIRED, &mut bytes);
        }
        write_file(&*medium, &file_name(*kind, &bytes), &bytes);
        input = after;
    }
    medium.sync_folder().expect("memory takes names");
}

fn write_file(medium: &dyn Medium, name: &str, bytes: &[u8]) {
    // A second file of the same name is left out, as a folder has each name once.
    let Ok(file) = medium.open(name, Mode::Create(0)) else {
        return;
    };
    file.write_at(bytes, 0).expect("memory takes bytes");
    file.sync().expect("memory keeps bytes");
}

fn repair_file(kind: u8, bytes: &mut [u8]) {
    match kind {
        0..=2 | 4 | 5 => seal(bytes),
        6 => repair_frames(bytes, 128, 32),
        _ => repair_frames(bytes, 256, 64),
    }
}

/// Makes a header right, then every frame behind it: salt, chain and crc.
fn repair_frames(bytes: &mut [u8], header_len: usize, salt_at: usize) {
    let Some(header) = bytes.get_mut(..header_len) else {
        return;
    };
    seal(header);
    let salt = u64_at(header, salt_at);
    let mut previous = u64_at(header, header_len - 8) >> 32;
    let mut at = header_len;
    while at < bytes.len() {
        let Some((len, crc)) = repair_frame(&mut bytes[at..], salt, Some(previous as u32)) else {
            return;
        };
        previous = u64::from(crc);
        at += len;
    }
}

/// Makes the crc of the frame at the start of `bytes` right; returns its padded length and crc.
pub fn repair_frame(bytes: &mut [u8], salt: u64, previous: Option<u32>) -> Option<(usize, u32)> {
    let word = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    let len = (word & 0x00ff_ffff) as usize;
    let frame = bytes.get_mut(..len).filter(|frame| frame.len() >= 32)?;
    if let Some(previous) = previous {
        frame[12..16].copy_from_slice(&previous.to_le_bytes());
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(&frame[4..]);
    let crc = hasher.finalize();
    frame[..4].copy_from_slice(&crc.to_le_bytes());
    Some((len.next_multiple_of(8), crc))
}

/// Writes the crc of all before them into the last four bytes.
pub fn seal(bytes: &mut [u8]) {
    let Some(at) = bytes.len().checked_sub(4) else {
        return;
    };
    let crc = crc32fast::hash(&bytes[..at]);
    bytes[at..].copy_from_slice(&crc.to_le_bytes());
}
