//! A packed segment's header behind the segment's own, its footer, and the facts of the batches that a block holds.
//!
//! Invariants of a footer that decodes: its blocks lie one behind the other without a gap, from the header to the
//! footer; their lsn ranges tile the segment, and the records kept and dropped are those that the segment had.

use super::bytes::{i64_at, is_sealed, put, seal, take, u32_at, u64_at};
use super::footer::{FOOTER_LEN_MAX, Footer, IndexEntry};
use super::state::{STATE_LEN, State};
use crate::layout::{PACK_HEADER_LEN, SEGMENT_HEADER_LEN};
use crate::pack::BLOCK_RECORDS_MAX;

const MAGIC: [u8; 8] = *b"MLTPACK\x01";
const FOOTER_MAGIC: [u8; 8] = *b"MLTPFOT\x01";
const FIXED_LEN: usize = 256;
const ENTRY_LEN: usize = 56;
const DROPPED_LEN: usize = 64;
/// The length of the footer once more, and the crc.
pub const FOOTER_END_LEN: usize = 8;
/// Where the first block starts.
pub const BLOCKS_START: u64 = (SEGMENT_HEADER_LEN + PACK_HEADER_LEN) as u64;

/// What a packed segment says about itself behind the segment's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackHeader {
    /// Counts the packed forms of a segment from 1.
    pub generation: u32,
    /// Who packed the blocks.
    pub packer: u32,
    /// When, ns since 1970.
    pub packed_ns: i64,
}

impl PackHeader {
    /// The header's bytes.
    pub fn encode(&self) -> [u8; PACK_HEADER_LEN] {
        let mut block = [0; PACK_HEADER_LEN];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &self.generation.to_le_bytes());
        put(&mut block, 12, &self.packer.to_le_bytes());
        put(&mut block, 16, &self.packed_ns.to_le_bytes());
        seal(&mut block);
        block
    }

    /// Reads a header; `None` when it is damaged or of another version.
    pub fn decode(bytes: &[u8]) -> Option<PackHeader> {
        let block = bytes.first_chunk::<PACK_HEADER_LEN>()?;
        (block[..8] == MAGIC && is_sealed(block)).then(|| PackHeader {
            generation: u32_at(block, 8),
            packer: u32_at(block, 12),
            packed_ns: i64_at(block, 16),
        })
    }
}

/// One block of a packed segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlockEntry {
    /// The first lsn it speaks of.
    pub first_lsn: u64,
    /// The lsn after the last it speaks of.
    pub next_lsn: u64,
    /// Commit time of its first record.
    pub commit_time_first: i64,
    /// Commit time of its last record.
    pub commit_time_last: i64,
    /// Where it starts.
    pub offset: u64,
    /// Bytes that the packer made.
    pub len: u32,
    /// Bytes of the facts behind them.
    pub facts_len: u32,
    /// Records in it.
    pub count: u32,
    /// Crc of the block and its facts.
    pub crc: u32,
}

impl BlockEntry {
    /// Where the next block, or the footer, starts.
    pub fn end(&self) -> u64 {
        self.offset + u64::from(self.len) + u64::from(self.facts_len)
    }
}

/// Records that one generation left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// The generation that left them out.
    pub generation: u32,
    /// The first of them.
    pub first_lsn: u64,
    /// The lsn after the last of them. Kept records may lie in between.
    pub next_lsn: u64,
    /// How many; 0 when they are still there and their payloads were written over.
    pub count: u64,
    /// Blake3 over them, as in a seal but without a previous one; over what they are now where they were written over.
    pub hash: [u8; 32],
}

/// The footer of a packed segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PackFooter {
    /// As in the header.
    pub header: PackHeader,
    /// The log's end behind the segment's last record, as the segment had it.
    pub end: State,
    /// Records that the segment had.
    pub count: u64,
    /// Commit time of the segment's first frame.
    pub commit_time_first: i64,
    /// Hash over the previous seal and all records that the segment had.
    pub seal: [u8; 32],
    /// The seal of the segment before.
    pub previous_seal: [u8; 32],
    /// Blake3 over all bytes before the footer.
    pub root: [u8; 32],
    /// Lsn of the newest record that let others be dropped, 0 for none.
    pub floor: u64,
    /// Bytes that the segment's file had.
    pub original_len: u64,
    /// In order.
    pub blocks: Vec<BlockEntry>,
    /// Oldest generation first.
    pub dropped: Vec<Dropped>,
    /// Records that explain names used in the segment.
    pub dictionary: Vec<u8>,
}

