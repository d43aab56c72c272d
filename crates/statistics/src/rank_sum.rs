//! Wilcoxon's rank-sum test, which is Mann and Whitney's U.
//!
//! Invariant: exact and asymptotic are chosen as `scipy.stats.mannwhitneyu(method="auto")` chooses: exact when a group
//! has at most eight values and no two values are equal.

use crate::distribution;
use crate::effect;
use crate::error::Error;
use crate::outcome::{Degrees, Method, Note, Outcome, Test};
use crate::ranks::Ranks;
use crate::sample;

/// Groups beyond which arrangements are not counted, unless the other group is within it.
const EXACT_COUNT_MAX: usize = 8;

/// Wilcoxon's rank-sum test of two independent groups of at least two values each (`scipy.stats.mannwhitneyu`).
///
/// The statistic is U of the first group. The approximation corrects for ties and for continuity. The effect is Cliff's
/// delta.
pub fn rank_sum(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    sample::check(&[first, second], 2)?;
    sample::check_level(level)?;
    let all = [first, second].concat();
    if all.iter().all(|value| *value == all[0]) {
        return Err(Error::AllEqual { count: all.len() });
    }
    let (count, other) = (first.len(), second.len());
    let ranks = Ranks::of(&all);
    let own: f64 = ranks.ranks[..count].iter().sum();
    let statistic = own - (count * (count + 1)) as f64 / 2.0;
    let smaller = statistic.min((count * other) as f64 - statistic);
    let is_exact = count.min(other) <= EXACT_COUNT_MAX && !ranks.has_ties();
    let mut notes = sample::notes(&[first, second]);
    if ranks.has_ties() {
        notes.push(Note::Ties);
    }
    let p = if is_exact {
        let smallest = 2.0 / arrangements(count, other);
        if smallest > 1.0 - level {
            notes.push(Note::SmallestP { p: smallest });
        }
        2.0 * share_at_most(smaller as usize, count, other)
    } else {
        approximate(smaller, count, other, ranks.tie_term())
    };
    let effect = effect::of_dominance(first, second, level);
    if effect.interval.is_none() {
        notes.push(Note::NoOverlap);
    }
    Ok(Outcome {
        test: Test::RankSum,
        statistic,
        degrees: Degrees::None,
        p: p.min(1.0),
        method: if is_exact {
            Method::Exact
        } else {
            Method::Asymptotic
        },
        counts: vec![count, other],
        difference: None,
        effect,
        notes,
    })
}

fn approximate(smaller: f64, count: usize, other: usize, tie_term: f64) -> f64 {
    let (count, other) = (count as f64, other as f64);
    let whole = count + other;
    let variance = count * other / 12.0 * ((whole + 1.0) - tie_term / (whole * (whole - 1.0)));
    let z = (count * other / 2.0 - smaller - 0.5) / variance.sqrt();
    2.0 * distribution::normal_tail(z)
}

/// In how many ways the ranks can fall to the groups.
fn arrangements(count: usize, other: usize) -> f64 {
    let (small, large) = (count.min(other), count.max(other));
    (1..=small).fold(1.0, |ways, i| ways * (large + i) as f64 / i as f64)
}

/// The share of arrangements in which U is at most `u`, of one side. `u` is at most half of the product of the counts.
///
/// The numbers of arrangements are the coefficients of a Gaussian binomial, built one value of the smaller group at a
/// time: each coefficient is a sum over a window of the coefficients before it.
fn share_at_most(u: usize, count: usize, other: usize) -> f64 {
    let (small, large) = (count.min(other), count.max(other));
    let mut ways = vec![0.0; u + 1];
    ways[0] = 1.0;
    for i in 1..=small {
        let before = ways.clone();
        for at in 1..=u {
            let entering = before[at] + if at >= i { ways[at - i] } else { 0.0 };
            let leaving = if at >= large + i {
                before[at - large - i]
            } else {
                0.0
            };
            ways[at] = entering - leaving;
        }
    }
    ways.iter().sum::<f64>() / arrangements(count, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts arrangements one by one: which places of `whole` the first group takes.
    fn counted(u: usize, count: usize, other: usize) -> f64 {
        let whole = count + other;
        let (mut at_most, mut all) = (0_u32, 0_u32);
        for places in 0_u32..1 << whole {
            if places.count_ones() as usize != count {
                continue;
            }
            let of = |place: usize| places >> place & 1 == 1;
            let exceeded: usize = (0..whole)
                .filter(|place| of(*place))
                .map(|place| (0..place).filter(|below| !of(*below)).count())
                .sum();
            all += 1;
            at_most += u32::from(exceeded <= u);
        }
        f64::from(at_most) / f64::from(all)
    }

    #[test]
    fn arrangements_are_those_that_can_be_counted_by_hand() {
        for (count, other) in [(2, 2), (2, 7), (5, 6), (8, 4), (7, 7)] {
            for u in 0..=count * other / 2 {
                let (share, expected) = (share_at_most(u, count, other), counted(u, count, other));
                assert!((share - expected).abs() < 1e-14, "{count} {other} {u}");
            }
        }
    }
}
