//! Comparisons over whole columns.
//!
//! Invariants: a number is compared without a branch, so that the compiler can compare several at once; a text is
//! compared once for each entry of the dictionary, however many rows have it.

use std::collections::HashSet;

use super::bitmap::Bitmap;
use super::data::{ColumnData, LIST_END, MISSING, Texts};
use super::expr::Operator;
use super::predicate::Predicate;
use super::time::Stretch;

/// The rows of `len` that a comparison admits.
pub(crate) fn admitted(predicate: &Predicate, data: &ColumnData, len: usize) -> Bitmap {
    let present = || data.present(len);
    match predicate {
        Predicate::Presence(true) | Predicate::Truth(true) => return present(),
        Predicate::Presence(false) | Predicate::Truth(false) => {
            let mut missing = present();
            missing.negate();
            return missing;
        }
        _ => {}
    }
    match data {
        ColumnData::Missing => Bitmap::none(len),
        ColumnData::Numbers { values, present } => masked(numbers(predicate, values), present),
        ColumnData::Integers { values, present } => masked(integers(predicate, values), present),
        ColumnData::Texts(column) => texts(predicate, column),
        ColumnData::Ids(ids) => ids_admitted(predicate, ids),
    }
}

/// The rows of which one of several texts is admitted; none of a row without texts but by `is null`.
pub(crate) fn any_admitted(predicate: &Predicate, lists: &Texts) -> Bitmap {
    if let Predicate::Presence(is_present) = predicate {
        return Bitmap::of(lists.codes().len(), |row| {
            (lists.codes()[row] != MISSING) == *is_present
        });
    }
    rows_of_codes(lists, |code| {
        let mut texts = lists.dictionary()[code].split(LIST_END);
        texts.any(|found| text(predicate, found))
    })
}

fn masked(mut rows: Bitmap, present: &Bitmap) -> Bitmap {
    rows.and(present);
    rows
}

fn numbers(predicate: &Predicate, values: &[f64]) -> Bitmap {
    match predicate {
        Predicate::Number(operator, wanted) => number(*operator, *wanted, values),
        Predicate::NumberIn(wanted, is_negated) => {
            let mut any = Bitmap::none(values.len());
            for wanted in wanted {
                any.or(&number(Operator::Equal, *wanted, values));
            }
            if *is_negated {
                any.negate();
            }
            any
        }
        _ => Bitmap::none(values.len()),
    }
}

fn number(operator: Operator, wanted: f64, values: &[f64]) -> Bitmap {
    let len = values.len();
    if wanted.is_nan() {
        return match operator {
            Operator::Equal => Bitmap::of(len, |row| values[row].is_nan()),
            Operator::NotEqual => Bitmap::of(len, |row| !values[row].is_nan()),
            _ => Bitmap::none(len),
        };
    }
    #[expect(
        clippy::float_cmp,
        reason = "an equal value is asked for, not a near one"
    )]
    match operator {
        Operator::Equal => Bitmap::of(len, |row| values[row] == wanted),
        Operator::NotEqual => Bitmap::of(len, |row| values[row] != wanted),
        Operator::Less => Bitmap::of(len, |row| values[row] < wanted),
        Operator::LessOrEqual => Bitmap::of(len, |row| values[row] <= wanted),
        Operator::Greater => Bitmap::of(len, |row| values[row] > wanted),
        Operator::GreaterOrEqual => Bitmap::of(len, |row| values[row] >= wanted),
        _ => Bitmap::none(len),
    }
}

fn integers(predicate: &Predicate, values: &[i64]) -> Bitmap {
    match predicate {
        Predicate::Stretch(operator, wanted) => stretch(*operator, *wanted, values),
        Predicate::StretchIn(wanted, is_negated) => {
            let mut any = Bitmap::none(values.len());
            for wanted in wanted {
                any.or(&stretch(Operator::Equal, *wanted, values));
            }
            if *is_negated {
                any.negate();
            }
            any
        }
        _ => Bitmap::none(values.len()),
    }
}

fn stretch(operator: Operator, Stretch { first, last }: Stretch, values: &[i64]) -> Bitmap {
    let len = values.len();
    match operator {
        Operator::Equal => Bitmap::of(len, |row| (first..=last).contains(&values[row])),
        Operator::NotEqual => Bitmap::of(len, |row| !(first..=last).contains(&values[row])),
        Operator::Less => Bitmap::of(len, |row| values[row] < first),
        Operator::LessOrEqual => Bitmap::of(len, |row| values[row] <= last),
        Operator::Greater => Bitmap::of(len, |row| values[row] > last),
        Operator::GreaterOrEqual => Bitmap::of(len, |row| values[row] >= first),
        _ => Bitmap::none(len),
    }
}

fn texts(predicate: &Predicate, column: &Texts) -> Bitmap {
    let typed = match predicate {
        Predicate::Typed(..) | Predicate::TypedIn(..) => column.typed(),
        _ => &[],
    };
    let admits = |code: usize| match predicate {
        Predicate::Typed(operator, literal) => {
            literal.admits(*operator, typed[code], || &column.dictionary()[code])
        }
        Predicate::TypedIn(literals, is_negated) => {
            let text = || &column.dictionary()[code];
            let mut literals = literals.iter();
            literals.any(|literal| literal.admits(Operator::Equal, typed[code], text))
                != *is_negated
        }
        predicate => text(predicate, &column.dictionary()[code]),
    };
    rows_of_codes(column, admits)
}

/// The rows whose text's place in the dictionary is admitted.
pub(crate) fn rows_of_codes(column: &Texts, admits: impl Fn(usize) -> bool) -> Bitmap {
    let codes = column.codes();
    if codes.len() < column.dictionary().len() {
        return Bitmap::of(codes.len(), |row| {
            codes[row] != MISSING && admits(codes[row] as usize)
        });
    }
    let decided: Vec<bool> = (0..column.dictionary().len()).map(admits).collect();
    Bitmap::of(codes.len(), |row| {
        decided.get(codes[row] as usize).copied().unwrap_or(false)
    })
}

fn text(predicate: &Predicate, found: &str) -> bool {
    match predicate {
        Predicate::Text(operator, wanted) => operator.admits(found.cmp(wanted.as_str())),
        Predicate::TextIn(wanted, is_negated) => {
            wanted.iter().any(|wanted| wanted == found) != *is_negated
        }
        Predicate::Like(pattern, is_negated) => pattern.admits(found) != *is_negated,
        _ => false,
    }
}

fn ids_admitted(predicate: &Predicate, ids: &[[u8; 16]]) -> Bitmap {
    if let Predicate::TextIn(wanted, is_negated) = predicate {
        // Whole ids are compared as they are kept: a page asks for a screenful of runs this way, several times a second.
        let wanted: HashSet<[u8; 16]> = wanted.iter().filter_map(|text| id_of(text)).collect();
        return Bitmap::of(ids.len(), |row| wanted.contains(&ids[row]) != *is_negated);
    }
    Bitmap::of(ids.len(), |row| {
        let digits = hex(&ids[row]);
        std::str::from_utf8(&digits).is_ok_and(|digits| text(predicate, digits))
    })
}

/// The id that a text spells as people write it, whole and in small letters.
fn id_of(text: &str) -> Option<[u8; 16]> {
    let id = u128::from_str_radix(text, 16).ok()?.to_be_bytes();
    (hex(&id) == text.as_bytes()).then_some(id)
}

/// An id as people write it.
pub(crate) fn hex(id: &[u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 32];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(id) {
        *pair = [
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ];
    }
    digits
}
