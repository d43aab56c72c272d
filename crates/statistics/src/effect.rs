//! How large a difference is, in units that do not depend on the metric's.
//!
//! Invariant: an interval contains its value's sign side by side with the test of the same numbers: that of Hedges' g is
//! exact for normal values of equal spread (noncentral t), that of eta squared likewise (noncentral F); the others are
//! approximations, named at their functions.

use crate::distribution;
use crate::error::Error;
use crate::means;
use crate::noncentral;
use crate::outcome::{Effect, EffectKind, Interval};
use crate::ranks::Ranks;
use crate::sample::{self, Scaled};
use crate::special;

/// Hedges' g: the difference of means in pooled standard deviations, with the exact correction of its bias.
/// The interval inverts the noncentral t distribution.
pub fn hedges_g(first: &[f64], second: &[f64], level: f64) -> Result<Effect, Error> {
    means::check_independent(first, second, level)?;
    let scaled = Scaled::new(&[first, second]);
    Ok(of_standardised(&scaled.groups[0], &scaled.groups[1], level))
}

/// Hedges' g of the differences of pairs: their mean in their own standard deviations, with the exact correction.
pub fn hedges_g_paired(first: &[f64], second: &[f64], level: f64) -> Result<Effect, Error> {
    let differences = means::differences(first, second, level)?;
    if sample::is_constant(&differences) {
        return Err(Error::NoSpread);
    }
    Ok(of_differences(
        &Scaled::new(&[&differences]).groups[0],
        level,
    ))
}

/// As [`hedges_g`], of groups that were checked.
pub fn of_standardised(first: &[f64], second: &[f64], level: f64) -> Effect {
    let (count, other) = (first.len() as f64, second.len() as f64);
    let (mean, other_mean) = (sample::mean(first), sample::mean(second));
    let degrees = count + other - 2.0;
    let variance = (sample::squares(first, mean) + sample::squares(second, other_mean)) / degrees;
    let size = count * other / (count + other);
    standardised((mean - other_mean) / variance.sqrt(), degrees, size, level)
}

/// As [`hedges_g_paired`], of differences that were checked.
pub fn of_differences(differences: &[f64], level: f64) -> Effect {
    let (mean, variance) = sample::moments(differences);
    let count = differences.len() as f64;
    standardised(mean / variance.sqrt(), count - 1.0, count, level)
}

/// g of d, where d times the root of `size` is distributed as a noncentral t.
fn standardised(d: f64, degrees: f64, size: f64, level: f64) -> Effect {
    let correction = correction(degrees);
    let [low, high] = noncentral::t_interval(d * size.sqrt(), degrees, level);
    Effect {
        kind: EffectKind::HedgesG,
        value: correction * d,
        interval: Some(Interval {
            low: correction * low / size.sqrt(),
            high: correction * high / size.sqrt(),
            level,
        }),
    }
}

/// By what a standardised difference is too large on average. With one degree of freedom it has no average that could
/// be corrected, and is left as it is.
fn correction(degrees: f64) -> f64 {
    if degrees < 2.0 {
        return 1.0;
    }
    special::half_gamma_ratio(degrees / 2.0)
}

/// Cliff's delta, which is the rank-biserial correlation of two independent groups. The interval is Feng and Cliff's
/// (2004) from the unbiased variance, which does not leave [-1, 1]; there is none where the groups do not overlap.
pub fn cliffs_delta(first: &[f64], second: &[f64], level: f64) -> Result<Effect, Error> {
    sample::check(&[first, second], 2)?;
    sample::check_level(level)?;
    Ok(of_dominance(first, second, level))
}

/// As [`cliffs_delta`], of groups that were checked.
pub fn of_dominance(first: &[f64], second: &[f64], level: f64) -> Effect {
    let (count, other) = (first.len() as f64, second.len() as f64);
    let (rows, unequal) = dominances(first, second);
    let (columns, _) = dominances(second, first);
    let delta = sample::sum(rows.iter().copied()) / count;
    let row_squares = sample::sum(rows.iter().map(|row| (row - delta).powi(2)));
    let column_squares = sample::sum(columns.iter().map(|column| (column + delta).powi(2)));
    let all_squares = unequal - count * other * delta * delta;
    let variance = (other * other * row_squares + count * count * column_squares - all_squares)
        / (count * other * (count - 1.0) * (other - 1.0));
    let least = (1.0 - delta * delta) / (count * other - 1.0);
    let interval =
        (delta.abs() < 1.0).then(|| dominance_interval(delta, variance.max(least), level));
    Effect {
        kind: EffectKind::CliffsDelta,
        value: delta,
        interval,
    }
}

