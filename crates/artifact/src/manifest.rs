//! The list of a blob's chunks. Drawn in `docs/format.md`, "Blobs".
//!
//! Invariants: decoding is a pure function that never panics and allocates only in proportion to its input;
//! what it returns has chunks of 1 byte to [`CONTENT_LEN_MAX`] that add up to the blob's length.

use crate::hash::BlobHash;
use crate::mismatch::Flaw;
use crate::object::CONTENT_LEN_MAX;

const MAGIC: [u8; 4] = *b"MLTM";
const VERSION: u8 = 1;
const HEADER_LEN: usize = 56;
const ENTRY_LEN: usize = 36;
const HASH_LEN: usize = 32;

/// A blob in chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The blob.
    pub id: BlobHash,
    /// Its length in bytes.
    pub len: u64,
    /// Its chunks in the order of its content.
    pub chunks: Vec<Chunk>,
}

/// One chunk of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The blake3 of its content.
    pub id: BlobHash,
    /// Where it begins in the blob.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u32,
}

impl Manifest {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + self.chunks.len() * ENTRY_LEN + HASH_LEN);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, 0, 0, 0]);
        bytes.extend_from_slice(&self.len.to_le_bytes());
        bytes.extend_from_slice(&(self.chunks.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&self.id.0);
        for chunk in &self.chunks {
            bytes.extend_from_slice(&chunk.id.0);
            bytes.extend_from_slice(&chunk.len.to_le_bytes());
        }
        let sum = BlobHash::of(&bytes);
        bytes.extend_from_slice(&sum.0);
        bytes
    }

    /// Reads its bytes, all of which must be right.
    pub fn decode(bytes: &[u8]) -> Result<Manifest, Flaw> {
        let (header, rest) = bytes
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(Flaw::Format("it ends inside its header"))?;
        if header[..4] != MAGIC {
            return Err(Flaw::Format("it does not begin like a list of chunks"));
        }
        if header[4] != VERSION {
            return Err(Flaw::Format("a newer mltrack wrote it"));
        }
        let (entries, sum) = rest
            .split_last_chunk::<HASH_LEN>()
            .ok_or(Flaw::Format("it ends inside its checksum"))?;
        let found = BlobHash::of(&bytes[..bytes.len() - HASH_LEN]);
        if found.0 != *sum {
            return Err(Flaw::Hash(found));
        }
        let len = u64::from_le_bytes(array(&header[8..16]));
        let count = u32::from_le_bytes(array(&header[16..20])) as usize;
        if !entries.len().is_multiple_of(ENTRY_LEN) || entries.len() / ENTRY_LEN != count {
            return Err(Flaw::Format("it does not have as many chunks as it says"));
        }
        let chunks = chunks(entries, len)?;
        let id = BlobHash(array(&header[24..]));
        Ok(Manifest { id, len, chunks })
    }

    /// The index of the chunk with this byte, which must be one of the blob's.
    pub fn chunk_at(&self, offset: u64) -> usize {
        debug_assert!(offset < self.len);
        self.chunks.partition_point(|chunk| chunk.offset <= offset) - 1
    }
}

fn chunks(entries: &[u8], len: u64) -> Result<Vec<Chunk>, Flaw> {
    let mut chunks = Vec::with_capacity(entries.len() / ENTRY_LEN);
    let mut offset = 0u64;
    for entry in entries.chunks_exact(ENTRY_LEN) {
        let chunk_len = u32::from_le_bytes(array(&entry[HASH_LEN..]));
        if chunk_len == 0 || chunk_len as usize > CONTENT_LEN_MAX {
            return Err(Flaw::Format(
                "one of its chunks has a length that cannot be",
            ));
        }
        chunks.push(Chunk {
            id: BlobHash(array(&entry[..HASH_LEN])),
            offset,
            len: chunk_len,
        });
        offset += u64::from(chunk_len);
    }
    if offset != len {
        return Err(Flaw::Length {
            expected: len,
            found: offset,
        });
    }
    Ok(chunks)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the caller cut exactly this many")
}
