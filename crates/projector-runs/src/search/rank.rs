//! Sort keys: one unsigned number for each row, so that sorting never looks at a value twice.
//!
//! Invariant: in both directions what is no number comes behind the numbers, and what is missing behind everything.

use std::cmp::Ordering;

use super::data::{ColumnData, MISSING, Texts};
use super::text_list::TextList;

/// The key of a row that has no value.
pub(crate) const KEY_MISSING: u64 = u64::MAX;
/// The key of a row whose value is NaN.
const KEY_NAN: u64 = u64::MAX - 1;
/// The highest key of any other value.
const KEY_MAX: u64 = u64::MAX - 2;

/// What a text spells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Typed {
    Integer(i64),
    Number(f64),
    Text,
}

impl Typed {
    pub fn of(text: &str) -> Typed {
        let text = text.trim();
        // Most texts are no numbers, and most of those show it in the first character.
        let may_be_number = text.starts_with(|first: char| {
            first.is_ascii_digit() || matches!(first, '+' | '-' | '.' | 'i' | 'I' | 'n' | 'N')
        });
        if !may_be_number {
            return Typed::Text;
        }
        if let Ok(integer) = text.parse() {
            return Typed::Integer(integer);
        }
        text.parse().map_or(Typed::Text, Typed::Number)
    }

    pub fn number(self) -> Option<f64> {
        match self {
            Typed::Integer(value) => Some(value as f64),
            Typed::Number(value) => Some(value),
            Typed::Text => None,
        }
    }
}

/// Places of the texts of a dictionary in its order. Equal values have equal places.
#[derive(Clone, Debug)]
pub(crate) struct Ranks {
    keys: Vec<u64>,
    max: u64,
}

impl Ranks {
    pub fn of_texts(dictionary: &TextList) -> Ranks {
        let compare = |a: u32, b: u32| dictionary[a as usize].cmp(&dictionary[b as usize]);
        Ranks::dense((0..dictionary.len() as u32).collect(), compare)
    }

    /// Numbers as numbers, then texts.
    pub fn typed(dictionary: &TextList, typed: &[Typed]) -> Ranks {
        let compare = |a: u32, b: u32| match (typed[a as usize], typed[b as usize]) {
            (Typed::Integer(a), Typed::Integer(b)) => a.cmp(&b),
            (Typed::Text, Typed::Text) => dictionary[a as usize].cmp(&dictionary[b as usize]),
            (Typed::Text, _) => Ordering::Greater,
            (_, Typed::Text) => Ordering::Less,
            (a, b) => {
                let (a, b) = (a.number(), b.number());
                a.partial_cmp(&b).unwrap_or(Ordering::Equal)
            }
        };
        let is_nan = |code: u32| matches!(typed[code as usize], Typed::Number(v) if v.is_nan());
        let numbered = (0..dictionary.len() as u32).filter(|code| !is_nan(*code));
        let mut ranks = Ranks::dense(numbered.collect(), compare);
        ranks.keys.resize(dictionary.len(), KEY_NAN);
        (0..dictionary.len() as u32)
            .filter(|code| is_nan(*code))
            .for_each(|code| ranks.keys[code as usize] = KEY_NAN);
        ranks
    }

    /// Gives each of these codes its place, and the same one to equals.
    fn dense(mut order: Vec<u32>, compare: impl Fn(u32, u32) -> Ordering) -> Ranks {
        order.sort_unstable_by(|a, b| compare(*a, *b));
        let len = order.iter().max().map_or(0, |code| *code as usize + 1);
        let mut keys = vec![0; len];
        let mut rank = 0;
        for (at, code) in order.iter().enumerate() {
            let is_new = at > 0 && compare(order[at - 1], *code).is_ne();
            rank += u64::from(is_new);
            keys[*code as usize] = rank;
        }
        Ranks { keys, max: rank }
    }
}

/// A column's sort keys.
pub(crate) enum Keys<'a> {
    Missing,
    Numbers(&'a [f64], &'a super::bitmap::Bitmap, bool),
    Integers(&'a [i64], &'a super::bitmap::Bitmap, bool),
    Texts(&'a [u32], &'a Ranks, bool),
    Ids(&'a [[u8; 16]], bool),
}

