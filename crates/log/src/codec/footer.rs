//! A sealed segment's footer: what it holds, where to start reading for an lsn or a time, and its place in the hash chain.

use super::bytes::{i64_at, is_sealed, put, take, u32_at, u64_at};

const MAGIC: [u8; 8] = *b"MLTFOOT\x01";
const FIXED_LEN: usize = 128;
const ENTRY_LEN: usize = 24;
/// The longest footer a reader takes into memory: the index of the largest segment and a large dictionary.
pub const FOOTER_LEN_MAX: usize = 16 << 20;

/// A place to start reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IndexEntry {
    /// First lsn of the frame.
    pub lsn: u64,
    /// Its commit time.
    pub commit_time: i64,
    /// Where it starts.
    pub offset: u32,
}

/// The footer of a sealed segment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Footer {
    /// End of the last frame, where the footer starts.
    pub offset: u32,
    /// Base lsn of the segment.
    pub base: u64,
    /// The lsn after its last record.
    pub next_lsn: u64,
    /// Records in it.
    pub count: u64,
    /// Commit time of its first frame.
    pub commit_time_first: i64,
    /// Commit time of its last frame.
    pub commit_time_last: i64,
    /// Hash over the previous seal and all records.
    pub seal: [u8; 32],
    /// The seal of the segment before.
    pub previous_seal: [u8; 32],
    /// Sparse, ordered.
    pub index: Vec<IndexEntry>,
    /// Records that explain names used in the segment.
    pub dictionary: Vec<u8>,
}

impl Footer {
    /// The footer's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let len = FIXED_LEN + self.index.len() * ENTRY_LEN + self.dictionary.len() + 4;
        assert!(len <= FOOTER_LEN_MAX, "the sealer bounds the dictionary");
        let mut block = vec![0; len];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &(len as u32).to_le_bytes());
        put(&mut block, 12, &self.offset.to_le_bytes());
        put(&mut block, 16, &self.base.to_le_bytes());
        put(&mut block, 24, &self.next_lsn.to_le_bytes());
        put(&mut block, 32, &self.count.to_le_bytes());
        put(&mut block, 40, &self.commit_time_first.to_le_bytes());
        put(&mut block, 48, &self.commit_time_last.to_le_bytes());
        put(&mut block, 56, &self.seal);
        put(&mut block, 88, &self.previous_seal);
        put(&mut block, 120, &(self.index.len() as u32).to_le_bytes());
        put(
            &mut block,
            124,
            &(self.dictionary.len() as u32).to_le_bytes(),
        );
        for (number, entry) in self.index.iter().enumerate() {
            let at = FIXED_LEN + number * ENTRY_LEN;
            put(&mut block, at, &entry.lsn.to_le_bytes());
            put(&mut block, at + 8, &entry.commit_time.to_le_bytes());
            put(&mut block, at + 16, &entry.offset.to_le_bytes());
        }
        put(
            &mut block,
            len - 4 - self.dictionary.len(),
            &self.dictionary,
        );
        super::bytes::seal(&mut block);
        block
    }

    /// The length a footer that starts with `head` claims; `None` when it is no footer.
    pub fn claimed_len(head: &[u8; 16]) -> Option<usize> {
        let len = u32_at(head, 8) as usize;
        (head[..8] == MAGIC && (FIXED_LEN + 4..=FOOTER_LEN_MAX).contains(&len)).then_some(len)
    }

    /// Reads a footer; `None` when it is torn, damaged or not there.
    pub fn decode(bytes: &[u8]) -> Option<Footer> {
        let len = Footer::claimed_len(bytes.first_chunk()?)?;
        let block = bytes.get(..len)?;
        let entries = (u32_at(block, 120) as usize).checked_mul(ENTRY_LEN)?;
        let dictionary = u32_at(block, 124) as usize;
        if !is_sealed(block) || FIXED_LEN + entries + dictionary + 4 != len {
            return None;
        }
        let index = block[FIXED_LEN..FIXED_LEN + entries].chunks_exact(ENTRY_LEN);
        Some(Footer {
            offset: u32_at(block, 12),
            base: u64_at(block, 16),
            next_lsn: u64_at(block, 24),
            count: u64_at(block, 32),
            commit_time_first: i64_at(block, 40),
            commit_time_last: i64_at(block, 48),
            seal: take(block, 56),
            previous_seal: take(block, 88),
            index: index.map(decode_entry).collect(),
            dictionary: block[FIXED_LEN + entries..len - 4].to_vec(),
        })
    }
}

fn decode_entry(entry: &[u8]) -> IndexEntry {
    IndexEntry {
        lsn: u64_at(entry, 0),
        commit_time: i64_at(entry, 8),
        offset: u32_at(entry, 16),
    }
}

#[test]
fn a_footer_reads_back_and_every_damaged_byte_is_noticed() {
    let footer = Footer {
        offset: 512,
        base: 7,
        next_lsn: 12,
        count: 5,
        commit_time_first: -1,
        commit_time_last: 8,
        seal: [1; 32],
        previous_seal: [2; 32],
        index: vec![IndexEntry {
            lsn: 7,
            commit_time: -1,
            offset: 256,
        }],
        dictionary: b"names".to_vec(),
    };
    let bytes = footer.encode();
    assert_eq!(Footer::decode(&bytes), Some(footer));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(Footer::decode(&damaged), None, "byte {at}");
    }
}
