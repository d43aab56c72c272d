//! Varints and fixed-width numbers, written to a vector and read from a slice that may lie.
//!
//! Invariants: a [`Cursor`] never reads past its end and names the byte of the block where reading failed; a varint is
//! at most 10 bytes, LEB128, and must fit into 64 bits.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

use super::fault::{BlockFault, damaged};

pub(super) fn push_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn push_zigzag(value: i64, out: &mut Vec<u8>) {
    push_varint(zigzag(value), out);
}

/// Signed to unsigned, so that small negative numbers are short too.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Bytes of a block that are read from front to back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// Where in the block `rest` begins.
    offset: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], offset: u64) -> Cursor<'a> {
        Cursor {
            rest: bytes,
            offset,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> BlockFault {
        damaged(self.offset, what)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], BlockFault> {
        let Some((head, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.fault(format!("{len} bytes expected, {} are left", self.len())));
        };
        self.rest = rest;
        self.offset += len as u64;
        Ok(head)
    }

    /// Everything that is left.
    pub(super) fn take_rest(&mut self) -> &'a [u8] {
        let rest = std::mem::take(&mut self.rest);
        self.offset += rest.len() as u64;
        rest
    }

    /// The part of the next `len` bytes as a cursor of its own.
    pub(super) fn split(&mut self, len: usize) -> Result<Cursor<'a>, BlockFault> {
        let offset = self.offset;
        Ok(Cursor::new(self.take(len)?, offset))
    }

    pub(super) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN], BlockFault> {
        let mut array = [0; LEN];
        array.copy_from_slice(self.take(LEN)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, BlockFault> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, BlockFault> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, BlockFault> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn varint(&mut self) -> Result<u64, BlockFault> {
        let start = *self;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(start.fault("a number does not fit into 64 bits"))
    }

    pub(super) fn zigzag(&mut self) -> Result<i64, BlockFault> {
        self.varint().map(unzigzag)
    }

    /// A count or length that must not be above `max`.
    pub(super) fn count(&mut self, max: usize, what: &str) -> Result<usize, BlockFault> {
        let start = *self;
        let value = self.varint()?;
        match usize::try_from(value) {
            Ok(count) if count <= max => Ok(count),
            _ => Err(start.fault(format!("{value} {what}, at most {max} are possible"))),
        }
    }

    pub(super) fn finish(&self) -> Result<(), BlockFault> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.fault(format!("{} bytes are left over", self.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back() {
        let mut bytes = Vec::new();
        let values = [0, 1, 127, 128, 300, 1 << 32, u64::MAX - 1, u64::MAX];
        for value in values {
            push_varint(value, &mut bytes);
            push_zigzag(value as i64, &mut bytes);
        }
        let mut cursor = Cursor::new(&bytes, 0);
        for value in values {
            assert_eq!(cursor.varint().unwrap(), value);
            assert_eq!(cursor.zigzag().unwrap(), value as i64);
        }
        cursor.finish().unwrap();
    }

    #[test]
    fn a_number_of_more_than_64_bits_is_refused_where_it_starts() {
        let bytes = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        let fault = Cursor::new(&bytes, 40).varint().unwrap_err();
        assert!(
            matches!(fault, BlockFault::Damaged { offset: 40, .. }),
            "{fault}"
        );
    }
}
