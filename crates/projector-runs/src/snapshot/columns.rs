//! Columns as they stand in a snapshot: one part each, read alone.
//!
//! ```text
//! kind u8 · form u8 · zeros 2 · rows u32 · present u32      1 numbers, 2 integers, 3 texts
//! which rows are present                                     form 0 all: nothing; 1: a u32 each; 2: a bit each
//! values of the present rows, as planes of bytes             8 bytes each; of texts codes of 4 bytes
//! dictionary of texts: count u32, the end of each u64, all of them in a row
//! ```
//!
//! Invariant: what is decoded is the column that was encoded, bit for bit; bytes that are none give `None`.

use crate::search::{Bitmap, ColumnData, MISSING, TextList, Texts};

const HEADER_LEN: usize = 12;
const NUMBERS: u8 = 1;
const INTEGERS: u8 = 2;
const TEXTS: u8 = 3;
const ALL: u8 = 0;
const LIST: u8 = 1;
const BITS: u8 = 2;
/// No table has more rows: a damaged length must not ask for all memory.
const ROWS_MAX: usize = 1 << 28;

/// The values of a column that are there, with their rows in ascending order.
#[derive(Clone, Default, Debug)]
pub struct Sparse {
    pub rows: Vec<u32>,
    pub bits: Vec<u64>,
}

impl Sparse {
    pub fn push(&mut self, row: u32, bits: u64) {
        self.rows.push(row);
        self.bits.push(bits);
    }
}

/// The bytes of a column of floating-point numbers.
pub fn encode_numbers(values: &Sparse, row_count: usize) -> Vec<u8> {
    encode_words(NUMBERS, values, row_count)
}

/// The bytes of a column of whole numbers.
pub fn encode_integers(values: &Sparse, row_count: usize) -> Vec<u8> {
    encode_words(INTEGERS, values, row_count)
}

fn encode_words(kind: u8, values: &Sparse, row_count: usize) -> Vec<u8> {
    let mut bytes = head(kind, &values.rows, row_count);
    let words = values.bits.iter().map(|bits| bits.to_le_bytes());
    split_planes::<8>(&words, &mut bytes);
    bytes
}

