//! One value of a run's row, and how two of them compare.
//!
//! Invariant: numbers compare as numbers, also when one of them is written as text; texts compare as texts.

use std::cmp::Ordering;
use std::fmt;

use mltrack_event::ParamValue;

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Cell {
    Number(f64),
    Text(String),
}

impl Cell {
    pub fn of_param(value: &ParamValue) -> Cell {
        match value {
            ParamValue::Int(value) => Cell::Number(*value as f64),
            ParamValue::Float(value) => Cell::Number(*value),
            other => Cell::Text(other.to_string()),
        }
    }

    /// The number that it is or spells.
    fn number(&self) -> Option<f64> {
        match self {
            Cell::Number(value) => Some(*value),
            Cell::Text(text) => text.trim().parse().ok(),
        }
    }

    /// `None` when the two cannot be compared.
    pub fn compare(&self, other: &Cell) -> Option<Ordering> {
        if let (Cell::Text(a), Cell::Text(b)) = (self, other) {
            return Some(a.cmp(b));
        }
        self.number()?.partial_cmp(&other.number()?)
    }

    /// A total order for sorting: numbers, then NaN, then texts.
    pub fn sort(&self, other: &Cell) -> Ordering {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => match (a.is_nan(), b.is_nan()) {
                (false, false) => a.total_cmp(b),
                (a, b) => a.cmp(&b),
            },
            (Cell::Number(_), Cell::Text(_)) => Ordering::Less,
            (Cell::Text(_), Cell::Number(_)) => Ordering::Greater,
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Number(value) => write!(f, "{value}"),
            Cell::Text(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_equals_its_text_and_a_text_is_compared_as_one() {
        let text = |text: &str| Cell::Text(text.into());
        assert_eq!(
            Cell::Number(3e-4).compare(&text("0.0003")),
            Some(Ordering::Equal)
        );
        assert_eq!(
            text("10").compare(&Cell::Number(9.0)),
            Some(Ordering::Greater)
        );
        assert_eq!(text("adam").compare(&Cell::Number(9.0)), None);
        assert_eq!(text("10").compare(&text("9")), Some(Ordering::Less));
        assert_eq!(Cell::Number(f64::NAN).compare(&Cell::Number(1.0)), None);
        assert_eq!(
            Cell::Number(f64::NAN).sort(&Cell::Number(1.0)),
            Ordering::Greater
        );
    }
}