/// For each value the share of the others that it exceeds, less the share that exceed it; and how many pairs differ.
fn dominances(values: &[f64], others: &[f64]) -> (Vec<f64>, f64) {
    let sorted = sample::sorted(others);
    let count = others.len() as f64;
    let mut unequal = 0.0;
    let of = |value: &f64| {
        let below = sorted.partition_point(|other| other < value) as f64;
        let above = count - sorted.partition_point(|other| other <= value) as f64;
        unequal += below + above;
        (below - above) / count
    };
    let rows = values.iter().map(of).collect();
    (rows, unequal)
}

fn dominance_interval(delta: f64, variance: f64, level: f64) -> Interval {
    let z = distribution::normal_quantile(f64::midpoint(1.0, level));
    let square = z * z * variance;
    let middle = delta - delta.powi(3);
    let reach = (square * ((1.0 - delta * delta).powi(2) + square)).sqrt();
    let divisor = 1.0 - delta * delta + square;
    Interval {
        low: (middle - reach) / divisor,
        high: (middle + reach) / divisor,
        level,
    }
}

/// The rank-biserial correlation of pairs, of the sums of positive and negative ranks. The interval is normal over the
/// inverse hyperbolic tangent, with the spread that the null hypothesis gives; there is none at -1 and 1.
pub fn of_signed_ranks(positive: f64, negative: f64, count: usize, level: f64) -> Effect {
    let count = count as f64;
    let whole = positive + negative;
    let value = (positive - negative) / whole;
    let spread = ((2.0 * count + 1.0) * (count + 1.0) * count / 6.0).sqrt() / whole;
    let reach = distribution::normal_quantile(f64::midpoint(1.0, level)) * spread;
    let interval = (value.abs() < 1.0).then(|| Interval {
        low: (value.atanh() - reach).tanh(),
        high: (value.atanh() + reach).tanh(),
        level,
    });
    Effect {
        kind: EffectKind::RankBiserial,
        value,
        interval,
    }
}

/// Sums of squares of several groups.
pub struct Squares {
    pub between: f64,
    pub within: f64,
    /// Degrees of freedom between groups.
    pub groups: f64,
    /// Degrees of freedom within groups.
    pub values: f64,
}

impl Squares {
    pub fn of(groups: &[Vec<f64>]) -> Squares {
        let count: usize = groups.iter().map(Vec::len).sum();
        let all = groups.iter().flatten().copied();
        let center = sample::sum(all) / count as f64;
        let between = groups.iter().map(|values| {
            let distance = sample::mean(values) - center;
            values.len() as f64 * distance * distance
        });
        let within = groups
            .iter()
            .map(|values| sample::squares(values, sample::mean(values)));
        Squares {
            between: sample::sum(between),
            within: sample::sum(within),
            groups: groups.len() as f64 - 1.0,
            values: (count - groups.len()) as f64,
        }
    }

    pub fn f(&self) -> f64 {
        (self.between / self.groups) / (self.within / self.values)
    }

    /// The share that the groups explain, with the interval that inverts the noncentral F distribution.
    pub fn share(&self, kind: EffectKind, level: f64) -> Effect {
        let count = self.groups + self.values + 1.0;
        let [low, high] = noncentral::f_interval(self.f(), self.groups, self.values, level)
            .map(|noncentrality| noncentrality / (noncentrality + count));
        Effect {
            kind,
            value: self.between / (self.between + self.within),
            interval: (self.within > 0.0).then_some(Interval { low, high, level }),
        }
    }
}

/// Eta squared: the share of the variance that the groups explain. The interval inverts the noncentral F distribution.
pub fn eta_squared(groups: &[&[f64]], level: f64) -> Result<Effect, Error> {
    crate::anova::check(groups, level)?;
    let scaled = Scaled::new(groups);
    Ok(Squares::of(&scaled.groups).share(EffectKind::EtaSquared, level))
}

/// Epsilon squared of Kruskal and Wallis' test, H / (n - 1): the share of the variance of the ranks that the groups
/// explain. The interval is that of eta squared of the ranks, which is an approximation; there is none where the ranks do
/// not vary within groups.
pub fn epsilon_squared(groups: &[&[f64]], level: f64) -> Result<Effect, Error> {
    crate::kruskal::check(groups, level)?;
    Ok(of_ranks(groups, &Ranks::of(&groups.concat()), level))
}

/// As [`epsilon_squared`], of groups that were checked.
pub fn of_ranks(groups: &[&[f64]], ranks: &Ranks, level: f64) -> Effect {
    let mut rest = ranks.ranks.as_slice();
    let ranked: Vec<Vec<f64>> = groups
        .iter()
        .map(|values| {
            let (own, others) = rest.split_at(values.len());
            rest = others;
            own.to_vec()
        })
        .collect();
    Squares::of(&ranked).share(EffectKind::EpsilonSquared, level)
}
