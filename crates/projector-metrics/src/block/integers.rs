//! A column of 64-bit integers in the shortest of a few forms: one value, a line, packed bits, or pco.
//!
//! Invariants: every value reads back, the extremes included, because all differences wrap; what is allocated on
//! reading is the count the caller names.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

use super::bytes::{Cursor, push_varint, push_zigzag, zigzag};
use super::codec;
use super::estimate;
use super::fault::BlockFault;

const CONSTANT: u8 = 0;
const LINE: u8 = 1;
const PACKED: u8 = 2;
const PACKED_DIFFERENCES: u8 = 3;
const PCO: u8 = 4;

/// Below this count pco's own header costs more than it saves.
const PCO_COUNT_MIN: usize = 32;
/// Differences of differences are for times that go steadily.
const ORDER_MAX: usize = 2;

/// Appends the values; nothing for none.
pub(super) fn encode(values: &[i64], out: &mut Vec<u8>) {
    let [first, rest @ ..] = values else {
        return;
    };
    let stride = rest.first().map_or(0, |next| next.wrapping_sub(*first));
    let is_line = values
        .windows(2)
        .all(|pair| pair[1].wrapping_sub(pair[0]) == stride);
    if is_line && stride == 0 {
        out.push(CONSTANT);
        push_zigzag(*first, out);
    } else if is_line {
        out.push(LINE);
        push_zigzag(*first, out);
        push_zigzag(stride, out);
    } else if values.len() < PCO_COUNT_MIN {
        encode_few(values, out);
    } else {
        out.push(PCO);
        let estimate = estimate::best(|at| latent(values[at]), values.len(), ORDER_MAX);
        codec::compress(values, estimate.order, out);
    }
}

/// About how many bits a value takes.
pub(super) fn bits_of_each(values: &[i64]) -> f64 {
    estimate::best(|at| latent(values[at]), values.len(), ORDER_MAX).bits
}

fn latent(value: i64) -> u64 {
    (value as u64) ^ (1 << 63)
}

fn encode_few(values: &[i64], out: &mut Vec<u8>) {
    let differences: Vec<i64> = values
        .windows(2)
        .map(|pair| pair[1].wrapping_sub(pair[0]))
        .collect();
    let (plain, steps) = (Packing::of(values), Packing::of(&differences));
    let first_len = zigzag(values[0]).checked_ilog2().unwrap_or(0) as usize / 7 + 1;
    if first_len + steps.len(differences.len()) < plain.len(values.len()) {
        out.push(PACKED_DIFFERENCES);
        push_zigzag(values[0], out);
        steps.write(&differences, out);
    } else {
        out.push(PACKED);
        plain.write(values, out);
    }
}

/// Values as what they are above the lowest, in as many bits as the highest takes.
struct Packing {
    low: i64,
    bits: u32,
}

impl Packing {
    fn of(values: &[i64]) -> Packing {
        let low = values.iter().copied().min().unwrap_or(0);
        let high = values.iter().copied().max().unwrap_or(0);
        let range = high.wrapping_sub(low) as u64;
        Packing {
            low,
            bits: u64::BITS - range.leading_zeros(),
        }
    }

    fn len(&self, count: usize) -> usize {
        let low_len = zigzag(self.low).checked_ilog2().unwrap_or(0) as usize / 7 + 1;
        low_len + 1 + packed_len(count, self.bits)
    }

    fn write(&self, values: &[i64], out: &mut Vec<u8>) {
        push_zigzag(self.low, out);
        push_varint(self.bits.into(), out);
        let (mut word, mut filled) = (0u128, 0);
        for value in values {
            word |= u128::from(value.wrapping_sub(self.low) as u64) << filled;
            filled += self.bits;
            while filled >= 8 {
                out.push(word as u8);
                word >>= 8;
                filled -= 8;
            }
        }
        if filled > 0 {
            out.push(word as u8);
        }
    }