/// The bytes of a column of texts: codes into the dictionary.
pub fn encode_texts(codes: &Sparse, dictionary: &TextList, row_count: usize) -> Vec<u8> {
    let mut bytes = head(TEXTS, &codes.rows, row_count);
    let words = codes.bits.iter().map(|code| (*code as u32).to_le_bytes());
    split_planes::<4>(&words, &mut bytes);
    let (text, ends) = dictionary.parts();
    bytes.extend_from_slice(&(ends.len() as u32).to_le_bytes());
    bytes.extend(ends.iter().flat_map(|end| (*end as u64).to_le_bytes()));
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn head(kind: u8, rows: &[u32], row_count: usize) -> Vec<u8> {
    let form = if rows.len() == row_count {
        ALL
    } else if rows.len() * 32 < row_count {
        LIST
    } else {
        BITS
    };
    let mut bytes = vec![kind, form, 0, 0];
    bytes.extend_from_slice(&(row_count as u32).to_le_bytes());
    bytes.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    match form {
        LIST => bytes.extend(rows.iter().flat_map(|row| row.to_le_bytes())),
        BITS => {
            let start = bytes.len();
            bytes.resize(start + row_count.div_ceil(8), 0);
            for row in rows {
                bytes[start + *row as usize / 8] |= 1 << (row % 8);
            }
        }
        _ => {}
    }
    bytes
}

/// First all first bytes, then all second ones: numbers that are near each other share their high bytes.
fn split_planes<const WIDTH: usize>(
    words: &(impl Iterator<Item = [u8; WIDTH]> + Clone),
    bytes: &mut Vec<u8>,
) {
    for plane in 0..WIDTH {
        bytes.extend(words.clone().map(|word| word[plane]));
    }
}

/// The column that these bytes are.
pub fn decode(bytes: &[u8]) -> Option<ColumnData> {
    let (head, rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
    let number = |at: usize| -> usize {
        let bytes = head[at..at + 4].try_into().expect("four bytes are four");
        u32::from_le_bytes(bytes) as usize
    };
    let (row_count, present) = (number(4), number(8));
    if row_count > ROWS_MAX || present > row_count {
        return None;
    }
    let (rows, rest) = decode_rows(head[1], row_count, present, rest)?;
    if present == 0 {
        return Some(ColumnData::Missing);
    }
    match head[0] {
        NUMBERS => {
            let words = join_planes::<8>(rest, present)?;
            let values = words.map(|word| f64::from_bits(u64::from_le_bytes(word)));
            let values = spread(values, &rows, row_count, 0.0);
            let present = bitmap(&rows, row_count);
            Some(ColumnData::Numbers { values, present })
        }
        INTEGERS => {
            let values = join_planes::<8>(rest, present)?.map(i64::from_le_bytes);
            let values = spread(values, &rows, row_count, 0);
            let present = bitmap(&rows, row_count);
            Some(ColumnData::Integers { values, present })
        }
        TEXTS => {
            let codes = join_planes::<4>(rest, present)?.map(u32::from_le_bytes);
            let codes = spread(codes, &rows, row_count, MISSING);
            let dictionary = decode_dictionary(rest.get(4 * present..)?)?;
            Texts::new(codes, dictionary).map(ColumnData::Texts)
        }
        _ => None,
    }
}

fn decode_dictionary(bytes: &[u8]) -> Option<TextList> {
    let (count, rest) = bytes.split_first_chunk::<4>()?;
    let count = u32::from_le_bytes(*count) as usize;
    let (ends, text) = rest.split_at_checked(count.checked_mul(8)?)?;
    let (ends, _) = ends.as_chunks::<8>();
    let ends = ends
        .iter()
        .map(|end| usize::try_from(u64::from_le_bytes(*end)).ok());
    TextList::from_parts(
        str::from_utf8(text).ok()?.to_owned(),
        ends.collect::<Option<_>>()?,
    )
}

/// Rows that are present; `None` in the middle for all of them.
type Rows = Option<Vec<u32>>;

fn decode_rows(form: u8, row_count: usize, present: usize, bytes: &[u8]) -> Option<(Rows, &[u8])> {
    match form {
        ALL if present == row_count => Some((None, bytes)),
        LIST => {
            let (list, rest) = bytes.split_at_checked(4 * present)?;
            let (list, _) = list.as_chunks::<4>();
            let rows: Vec<u32> = list.iter().map(|row| u32::from_le_bytes(*row)).collect();
            let is_inside = rows.last().is_none_or(|last| (*last as usize) < row_count);
            let is_ascending = rows.windows(2).all(|pair| pair[0] < pair[1]);
            (is_inside && is_ascending).then_some((Some(rows), rest))
        }
        BITS => {
            let (bits, rest) = bytes.split_at_checked(row_count.div_ceil(8))?;
            let is_set = |row: &u32| bits[*row as usize / 8] >> (row % 8) & 1 == 1;
            let rows: Vec<u32> = (0..row_count as u32).filter(is_set).collect();
            (rows.len() == present).then_some((Some(rows), rest))
        }
        _ => None,
    }
}

fn join_planes<const WIDTH: usize>(
    bytes: &[u8],
    count: usize,
) -> Option<impl Iterator<Item = [u8; WIDTH]> + '_> {
    let bytes = bytes.get(..WIDTH * count)?;
    let planes: [&[u8]; WIDTH] = std::array::from_fn(|plane| &bytes[plane * count..][..count]);
    Some((0..count).map(move |at| std::array::from_fn(|plane| planes[plane][at])))
}

fn spread<T: Copy>(
    values: impl Iterator<Item = T>,
    rows: &Rows,
    row_count: usize,
    missing: T,
) -> Vec<T> {
    let Some(rows) = rows else {
        return values.collect();
    };
    let mut spread = vec![missing; row_count];
    for (row, value) in rows.iter().zip(values) {
        spread[*row as usize] = value;
    }
    spread
}

fn bitmap(rows: &Rows, row_count: usize) -> Bitmap {
    let Some(rows) = rows else {
        return Bitmap::all(row_count);
    };
    let mut bitmap = Bitmap::none(row_count);
    for row in rows {
        bitmap.set(*row as usize, true);
    }
    bitmap
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sparse(cells: &[Option<u64>]) -> Sparse {
        let mut sparse = Sparse::default();
        for (cell, row) in cells.iter().zip(0..) {
            if let Some(bits) = cell {
                sparse.push(row, *bits);
            }
        }
        sparse
    }

    proptest! {
        #[test]
        fn what_is_decoded_is_what_was_encoded(
            cells in prop::collection::vec(prop::option::weighted(0.3, any::<u64>()), 0..300),
            keep in 0usize..4,
        ) {
            // All, some, few and no cells: each form of saying which.
            let cells: Vec<Option<u64>> = cells.iter().enumerate().map(|(row, cell)| match keep {
                0 => Some(cell.unwrap_or(7)),
                1 => *cell,
                2 => cell.filter(|_| row % 64 == 0),
                _ => None,
            }).collect();
            let values = sparse(&cells);
            let found = decode(&encode_numbers(&values, cells.len())).unwrap();
            if values.rows.is_empty() {
                prop_assert!(matches!(found, ColumnData::Missing));
                return Ok(());
            }
            let ColumnData::Numbers { values: numbers, present } = found else {
                panic!("numbers stay numbers");
            };
            for (row, cell) in cells.iter().enumerate() {
                let found = present.get(row).then(|| numbers[row].to_bits());
                prop_assert_eq!(found, *cell);
            }
            let found = decode(&encode_integers(&values, cells.len())).unwrap();
            let ColumnData::Integers { values: integers, present } = found else {
                panic!("integers stay integers");
            };
            for (row, cell) in cells.iter().enumerate() {
                let found = present.get(row).then(|| integers[row] as u64);
                prop_assert_eq!(found, *cell);
            }
        }

        #[test]
        fn texts_come_back_and_damage_never_panics(
            codes in prop::collection::vec(prop::option::of(0u64..3), 0..100),
            flip in any::<(prop::sample::Index, u8)>(),
        ) {
            let dictionary: TextList = ["a", "bc", ""].into_iter().collect();
            let mut bytes = encode_texts(&sparse(&codes), &dictionary, codes.len());
            match decode(&bytes) {
                Some(ColumnData::Texts(texts)) => for (row, code) in codes.iter().enumerate() {
                    prop_assert_eq!(texts.get(row), code.map(|code| &dictionary[code as usize]));
                },
                Some(ColumnData::Missing) => prop_assert!(codes.iter().all(Option::is_none)),
                other => panic!("texts stay texts: {other:?}"),
            }
            let at = flip.0.index(bytes.len());
            bytes[at] ^= flip.1;
            drop(decode(&bytes));
            bytes.truncate(at);
            drop(decode(&bytes));
        }
    }
}
