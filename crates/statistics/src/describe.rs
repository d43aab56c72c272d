//! One group: its number, centre, spread and the interval of its mean.
//!
//! Invariant: what one value cannot have (a spread, an interval) is `None`.

use std::collections::BTreeMap;

use crate::distribution;
use crate::error::Error;
use crate::outcome::Interval;
use crate::sample::{self, Scaled};

/// What is told of one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Description {
    pub count: usize,
    pub mean: f64,
    pub median: f64,
    pub min: f64,
    pub max: f64,
    /// The first quartile, at a quarter of the way through the sorted values.
    pub lower_quartile: f64,
    pub upper_quartile: f64,
    /// Sample standard deviation (n - 1).
    pub deviation: Option<f64>,
    /// Standard error of the mean.
    pub error: Option<f64>,
    /// Interval of the mean by Student's t.
    pub interval: Option<Interval>,
}

/// Describes a group of at least one value; `level` is that of the interval of the mean.
///
/// ```
/// let seeds = mltrack_statistics::describe(&[0.91, 0.93, 0.92], 0.95)?;
/// assert_eq!((seeds.count, seeds.median), (3, 0.92));
/// # Ok::<(), mltrack_statistics::Error>(())
/// ```
pub fn describe(values: &[f64], level: f64) -> Result<Description, Error> {
    Describer::new(level).describe(values)
}

/// Describes many groups at one level: what depends on how many values there are is computed once.
///
/// ```
/// let mut describer = mltrack_statistics::Describer::new(0.95);
/// for seeds in [[0.91, 0.93], [0.92, 0.95]] {
///     assert_eq!(describer.describe(&seeds)?, mltrack_statistics::describe(&seeds, 0.95)?);
/// }
/// # Ok::<(), mltrack_statistics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Describer {
    level: f64,
    /// Of Student's t, by the number of values.
    quantiles: BTreeMap<usize, f64>,
}

impl Describer {
    /// For intervals of this level.
    #[must_use]
    pub fn new(level: f64) -> Describer {
        Describer {
            level,
            quantiles: BTreeMap::new(),
        }
    }

    /// Describes a group of at least one value.
    pub fn describe(&mut self, values: &[f64]) -> Result<Description, Error> {
        sample::check_level(self.level)?;
        let (level, degrees) = (self.level, values.len() as f64 - 1.0);
        let quantile = || distribution::student_quantile_two_sided(level, degrees);
        described(values, level, || {
            *self.quantiles.entry(values.len()).or_insert_with(quantile)
        })
    }
}

/// `quantile` is asked where there are two values or more.
fn described(
    values: &[f64],
    level: f64,
    quantile: impl FnOnce() -> f64,
) -> Result<Description, Error> {
    sample::check(&[values], 1)?;
    let scaled = Scaled::new(&[values]);
    let sorted = sample::sorted(&scaled.groups[0]);
    let at = |fraction| scaled.back(at_fraction(&sorted, fraction));
    let mean = sample::mean(&sorted);
    let description = Description {
        count: values.len(),
        mean: scaled.back(mean),
        median: at(0.5),
        min: at(0.0),
        max: at(1.0),
        lower_quartile: at(0.25),
        upper_quartile: at(0.75),
        deviation: None,
        error: None,
        interval: None,
    };
    if values.len() < 2 {
        return Ok(description);
    }
    let count = values.len() as f64;
    let deviation = sample::moments(&sorted).1.sqrt();
    let error = deviation / count.sqrt();
    let reach = quantile() * error;
    Ok(Description {
        deviation: Some(scaled.back(deviation)),
        error: Some(scaled.back(error)),
        interval: Some(Interval {
            low: scaled.back(mean - reach),
            high: scaled.back(mean + reach),
            level,
        }),
        ..description
    })
}

/// The value at a fraction of the way through the sorted values, between two neighbours in proportion (`NumPy`'s `linear`).
pub fn quantile(values: &[f64], fraction: f64) -> Result<f64, Error> {
    sample::check(&[values], 1)?;
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::Fraction { fraction });
    }
    Ok(at_fraction(&sample::sorted(values), fraction))
}

/// The value in the middle, or the mean of the two there.
pub fn median(values: &[f64]) -> Result<f64, Error> {
    quantile(values, 0.5)
}

/// As [`quantile`], of values that are sorted and at least one.
pub fn at_fraction(sorted: &[f64], fraction: f64) -> f64 {
    let place = fraction * (sorted.len() - 1) as f64;
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    let part = place - below as f64;
    let (low, high) = (sorted[below], sorted[above]);
    if part >= 0.5 {
        high - (high - low) * (1.0 - part)
    } else {
        low + (high - low) * part
    }
}