    fn read(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<i64>, BlockFault> {
        let low = cursor.zigzag()?;
        let bits = cursor.count(64, "bits for each number")? as u32;
        let mut bytes = cursor.take(packed_len(count, bits))?.iter();
        let (mut word, mut filled) = (0u128, 0);
        let mask = (1u128 << bits) - 1;
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            while filled < bits {
                word |= u128::from(bytes.next().copied().unwrap_or(0)) << filled;
                filled += 8;
            }
            values.push(low.wrapping_add((word & mask) as i64));
            word >>= bits;
            filled -= bits;
        }
        Ok(values)
    }
}

fn packed_len(count: usize, bits: u32) -> usize {
    (count * bits as usize).div_ceil(8)
}

/// Reads `count` values that take up everything that is left.
pub(super) fn decode(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<i64>, BlockFault> {
    let mut values = vec![0; count];
    decode_into(cursor, &mut values)?;
    Ok(values)
}

/// Reads as many values as `out` holds, which take up everything that is left.
pub(super) fn decode_into(cursor: &mut Cursor<'_>, out: &mut [i64]) -> Result<(), BlockFault> {
    let count = out.len();
    if count == 0 {
        return cursor.finish();
    }
    let start = *cursor;
    match cursor.u8()? {
        CONSTANT => out.fill(cursor.zigzag()?),
        LINE => {
            let (first, stride) = (cursor.zigzag()?, cursor.zigzag()?);
            for (at, value) in (0i64..).zip(out) {
                *value = first.wrapping_add(at.wrapping_mul(stride));
            }
        }
        PACKED => out.copy_from_slice(&Packing::read(cursor, count)?),
        PACKED_DIFFERENCES => {
            let first = cursor.zigzag()?;
            let steps = Packing::read(cursor, count - 1)?;
            out.copy_from_slice(&sums(first, steps.into_iter(), count));
        }
        PCO => codec::decompress_into(cursor, out)?,
        form => return Err(start.fault(format!("{form} is no form of integers"))),
    }
    cursor.finish()
}

/// The value that all of a column have, when it is in the form for that.
pub(super) fn constant(mut cursor: Cursor<'_>) -> Option<i64> {
    match cursor.u8() {
        Ok(CONSTANT) => cursor.zigzag().ok(),
        _ => None,
    }
}

fn sums(first: i64, steps: impl Iterator<Item = i64>, count: usize) -> Vec<i64> {
    let mut values = Vec::with_capacity(count);
    let mut value = first;
    values.push(value);
    for step in steps {
        value = value.wrapping_add(step);
        values.push(value);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes, checks that it reads back, and says how long it is.
    fn check(values: &[i64]) -> usize {
        let mut bytes = Vec::new();
        encode(values, &mut bytes);
        let mut cursor = Cursor::new(&bytes, 0);
        assert_eq!(decode(&mut cursor, values.len()).unwrap(), values);
        bytes.len()
    }

    #[test]
    fn every_form_reads_back() {
        check(&[]);
        check(&[i64::MIN]);
        check(&[i64::MIN, i64::MAX]);
        check(&[i64::MAX, i64::MIN, 0, -1, 1]);
        check(&(0..100).map(|n| n * n * n).collect::<Vec<_>>());
        check(&(0..31).map(|n| n % 5).collect::<Vec<_>>());
        let extremes = [i64::MIN, i64::MAX, -1, 0];
        check(&(0..200).map(|n| extremes[n % 4]).collect::<Vec<_>>());
    }

    #[test]
    fn lines_take_a_few_bytes_however_long() {
        assert_eq!(check(&vec![7; 10_000]), 2);
        assert_eq!(check(&(0..10_000).collect::<Vec<_>>()), 3);
        let wrapping = |n: i64| n.wrapping_mul(i64::MAX / 2);
        assert!(check(&(0..10_000).map(wrapping).collect::<Vec<_>>()) < 16);
    }

    #[test]
    fn an_unknown_form_is_refused() {
        assert!(decode(&mut Cursor::new(&[9, 0], 0), 1).is_err());
    }
}