impl PackFooter {
    /// The footer's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let entries = self.blocks.len() * ENTRY_LEN + self.dropped.len() * DROPPED_LEN;
        let len = FIXED_LEN + entries + self.dictionary.len() + FOOTER_END_LEN;
        assert!(len <= FOOTER_LEN_MAX, "the dictionary is bounded");
        let mut block = vec![0; FIXED_LEN];
        put(&mut block, 0, &FOOTER_MAGIC);
        put(&mut block, 8, &(len as u32).to_le_bytes());
        put(&mut block, 12, &self.header.generation.to_le_bytes());
        put(&mut block, 16, &self.header.packer.to_le_bytes());
        put(&mut block, 20, &(self.blocks.len() as u32).to_le_bytes());
        put(&mut block, 24, &(self.dropped.len() as u32).to_le_bytes());
        let dictionary_len = self.dictionary.len() as u32;
        put(&mut block, 28, &dictionary_len.to_le_bytes());
        put(&mut block, 32, &self.end.encode());
        put(&mut block, 96, &self.count.to_le_bytes());
        put(&mut block, 104, &self.header.packed_ns.to_le_bytes());
        put(&mut block, 112, &self.commit_time_first.to_le_bytes());
        put(&mut block, 120, &self.floor.to_le_bytes());
        put(&mut block, 128, &self.seal);
        put(&mut block, 160, &self.previous_seal);
        put(&mut block, 192, &self.root);
        put(&mut block, 224, &self.original_len.to_le_bytes());
        for entry in &self.blocks {
            push_block(&mut block, entry);
        }
        for dropped in &self.dropped {
            push_dropped(&mut block, dropped);
        }
        block.extend_from_slice(&self.dictionary);
        block.extend_from_slice(&(len as u32).to_le_bytes());
        block.extend_from_slice(&[0; 4]);
        seal(&mut block);
        block
    }

    /// The length that a footer which ends like this claims.
    pub fn claimed_len(end: [u8; FOOTER_END_LEN]) -> Option<usize> {
        let len = u32_at(&end, 0) as usize;
        (FIXED_LEN + FOOTER_END_LEN..=FOOTER_LEN_MAX)
            .contains(&len)
            .then_some(len)
    }

    /// Reads a footer that starts at `offset` of its file; `None` when it is damaged or says what cannot be.
    pub fn decode(block: &[u8], offset: u64) -> Option<PackFooter> {
        if block.len() < FIXED_LEN + FOOTER_END_LEN || block[..8] != FOOTER_MAGIC {
            return None;
        }
        let blocks_len = (u32_at(block, 20) as usize).checked_mul(ENTRY_LEN)?;
        let dropped_len = (u32_at(block, 24) as usize).checked_mul(DROPPED_LEN)?;
        let dictionary_len = u32_at(block, 28) as usize;
        let variable_len = blocks_len.checked_add(dropped_len)? + dictionary_len;
        let len = FIXED_LEN + variable_len + FOOTER_END_LEN;
        let is_whole = len == block.len() && u32_at(block, 8) as usize == len && is_sealed(block);
        if !is_whole {
            return None;
        }
        let (entries, rest) = block[FIXED_LEN..].split_at_checked(blocks_len)?;
        let (dropped, rest) = rest.split_at_checked(dropped_len)?;
        let footer = PackFooter {
            header: PackHeader {
                generation: u32_at(block, 12),
                packer: u32_at(block, 16),
                packed_ns: i64_at(block, 104),
            },
            end: State::decode(&take::<STATE_LEN>(block, 32))?,
            count: u64_at(block, 96),
            commit_time_first: i64_at(block, 112),
            floor: u64_at(block, 120),
            seal: take(block, 128),
            previous_seal: take(block, 160),
            root: take(block, 192),
            original_len: u64_at(block, 224),
            blocks: entries.chunks_exact(ENTRY_LEN).map(block_entry).collect(),
            dropped: dropped
                .chunks_exact(DROPPED_LEN)
                .map(dropped_entry)
                .collect(),
            dictionary: rest[..dictionary_len].to_vec(),
        };
        footer.is_sound(offset).then_some(footer)
    }

    /// The records that are left.
    pub fn kept_count(&self) -> u64 {
        self.blocks.iter().map(|block| u64::from(block.count)).sum()
    }

    fn is_sound(&self, offset: u64) -> bool {
        let (mut at, mut lsn) = (BLOCKS_START, self.end.base);
        for block in &self.blocks {
            let lsns = block.next_lsn.saturating_sub(block.first_lsn);
            let is_next = block.offset == at && block.first_lsn == lsn;
            let is_filled = block.count > 0 && u64::from(block.count) <= lsns;
            if !is_next || !is_filled || block.count as usize > BLOCK_RECORDS_MAX {
                return false;
            }
            (at, lsn) = (block.end(), block.next_lsn);
        }
        let dropped = self
            .dropped
            .iter()
            .try_fold(0u64, |sum, dropped| sum.checked_add(dropped.count));
        at == offset
            && (lsn == self.end.next_lsn || self.blocks.is_empty())
            && self.count == self.end.next_lsn - self.end.base
            && dropped.and_then(|dropped| dropped.checked_add(self.kept_count()))
                == Some(self.count)
    }

    /// The same as the footer of a segment that is not packed. Its index leads to lsns and not to offsets.
    pub fn footer(&self) -> Footer {
        let index = self.blocks.iter().map(|block| IndexEntry {
            lsn: block.first_lsn,
            commit_time: block.commit_time_first,
            offset: 0,
        });
        Footer {
            offset: self.end.offset,
            base: self.end.base,
            next_lsn: self.end.next_lsn,
            count: self.count,
            commit_time_first: self.commit_time_first,
            commit_time_last: self.end.commit_time,
            seal: self.seal,
            previous_seal: self.previous_seal,
            index: index.collect(),
            dictionary: self.dictionary.clone(),
        }
    }
}

