//! One axis: where a value lies between the extremes, and how its numbers are written.
//!
//! The ends are the true minimum and maximum of what is drawn, not rounded ones: a reader may take
//! the numbers at the ends for the values themselves. Nothing here overflows, whatever the values.

/// No label is longer, however close together the values are.
pub const LABEL_LEN_MAX: usize = 16;

#[derive(Clone, Copy, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Fixed {
        decimals: usize,
    },
    Scientific {
        decimals: usize,
    },
    /// The value is a power of ten, of which the exponent is at hand.
    Power,
}

impl Scale {
    /// The scale of these finite values, or `None` when there are none.
    pub fn around(values: impl Iterator<Item = f64> + Clone) -> Option<Scale> {
        let low = values.clone().reduce(f64::min)?;
        let high = values.clone().reduce(f64::max)?;
        assert!(
            low.is_finite() && high.is_finite(),
            "only finite values are drawn"
        );
        let integers = values.into_iter().all(|value| value.fract() == 0.0);
        Some(Scale {
            low,
            high,
            form: Form::of(low, high, integers),
        })
    }

    /// The same for the logarithms of values: its numbers are those of the values.
    pub fn of_powers(exponents: impl Iterator<Item = f64> + Clone) -> Option<Scale> {
        let scale = Scale::around(exponents)?;
        Some(Scale {
            form: Form::Power,
            ..scale
        })
    }

    /// All values are equal.
    pub fn is_point(&self) -> bool {
        self.half_span() == 0.0
    }

    /// 0 at the lowest value, 1 at the highest, and one half when they are equal.
    pub fn fraction(&self, value: f64) -> f64 {
        if self.is_point() {
            return 0.5;
        }
        ((value / 2.0 - self.low / 2.0) / self.half_span()).clamp(0.0, 1.0)
    }

    /// The number at a fraction of the way from the lowest to the highest value.
    pub fn label(&self, fraction: f64) -> String {
        self.form
            .write(self.low * (1.0 - fraction) + self.high * fraction)
    }

    /// Halved first: the distance between the two largest doubles is not a double.
    fn half_span(&self) -> f64 {
        self.high / 2.0 - self.low / 2.0
    }
}

impl Form {
    /// Enough decimals to tell a hundredth of the axis apart, within [`LABEL_LEN_MAX`].
    fn of(low: f64, high: f64, integers: bool) -> Form {
        let magnitude = low.abs().max(high.abs());
        let half_span = high / 2.0 - low / 2.0;
        let is_point = half_span == 0.0;
        if magnitude == 0.0 || (integers && magnitude < 1e9 && (is_point || half_span >= 5.0)) {
            return Form::Fixed { decimals: 0 };
        }
        let smallest = if is_point {
            magnitude / 1000.0
        } else {
            half_span / 50.0
        };
        let first_place = magnitude.log10().floor();
        let last_place = smallest.log10().floor();
        if (-3.0..9.0).contains(&first_place) {
            let room = 13.0 - first_place.max(0.0);
            return Form::Fixed {
                decimals: (-last_place).clamp(0.0, room) as usize,
            };
        }
        Form::Scientific {
            decimals: (first_place - last_place).clamp(1.0, 8.0) as usize,
        }
    }

    fn write(self, value: f64) -> String {
        let text = match self {
            Form::Fixed { decimals } => format!("{value:.decimals$}"),
            Form::Scientific { decimals } => format!("{value:.decimals$e}"),
            Form::Power => short(10_f64.powf(value)),
        };
        // Rounding can leave a zero with a sign, which would only puzzle.
        match text.strip_prefix('-') {
            Some(digits) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => {
                digits.to_owned()
            }
            _ => text,
        }
    }
}

/// A single number in about four digits, for the legend.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor();
    if (-4.0..9.0).contains(&exponent) {
        let decimals = (3.0 - exponent).clamp(0.0, 7.0) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') {
            return text.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        return text;
    }
    format!("{value:.3e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], low: &str, middle: &str, high: &str) {
        let scale = Scale::around(values.iter().copied()).unwrap();
        assert_eq!(
            [0.0, 0.5, 1.0].map(|at| scale.label(at)),
            [low, middle, high]
        );
    }

    #[test]
    fn labels_have_as_many_digits_as_tell_them_apart() {
        check(&[0.0123, 2.4], "0.01", "1.21", "2.40");
        check(&[0.0, 4499.0], "0", "2250", "4499");
        check(
            &[1000.001, 1000.003],
            "1000.00100",
            "1000.00200",
            "1000.00300",
        );
        check(&[-1.0, 1.0], "-1.00", "0.00", "1.00");
        check(&[0.0, 3.0], "0.00", "1.50", "3.00");
        check(&[2e-7, 4e-7], "2.00e-7", "3.00e-7", "4.00e-7");
        check(&[1e12, 3e12], "1.00e12", "2.00e12", "3.00e12");
        check(&[5.0, 5.0], "5", "5", "5");
    }

    #[test]
    fn a_rounded_negative_zero_has_no_sign() {
        let form = Form::Fixed { decimals: 2 };
        assert_eq!(
            [-0.001, -0.01].map(|value| form.write(value)),
            ["0.00", "-0.01"]
        );
    }

    #[test]
    fn extreme_values_neither_overflow_nor_divide_by_zero() {
        let tiny = f64::from_bits(1);
        for values in [
            [-999_999_999.000_001, -999_999_999.000_002],
            [-1e-300, -1.000_000_000_000_1e-300],
            [f64::MIN, f64::MAX],
            [0.0, tiny],
            [-0.0, 0.0],
            [tiny, tiny],
            [1e308, 1e308],
        ] {
            let scale = Scale::around(values.into_iter()).unwrap();
            for value in values {
                assert!((0.0..=1.0).contains(&scale.fraction(value)), "{values:?}");
            }
            for at in [0.0, 0.5, 1.0] {
                let label = scale.label(at);
                assert!(!label.contains("NaN") && !label.contains("inf"), "{label}");
                assert!(label.len() <= LABEL_LEN_MAX, "{label}");
            }
        }
    }

    #[test]
    fn no_values_have_no_scale() {
        assert!(Scale::around(std::iter::empty()).is_none());
    }

    #[test]
    fn short_numbers_keep_four_digits_and_drop_idle_zeros() {
        let values = [
            0.0,
            1.0,
            0.5,
            0.123_456,
            1234.567,
            5e6,
            1.5e-9,
            -2.0,
            1e300,
            f64::NAN,
        ];
        let texts = [
            "0",
            "1",
            "0.5",
            "0.1235",
            "1235",
            "5000000",
            "1.500e-9",
            "-2",
            "1.000e300",
            "NaN",
        ];
        assert_eq!(values.map(short), texts);
    }
}
