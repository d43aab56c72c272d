//! The tail of the log as one block (a state slot of ctl, and the position in a checkpoint), and the published word.
//!
//! Invariants: `base <= next_lsn`; `offset` is a multiple of 8 and at least the segment header's length.

use super::bytes::{i64_at, put, u32_at, u64_at};
use crate::layout::{FRAME_ALIGN, SEGMENT_HEADER_LEN, SEGMENT_LEN_MAX};

/// Bytes of a state without its crc and reserved field.
pub const STATE_LEN: usize = 64;
/// Bytes of a state slot in ctl.
pub const SLOT_LEN: usize = 72;

const OFFSET_BITS: u32 = 24;
const ORDINAL_BITS: u32 = 23;
const SLOT_BIT: u32 = OFFSET_BITS + ORDINAL_BITS;
const CHECK_BIT: u32 = SLOT_BIT + 1;

/// No log gets that far, so numbers read below it can be counted on from without an overflow.
pub const LSN_LIMIT: u64 = 1 << 62;

/// Where a control frame lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ControlPointer {
    /// Base lsn of its segment; 0 when there is no control frame yet.
    pub base: u64,
    /// Its first lsn.
    pub lsn: u64,
    /// Its offset in the segment.
    pub offset: u32,
}

/// Everything an appender must know about the log's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Ordinal of the active segment, from 1.
    pub ordinal: u64,
    /// Its base lsn.
    pub base: u64,
    /// The lsn the next record gets.
    pub next_lsn: u64,
    /// Commit time of the last frame.
    pub commit_time: i64,
    /// The last control frame.
    pub control: ControlPointer,
    /// End of the last frame.
    pub offset: u32,
    /// Crc of the last frame, or of the segment header.
    pub last_crc: u32,
    /// The writer id the next opener gets.
    pub next_writer: u32,
}

impl State {
    /// The 64 bytes that checkpoints and slots share.
    pub fn encode(&self) -> [u8; STATE_LEN] {
        let mut block = [0; STATE_LEN];
        put(&mut block, 0, &self.ordinal.to_le_bytes());
        put(&mut block, 8, &self.base.to_le_bytes());
        put(&mut block, 16, &self.next_lsn.to_le_bytes());
        put(&mut block, 24, &self.commit_time.to_le_bytes());
        put(&mut block, 32, &self.control.base.to_le_bytes());
        put(&mut block, 40, &self.control.lsn.to_le_bytes());
        put(&mut block, 48, &self.control.offset.to_le_bytes());
        put(&mut block, 52, &self.offset.to_le_bytes());
        put(&mut block, 56, &self.last_crc.to_le_bytes());
        put(&mut block, 60, &self.next_writer.to_le_bytes());
        block
    }

    /// Reads a state; `None` when a field is out of its range.
    pub fn decode(block: &[u8; STATE_LEN]) -> Option<State> {
        let state = State {
            ordinal: u64_at(block, 0),
            base: u64_at(block, 8),
            next_lsn: u64_at(block, 16),
            commit_time: i64_at(block, 24),
            control: ControlPointer {
                base: u64_at(block, 32),
                lsn: u64_at(block, 40),
                offset: u32_at(block, 48),
            },
            offset: u32_at(block, 52),
            last_crc: u32_at(block, 56),
            next_writer: u32_at(block, 60),
        };
        state.is_sound().then_some(state)
    }

    fn is_sound(&self) -> bool {
        (1..=self.next_lsn).contains(&self.base)
            && self.next_lsn < LSN_LIMIT
            && (1..LSN_LIMIT).contains(&self.ordinal)
            && self.next_writer > 0
            && (self.offset as usize).is_multiple_of(FRAME_ALIGN)
            && (SEGMENT_HEADER_LEN as u32..=SEGMENT_LEN_MAX).contains(&self.offset)
    }

