//! Tests of means: Student's t, Welch's t, and t over pairs.
//!
//! Invariant: a t is never infinite: where no group varies there is an error, not an answer.

use crate::distribution;
use crate::effect;
use crate::error::Error;
use crate::outcome::{Degrees, Effect, Estimate, Interval, Method, Note, Outcome, Test};
use crate::sample::{self, Scaled};

/// Student's t of two independent groups of at least two values each, whose spread is taken to be equal
/// (`scipy.stats.ttest_ind`). The interval of the difference is of the same kind.
pub fn student(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    independent(Test::Student, first, second, level)
}

/// Welch's t of two independent groups of at least two values each (`scipy.stats.ttest_ind(equal_var=False)`).
pub fn welch(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    independent(Test::Welch, first, second, level)
}

/// A mean of differences in units of the scaled values.
struct Contrast {
    difference: f64,
    /// Standard error of the difference.
    error: f64,
    degrees: f64,
}

fn independent(test: Test, first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    check_independent(first, second, level)?;
    let scaled = Scaled::new(&[first, second]);
    let (one, other) = (&scaled.groups[0], &scaled.groups[1]);
    let contrast = if test == Test::Student {
        pooled(one, other)
    } else {
        unpooled(one, other)
    };
    let effect = effect::of_standardised(one, other, level);
    let notes = sample::notes(&[first, second]);
    let counts = vec![first.len(), second.len()];
    Ok(outcome(
        test, &contrast, &scaled, level, effect, counts, notes,
    ))
}

/// What every test of the means of two groups needs of them.
pub fn check_independent(first: &[f64], second: &[f64], level: f64) -> Result<(), Error> {
    sample::check(&[first, second], 2)?;
    sample::check_level(level)?;
    if sample::is_constant(first) && sample::is_constant(second) {
        if first[0] == second[0] {
            let count = first.len() + second.len();
            return Err(Error::AllEqual { count });
        }
        return Err(Error::NoSpread);
    }
    Ok(())
}

fn pooled(first: &[f64], second: &[f64]) -> Contrast {
    let (count, other) = (first.len() as f64, second.len() as f64);
    let (mean, other_mean) = (sample::mean(first), sample::mean(second));
    let degrees = count + other - 2.0;
    let variance = (sample::squares(first, mean) + sample::squares(second, other_mean)) / degrees;
    Contrast {
        difference: mean - other_mean,
        error: (variance * (1.0 / count + 1.0 / other)).sqrt(),
        degrees,
    }
}

fn unpooled(first: &[f64], second: &[f64]) -> Contrast {
    let share = |values: &[f64]| {
        let (mean, variance) = sample::moments(values);
        (mean, variance / values.len() as f64)
    };
    let ((mean, part), (other_mean, other_part)) = (share(first), share(second));
    // Relative to the larger part, so that nothing vanishes when it is squared.
    let larger = part.max(other_part);
    let (one, other) = (part / larger, other_part / larger);
    let degrees = (one + other).powi(2)
        / (one.powi(2) / (first.len() as f64 - 1.0) + other.powi(2) / (second.len() as f64 - 1.0));
    Contrast {
        difference: mean - other_mean,
        error: (part + other_part).sqrt(),
        degrees,
    }
}

/// Student's t over the differences of at least two pairs (`scipy.stats.ttest_rel`).
///
/// The effect is Hedges' g of the differences: their mean in their own standard deviations.
pub fn paired_t(first: &[f64], second: &[f64], level: f64) -> Result<Outcome, Error> {
    let differences = differences(first, second, level)?;
    let scaled = Scaled::new(&[&differences]);
    let values = &scaled.groups[0];
    if sample::is_constant(values) {
        return Err(Error::NoSpread);
    }
    let (mean, variance) = sample::moments(values);
    let count = values.len() as f64;
    let contrast = Contrast {
        difference: mean,
        error: (variance / count).sqrt(),
        degrees: count - 1.0,
    };
    let effect = effect::of_differences(values, level);
    let notes = sample::notes(&[&differences]);
    let counts = vec![first.len(), second.len()];
    Ok(outcome(
        Test::PairedT,
        &contrast,
        &scaled,
        level,
        effect,
        counts,
        notes,
    ))
}

/// First minus second, pair by pair, of at least two pairs of which not all are the same.
pub fn differences(first: &[f64], second: &[f64], level: f64) -> Result<Vec<f64>, Error> {
    sample::check(&[first, second], 0)?;
    sample::check_level(level)?;
    if first.len() != second.len() {
        let (first, second) = (first.len(), second.len());
        return Err(Error::UnequalLengths { first, second });
    }
    sample::check(&[first, second], 2)?;
    let differences: Vec<f64> = first.iter().zip(second).map(|(x, y)| x - y).collect();
    sample::check(&[&differences], 2)?;
    if differences.iter().all(|difference| *difference == 0.0) {
        let count = differences.len();
        return Err(Error::AllEqual { count });
    }
    Ok(differences)
}

fn outcome(
    test: Test,
    contrast: &Contrast,
    scaled: &Scaled,
    level: f64,
    effect: Effect,
    counts: Vec<usize>,
    notes: Vec<Note>,
) -> Outcome {
    let Contrast {
        difference,
        error,
        degrees,
    } = *contrast;
    let reach = distribution::student_quantile_two_sided(level, degrees) * error;
    let statistic = difference / error;
    Outcome {
        test,
        statistic,
        degrees: Degrees::One(degrees),
        p: distribution::student_two_sided(statistic, degrees).min(1.0),
        method: Method::Parametric,
        counts,
        difference: Some(Estimate {
            value: scaled.back(difference),
            interval: Some(Interval {
                low: scaled.back(difference - reach),
                high: scaled.back(difference + reach),
                level,
            }),
        }),
        effect,
        notes,
    }
}
