//! A segment's header: who it is, and where the segment before it ended.

use super::bytes::{i64_at, is_sealed, put, seal, take, u32_at, u64_at};
use super::state::{ControlPointer, LSN_LIMIT, State};
use crate::ids::{EpochId, StoreId};
use crate::layout::{SEGMENT_HEADER_LEN, SEGMENT_LEN_MAX, SEGMENT_LEN_MIN};

const MAGIC: [u8; 8] = *b"MLTSEG\0\x01";

/// Where the previous segment ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PreviousEnd {
    /// Its base lsn, 0 when there is none.
    pub base: u64,
    /// The lsn after its last record.
    pub next_lsn: u64,
    /// End of its last frame.
    pub offset: u32,
    /// Crc of its last frame, or of its header.
    pub last_crc: u32,
}

/// The first 256 bytes of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHeader {
    /// The store it belongs to.
    pub store: StoreId,
    /// The epoch all its records belong to.
    pub epoch: EpochId,
    /// Counts segments from 1.
    pub ordinal: u64,
    /// The lsn of its first record.
    pub base: u64,
    /// The first lsn of the epoch.
    pub epoch_base: u64,
    /// Random; mixed into every crc.
    pub salt: u64,
    /// When it was made; no frame in it is older.
    pub created_ns: i64,
    /// Where the segment before it ended.
    pub previous: PreviousEnd,
    /// Allocated bytes.
    pub len: u32,
    /// The writer id the next opener gets.
    pub next_writer: u32,
    /// The last control frame before this segment.
    pub control: ControlPointer,
}

impl SegmentHeader {
    /// The header's bytes; the last four are its crc, with which the chain of frames starts.
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_LEN] {
        let mut block = [0; SEGMENT_HEADER_LEN];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &self.store.0);
        put(&mut block, 24, &self.epoch.0);
        put(&mut block, 40, &self.ordinal.to_le_bytes());
        put(&mut block, 48, &self.base.to_le_bytes());
        put(&mut block, 56, &self.epoch_base.to_le_bytes());
        put(&mut block, 64, &self.salt.to_le_bytes());
        put(&mut block, 72, &self.created_ns.to_le_bytes());
        put(&mut block, 80, &self.previous.base.to_le_bytes());
        put(&mut block, 88, &self.previous.next_lsn.to_le_bytes());
        put(&mut block, 96, &self.previous.offset.to_le_bytes());
        put(&mut block, 100, &self.previous.last_crc.to_le_bytes());
        put(&mut block, 104, &self.len.to_le_bytes());
        put(&mut block, 108, &self.next_writer.to_le_bytes());
        put(&mut block, 112, &self.control.base.to_le_bytes());
        put(&mut block, 120, &self.control.lsn.to_le_bytes());
        put(&mut block, 128, &self.control.offset.to_le_bytes());
        seal(&mut block);
        block
    }

    /// Reads a header; `None` when it is torn, damaged, of another version or has a field out of range.
    pub fn decode(bytes: &[u8]) -> Option<SegmentHeader> {
        let block = bytes.first_chunk::<SEGMENT_HEADER_LEN>()?;
        if block[..8] != MAGIC || !is_sealed(block) {
            return None;
        }
        let header = SegmentHeader {
            store: StoreId(take(block, 8)),
            epoch: EpochId(take(block, 24)),
            ordinal: u64_at(block, 40),
            base: u64_at(block, 48),
            epoch_base: u64_at(block, 56),
            salt: u64_at(block, 64),
            created_ns: i64_at(block, 72),
            previous: PreviousEnd {
                base: u64_at(block, 80),
                next_lsn: u64_at(block, 88),
                offset: u32_at(block, 96),
                last_crc: u32_at(block, 100),
            },
            len: u32_at(block, 104),
            next_writer: u32_at(block, 108),
            control: ControlPointer {
                base: u64_at(block, 112),
                lsn: u64_at(block, 120),
                offset: u32_at(block, 128),
            },
        };
        header.is_sound().then_some(header)
    }

    fn is_sound(&self) -> bool {
        (1..LSN_LIMIT).contains(&self.ordinal)
            && self.base < LSN_LIMIT
            && self.base >= self.epoch_base.max(1)
            && self.epoch_base > 0
            && self.base >= self.previous.next_lsn
            && self.previous.base < self.base
            && self.next_writer > 0
            && (SEGMENT_LEN_MIN..=SEGMENT_LEN_MAX).contains(&self.len)
    }

    /// The crc in the header's own bytes: the first frame's previous crc.
    pub fn crc(&self) -> u32 {
        u32_at(&self.encode(), SEGMENT_HEADER_LEN - 4)
    }

    /// The log's end when the segment holds no frame yet.
    pub fn empty_state(&self) -> State {
        State {
            ordinal: self.ordinal,
            base: self.base,
            next_lsn: self.base,
            commit_time: self.created_ns,
            control: self.control,
            offset: SEGMENT_HEADER_LEN as u32,
            last_crc: self.crc(),
            next_writer: self.next_writer,
        }
    }
}
