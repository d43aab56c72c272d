//! The parts that a snapshot is made of, and how their bytes are checked.
//!
//! Invariant: bytes are handed out only when their hash is the one that whoever refers to them has; the hash of the
//! first in that chain is the root, at the end of the file.

use std::io::{self, Write};

use bincode::{Decode, Encode};

use super::SnapshotFault;
use super::source::Source;

/// No part unpacks to more: a damaged length must not ask for all memory.
const PART_LEN_MAX: usize = 1 << 31;
/// Fast enough to write hundreds of megabytes a second, and halves most rows.
const ZSTD_LEVEL: i32 = 1;

/// Where a part is, and what it hashes to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Part {
    /// Where it begins in the file.
    pub offset: u64,
    /// Bytes in the file.
    pub len: u64,
    /// Bytes when unpacked; the same as `len` for a part that is not packed.
    pub raw_len: u64,
    /// The blake3 of its bytes in the file.
    pub hash: [u8; 32],
}

/// Writes parts one behind the other.
pub struct PartWriter<W: Write> {
    file: W,
    offset: u64,
}

impl<W: Write> PartWriter<W> {
    /// Nothing is written yet.
    pub fn new(file: W) -> PartWriter<W> {
        PartWriter { file, offset: 0 }
    }

    /// Bytes written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Writes a part, packed when that makes it smaller.
    pub fn part(&mut self, bytes: &[u8]) -> io::Result<Part> {
        let packed = zstd::bulk::compress(bytes, ZSTD_LEVEL)?;
        let stored = if packed.len() < bytes.len() {
            packed.as_slice()
        } else {
            bytes
        };
        let part = Part {
            offset: self.offset,
            len: stored.len() as u64,
            raw_len: bytes.len() as u64,
            hash: *blake3::hash(stored).as_bytes(),
        };
        self.raw(stored)?;
        Ok(part)
    }

    /// The file.
    pub fn into_file(self) -> W {
        self.file
    }
}

/// Reads a part as it is stored, and checks it.
pub fn read_stored(source: &Source, part: &Part) -> Result<Vec<u8>, SnapshotFault> {
    let damaged = |what: &str| SnapshotFault::damaged(source, part.offset, what);
    let is_inside = part
        .offset
        .checked_add(part.len)
        .is_some_and(|end| end <= source.len());
    let is_sane = part.len <= part.raw_len && part.raw_len <= PART_LEN_MAX as u64;
    if !is_inside || !is_sane {
        return Err(damaged("a part lies outside the file"));
    }
    let mut stored = vec![0; part.len as usize];
    source
        .read_at(part.offset, &mut stored)
        .map_err(|error| SnapshotFault::io(source.path(), &error))?;
    if *blake3::hash(&stored).as_bytes() != part.hash {
        return Err(damaged("its bytes do not have their hash"));
    }
    Ok(stored)
}

/// Reads a part, checks it and unpacks it.
pub fn read_part(source: &Source, part: &Part) -> Result<Vec<u8>, SnapshotFault> {
    let damaged = |what: &str| SnapshotFault::damaged(source, part.offset, what);
    let stored = read_stored(source, part)?;
    if part.len == part.raw_len {
        return Ok(stored);
    }
    let raw = zstd::bulk::decompress(&stored, part.raw_len as usize)
        .map_err(|error| damaged(&error.to_string()))?;
    if raw.len() as u64 != part.raw_len {
        return Err(damaged("a part unpacks to another length"));
    }
    Ok(raw)
}

/// What the root is the hash of.
#[must_use]
pub fn root_of(header: &[u8], core: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header);
    hasher.update(core);
    *hasher.finalize().as_bytes()
}
