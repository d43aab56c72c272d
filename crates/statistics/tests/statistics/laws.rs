//! What must hold of any samples: symmetry, invariance, order, and bounds.

use mltrack_statistics::{self as statistics, Bootstrap, Error, Outcome};
use proptest::prelude::*;

const LEVEL: f64 = 0.95;

type Two = fn(&[f64], &[f64], f64) -> Result<Outcome, Error>;

fn analysis(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    statistics::anova(&[first, second], level)
}

fn by_ranks(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    statistics::kruskal_wallis(&[first, second], level)
}

const TESTS: &[(&str, Two)] = &[
    ("student", statistics::student),
    ("welch", statistics::welch),
    ("rank sum", statistics::rank_sum),
    ("anova", analysis),
    ("kruskal", by_ranks),
];

const PAIRED: &[(&str, Two)] = &[
    ("paired t", statistics::paired_t),
    ("signed rank", statistics::signed_rank),
];

/// Values on a grid of eighths, so that ties happen and shifts by whole numbers and powers of two are exact.
fn group(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(
        (-400_i32..400).prop_map(|eighths| f64::from(eighths) / 8.0),
        sizes,
    )
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1e-6)
}

fn moved(values: &[f64], by: f64, times: f64) -> Vec<f64> {
    values.iter().map(|value| (value + by) * times).collect()
}

/// That the interval of a difference of means agrees with its p.
fn check_difference(name: &str, outcome: &Outcome, difference: &statistics::Estimate) {
    let interval = difference
        .interval
        .expect("a test of means has an interval");
    assert!(
        interval.low <= difference.value && difference.value <= interval.high,
        "{name}"
    );
    let is_significant = outcome.p < 1.0 - LEVEL;
    let is_without_zero = interval.low > 0.0 || interval.high < 0.0;
    let is_at_border = (outcome.p - (1.0 - LEVEL)).abs() < 1e-9;
    assert!(
        is_significant == is_without_zero || is_at_border,
        "{name}: p and interval differ"
    );
}

/// That the laws of any test hold of these groups.
fn check(name: &str, test: Two, first: &[f64], second: &[f64]) {
    let Ok(outcome) = test(first, second, LEVEL) else {
        let mirrored = test(second, first, LEVEL);
        assert!(mirrored.is_err(), "{name}: refused in one order only");
        return;
    };
    assert!(
        (0.0..=1.0).contains(&outcome.p),
        "{name}: p = {}",
        outcome.p
    );
    assert!(
        outcome.statistic.is_finite() && outcome.effect.value.is_finite(),
        "{name}"
    );
    for interval in [
        outcome.effect.interval,
        outcome
            .difference
            .and_then(|difference| difference.interval),
    ]
    .into_iter()
    .flatten()
    {
        assert!(interval.low <= interval.high, "{name}: {interval:?}");
    }
    if let Some(difference) = &outcome.difference {
        check_difference(name, &outcome, difference);
    }
    let mirrored = test(second, first, LEVEL).expect("the other order has an answer too");
    assert!(near(mirrored.p, outcome.p), "{name}: swapping changes p");
    let is_of_two = !matches!(name, "anova" | "kruskal");
    let sign = if is_of_two { -1.0 } else { 1.0 };
    assert!(
        near(mirrored.effect.value, sign * outcome.effect.value),
        "{name}: effect of swapped"
    );
    // Common powers of two and whole shifts change no p and no effect.
    for (by, times) in [
        (64.0, 1.0),
        (-512.0, 1.0),
        (0.0, 1024.0),
        (0.0, 2.0_f64.powi(-900)),
        (3.0, 2.0_f64.powi(900)),
    ] {
        let other = test(&moved(first, by, times), &moved(second, by, times), LEVEL);
        let other =
            other.unwrap_or_else(|error| panic!("{name} moved by {by}, times {times}: {error}"));
        assert!(
            near(other.p, outcome.p),
            "{name}: p {} and {} moved by {by}, times {times}",
            outcome.p,
            other.p
        );
        assert!(
            near(other.effect.value, outcome.effect.value),
            "{name}: effect moved by {by}, times {times}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn independent_groups_obey_the_laws(first in group(2..25), second in group(2..25)) {
        for (name, test) in TESTS {
            check(name, *test, &first, &second);
        }
    }

    #[test]
    fn pairs_obey_the_laws(pairs in prop::collection::vec((-400_i32..400, -400_i32..400), 2..60)) {
        let first: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0) / 8.0).collect();
        let second: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1) / 8.0).collect();
        for (name, test) in PAIRED {
            check(name, *test, &first, &second);
        }
    }

    #[test]
    fn the_order_of_values_within_a_group_does_not_matter(first in group(2..20), second in group(2..20)) {
        let reversed: Vec<f64> = first.iter().rev().copied().collect();
        for (name, test) in TESTS {
            let (one, other) = (test(&first, &second, LEVEL), test(&reversed, &second, LEVEL));
            match (one, other) {
                (Ok(one), Ok(other)) => prop_assert!(near(one.p, other.p), "{}", name),
                (one, other) => prop_assert_eq!(one.is_err(), other.is_err()),
            }
        }
    }

    #[test]
    fn corrected_values_are_larger_and_in_the_same_order(values in prop::collection::vec(0.0..=1.0_f64, 0..40)) {
        let corrected = statistics::holm(&values).expect("p-values");
        for (p, corrected) in values.iter().zip(&corrected) {
            prop_assert!(corrected >= p && *corrected <= 1.0);
            let bound = p * values.len() as f64;
            prop_assert!(*corrected <= bound.min(1.0) || near(*corrected, bound) || values.iter().any(|other| other < p));
        }
        for (one, corrected_one) in values.iter().zip(&corrected) {
            for (other, corrected_other) in values.iter().zip(&corrected) {
                prop_assert!(one > other || corrected_one <= corrected_other);
            }
        }
    }

    #[test]
    fn two_groups_are_judged_alike_by_student_and_anova(first in group(2..20), second in group(2..20)) {
        if let (Ok(t), Ok(f)) = (statistics::student(&first, &second, LEVEL), analysis(&first, &second, LEVEL)) {
            prop_assert!(near(t.p, f.p));
            prop_assert!(near(t.statistic * t.statistic, f.statistic) || f.statistic < 1e-9);
        }
    }

    #[test]
    fn a_seed_gives_the_same_resamples_and_another_seed_others(first in group(3..12), second in group(3..12), seed in any::<u64>()) {
        let of = |seed| {
            let options = Bootstrap { resamples: 200, seed, ..Bootstrap::default() };
            statistics::bootstrap(&first, &second, LEVEL, options)
        };
        prop_assert_eq!(of(seed), of(seed));
        if let Ok(outcome) = of(seed) {
            prop_assert!(outcome.p > 0.0 && outcome.p <= 1.0);
            let interval = outcome.difference.and_then(|difference| difference.interval).expect("an interval");
            prop_assert!(interval.low <= interval.high);
        }
    }
}