impl<'a> Keys<'a> {
    pub fn of(data: &'a ColumnData, is_typed: bool, is_descending: bool) -> Keys<'a> {
        match data {
            ColumnData::Missing => Keys::Missing,
            ColumnData::Numbers { values, present } => {
                Keys::Numbers(values, present, is_descending)
            }
            ColumnData::Integers { values, present } => {
                Keys::Integers(values, present, is_descending)
            }
            ColumnData::Texts(texts) => Keys::of_texts(texts, is_typed, is_descending),
            ColumnData::Ids(ids) => Keys::Ids(ids, is_descending),
        }
    }

    fn of_texts(texts: &'a Texts, is_typed: bool, is_descending: bool) -> Keys<'a> {
        Keys::Texts(texts.codes(), texts.ranks(is_typed), is_descending)
    }

    /// The key of a row. Of ids the first half: see [`Keys::settle`].
    #[inline]
    pub fn key(&self, row: usize) -> u64 {
        match self {
            Keys::Missing => KEY_MISSING,
            Keys::Numbers(values, present, is_descending) => {
                if present.get(row) {
                    number_key(values[row], *is_descending)
                } else {
                    KEY_MISSING
                }
            }
            Keys::Integers(values, present, is_descending) => {
                if present.get(row) {
                    integer_key(values[row], *is_descending)
                } else {
                    KEY_MISSING
                }
            }
            Keys::Texts(codes, ranks, is_descending) => match codes[row] {
                MISSING => KEY_MISSING,
                code => match ranks.keys[code as usize] {
                    KEY_NAN => KEY_NAN,
                    key if *is_descending => ranks.max - key,
                    key => key,
                },
            },
            Keys::Ids(ids, is_descending) => {
                let (first_half, _) = ids[row].as_chunks::<8>();
                let key = u64::from_be_bytes(first_half[0]);
                if *is_descending { !key } else { key }
            }
        }
    }

    /// Decides between rows of equal keys, where the key is not the whole value.
    pub fn settle(&self, a: usize, b: usize) -> Ordering {
        match self {
            Keys::Ids(ids, is_descending) => {
                let order = ids[a].cmp(&ids[b]);
                if *is_descending {
                    order.reverse()
                } else {
                    order
                }
            }
            _ => Ordering::Equal,
        }
    }
}

fn number_key(value: f64, is_descending: bool) -> u64 {
    if value.is_nan() {
        return KEY_NAN;
    }
    // Minus zero is zero.
    let bits = (value + 0.0).to_bits();
    let key = if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    };
    if is_descending { !key } else { key }
}

fn integer_key(value: i64, is_descending: bool) -> u64 {
    let key = value as u64 ^ 1 << 63;
    let key = if is_descending { !key } else { key };
    key.min(KEY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::bitmap::Bitmap;
    use crate::search::data::TextsBuilder;

    fn sorted(data: &ColumnData, is_typed: bool, is_descending: bool) -> Vec<usize> {
        let keys = Keys::of(data, is_typed, is_descending);
        let mut rows: Vec<usize> = (0..data.len().unwrap_or_default()).collect();
        rows.sort_by_key(|row| keys.key(*row));
        rows
    }

    #[test]
    fn numbers_sort_by_value_then_nan_then_missing_both_ways() {
        let values = vec![
            1.0,
            f64::NAN,
            -2.0,
            0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
        ];
        let mut present = Bitmap::all(values.len());
        present.set(3, false);
        let data = ColumnData::Numbers { values, present };
        assert_eq!(sorted(&data, false, false), [5, 2, 6, 0, 4, 1, 3]);
        assert_eq!(sorted(&data, false, true), [4, 0, 6, 2, 5, 1, 3]);
    }

    #[test]
    fn whole_numbers_sort_to_their_ends() {
        let values = vec![i64::MAX, 0, i64::MIN, -1];
        let data = ColumnData::Integers {
            present: Bitmap::all(4),
            values,
        };
        assert_eq!(sorted(&data, false, false), [2, 3, 1, 0]);
        assert_eq!(sorted(&data, false, true), [0, 1, 3, 2]);
    }

    #[test]
    fn texts_sort_as_texts_or_as_what_they_spell() {
        let mut builder = TextsBuilder::default();
        for text in [
            Some("10"),
            Some("9"),
            None,
            Some("adam"),
            Some("9.0"),
            Some("NaN"),
            Some("1e1"),
        ] {
            builder.push(text);
        }
        let data = ColumnData::Texts(builder.build());
        assert_eq!(sorted(&data, false, false), [0, 6, 1, 4, 5, 3, 2]);
        assert_eq!(sorted(&data, true, false), [1, 4, 0, 6, 3, 5, 2]);
        assert_eq!(sorted(&data, true, true), [3, 0, 6, 1, 4, 5, 2]);
    }
}
