//! Fixed-offset fields and varints over byte slices. Nothing here panics on what a disk can hold:
//! fixed blocks are arrays whose length the compiler knows, varints return `None`.

/// Reads `N` bytes of a block at a constant offset.
///
/// The offset is a constant of the format inside a block of known length, so a miss is a bug.
#[inline]
pub fn take<const N: usize>(block: &[u8], offset: usize) -> [u8; N] {
    *block[offset..]
        .first_chunk()
        .expect("the field lies inside the block")
}

/// Writes `bytes` into a block at a constant offset.
#[inline]
pub fn put(block: &mut [u8], offset: usize, bytes: &[u8]) {
    block[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// A little-endian u16 at a constant offset.
#[inline]
pub fn u16_at(block: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes(take(block, offset))
}

/// A little-endian u32 at a constant offset.
#[inline]
pub fn u32_at(block: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(take(block, offset))
}

/// A little-endian u64 at a constant offset.
#[inline]
pub fn u64_at(block: &[u8], offset: usize) -> u64 {
    u64::from_le_bytes(take(block, offset))
}

/// A little-endian i64 at a constant offset.
#[inline]
pub fn i64_at(block: &[u8], offset: usize) -> i64 {
    i64::from_le_bytes(take(block, offset))
}

/// Seals a block whose last four bytes are the crc of the rest.
pub fn seal(block: &mut [u8]) {
    let body = block.len() - 4;
    let crc = crc32fast::hash(&block[..body]);
    put(block, body, &crc.to_le_bytes());
}

/// Whether the last four bytes are the crc of the rest.
pub fn is_sealed(block: &[u8]) -> bool {
    block.len() > 4 && crc32fast::hash(&block[..block.len() - 4]) == u32_at(block, block.len() - 4)
}

/// Appends an LEB128 varint.
pub fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads an LEB128 varint off the front of `bytes`; `None` when it is cut off or longer than 64 bits.
pub fn split_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    if let [first, rest @ ..] = bytes
        && *first < 0x80
    {
        return Some((u64::from(*first), rest));
    }
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if index == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[test]
fn varints_read_back_and_overlong_ones_are_refused() {
    for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
        let mut bytes = Vec::new();
        push_varint(&mut bytes, value);
        bytes.push(0xff);
        assert_eq!(split_varint(&bytes), Some((value, &[0xff][..])));
    }
    assert_eq!(split_varint(&[0x80; 9]), None);
    assert_eq!(split_varint(&[0xff; 10]), None);
    assert_eq!(split_varint(&[]), None);
}
