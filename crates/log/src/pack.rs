//! The door between the log and whoever knows what records mean: records in, fewer bytes out, and back exactly.
//!
//! Invariant: `unpack(pack(records))` gives the same records, bit for bit and in the same order; the log checks that
//! before it trusts a packed segment, and never hands a block to another packer than the one whose number it carries.

pub(crate) mod batches;
mod plain;

use std::fmt;

pub use plain::PlainPacker;

use crate::ids::{Lsn, WriterId};
use crate::layout::FRAME_LEN_MAX;

/// The most records that one block holds.
pub const BLOCK_RECORDS_MAX: usize = 1 << 18;
/// The most bytes of records that one block holds. Batches are never split over blocks; each fits in one.
pub const BLOCK_LEN_MAX: usize = 32 << 20;

const _: () = assert!(FRAME_LEN_MAX < BLOCK_LEN_MAX);

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

impl fmt::Debug for dyn Packer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Packer({:#x})", self.id())
    }
}

/// Why a block cannot be unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} at byte {offset} of the block")]
pub struct PackFault {
    /// What is wrong.
    pub what: &'static str,
    /// Where in the block.
    pub offset: u64,
}
