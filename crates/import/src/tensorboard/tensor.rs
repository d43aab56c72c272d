//! Tensors as events carry them: numbers of any type as f64, or texts.
//!
//! Invariant: what is read is never larger than what the message holds; a shape that promises more is only a shape.

use super::wire::{Fields, Malformed, Read, Value};

/// A tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tensor<'a> {
    /// Its sizes; empty for a lone value.
    pub shape: Vec<u64>,
    pub items: Items<'a>,
}

/// What is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Items<'a> {
    Numbers(Vec<f64>),
    Texts(Vec<&'a [u8]>),
    /// Of a type that is none of these, by its number.
    Strange(u64),
}

impl Default for Items<'_> {
    fn default() -> Self {
        Items::Numbers(Vec::new())
    }
}

/// How the items of a type are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Float,
    Double,
    /// Signed, of so many bytes.
    Signed(usize),
    Unsigned(usize),
    Half,
    Brain,
    Text,
    Strange,
}

fn kind_of(dtype: u64) -> Kind {
    match dtype {
        1 => Kind::Float,
        2 => Kind::Double,
        3 => Kind::Signed(4),
        4 | 10 => Kind::Unsigned(1),
        5 => Kind::Signed(2),
        6 => Kind::Signed(1),
        7 => Kind::Text,
        9 => Kind::Signed(8),
        14 => Kind::Brain,
        17 => Kind::Unsigned(2),
        19 => Kind::Half,
        22 => Kind::Unsigned(4),
        23 => Kind::Unsigned(8),
        _ => Kind::Strange,
    }
}

impl<'a> Tensor<'a> {
    pub fn read(message: &'a [u8]) -> Read<Tensor<'a>> {
        let mut dtype = 0;
        let (mut shape, mut numbers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let mut content: &[u8] = &[];
        let mut integers = Vec::new();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => dtype = value.varint()?,
                2 => shape = read_shape(value.bytes()?)?,
                4 => content = value.bytes()?,
                5 => value.floats(&mut numbers)?,
                6 => value.doubles(&mut numbers)?,
                7 | 10 | 11 | 13 | 16 | 17 => value.varints(|one| integers.push(one))?,
                8 => texts.push(value.bytes()?),
                _ => {}
            }
        }
        let kind = kind_of(dtype);
        let items = match kind {
            Kind::Text => Items::Texts(texts),
            Kind::Strange => Items::Strange(dtype),
            _ if !content.is_empty() => Items::Numbers(of_content(kind, content)?),
            Kind::Float | Kind::Double => Items::Numbers(numbers),
            _ => Items::Numbers(
                integers
                    .into_iter()
                    .map(|one| of_integer(kind, one))
                    .collect(),
            ),
        };
        Ok(Tensor { shape, items })
    }

    /// Whether it is a table of three columns, as distributions are.
    pub fn has_rows_of_three(&self) -> bool {
        matches!(self.shape[..], [_, 3])
    }

    /// The number, when it is a lone one.
    pub fn lone_number(&self) -> Option<f64> {
        match &self.items {
            Items::Numbers(numbers) if self.shape.iter().all(|size| *size == 1) => {
                match numbers.as_slice() {
                    [number] => Some(*number),
                    // Zeros need not be written.
                    [] => Some(0.0),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn read_shape(message: &[u8]) -> Read<Vec<u64>> {
    let mut shape = Vec::new();
    let mut fields = Fields::of(message);
    while let Some((number, value)) = fields.next()? {
        if number == 2 {
            shape.push(read_size(value)?);
        }
    }
    Ok(shape)
}

fn read_size(dimension: Value<'_>) -> Read<u64> {
    let mut size = 0;
    let mut fields = Fields::of(dimension.bytes()?);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            size = value.varint()?;
        }
    }
    Ok(size)
}

/// Items as they lie in memory, little end first.
fn of_content(kind: Kind, content: &[u8]) -> Read<Vec<f64>> {
    let width = match kind {
        Kind::Float => 4,
        Kind::Double => 8,
        Kind::Signed(width) | Kind::Unsigned(width) => width,
        Kind::Half | Kind::Brain => 2,
        Kind::Text | Kind::Strange => return Err(Malformed),
    };
    if !content.len().is_multiple_of(width) {
        return Err(Malformed);
    }
    let numbers = content.chunks_exact(width).map(|bytes| {
        let mut eight = [0; 8];
        eight[..width].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(eight);
        match kind {
            Kind::Float => f64::from(f32::from_bits(bits as u32)),
            Kind::Double => f64::from_bits(bits),
            _ => of_integer(kind, bits),
        }
    });
    Ok(numbers.collect())
}

/// A number that was written as a whole one.
fn of_integer(kind: Kind, bits: u64) -> f64 {
    match kind {
        Kind::Signed(width) => {
            let unused = 64 - 8 * width as u32;
            (((bits << unused) as i64) >> unused) as f64
        }
        Kind::Half => half(bits as u16),
        Kind::Brain => f64::from(f32::from_bits((bits as u32) << 16)),
        _ => bits as f64,
    }
}

/// A number of 16 bits, five of them the exponent.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    };
    sign * size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(message: &[u8]) -> Vec<f64> {
        match Tensor::read(message).unwrap().items {
            Items::Numbers(numbers) => numbers,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers_of_every_type_are_read_from_fields_and_from_content() {
        // float_val 1.5, double_val -2.0, int_val -1, half_val 1.0, bool_val.
        assert_eq!(numbers(&[8, 1, 0x2d, 0, 0, 0xc0, 0x3f]), [1.5]);
        assert_eq!(numbers(&[8, 2, 0x31, 0, 0, 0, 0, 0, 0, 0, 0xc0]), [-2.0]);
        let minus_one = [
            8, 3, 0x38, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
        ];
        assert_eq!(numbers(&minus_one), [-1.0]);
        assert_eq!(numbers(&[8, 19, 0x6a, 2, 0x80, 0x78]), [1.0]);
        assert_eq!(numbers(&[8, 10, 0x5a, 2, 1, 0]), [1.0, 0.0]);
        // tensor_content of int16 and bfloat16.
        assert_eq!(numbers(&[8, 5, 0x22, 4, 0xff, 0xff, 2, 0]), [-1.0, 2.0]);
        assert_eq!(numbers(&[8, 14, 0x22, 2, 0x80, 0x3f]), [1.0]);
        assert!(
            Tensor::read(&[8, 1, 0x22, 3, 0, 0, 0]).is_err(),
            "three bytes are no float"
        );
    }

    #[test]
    fn halves_are_what_they_are() {
        for (bits, number) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 2_f64.powi(-24)),
            (0x7bff, 65504.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f64::to_bits(number), "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn a_lone_number_has_no_other_beside_it() {
        let lone = Tensor {
            shape: vec![],
            items: Items::Numbers(vec![2.0]),
        };
        assert_eq!(lone.lone_number(), Some(2.0));
        let pair = Tensor {
            shape: vec![2],
            items: Items::Numbers(vec![2.0]),
        };
        assert_eq!(pair.lone_number(), None);
    }
}
