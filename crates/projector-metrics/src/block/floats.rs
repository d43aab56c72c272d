//! A column of 64-bit floats, bit for bit, in the shortest of a few forms.
//!
//! Values that were born as 32-bit floats are stored as such, decimals and whole numbers as integers, the rest as it
//! is. Invariants: all 64 bits of every value read back, NaN payloads and -0.0 included: a form is only chosen when
//! each value was checked to survive it, by its bits.
#![cfg_attr(not(test), deny(clippy::unwrap_used))]

use super::bytes::Cursor;
use super::codec;
use super::estimate;
use super::fault::BlockFault;
use super::integers;

const CONSTANT: u8 = 0;
const RAW: u8 = 1;
const RAW_SINGLE: u8 = 2;
const PCO: u8 = 3;
const PCO_SINGLE: u8 = 4;
/// From here on: integers that are divided by 10 to the power of what is above.
const DECIMAL: u8 = 16;
/// From here on: integers that are divided by 2 to the power of what is above.
const BINARY: u8 = 32;

/// Powers of ten up to here are exact, and so is the division by one.
const DIGITS_MAX: usize = 9;
const POWERS: [f64; DIGITS_MAX + 1] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Shares of a batch, such as 97 of 128, have few binary places; values with more are better off as floats.
const PLACES_MAX: u32 = 12;
/// Integers up to here are exact.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Below this count pco's own header costs more than it saves.
const PCO_COUNT_MIN: usize = 32;
/// Noise does not get smaller by taking differences twice.
const ORDER_MAX: usize = 1;

/// Appends the values; nothing for none.
pub(super) fn encode(values: &[f64], out: &mut Vec<u8>) {
    let Some(first) = values.first() else {
        return;
    };
    if values
        .iter()
        .all(|value| value.to_bits() == first.to_bits())
    {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_le_bytes());
    } else if let Some((digits, integers)) = decimals(values) {
        out.push(DECIMAL + digits as u8);
        integers::encode(&integers, out);
    } else if let Some((places, integers)) = binaries(values) {
        out.push(BINARY + places as u8);
        integers::encode(&integers, out);
    } else if let Some(singles) = singles(values) {
        encode_singles(&singles, out);
    } else if values.len() < PCO_COUNT_MIN {
        out.push(RAW);
        out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    } else {
        out.push(PCO);
        let latent = |at: usize| ordered(values[at].to_bits());
        let estimate = estimate::best(latent, values.len(), ORDER_MAX);
        codec::compress(values, estimate.order, out);
    }
}

fn encode_singles(values: &[f32], out: &mut Vec<u8>) {
    if values.len() < PCO_COUNT_MIN {
        out.push(RAW_SINGLE);
        out.extend(
            values
                .iter()
                .flat_map(|value| value.to_bits().to_le_bytes()),
        );
        return;
    }
    out.push(PCO_SINGLE);
    let latent = |at: usize| ordered(u64::from(values[at].to_bits()) << 32);
    let estimate = estimate::best(latent, values.len(), ORDER_MAX);
    codec::compress(values, estimate.order, out);
}

/// Bits as a number that is ordered as the floats are.
fn ordered(bits: u64) -> u64 {
    bits ^ ((bits as i64 >> 63) as u64 | 1 << 63)
}

/// All values as 32-bit floats, if none loses a bit.
fn singles(values: &[f64]) -> Option<Vec<f32>> {
    let mut singles = Vec::with_capacity(values.len());
    // In stretches, so that the common answer is found without a branch for each value.
    for stretch in values.chunks(64) {
        let start = singles.len();
        singles.extend(stretch.iter().copied().map(narrow));
        let pairs = singles[start..].iter().zip(stretch);
        let differences = pairs.map(|(single, value)| widen(*single).to_bits() ^ value.to_bits());
        if differences.fold(0, |all, bits| all | bits) != 0 {
            return None;
        }
    }
    Some(singles)
}

/// As `as`, but a NaN keeps its upper bits, which `as` leaves open.
fn narrow(value: f64) -> f32 {
    let bits = value.to_bits();
    if value.is_nan() {
        let sign = (bits >> 32) as u32 & 0x8000_0000;
        return f32::from_bits(sign | 0x7f80_0000 | (bits >> 29) as u32 & 0x007f_ffff);
    }
    value as f32
}

fn widen(value: f32) -> f64 {
    let bits = u64::from(value.to_bits());
    if value.is_nan() {
        let sign = (bits & 0x8000_0000) << 32;
        return f64::from_bits(sign | 0x7ff0_0000_0000_0000 | (bits & 0x007f_ffff) << 29);
    }
    f64::from(value)
}

/// All values as integers over one power of ten, if they are such decimals.
fn decimals(values: &[f64]) -> Option<(usize, Vec<i64>)> {
    let mut digits = 0;
    let mut integers = Vec::with_capacity(values.len());
    for value in values {
        while integer(*value, digits).is_none() {
            digits += 1;
            if digits > DIGITS_MAX {
                return None;
            }
        }
        integers.push(0);
    }
    for (slot, value) in integers.iter_mut().zip(values) {
        *slot = integer(*value, digits)?;
    }
    Some((digits, integers))
}

/// All values as integers over one power of two, if they have so few binary places.
fn binaries(values: &[f64]) -> Option<(u32, Vec<i64>)> {
    let scale = f64::from(1 << PLACES_MAX);
    let scaled = values.iter().map(|value| whole(*value, scale));
    let mut integers: Vec<i64> = scaled.collect::<Option<_>>()?;
    let bits = integers.iter().fold(0, |all, integer| all | integer);
    let spare = bits.trailing_zeros().min(PLACES_MAX);
    for integer in &mut integers {
        *integer >>= spare;
    }
    Some((PLACES_MAX - spare, integers))
}

