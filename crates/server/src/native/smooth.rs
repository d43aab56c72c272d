//! A smoothed line through values that were logged at uneven distances.
//!
//! Invariants: what lies far behind counts less, by its distance and not by how many points lie between, so that a run
//! that logs twice as often gets the same line; the first values count fully, as nothing is assumed before them; what
//! was averaged in two parts is what it is in one, but for the rounding of sums.
//!
//! The definition is that of the "time weighted exponential moving average" that Weights & Biases documents for its line
//! plots (docs.wandb.ai, "Smooth line plots"): the weight of what was before is `w = min(sqrt(smoothing), 0.999)` for
//! each thousandth of the axis, and the sum is divided by the sum of the weights.
//!
//! Both sums are linear in the values: those of a whole are those of its end, and those of its beginning, faded by the
//! distance between. So parts of a line are averaged side by side, each as if nothing was before it, and put together.

/// More would hardly follow the values at all.
const WEIGHT_MAX: f64 = 0.999;
/// In so many parts the axis is divided; what was one part ago counts `w` of what is new.
const PARTS: f64 = 1_000.0;
/// What faded to e to the power of minus this changes no bit of a sum, not even twenty million such values together.
const FADED: f64 = 54.0;

/// How fast what lies behind fades.
#[derive(Clone, Copy, Debug)]
pub struct Fading {
    /// For each unit of the axis, below 0; `None` where nothing but the last value counts.
    rate: Option<f64>,
}

impl Fading {
    /// `smoothing` is at least 0 and below 1; `span` is the length of the axis in the unit of places.
    pub fn new(smoothing: f64, span: f64) -> Fading {
        let weight = smoothing.sqrt().min(WEIGHT_MAX);
        let is_any = weight > 0.0 && span > 0.0;
        Fading {
            rate: is_any.then(|| weight.ln() * PARTS / span),
        }
    }

    /// What lies farther behind changes nothing.
    pub fn reach(self) -> f64 {
        self.rate.map_or(0.0, |rate| FADED / -rate)
    }

    /// What is left of a weight after this distance.
    fn factor(self, distance: f64) -> f64 {
        self.rate.map_or(0.0, |rate| (distance * rate).exp())
    }
}

/// The average at a place, of what was met so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Average {
    /// Where the last value was.
    x: f64,
    sum: f64,
    /// At least 1 once there was a value.
    weights: f64,
}

impl Average {
    /// NaN before the first value.
    pub fn value(self) -> f64 {
        self.sum / self.weights
    }

    /// This one, and a later one that was made as if nothing was before it.
    pub fn then(self, later: Average, fading: Fading) -> Average {
        if later.weights == 0.0 || self.weights == 0.0 {
            return if later.weights == 0.0 { self } else { later };
        }
        let factor = fading.factor(later.x - self.x);
        Average {
            x: later.x,
            sum: self.sum * factor + later.sum,
            weights: self.weights * factor + later.weights,
        }
    }
}

/// An average that goes along a line.
pub struct Averaging {
    fading: Fading,
    now: Average,
    /// Most runs log at even distances, whose factor is always the same.
    distance_known: f64,
    factor_known: f64,
}

impl Averaging {
    pub fn new(fading: Fading) -> Averaging {
        Averaging {
            fading,
            now: Average::default(),
            distance_known: f64::NAN,
            factor_known: 0.0,
        }
    }

    /// Goes on to a finite value at a place that is not before the last one.
    pub fn add(&mut self, x: f64, value: f64) {
        if self.now.weights == 0.0 {
            self.now.x = x;
        }
        let distance = x - self.now.x;
        if distance.to_bits() != self.distance_known.to_bits() {
            (self.distance_known, self.factor_known) = (distance, self.fading.factor(distance));
        }
        let factor = self.factor_known;
        self.now = Average {
            x,
            sum: self.now.sum * factor + value,
            weights: self.now.weights * factor + 1.0,
        };
    }

    pub fn now(&self) -> Average {
        self.now
    }
}

