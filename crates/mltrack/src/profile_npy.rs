//! The head of a `NumPy` array file, and the range of what it holds.
//!
//! Invariant: nothing is believed of a file whose bytes are not exactly as many as its head says.

use std::io::BufRead;

use serde_json::json;

use crate::profile::Profile;
use crate::profile_column::{Column, Type};

/// No head is longer, in bytes.
const HEAD_LEN_MAX: usize = 1 << 20;

/// The profile of an array: its rows are the first dimension, its one column all its numbers.
pub(crate) fn of_array(mut reader: impl BufRead) -> Option<Profile> {
    let head = head(&mut reader)?;
    let word = quoted(&head, "descr")?;
    let shape = shape(&head)?;
    let rows = shape.first().copied().unwrap_or(1);
    let count = shape
        .iter()
        .try_fold(1_u64, |all, size| all.checked_mul(*size))?;
    let mut column = Column::default();
    if let Some(kind) = Number::of(&word) {
        let mut bytes = vec![0; kind.len];
        for _ in 0..count {
            reader.read_exact(&mut bytes).ok()?;
            column.take_number(kind.kind(), kind.read(&bytes));
        }
        if !reader.fill_buf().ok()?.is_empty() {
            return None;
        }
    }
    let array = json!({ "format": "npy", "dtype": word, "shape": shape });
    Some(Profile {
        format: "npy",
        rows,
        columns: vec![("values".to_owned(), column)],
        array: Some(array),
    })
}

/// The dictionary at the beginning, as text.
fn head(reader: &mut impl BufRead) -> Option<String> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).ok()?;
    if !start.starts_with(b"\x93NUMPY") {
        return None;
    }
    let len = match start[6] {
        1 => {
            let mut len = [0; 2];
            reader.read_exact(&mut len).ok()?;
            usize::from(u16::from_le_bytes(len))
        }
        2 | 3 => {
            let mut len = [0; 4];
            reader.read_exact(&mut len).ok()?;
            u32::from_le_bytes(len) as usize
        }
        _ => return None,
    };
    if len > HEAD_LEN_MAX {
        return None;
    }
    let mut head = vec![0; len];
    reader.read_exact(&mut head).ok()?;
    String::from_utf8(head).ok()
}

fn quoted(head: &str, key: &str) -> Option<String> {
    let rest = head.split_once(&format!("'{key}':"))?.1.trim_start();
    let word = rest.strip_prefix('\'')?.split_once('\'')?.0;
    Some(word.to_owned())
}

fn shape(head: &str) -> Option<Vec<u64>> {
    let rest = head.split_once("'shape':")?.1.trim_start();
    let sizes = rest.strip_prefix('(')?.split_once(')')?.0;
    let sizes = sizes.split(',').map(str::trim);
    sizes
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().ok())
        .collect()
}

/// A type of number that this program reads: a kind, a length in bytes and an order.
struct Number {
    kind: u8,
    len: usize,
    is_big: bool,
}

impl Number {
    fn of(word: &str) -> Option<Number> {
        let [order, kind, digits @ ..] = word.as_bytes() else {
            return None;
        };
        let len = match digits {
            b"1" => 1,
            b"2" => 2,
            b"4" => 4,
            b"8" => 8,
            _ => return None,
        };
        let is_known = matches!((kind, len), (b'i' | b'u', _) | (b'f', 4 | 8));
        let is_big = *order == b'>';
        let kind = *kind;
        is_known.then_some(Number { kind, len, is_big })
    }

    fn kind(&self) -> Type {
        if self.kind == b'f' {
            Type::Float
        } else {
            Type::Int
        }
    }

    fn read(&self, bytes: &[u8]) -> f64 {
        let mut word = [0; 8];
        let bytes = bytes.iter().copied();
        for (place, byte) in (0..self.len).zip(bytes) {
            let place = if self.is_big {
                self.len - 1 - place
            } else {
                place
            };
            word[place] = byte;
        }
        let unsigned = u64::from_le_bytes(word);
        match (self.kind, self.len) {
            (b'f', 4) => f64::from(f32::from_bits(unsigned as u32)),
            (b'f', _) => f64::from_bits(unsigned),
            (b'i', len) => {
                let shift = 64 - 8 * len as u32;
                ((unsigned << shift) as i64 >> shift) as f64
            }
            _ => unsigned as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut head =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        head.push('\n');
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend_from_slice(&(head.len() as u16).to_le_bytes());
        file.extend_from_slice(head.as_bytes());
        file.extend_from_slice(data);
        file
    }

    #[test]
    fn an_array_tells_its_type_its_shape_and_its_range() {
        let data: Vec<u8> = [0.5_f32, f32::NAN, -1.5, 4.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let profile = of_array(array("<f4", "(2, 2)", &data).as_slice()).unwrap();
        assert_eq!(profile.rows, 2);
        let schema = json!({ "format": "npy", "dtype": "<f4", "shape": [2, 2] });
        assert_eq!(profile.schema(), schema);
        let figures = &profile.figures()["columns"]["values"];
        assert_eq!(
            *figures,
            json!({ "count": 3, "missing": 1, "min": -1.5, "max": 4.0, "mean": 1.0 })
        );
        let data: Vec<u8> = [-2_i16, 300]
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect();
        let profile = of_array(array(">i2", "(2,)", &data).as_slice()).unwrap();
        assert_eq!(profile.figures()["columns"]["values"]["min"], -2.0);
    }

    #[test]
    fn an_array_of_other_things_has_a_shape_and_no_figures() {
        let profile = of_array(array("<U3", "(1,)", &[0; 12]).as_slice()).unwrap();
        assert_eq!(
            (profile.rows, profile.schema()["dtype"].as_str()),
            (1, Some("<U3"))
        );
    }

    #[test]
    fn a_file_that_is_cut_or_too_long_is_not_believed() {
        assert_eq!(of_array(array("<f8", "(2,)", &[0; 15]).as_slice()), None);
        assert_eq!(of_array(array("<f8", "(2,)", &[0; 17]).as_slice()), None);
        let huge = "(18446744073709551615, 2)";
        assert_eq!(of_array(array("<f8", huge, &[]).as_slice()), None);
    }
}
