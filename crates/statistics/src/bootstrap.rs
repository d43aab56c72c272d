//! The difference of means over resampled groups.
//!
//! Invariants: the same seed gives the same answer. Each group is resampled by itself, with replacement, to its own size.
//! The intervals are those of `scipy.stats.bootstrap` for the same resamples.

use crate::describe::at_fraction;
use crate::distribution;
use crate::effect;
use crate::error::Error;
use crate::means;
use crate::outcome::{Degrees, Estimate, Interval, Method, Outcome, Test};
use crate::random::Random;
use crate::sample::{self, Scaled};

const RESAMPLES_MIN: u32 = 100;

/// Which interval is formed of the resamples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootstrapInterval {
    /// Between two quantiles of the resampled differences.
    Percentile,
    /// The same, corrected for bias and for a spread that changes with the mean.
    Bca,
}

/// How often and from which seed groups are resampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// At least 100.
    pub resamples: u32,
    pub seed: u64,
    pub interval: BootstrapInterval,
}

impl Default for Bootstrap {
    /// 9,999 resamples as in `SciPy`, seed 0, corrected for bias.
    fn default() -> Bootstrap {
        Bootstrap {
            resamples: 9_999,
            seed: 0,
            interval: BootstrapInterval::Bca,
        }
    }
}

/// The difference of the means of two independent groups of at least two values each, by resampling.
///
/// The p-value is twice the share of resampled differences on the other side of zero, the observed one counted among
/// them, so that it is never zero: with 9,999 resamples it is at least 0.0002.
pub fn bootstrap(
    first: &[f64],
    second: &[f64],
    level: f64,
    options: Bootstrap,
) -> Result<Outcome, Error> {
    means::check_independent(first, second, level)?;
    let (resamples, needed) = (options.resamples, RESAMPLES_MIN);
    if resamples < needed {
        return Err(Error::Resamples { resamples, needed });
    }
    let scaled = Scaled::new(&[first, second]);
    let (one, other) = (&scaled.groups[0], &scaled.groups[1]);
    let mut random = Random::new(options.seed);
    let mut differences: Vec<f64> = (0..resamples)
        .map(|_| resampled_mean(one, &mut random) - resampled_mean(other, &mut random))
        .collect();
    differences.sort_by(f64::total_cmp);
    let interval = match options.interval {
        BootstrapInterval::Percentile => percentile_interval(&differences, level),
        BootstrapInterval::Bca => bca_interval(&differences, one, other, level),
    }?;
    let difference = sample::mean(one) - sample::mean(other);
    Ok(Outcome {
        test: Test::Bootstrap,
        statistic: scaled.back(difference),
        degrees: Degrees::None,
        p: share_beyond_zero(&differences),
        method: Method::Resampled,
        counts: vec![first.len(), second.len()],
        difference: Some(Estimate {
            value: scaled.back(difference),
            interval: Some(Interval {
                low: scaled.back(interval.low),
                high: scaled.back(interval.high),
                level,
            }),
        }),
        effect: effect::of_standardised(one, other, level),
        notes: sample::notes(&[first, second]),
    })
}

/// The mean of as many values, drawn with replacement. Values are added in their own order, so that drawing each once
/// gives the mean of all to the last bit.
fn resampled_mean(values: &[f64], random: &mut Random) -> f64 {
    let mut times = vec![0_u32; values.len()];
    for _ in values {
        times[random.below(values.len())] += 1;
    }
    let weighed = values
        .iter()
        .zip(&times)
        .map(|(value, times)| value * f64::from(*times));
    sample::sum(weighed) / values.len() as f64
}

fn share_beyond_zero(sorted: &[f64]) -> f64 {
    let below = sorted.partition_point(|difference| *difference <= 0.0);
    let above = sorted.len() - sorted.partition_point(|difference| *difference < 0.0);
    let beyond = below.min(above) as f64 + 1.0;
    (2.0 * beyond / (sorted.len() as f64 + 1.0)).min(1.0)
}

/// The interval between two quantiles of resampled differences.
pub fn percentile_interval(differences: &[f64], level: f64) -> Result<Interval, Error> {
    sample::check(&[differences], RESAMPLES_MIN as usize)?;
    sample::check_level(level)?;
    let tail = (1.0 - level) / 2.0;
    Ok(between(
        &sample::sorted(differences),
        [tail, 1.0 - tail],
        level,
    ))
}

/// The bias-corrected and accelerated interval of the difference of the means of `first` and `second`, whose resampled
/// differences are given.
pub fn bca_interval(
    differences: &[f64],
    first: &[f64],
    second: &[f64],
    level: f64,
) -> Result<Interval, Error> {
    sample::check(&[differences], RESAMPLES_MIN as usize)?;
    means::check_independent(first, second, level)?;
    let sorted = sample::sorted(differences);
    let bias = distribution::normal_quantile(share_below(&sorted, first, second));
    let acceleration = acceleration(first, second);
    let z = distribution::normal_quantile((1.0 - level) / 2.0);
    let place = |z: f64| {
        let moved = bias + z;
        distribution::normal_tail(-(bias + moved / (1.0 - acceleration * moved)))
    };
    Ok(between(&sorted, [place(z), place(-z)], level))
}

/// The share of resampled differences below the observed one, equal ones by half; never 0 or 1, which have no quantile.
fn share_below(sorted: &[f64], first: &[f64], second: &[f64]) -> f64 {
    let observed = sample::mean(first) - sample::mean(second);
    let below = sorted.partition_point(|difference| *difference < observed);
    let not_above = sorted.partition_point(|difference| *difference <= observed);
    let count = sorted.len() as f64;
    let share = (below + not_above) as f64 / (2.0 * count);
    share.clamp(0.5 / count, 1.0 - 0.5 / count)
}

/// A sixth of the skewness of the influences of single values, which for means are their distances from them.
fn acceleration(first: &[f64], second: &[f64]) -> f64 {
    let part = |values: &[f64], power: i32| {
        let mean = sample::mean(values);
        let powers = values.iter().map(|value| (value - mean).powi(power));
        sample::sum(powers) / (values.len() as f64).powi(power)
    };
    let skew = part(first, 3) - part(second, 3);
    let spread = part(first, 2) + part(second, 2);
    skew / spread.powf(1.5) / 6.0
}

fn between(sorted: &[f64], [low, high]: [f64; 2], level: f64) -> Interval {
    Interval {
        low: at_fraction(sorted, low.clamp(0.0, 1.0)),
        high: at_fraction(sorted, high.clamp(0.0, 1.0)),
        level,
    }
}