fn integer(value: f64, digits: usize) -> Option<i64> {
    whole(value, POWERS[digits])
}

/// What gives the value again, bit for bit, when it is divided by `scale`.
fn whole(value: f64, scale: f64) -> Option<i64> {
    let scaled = (value * scale).round();
    let is_exact = scaled.abs() <= WHOLE_MAX
        && (scaled / scale).to_bits() == value.to_bits()
        // An integer has no negative zero.
        && (scaled != 0.0 || value.is_sign_positive());
    is_exact.then_some(scaled as i64)
}

/// What the integers of a form are divided by.
fn scale_of(form: u8) -> Option<f64> {
    if form >= BINARY {
        let places = u32::from(form - BINARY);
        return (places <= PLACES_MAX).then(|| f64::from(1 << places));
    }
    let digits = form.checked_sub(DECIMAL)?;
    POWERS.get(usize::from(digits)).copied()
}

/// Reads `count` values that take up everything that is left.
pub(super) fn decode(cursor: &mut Cursor<'_>, count: usize) -> Result<Vec<f64>, BlockFault> {
    let mut values = vec![0.0; count];
    decode_into(cursor, &mut values)?;
    Ok(values)
}

/// Reads as many values as `out` holds, which take up everything that is left.
pub(super) fn decode_into(cursor: &mut Cursor<'_>, out: &mut [f64]) -> Result<(), BlockFault> {
    let count = out.len();
    if count == 0 {
        return cursor.finish();
    }
    let start = *cursor;
    match cursor.u8()? {
        CONSTANT => out.fill(f64::from_bits(cursor.u64()?)),
        RAW => {
            let (values, _) = cursor.take(count * 8)?.as_chunks();
            for (slot, bytes) in out.iter_mut().zip(values) {
                *slot = f64::from_le_bytes(*bytes);
            }
        }
        RAW_SINGLE => {
            let (values, _) = cursor.take(count * 4)?.as_chunks();
            for (slot, bytes) in out.iter_mut().zip(values) {
                *slot = widen(f32::from_bits(u32::from_le_bytes(*bytes)));
            }
        }
        PCO => codec::decompress_into(cursor, out)?,
        PCO_SINGLE => codec::decompress_each::<f32>(cursor, count, |at, singles| {
            for (slot, single) in out[at..].iter_mut().zip(singles) {
                *slot = widen(*single);
            }
        })?,
        form => {
            let scale = scale_of(form);
            let scale = scale.ok_or_else(|| start.fault(format!("{form} is no form of floats")))?;
            for (slot, integer) in out.iter_mut().zip(integers::decode(cursor, count)?) {
                *slot = integer as f64 / scale;
            }
        }
    }
    cursor.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes, checks that every bit reads back, and says which form was chosen.
    fn check(values: &[f64]) -> u8 {
        let mut bytes = Vec::new();
        encode(values, &mut bytes);
        let read = decode(&mut Cursor::new(&bytes, 0), values.len()).unwrap();
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(values));
        bytes.first().copied().unwrap_or_default()
    }

    fn odd(at: usize) -> f64 {
        (at as f64 + 0.1).sin()
    }

    #[test]
    fn every_form_is_chosen_and_reads_back() {
        let many = |value: fn(usize) -> f64, count| (0..count).map(value).collect::<Vec<f64>>();
        assert_eq!(check(&many(|_| 0.3, 100)), CONSTANT);
        assert_eq!(check(&many(odd, 5)), RAW);
        assert_eq!(check(&many(odd, 500)), PCO);
        assert_eq!(check(&many(|at| f64::from(odd(at) as f32), 5)), RAW_SINGLE);
        assert_eq!(
            check(&many(|at| f64::from(odd(at) as f32), 500)),
            PCO_SINGLE
        );
        assert_eq!(check(&many(|at| at as f64 * 3.0, 500)), DECIMAL);
        assert_eq!(check(&many(|at| at as f64 / 1000.0, 500)), DECIMAL + 3);
        assert_eq!(
            check(&many(|at| (at % 97) as f64 / 4096.0, 500)),
            BINARY + 12
        );
        assert_eq!(
            check(&many(|at| (at % 97) as f64 / -2048.0 - 1.0, 500)),
            BINARY + 11
        );
    }

    #[test]
    fn every_bit_of_odd_values_is_kept() {
        let odd = [
            f64::NAN,
            -f64::NAN,
            f64::from_bits(0x7ff0_0000_0000_0001),
            f64::from_bits(0xfff8_0000_2000_0000),
            f64::from_bits(0x7ff0_0000_2000_0000),
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            f64::MAX,
            1e-40,
        ];
        for first in odd {
            check(&[first]);
            for second in odd {
                check(&[first, second]);
                check(
                    &(0..70)
                        .map(|at| [first, second][at % 2])
                        .collect::<Vec<_>>(),
                );
                check(
                    &(0..70)
                        .map(|at| if at == 40 { first } else { f64::from(at) })
                        .collect::<Vec<_>>(),
                );
            }
        }
    }

    #[test]
    fn a_single_with_a_nan_is_still_a_single() {
        let values: Vec<f64> = (0..100)
            .map(|at| {
                if at == 7 {
                    f64::NAN
                } else {
                    f64::from(odd(at) as f32)
                }
            })
            .collect();
        assert_eq!(check(&values), PCO_SINGLE);
    }
}
