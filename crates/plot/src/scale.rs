//! How the values of an axis are spread over it, and how far it reaches.
//!
//! Invariant: what cannot be placed (NaN, infinities, what is not above zero on a logarithmic axis) is NaN, and is drawn
//! nowhere.

/// How the values of an axis are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly, and they are whole, such as steps.
    Whole,
    /// By their logarithms.
    Log,
    /// Seconds since 1970, shown as times in UTC.
    Clock,
    /// Seconds, shown in the unit that fits.
    Duration,
}

impl Scale {
    /// Where a value lies.
    pub(crate) fn place(self, value: f64) -> f64 {
        match self {
            _ if !value.is_finite() => f64::NAN,
            Scale::Log if value > 0.0 => value.log10(),
            Scale::Log => f64::NAN,
            _ => value,
        }
    }
}

/// From where to where an axis reaches, as values are placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub from: f64,
    pub to: f64,
}

impl Range {
    pub fn span(self) -> f64 {
        self.to - self.from
    }

    /// Around all that can be placed, with a share of it left free on both sides. One that holds a single value has it
    /// in its middle; one without any reaches from 0 to 1.
    pub fn around(scale: Scale, values: impl IntoIterator<Item = f64>, free: f64) -> Range {
        let mut range = Range {
            from: f64::INFINITY,
            to: f64::NEG_INFINITY,
        };
        for value in values {
            let place = scale.place(value);
            if !place.is_nan() {
                range.from = range.from.min(place);
                range.to = range.to.max(place);
            }
        }
        range.with_room(scale, free)
    }

    fn with_room(self, scale: Scale, free: f64) -> Range {
        if self.from > self.to {
            return Range { from: 0.0, to: 1.0 };
        }
        let middle = self.from / 2.0 + self.to / 2.0;
        // Below this share of the values, differences are those of rounding.
        let least = middle.abs() * 1e-12;
        if self.span() <= least {
            let half = match scale {
                Scale::Log | Scale::Clock | Scale::Duration => 0.5,
                Scale::Linear | Scale::Whole if middle == 0.0 => 1.0,
                Scale::Linear | Scale::Whole => middle.abs() * 0.1,
            };
            return Range {
                from: middle - half,
                to: middle + half,
            };
        }
        let room = self.span() * free;
        Range {
            from: (self.from - room).max(f64::MIN / 4.0),
            to: (self.to + room).min(f64::MAX / 4.0),
        }
    }

    /// What lies in it, ends included but for rounding.
    pub fn holds(self, place: f64) -> bool {
        let slack = self.span() * 1e-9;
        (self.from - slack..=self.to + slack).contains(&place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(scale: Scale, values: &[f64]) -> (f64, f64) {
        let range = Range::around(scale, values.iter().copied(), 0.0);
        (range.from, range.to)
    }

    #[test]
    fn a_range_is_around_what_can_be_placed() {
        assert_eq!(around(Scale::Linear, &[1.0, f64::NAN, 3.0]), (1.0, 3.0));
        assert_eq!(around(Scale::Log, &[-1.0, 0.0, 10.0, 1000.0]), (1.0, 3.0));
        assert_eq!(around(Scale::Linear, &[f64::INFINITY]), (0.0, 1.0));
    }

    #[test]
    fn a_single_value_lies_in_the_middle() {
        assert_eq!(around(Scale::Linear, &[10.0]), (9.0, 11.0));
        assert_eq!(around(Scale::Linear, &[0.0]), (-1.0, 1.0));
        assert_eq!(around(Scale::Log, &[10.0]), (0.5, 1.5));
    }

    #[test]
    fn the_largest_numbers_have_a_finite_range() {
        let range = Range::around(Scale::Linear, [f64::MIN, f64::MAX], 0.05);
        assert!(range.span().is_finite(), "{range:?}");
    }
}