fn push_block(out: &mut Vec<u8>, entry: &BlockEntry) {
    out.extend_from_slice(&entry.first_lsn.to_le_bytes());
    out.extend_from_slice(&entry.next_lsn.to_le_bytes());
    out.extend_from_slice(&entry.commit_time_first.to_le_bytes());
    out.extend_from_slice(&entry.commit_time_last.to_le_bytes());
    out.extend_from_slice(&entry.offset.to_le_bytes());
    out.extend_from_slice(&entry.len.to_le_bytes());
    out.extend_from_slice(&entry.facts_len.to_le_bytes());
    out.extend_from_slice(&entry.count.to_le_bytes());
    out.extend_from_slice(&entry.crc.to_le_bytes());
}

fn block_entry(entry: &[u8]) -> BlockEntry {
    BlockEntry {
        first_lsn: u64_at(entry, 0),
        next_lsn: u64_at(entry, 8),
        commit_time_first: i64_at(entry, 16),
        commit_time_last: i64_at(entry, 24),
        // Beyond every file, and far below where adding lengths would overflow.
        offset: u64_at(entry, 32).min(1 << 62),
        len: u32_at(entry, 40),
        facts_len: u32_at(entry, 44),
        count: u32_at(entry, 48),
        crc: u32_at(entry, 52),
    }
}

fn push_dropped(out: &mut Vec<u8>, dropped: &Dropped) {
    out.extend_from_slice(&dropped.generation.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&dropped.first_lsn.to_le_bytes());
    out.extend_from_slice(&dropped.next_lsn.to_le_bytes());
    out.extend_from_slice(&dropped.count.to_le_bytes());
    out.extend_from_slice(&dropped.hash);
}

fn dropped_entry(entry: &[u8]) -> Dropped {
    Dropped {
        generation: u32_at(entry, 0),
        first_lsn: u64_at(entry, 8),
        next_lsn: u64_at(entry, 16),
        count: u64_at(entry, 24),
        hash: take(entry, 32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> PackFooter {
        let block = |first_lsn, next_lsn, offset| BlockEntry {
            first_lsn,
            next_lsn,
            commit_time_first: -1,
            commit_time_last: 3,
            offset,
            len: 40,
            facts_len: 6,
            count: 4,
            crc: 9,
        };
        PackFooter {
            header: PackHeader {
                generation: 2,
                packer: 7,
                packed_ns: -5,
            },
            end: State {
                ordinal: 3,
                base: 10,
                next_lsn: 20,
                commit_time: 3,
                offset: 512,
                last_crc: 1,
                next_writer: 2,
                ..State::default()
            },
            count: 10,
            commit_time_first: -1,
            seal: [1; 32],
            previous_seal: [2; 32],
            root: [3; 32],
            floor: 99,
            original_len: 4096,
            blocks: vec![block(10, 15, 320), block(15, 20, 366)],
            dropped: vec![Dropped {
                generation: 2,
                first_lsn: 12,
                next_lsn: 20,
                count: 2,
                hash: [4; 32],
            }],
            dictionary: b"names".to_vec(),
        }
    }

    #[test]
    fn a_footer_reads_back_and_every_damaged_byte_is_noticed() {
        let bytes = sample().encode();
        assert_eq!(PackFooter::decode(&bytes, 412), Some(sample()));
        assert_eq!(
            PackFooter::decode(&bytes, 413),
            None,
            "not behind its blocks"
        );
        let end = *bytes.last_chunk().expect("it has an end");
        assert_eq!(PackFooter::claimed_len(end), Some(bytes.len()));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(PackFooter::decode(&damaged, 412), None, "byte {at}");
            assert_eq!(PackFooter::decode(&bytes[..at], 412), None, "cut to {at}");
        }
    }

    #[test]
    fn a_footer_whose_records_do_not_add_up_is_refused() {
        let refused = |change: fn(&mut PackFooter)| {
            let mut footer = sample();
            change(&mut footer);
            PackFooter::decode(&footer.encode(), 412).is_none()
        };
        assert!(!refused(|_| {}));
        assert!(refused(|footer| footer.dropped[0].count = 3));
        assert!(refused(|footer| footer.dropped[0].count = u64::MAX));
        assert!(refused(|footer| footer.blocks[1].first_lsn = 16));
        assert!(refused(|footer| footer.blocks[0].count = 6));
        assert!(refused(|footer| footer.blocks[1].next_lsn = 21));
        assert!(refused(|footer| footer.blocks[1].offset = u64::MAX));
        assert!(refused(|footer| footer.count = 11));
    }

    #[test]
    fn a_header_reads_back_and_every_damaged_byte_is_noticed() {
        let header = sample().header;
        let bytes = header.encode();
        assert_eq!(PackHeader::decode(&bytes), Some(header));
        for at in 0..bytes.len() {
            let mut damaged = bytes;
            damaged[at] ^= 0x10;
            assert_eq!(PackHeader::decode(&damaged), None, "byte {at}");
        }
    }
}