/// The smoothed value at each place; NaN where the value is no finite number, and it counts for none behind it.
#[cfg(test)]
pub fn smooth(xs: &[f64], values: &[f64], smoothing: f64, span: f64) -> Vec<f64> {
    let mut averaging = Averaging::new(Fading::new(smoothing, span));
    let one = |(x, value): (&f64, &f64)| {
        if !value.is_finite() {
            return f64::NAN;
        }
        averaging.add(*x, *value);
        averaging.now().value()
    };
    xs.iter().zip(values).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word by word: every value before, weighted by its distance.
    fn defined(xs: &[f64], values: &[f64], smoothing: f64, span: f64) -> Vec<f64> {
        let weight = smoothing.sqrt().min(0.999);
        let at = |place: usize| {
            if !values[place].is_finite() {
                return f64::NAN;
            }
            let known = (0..=place).filter(|at| values[*at].is_finite());
            let each = known.map(|at| (weight.powf((xs[place] - xs[at]) / span * 1000.0), at));
            let (sum, weights) = each.fold((0.0, 0.0), |(sum, weights), (weight, at)| {
                (sum + weight * values[at], weights + weight)
            });
            sum / weights
        };
        (0..xs.len()).map(at).collect()
    }

    /// Uneven distances, and values that jump.
    fn uneven() -> (Vec<f64>, Vec<f64>) {
        let xs = (0..200).map(|at| f64::from(at * at % 37 + at * 40));
        let values = (0..200).map(|at| f64::from(at * 7919 % 101));
        (xs.collect(), values.collect())
    }

    fn is_near(one: f64, two: f64) -> bool {
        (one - two).abs() < 1e-9 * two.abs().max(1.0)
    }

    #[test]
    fn the_smoothed_line_is_the_one_of_the_definition_at_uneven_distances() {
        let (xs, values) = uneven();
        for smoothing in [0.1, 0.6, 0.99, 0.999_9] {
            let expected = defined(&xs, &values, smoothing, 8_000.0);
            let found = smooth(&xs, &values, smoothing, 8_000.0);
            let mut pairs = found.iter().zip(&expected);
            assert!(
                pairs.all(|(one, two)| is_near(*one, *two)),
                "at {smoothing}"
            );
        }
    }

    #[test]
    fn parts_that_were_averaged_by_themselves_are_put_together_to_the_whole() {
        let (xs, values) = uneven();
        for smoothing in [0.0, 0.1, 0.6, 0.99, 0.999_9] {
            let fading = Fading::new(smoothing, 8_000.0);
            let whole = smooth(&xs, &values, smoothing, 8_000.0);
            for cut in [0, 1, 77, 199, 200] {
                let part = |range: std::ops::Range<usize>| {
                    let mut averaging = Averaging::new(fading);
                    for at in range {
                        averaging.add(xs[at], values[at]);
                    }
                    averaging.now()
                };
                let found = part(0..cut).then(part(cut..200), fading).value();
                assert!(is_near(found, whole[199]), "at {smoothing}, cut at {cut}");
            }
        }
    }

    #[test]
    fn what_lies_beyond_the_reach_changes_no_bit() {
        let fading = Fading::new(0.9, 1_000.0);
        let far = Average {
            x: 0.0,
            sum: 1e7,
            weights: 2e7,
        };
        let near = Average {
            x: fading.reach(),
            sum: 0.5,
            weights: 1.0,
        };
        assert_eq!(far.then(near, fading).value().to_bits(), 0.5_f64.to_bits());
    }

    #[test]
    fn what_is_no_number_leaves_a_gap_and_nothing_else() {
        let xs = [0.0, 1.0, 2.0, 3.0];
        let values = [1.0, f64::NAN, f64::INFINITY, 1.0];
        let found = smooth(&xs, &values, 0.9, 3.0);
        assert!(found[1].is_nan() && found[2].is_nan());
        assert_eq!((found[0], found[3]), (1.0, 1.0));
    }

    #[test]
    fn no_smoothing_and_an_axis_without_length_change_nothing() {
        assert_eq!(smooth(&[0.0, 1.0], &[3.0, 5.0], 0.0, 1.0), [3.0, 5.0]);
        assert_eq!(smooth(&[2.0, 2.0], &[3.0, 5.0], 0.9, 0.0), [3.0, 5.0]);
    }
}
