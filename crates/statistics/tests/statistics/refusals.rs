//! Samples that a question has no answer for, and what is said beside weak answers.

use mltrack_statistics::{self as statistics, Bootstrap, Error, Note, Outcome};

const LEVEL: f64 = 0.95;

type Two = fn(&[f64], &[f64], f64) -> Result<Outcome, Error>;

fn by_resampling(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    statistics::bootstrap(first, second, level, Bootstrap::default())
}

fn analysis(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    statistics::anova(&[first, second], level)
}

fn by_ranks(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    statistics::kruskal_wallis(&[first, second], level)
}

const MEANS: &[Two] = &[
    statistics::student,
    statistics::welch,
    by_resampling,
    analysis,
];
const RANKS: &[Two] = &[statistics::rank_sum, by_ranks];
const PAIRS: &[Two] = &[statistics::paired_t, statistics::signed_rank];

fn all() -> impl Iterator<Item = Two> {
    [MEANS, RANKS, PAIRS].concat().into_iter()
}

#[test]
fn a_value_that_is_not_finite_is_refused_with_its_place() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for test in all() {
            let refused = test(&[1.0, 2.0, 4.0], &[1.0, 3.0, value], LEVEL);
            let place = match refused {
                Err(Error::NotFinite { group, index, .. }) => (group, index),
                other => panic!("{value}: {other:?}"),
            };
            assert_eq!(place, (1, 2));
        }
        assert!(matches!(
            statistics::describe(&[value], LEVEL),
            Err(Error::NotFinite { .. })
        ));
    }
    let message = statistics::describe(&[0.5, f64::NAN], LEVEL)
        .expect_err("NaN")
        .to_string();
    assert!(
        message.starts_with("value 2 of group 1 is NaN: "),
        "{message}"
    );
}

#[test]
fn one_value_has_no_spread_to_judge_by() {
    for test in MEANS.iter().chain(RANKS) {
        assert_eq!(
            test(&[1.0, 2.0], &[3.0], LEVEL),
            Err(Error::TooFew {
                group: 1,
                count: 1,
                needed: 2
            })
        );
    }
    for test in PAIRS {
        assert!(matches!(
            test(&[1.0], &[3.0], LEVEL),
            Err(Error::TooFew { count: 1, .. })
        ));
    }
    assert!(matches!(
        statistics::describe(&[], LEVEL),
        Err(Error::TooFew { count: 0, .. })
    ));
}

#[test]
fn equal_values_leave_nothing_to_test() {
    for test in all() {
        assert!(matches!(
            test(&[0.5, 0.5, 0.5], &[0.5, 0.5, 0.5], LEVEL),
            Err(Error::AllEqual { .. })
        ));
    }
}

#[test]
fn groups_without_spread_are_told_apart_by_ranks_only() {
    for test in MEANS.iter().chain(&[statistics::paired_t as Two]) {
        assert_eq!(
            test(&[0.5, 0.5, 0.5], &[0.4, 0.4, 0.4], LEVEL),
            Err(Error::NoSpread)
        );
    }
    for test in RANKS.iter().chain(&[statistics::signed_rank as Two]) {
        let outcome = test(&[0.5, 0.5, 0.5], &[0.4, 0.4, 0.4], LEVEL).expect("ranks differ");
        assert_eq!(outcome.effect.interval, None);
        assert!(outcome.notes.contains(&Note::NoOverlap));
    }
}

#[test]
fn pairs_need_equal_numbers() {
    for test in PAIRS {
        assert_eq!(
            test(&[1.0, 2.0, 3.0], &[1.0, 2.0], LEVEL),
            Err(Error::UnequalLengths {
                first: 3,
                second: 2
            })
        );
    }
}

#[test]
fn one_group_is_no_comparison() {
    for test in [statistics::anova, statistics::kruskal_wallis] {
        assert_eq!(
            test(&[&[1.0, 2.0]], LEVEL),
            Err(Error::TooFewGroups { count: 1 })
        );
        assert_eq!(test(&[], LEVEL), Err(Error::TooFewGroups { count: 0 }));
    }
}

#[test]
fn levels_fractions_and_numbers_of_resamples_have_bounds() {
    for level in [0.0, 1.0, -1.0, 95.0, f64::NAN] {
        for test in all() {
            assert!(matches!(
                test(&[1.0, 2.0, 4.0], &[1.0, 3.0, 9.0], level),
                Err(Error::Level { .. })
            ));
        }
    }
    assert!(matches!(
        statistics::quantile(&[1.0], 1.5),
        Err(Error::Fraction { .. })
    ));
    let options = Bootstrap {
        resamples: 99,
        ..Bootstrap::default()
    };
    assert_eq!(
        statistics::bootstrap(&[1.0, 2.0], &[1.0, 3.0], LEVEL, options),
        Err(Error::Resamples {
            resamples: 99,
            needed: 100
        })
    );
    for (p, index) in [([0.5, f64::NAN], 1), ([1.5, 0.5], 0), ([-0.1, 0.5], 0)] {
        assert!(matches!(
            statistics::holm(&p),
            Err(Error::Probability { index: found, .. }) if found == index
        ));
    }
    assert_eq!(statistics::holm(&[]), Ok(vec![]));
}

#[test]
fn weak_answers_say_so() {
    let outcome = statistics::rank_sum(&[1.0, 2.0], &[3.0, 4.0], LEVEL).expect("an answer");
    assert_eq!(
        outcome.notes,
        [
            Note::LittlePower { group: 0, count: 2 },
            Note::LittlePower { group: 1, count: 2 },
            Note::SmallestP { p: 2.0 / 6.0 },
            Note::NoOverlap,
        ]
    );
    let lines: Vec<String> = outcome.notes.iter().map(Note::to_string).collect();
    assert_eq!(lines[0], "group 1: n = 2: very little power");
    let welch = statistics::welch(&[0.5, 0.5, 0.5], &[0.1, 0.2, 0.3], LEVEL).expect("one varies");
    assert_eq!(welch.notes, [Note::ZeroVariance { group: 0 }]);
    let close = [1.0, 1.0 + f64::EPSILON, 1.0];
    let nearly = statistics::welch(&close, &[0.1, 0.2, 0.3], LEVEL).expect("both vary");
    assert_eq!(nearly.notes, [Note::NearlyConstant { group: 0 }]);
    let pairs = statistics::signed_rank(&[1.0, 2.0, 3.0, 5.0], &[1.0, 1.0, 2.0, 7.0], LEVEL);
    assert_eq!(
        pairs.expect("an answer").notes,
        [
            Note::ZerosLeftOut { count: 1 },
            Note::Ties,
            Note::SmallestP { p: 0.25 }
        ]
    );
}
