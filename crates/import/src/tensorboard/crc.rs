//! The checksum of records: crc32c, turned so that a file of checksums does not look like one.
//!
//! Invariant: short and long inputs have the same checksum, whichever way it is computed.

use crc_fast::{CrcAlgorithm, checksum};

/// From here on it pays to ask what the processor can do.
const LONG_LEN: usize = 256;
const POLYNOMIAL: u32 = 0x82f6_3b78;
/// `TABLES[n][byte]` is the checksum of a byte with `n` zero bytes behind it.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ POLYNOMIAL
            } else {
                crc >> 1
            };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut at = 1;
    while at < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[at - 1][byte];
            tables[at][byte] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        at += 1;
    }
    tables
}

/// The checksum as it stands in a file.
#[inline]
pub(crate) fn masked_crc(bytes: &[u8]) -> u32 {
    let crc = if bytes.len() < LONG_LEN {
        short(bytes)
    } else {
        checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32
    };
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Eight bytes at a time by tables: most records have forty, for which nothing is quicker that needs no care.
#[inline]
fn short(bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut crc = u32::MAX;
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        let part = |at: u32| TABLES[7 - at as usize][(word >> (8 * at) & 0xff) as usize];
        crc = part(0) ^ part(1) ^ part(2) ^ part(3) ^ part(4) ^ part(5) ^ part(6) ^ part(7);
    }
    for byte in rest {
        crc = crc >> 8 ^ TABLES[0][((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_format() {
        // Of the length 24, as it stands at the beginning of files that TensorFlow writes.
        let masked = masked_crc(&24_u64.to_le_bytes()).to_le_bytes();
        assert_eq!(masked, [0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(short(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn both_ways_give_the_same() {
        let bytes: Vec<u8> = (0..1000_u32).map(|at| ((at * 7919) >> 3) as u8).collect();
        for len in (0..64).chain([255, 256, 257, 1000]) {
            let long = checksum(CrcAlgorithm::Crc32Iscsi, &bytes[..len]) as u32;
            assert_eq!(short(&bytes[..len]), long, "{len}");
        }
    }
}
