//! MANIFEST-n: which parts of sealed segments were quarantined. Only replacements are written down; an absent manifest is an empty one.

use super::bytes::{i64_at, is_sealed, put, seal, take, u32_at, u64_at};
use crate::ids::StoreId;

const MAGIC: [u8; 8] = *b"MLTMANI\x01";
const FIXED_LEN: usize = 40;
const ENTRY_LEN: usize = 48;
const KIND_QUARANTINED: u32 = 1;
/// More damage than this is no longer a store.
const ENTRY_COUNT_MAX: usize = 1 << 20;

/// A damaged range that readers skip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quarantine {
    /// Base lsn of the segment.
    pub base: u64,
    /// The first lsn that is lost.
    pub first_lsn: u64,
    /// The lsn of the first record behind the damage.
    pub end_lsn: u64,
    /// Where the damage starts.
    pub offset: u32,
    /// Where the first whole frame behind it starts.
    pub end_offset: u32,
    /// When it was recorded, ns since 1970.
    pub time_ns: i64,
}

/// The content of a manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The store.
    pub store: StoreId,
    /// Its number; the highest counts.
    pub number: u64,
    /// Ordered by base and offset.
    pub quarantined: Vec<Quarantine>,
}

impl Manifest {
    /// The file name of manifest `number`.
    pub fn name(number: u64) -> String {
        format!("MANIFEST-{number}")
    }

    /// The number in a manifest's file name.
    pub fn number_in(name: &str) -> Option<u64> {
        name.strip_prefix("MANIFEST-")?.parse().ok()
    }

    /// The manifest's bytes.
    pub fn encode(&self) -> Vec<u8> {
        assert!(
            self.quarantined.len() <= ENTRY_COUNT_MAX,
            "repair refuses to write more"
        );
        let mut block = vec![0; FIXED_LEN + self.quarantined.len() * ENTRY_LEN + 4];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &self.store.0);
        put(&mut block, 24, &self.number.to_le_bytes());
        put(
            &mut block,
            32,
            &(self.quarantined.len() as u32).to_le_bytes(),
        );
        for (number, entry) in self.quarantined.iter().enumerate() {
            let at = FIXED_LEN + number * ENTRY_LEN;
            put(&mut block, at, &KIND_QUARANTINED.to_le_bytes());
            put(&mut block, at + 8, &entry.base.to_le_bytes());
            put(&mut block, at + 16, &entry.first_lsn.to_le_bytes());
            put(&mut block, at + 24, &entry.end_lsn.to_le_bytes());
            put(&mut block, at + 32, &entry.offset.to_le_bytes());
            put(&mut block, at + 36, &entry.end_offset.to_le_bytes());
            put(&mut block, at + 40, &entry.time_ns.to_le_bytes());
        }
        seal(&mut block);
        block
    }

    /// Reads a manifest; `None` when it is torn, damaged or has an entry this version does not know.
    pub fn decode(bytes: &[u8]) -> Option<Manifest> {
        if bytes.len() < FIXED_LEN + 4 || bytes[..8] != MAGIC || !is_sealed(bytes) {
            return None;
        }
        let count = u32_at(bytes, 32) as usize;
        if count > ENTRY_COUNT_MAX || bytes.len() != FIXED_LEN + count * ENTRY_LEN + 4 {
            return None;
        }
        let entries = bytes[FIXED_LEN..bytes.len() - 4].chunks_exact(ENTRY_LEN);
        Some(Manifest {
            store: StoreId(take(bytes, 8)),
            number: u64_at(bytes, 24),
            quarantined: entries.map(decode_entry).collect::<Option<_>>()?,
        })
    }
}

fn decode_entry(entry: &[u8]) -> Option<Quarantine> {
    let quarantine = Quarantine {
        base: u64_at(entry, 8),
        first_lsn: u64_at(entry, 16),
        end_lsn: u64_at(entry, 24),
        offset: u32_at(entry, 32),
        end_offset: u32_at(entry, 36),
        time_ns: i64_at(entry, 40),
    };
    let is_sound = u32_at(entry, 0) == KIND_QUARANTINED
        && quarantine.first_lsn <= quarantine.end_lsn
        && quarantine.offset < quarantine.end_offset;
    is_sound.then_some(quarantine)
}

#[test]
fn a_manifest_reads_back_and_an_unknown_entry_is_refused() {
    let manifest = Manifest {
        store: StoreId([3; 16]),
        number: 2,
        quarantined: vec![Quarantine {
            base: 1,
            first_lsn: 4,
            end_lsn: 6,
            offset: 320,
            end_offset: 384,
            time_ns: 0,
        }],
    };
    let mut bytes = manifest.encode();
    assert_eq!(Manifest::decode(&bytes).as_ref(), Some(&manifest));
    assert_eq!(Manifest::number_in(&Manifest::name(2)), Some(2));
    bytes[FIXED_LEN] = 9;
    assert_eq!(Manifest::decode(&bytes), None, "the crc is wrong");
    seal(&mut bytes);
    assert_eq!(Manifest::decode(&bytes), None, "the kind is unknown");
}
