//! What turns the records of a sealed segment into fewer bytes and back.
//!
//! The log stores blocks and hands records over; what payloads mean, and so how they pack, is known above it.
//! A packer's blocks must give every record back bit for bit: the log compares before it lets go of a segment.

use crate::ids::{Lsn, WriterId};

/// One record, all that must come back exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackRecord<'a> {
    /// Its number.
    pub lsn: Lsn,
    /// What kind of event the payload is.
    pub type_id: u16,
    /// Version of the payload's layout.
    pub version: u16,
    /// Who appended it.
    pub writer: WriterId,
    /// When it happened, ns since 1970.
    pub time_ns: i64,
    /// Whether the record carried a time of its own.
    pub has_time: bool,
    /// When it was appended, ns since 1970.
    pub commit_time_ns: i64,
    /// The event's own bytes.
    pub payload: &'a [u8],
}

/// Turns records into fewer bytes and back, exactly. Knows what payloads mean; the log does not.
pub trait Packer: Send + Sync {
    /// Goes into the file; a reader without this packer refuses the segment by this number.
    fn id(&self) -> u32;

    /// Records in lsn order (gaps allowed), at most 2^18 of them and about 64 MiB of payload.
    fn pack(&self, records: &[PackRecord<'_>]) -> Vec<u8>;

    /// Hands the records over in lsn order. Never panics or over-allocates on hostile bytes.
    fn unpack(&self, block: &[u8], each: &mut dyn FnMut(PackRecord<'_>)) -> Result<(), PackFault>;
}

/// Why a block gives no records back: its bytes are damaged, or not what this packer writes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the block is damaged at byte {offset}: {what}")]
pub struct PackFault {
    /// What was found, or what was missing.
    pub what: String,
    /// Where in the block.
    pub offset: u64,
}
