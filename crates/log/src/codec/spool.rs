//! A spool's header. Its frames are those of a segment with base lsn 0.

use super::bytes::{i64_at, is_sealed, put, seal, take, u32_at, u64_at};
use crate::ids::StoreId;
use crate::layout::SPOOL_HEADER_LEN;

const MAGIC: [u8; 8] = *b"MLTSPOL\x01";

/// The first 128 bytes of a spool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpoolHeader {
    /// The store its frames are for.
    pub store: StoreId,
    /// Random.
    pub id: u64,
    /// Mixed into every crc.
    pub salt: u64,
    /// No frame of this spool lies before this lsn in the log.
    pub log_lsn: u64,
    /// When it was made, ns since 1970.
    pub created_ns: i64,
    /// Who wrote it.
    pub writer: u32,
    /// Process that wrote it, for messages.
    pub process: u32,
}

impl SpoolHeader {
    /// The spool's file name inside `spool/`.
    pub fn name(id: u64) -> String {
        format!("{id:016x}.spool")
    }

    /// Whether a file in `spool/` is named as a spool.
    pub fn is_name(name: &str) -> bool {
        let name = name.strip_suffix(".ended").unwrap_or(name);
        name.strip_suffix(".spool").is_some_and(|id| id.len() == 16)
    }

    /// Whether the spool's writer said that nothing more will come.
    pub fn is_ended_name(name: &str) -> bool {
        name.strip_suffix(".ended").is_some()
    }

    /// The header's bytes.
    pub fn encode(&self) -> [u8; SPOOL_HEADER_LEN] {
        let mut block = [0; SPOOL_HEADER_LEN];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &self.store.0);
        put(&mut block, 24, &self.id.to_le_bytes());
        put(&mut block, 32, &self.salt.to_le_bytes());
        put(&mut block, 40, &self.log_lsn.to_le_bytes());
        put(&mut block, 48, &self.created_ns.to_le_bytes());
        put(&mut block, 56, &self.writer.to_le_bytes());
        put(&mut block, 60, &self.process.to_le_bytes());
        seal(&mut block);
        block
    }

    /// Reads a header; `None` when it is torn or damaged.
    pub fn decode(bytes: &[u8]) -> Option<SpoolHeader> {
        let block = bytes.first_chunk::<SPOOL_HEADER_LEN>()?;
        (block[..8] == MAGIC && is_sealed(block)).then(|| SpoolHeader {
            store: StoreId(take(block, 8)),
            id: u64_at(block, 24),
            salt: u64_at(block, 32),
            log_lsn: u64_at(block, 40),
            created_ns: i64_at(block, 48),
            writer: u32_at(block, 56),
            process: u32_at(block, 60),
        })
    }
}

#[test]
fn a_spool_header_reads_back() {
    let header = SpoolHeader {
        store: StoreId([1; 16]),
        id: 2,
        salt: 3,
        log_lsn: 4,
        created_ns: 5,
        writer: 6,
        process: 7,
    };
    assert_eq!(SpoolHeader::decode(&header.encode()), Some(header));
    assert_eq!(SpoolHeader::decode(&[0; SPOOL_HEADER_LEN]), None);
}
