//! Wilcoxon's signed-rank test of pairs.
//!
//! Invariant: exact and asymptotic are chosen as `scipy.stats.wilcoxon(method="auto")` chooses: at most 50 pairs without
//! ties and zeros, or at most 13 with them, are counted out; all others are approximated, without a correction for
//! continuity. Pairs without a difference are left out (`zero_method="wilcox"`).

use crate::distribution;
use crate::effect;
use crate::error::Error;
use crate::means;
use crate::outcome::{Degrees, Method, Note, Outcome, Test};
use crate::ranks::Ranks;
use crate::sample;

const EXACT_COUNT_MAX: usize = 50;
const EXACT_TIED_COUNT_MAX: usize = 13;

/// Wilcoxon's signed-rank test over the differences of at least two pairs (`scipy.stats.wilcoxon`).
///
/// The statistic is the smaller of the sums of positive and of negative ranks. The effect is the rank-biserial
/// correlation of pairs.
pub fn signed_rank(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    let differences = means::differences(first, second, level)?;
    let left: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let zeros = differences.len() - left.len();
    let ranks = Ranks::of(&left.iter().map(|d| d.abs()).collect::<Vec<f64>>());
    let positive: f64 = signed(&left, &ranks, 1.0);
    let negative: f64 = signed(&left, &ranks, -1.0);
    let is_plain = zeros == 0 && !ranks.has_ties();
    let exact_max = if is_plain {
        EXACT_COUNT_MAX
    } else {
        EXACT_TIED_COUNT_MAX
    };
    let is_exact = differences.len() <= exact_max;
    let smaller = positive.min(negative);
    let p = if is_exact {
        2.0 * share_at_most(smaller, &ranks)
    } else {
        approximate(smaller, left.len() as f64, ranks.tie_term())
    };
    let effect = effect::of_signed_ranks(positive, negative, left.len(), level);
    let mut notes = sample::notes(&[&differences]);
    notes.retain(|note| !matches!(note, Note::ZeroVariance { .. }));
    if zeros > 0 {
        notes.push(Note::ZerosLeftOut { count: zeros });
    }
    if ranks.has_ties() {
        notes.push(Note::Ties);
    }
    let smallest = 2.0 * 0.5_f64.powi(left.len() as i32);
    if is_exact && smallest > 1.0 - level {
        notes.push(Note::SmallestP { p: smallest });
    }
    if effect.interval.is_none() {
        notes.push(Note::NoOverlap);
    }
    Ok(Outcome {
        test: Test::SignedRank,
        statistic: smaller,
        degrees: Degrees::None,
        p: p.min(1.0),
        method: if is_exact {
            Method::Exact
        } else {
            Method::Asymptotic
        },
        counts: vec![first.len(), second.len()],
        difference: None,
        effect,
        notes,
    })
}

/// Sum of the ranks of differences of this sign.
fn signed(differences: &[f64], ranks: &Ranks, sign: f64) -> f64 {
    differences
        .iter()
        .zip(&ranks.ranks)
        .filter(|(difference, _)| **difference * sign > 0.0)
        .map(|(_, rank)| rank)
        .sum()
}

fn approximate(smaller: f64, count: f64, tie_term: f64) -> f64 {
    let expected = count * (count + 1.0) / 4.0;
    let variance = (count * (count + 1.0) * (2.0 * count + 1.0) - tie_term / 2.0) / 24.0;
    2.0 * distribution::normal_tail((expected - smaller) / variance.sqrt())
}

/// The share of all choices of signs in which the positive ranks sum to at most `sum`.
///
/// Ranks are counted in halves, so that those of ties are whole numbers too.
fn share_at_most(sum: f64, ranks: &Ranks) -> f64 {
    let most = (2.0 * sum).round() as usize;
    let mut ways = vec![0.0; most + 1];
    ways[0] = 1.0;
    for rank in &ranks.ranks {
        let step = (2.0 * rank).round() as usize;
        for at in (step..=most).rev() {
            ways[at] += ways[at - step];
        }
    }
    ways.iter().sum::<f64>() * 0.5_f64.powi(ranks.ranks.len() as i32)
}
