//! FORMAT: what the folder is, and which features an opener must know.

use super::bytes::{i64_at, is_sealed, put, seal, take, u16_at, u32_at};
use crate::ids::StoreId;
use crate::layout::{FEATURES_KNOWN, FORMAT_LEN, SEGMENT_LEN_MAX, SEGMENT_LEN_MIN};

const MAGIC: [u8; 8] = *b"MLTRACK\0";
/// The major version this program writes and reads.
pub const MAJOR_VERSION: u16 = 1;

/// The content of FORMAT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    /// Minor version: says nothing that the bits do not say.
    pub minor: u16,
    /// Feature bits an opener may ignore.
    pub compatible: u32,
    /// Feature bits an opener must know to write.
    pub read_only_compatible: u32,
    /// Feature bits an opener must know at all.
    pub incompatible: u32,
    /// The store's identity.
    pub store: StoreId,
    /// Fixed segment size in bytes, or 0 when segments grow.
    pub segment_len: u32,
    /// When the store was made, ns since 1970.
    pub created_ns: i64,
}

/// Why a folder's FORMAT is not one this program can use.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FormatError {
    /// Some other program's folder.
    #[error("FORMAT does not start as a mltrack store's does")]
    Foreign,
    /// The bytes changed since they were written.
    #[error("FORMAT is damaged: its crc is wrong")]
    Damaged,
    /// The crc is right and the segment size is none that the format allows.
    #[error(
        "FORMAT says that segments have {0} bytes, which is no power of two from 4096 to 67108864"
    )]
    SegmentLen(u32),
    /// Written by a newer program.
    #[error("the store has format version {0}, this program knows {MAJOR_VERSION}")]
    NewerVersion(u16),
    /// Written by a newer program that uses a feature this one lacks.
    #[error("the store needs feature {}, which this program does not know", bit_numbers(*.0))]
    UnknownFeature(u32),
}

/// Whether a store can have segments of this size: 0 lets them grow.
pub fn is_segment_len(len: u32) -> bool {
    let is_allowed = (SEGMENT_LEN_MIN..=SEGMENT_LEN_MAX).contains(&len);
    len == 0 || len.is_power_of_two() && is_allowed
}

/// The numbers of the bits that are set, as the format's version rules name them.
fn bit_numbers(bits: u32) -> String {
    let numbers = (0..u32::BITS).filter(|bit| bits & (1 << bit) != 0);
    numbers
        .map(|bit| format!("bit {bit}"))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Format {
    /// The 64 bytes of FORMAT.
    pub fn encode(&self) -> [u8; FORMAT_LEN] {
        let mut block = [0; FORMAT_LEN];
        put(&mut block, 0, &MAGIC);
        put(&mut block, 8, &MAJOR_VERSION.to_le_bytes());
        put(&mut block, 10, &self.minor.to_le_bytes());
        put(&mut block, 12, &self.compatible.to_le_bytes());
        put(&mut block, 16, &self.read_only_compatible.to_le_bytes());
        put(&mut block, 20, &self.incompatible.to_le_bytes());
        put(&mut block, 24, &self.store.0);
        put(&mut block, 40, &self.segment_len.to_le_bytes());
        put(&mut block, 48, &self.created_ns.to_le_bytes());
        seal(&mut block);
        block
    }

    /// Reads FORMAT and refuses what this program does not understand.
    pub fn decode(bytes: &[u8]) -> Result<Format, FormatError> {
        let Some(block) = bytes.first_chunk::<FORMAT_LEN>() else {
            return Err(FormatError::Foreign);
        };
        if block[..8] != MAGIC {
            return Err(FormatError::Foreign);
        }
        if !is_sealed(block) {
            return Err(FormatError::Damaged);
        }
        match u16_at(block, 8) {
            MAJOR_VERSION => {}
            version => return Err(FormatError::NewerVersion(version)),
        }
        let format = Format {
            minor: u16_at(block, 10),
            compatible: u32_at(block, 12),
            read_only_compatible: u32_at(block, 16),
            incompatible: u32_at(block, 20),
            store: StoreId(take(block, 24)),
            segment_len: u32_at(block, 40),
            created_ns: i64_at(block, 48),
        };
        let unknown = format.incompatible & !FEATURES_KNOWN;
        if unknown != 0 {
            return Err(FormatError::UnknownFeature(unknown));
        }
        if !is_segment_len(format.segment_len) {
            return Err(FormatError::SegmentLen(format.segment_len));
        }
        Ok(format)
    }
}

#[test]
fn a_newer_or_foreign_store_is_refused_by_name() {
    let format = Format {
        minor: 0,
        compatible: 0x10,
        read_only_compatible: 0,
        incompatible: 0,
        store: StoreId([7; 16]),
        segment_len: 4096,
        created_ns: -5,
    };
    assert_eq!(Format::decode(&format.encode()), Ok(format));
    let packed = Format {
        incompatible: FEATURES_KNOWN,
        ..format
    };
    assert_eq!(Format::decode(&packed.encode()), Ok(packed));
    let newer = Format {
        incompatible: FEATURES_KNOWN | 4,
        ..format
    };
    assert_eq!(
        Format::decode(&newer.encode()),
        Err(FormatError::UnknownFeature(4))
    );
    let odd = Format {
        segment_len: 5000,
        ..format
    };
    assert_eq!(
        Format::decode(&odd.encode()),
        Err(FormatError::SegmentLen(5000))
    );
    assert_eq!(Format::decode(b"hello"), Err(FormatError::Foreign));
    let mut block = format.encode();
    put(&mut block, 8, &2u16.to_le_bytes());
    seal(&mut block);
    assert_eq!(Format::decode(&block), Err(FormatError::NewerVersion(2)));
    block[30] ^= 1;
    assert_eq!(Format::decode(&block), Err(FormatError::Damaged));
}
