//! Samples that are checked, and their moments.
//!
//! Invariants: a sum loses nothing to its order (compensated) and nothing to its scale: values beyond 1e±100 are
//! multiplied by a power of two first, which is exact, and what is computed is multiplied back.

use crate::error::Error;
use crate::outcome::Note;

/// Groups of fewer values than this get a note.
const POWERFUL_COUNT: usize = 3;

/// Refuses values that are not finite, and groups with fewer than `needed` values.
pub fn check(groups: &[&[f64]], needed: usize) -> Result<(), Error> {
    for (group, values) in groups.iter().enumerate() {
        let place = values.iter().position(|value| !value.is_finite());
        if let Some(index) = place {
            let value = values[index];
            return Err(Error::NotFinite {
                group,
                index,
                value,
            });
        }
    }
    for (group, values) in groups.iter().enumerate() {
        if values.len() < needed {
            let count = values.len();
            return Err(Error::TooFew {
                group,
                count,
                needed,
            });
        }
    }
    Ok(())
}

pub fn check_level(level: f64) -> Result<(), Error> {
    if level > 0.0 && level < 1.0 {
        Ok(())
    } else {
        Err(Error::Level { level })
    }
}

/// Whether all values are the same; true of none and of one.
pub fn is_constant(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

/// Values and the power of two that they were multiplied by, so that squares neither overflow nor vanish.
pub struct Scaled {
    pub groups: Vec<Vec<f64>>,
    exponent: i32,
}

impl Scaled {
    pub fn new(groups: &[&[f64]]) -> Scaled {
        let largest = groups
            .iter()
            .flat_map(|values| values.iter())
            .fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let is_plain = largest == 0.0 || (1e-100..1e100).contains(&largest);
        let exponent = if is_plain { 0 } else { -libm::ilogb(largest) };
        let groups = groups
            .iter()
            .map(|values| scaled(values, exponent))
            .collect();
        Scaled { groups, exponent }
    }

    /// What was computed from the values, in their own unit again.
    pub fn back(&self, computed: f64) -> f64 {
        libm::scalbn(computed, -self.exponent)
    }
}

fn scaled(values: &[f64], exponent: i32) -> Vec<f64> {
    values
        .iter()
        .map(|value| libm::scalbn(*value, exponent))
        .collect()
}

/// The sum, with the parts that rounding loses added at the end (Neumaier).
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

pub fn mean(values: &[f64]) -> f64 {
    if is_constant(values) {
        return values[0];
    }
    sum(values.iter().copied()) / values.len() as f64
}

/// Sum of squared distances from `center`, which is the mean or near it.
pub fn squares(values: &[f64], center: f64) -> f64 {
    if is_constant(values) && values.first().is_none_or(|value| *value == center) {
        return 0.0;
    }
    let squares = sum(values.iter().map(|value| (value - center).powi(2)));
    let rest = sum(values.iter().map(|value| value - center));
    squares - rest * rest / values.len() as f64
}

/// Mean and sample variance (n - 1) of at least two values.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let mean = mean(values);
    (mean, squares(values, mean) / (values.len() as f64 - 1.0))
}

/// The order of numbers that are finite, in which -0 and 0 are one.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// What is weak about the groups themselves.
pub fn notes(groups: &[&[f64]]) -> Vec<Note> {
    let mut notes = Vec::new();
    for (group, values) in groups.iter().enumerate() {
        let count = values.len();
        if count < POWERFUL_COUNT {
            notes.push(Note::LittlePower { group, count });
        }
        if is_constant(values) {
            notes.push(Note::ZeroVariance { group });
        } else if is_nearly_constant(values) {
            notes.push(Note::NearlyConstant { group });
        }
    }
    notes
}

/// Whether the spread is within a thousand steps of rounding of the largest value.
fn is_nearly_constant(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let largest = low.abs().max(high.abs());
    high / 2.0 - low / 2.0 < largest * f64::EPSILON * 500.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_plain_addition_loses() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    #[test]
    fn moments_of_values_far_from_zero_are_those_near_it() {
        let (mean, variance) = moments(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0, 1e9 + 4.0]);
        assert_eq!(mean, 1e9 + 2.5);
        assert!((variance - 5.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_constant_group_has_no_variance_at_all() {
        assert_eq!(moments(&[0.1; 7]), (0.1, 0.0));
        assert!(is_constant(&[0.0, -0.0]));
    }

    #[test]
    fn values_whose_squares_overflow_or_vanish_are_scaled() {
        for unit in [1e300, 5e-324 * 8.0, -1e300] {
            let scaled = Scaled::new(&[&[unit, 2.0 * unit, 3.0 * unit]]);
            let (mean, variance) = moments(&scaled.groups[0]);
            assert_eq!(scaled.back(mean), 2.0 * unit);
            assert_eq!(scaled.back(variance.sqrt()), unit.abs());
        }
    }
}