    /// The 72 bytes of a slot: the state, four reserved bytes, a crc.
    pub fn encode_slot(&self) -> [u8; SLOT_LEN] {
        let mut block = [0; SLOT_LEN];
        put(&mut block, 0, &self.encode());
        let crc = crc32fast::hash(&block[..SLOT_LEN - 4]);
        put(&mut block, SLOT_LEN - 4, &crc.to_le_bytes());
        block
    }

    /// Reads a slot; `None` when its crc or a field is wrong.
    pub fn decode_slot(block: &[u8; SLOT_LEN]) -> Option<State> {
        let crc = crc32fast::hash(&block[..SLOT_LEN - 4]);
        (crc == u32_at(block, SLOT_LEN - 4)).then(|| State::decode(block.first_chunk()?))?
    }
}

/// The word that publishes a batch, decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// End of the last visible frame.
    pub offset: u32,
    /// Low bits of the active segment's ordinal.
    pub ordinal_low: u32,
    /// The state slot that belongs to the word, 0 or 1.
    pub slot: usize,
}

impl Published {
    /// The word for `state` in `slot`.
    pub fn of(state: &State, slot: usize) -> Published {
        Published {
            offset: state.offset,
            ordinal_low: ordinal_low(state.ordinal),
            slot,
        }
    }

    /// Packs the word and adds its check.
    pub fn encode(self, salt: u64) -> u64 {
        let word = (u64::from(self.offset) / FRAME_ALIGN as u64)
            | (u64::from(self.ordinal_low) << OFFSET_BITS)
            | ((self.slot as u64) << SLOT_BIT);
        word | (u64::from(check(word, salt)) << CHECK_BIT)
    }

    /// Unpacks the word; `None` when its check is wrong, which a flipped bit makes it.
    pub fn decode(word: u64, salt: u64) -> Option<Published> {
        let low = word & ((1 << CHECK_BIT) - 1);
        (u64::from(check(low, salt)) == word >> CHECK_BIT).then_some(Published {
            offset: ((low & ((1 << OFFSET_BITS) - 1)) * FRAME_ALIGN as u64) as u32,
            ordinal_low: (low >> OFFSET_BITS) as u32 & ((1 << ORDINAL_BITS) - 1),
            slot: (low >> SLOT_BIT) as usize & 1,
        })
    }

    /// Whether this word and `state` speak of the same position.
    pub fn matches(self, state: &State) -> bool {
        self.offset == state.offset && self.ordinal_low == ordinal_low(state.ordinal)
    }
}

fn ordinal_low(ordinal: u64) -> u32 {
    ordinal as u32 & ((1 << ORDINAL_BITS) - 1)
}

fn check(word: u64, salt: u64) -> u16 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&salt.to_le_bytes());
    bytes[8..].copy_from_slice(&word.to_le_bytes());
    let crc = crc32fast::hash(&bytes);
    (crc ^ (crc >> 16)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> State {
        State {
            ordinal: 3,
            base: 70,
            next_lsn: 99,
            commit_time: -1,
            control: ControlPointer {
                base: 1,
                lsn: 4,
                offset: 256,
            },
            offset: 4096,
            last_crc: 0xdead_beef,
            next_writer: 5,
        }
    }

    #[test]
    fn every_flipped_bit_of_a_slot_or_word_is_noticed() {
        let block = sample().encode_slot();
        assert_eq!(State::decode_slot(&block), Some(sample()));
        for bit in 0..SLOT_LEN * 8 {
            let mut damaged = block;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(State::decode_slot(&damaged), None, "bit {bit}");
        }
        let published = Published::of(&sample(), 1);
        let word = published.encode(77);
        assert_eq!(Published::decode(word, 77), Some(published));
        for bit in 0..64 {
            assert_eq!(Published::decode(word ^ (1 << bit), 77), None, "bit {bit}");
        }
    }

    #[test]
    fn an_offset_outside_any_segment_is_no_state() {
        for offset in [0, 255, 257, SEGMENT_LEN_MAX + 8] {
            assert_eq!(State::decode(&State { offset, ..sample() }.encode()), None);
        }
    }
}
