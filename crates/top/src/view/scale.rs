//! From values to dots, and the numbers beside the axes.

/// A stretch of values on so many dots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    dots: i64,
}

impl Scale {
    /// Over all of the values that can be drawn; `None` when there are none.
    pub fn over(values: impl Iterator<Item = f64>, is_log: bool, dots: i64) -> Option<Scale> {
        let is_drawn = |value: &f64| value.is_finite() && (!is_log || *value > 0.0);
        let start = (f64::INFINITY, f64::NEG_INFINITY);
        let fold = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, high) = values.filter(is_drawn).fold(start, fold);
        (low <= high).then_some(Scale {
            low,
            high,
            is_log,
            dots,
        })
    }

    pub fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// The value halfway up.
    pub fn middle(&self) -> f64 {
        if self.is_log {
            (self.low.ln().midpoint(self.high.ln())).exp()
        } else {
            self.low.midpoint(self.high)
        }
    }

    /// The dot of a value; `None` for one that cannot be drawn.
    pub fn dot(&self, value: f64) -> Option<i64> {
        if !value.is_finite() || (self.is_log && value <= 0.0) {
            return None;
        }
        let map = |value: f64| if self.is_log { value.ln() } else { value };
        let (low, high) = (map(self.low), map(self.high));
        if high <= low {
            return Some(self.dots / 2);
        }
        // Halves, because the whole of two large numbers may be more than there is.
        let share = (map(value) / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        Some((share * (self.dots - 1) as f64).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_values_are_the_ends_of_the_dots() {
        let scale =
            Scale::over([3.0, f64::NAN, -1.0, f64::INFINITY].into_iter(), false, 9).unwrap();
        assert_eq!(scale.ends(), (-1.0, 3.0));
        assert_eq!(
            (scale.dot(-1.0), scale.dot(1.0), scale.dot(3.0)),
            (Some(0), Some(4), Some(8))
        );
        assert_eq!(scale.dot(f64::NAN), None);
        let widest = Scale::over([f64::MIN, f64::MAX].into_iter(), false, 9).unwrap();
        assert_eq!((widest.dot(0.0), widest.middle()), (Some(4), 0.0));
    }

    #[test]
    fn a_logarithmic_scale_has_powers_of_ten_at_equal_distances() {
        let scale = Scale::over([0.0, -3.0, 0.01, 1.0, 100.0].into_iter(), true, 9).unwrap();
        assert_eq!(
            (scale.dot(0.01), scale.dot(1.0), scale.dot(100.0)),
            (Some(0), Some(4), Some(8))
        );
        assert_eq!(scale.dot(0.0), None);
        assert!((scale.middle() - 1.0).abs() < 1e-12);
        assert_eq!(Scale::over([-1.0].into_iter(), true, 9), None);
    }

    #[test]
    fn one_value_stands_in_the_middle() {
        let scale = Scale::over([2.0].into_iter(), false, 8).unwrap();
        assert_eq!(scale.dot(2.0), Some(4));
    }
}
