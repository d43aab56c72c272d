//! One-way analysis of variance.
//!
//! Invariant: as with t, no answer where no group varies.

use crate::distribution;
use crate::effect::Squares;
use crate::error::Error;
use crate::outcome::{Degrees, EffectKind, Method, Outcome, Test};
use crate::sample::{self, Scaled};

/// One-way ANOVA of two groups and more, of at least two values each (`scipy.stats.f_oneway`). The effect is eta squared.
pub fn anova(groups: &[&[f64]], level: f64) -> Result<Outcome, Error> {
    check(groups, level)?;
    let scaled = Scaled::new(groups);
    let squares = Squares::of(&scaled.groups);
    let statistic = squares.f();
    Ok(Outcome {
        test: Test::Anova,
        statistic,
        degrees: Degrees::Two(squares.groups, squares.values),
        p: distribution::f_tail(statistic, squares.groups, squares.values).min(1.0),
        method: Method::Parametric,
        counts: groups.iter().map(|values| values.len()).collect(),
        difference: None,
        effect: squares.share(EffectKind::EtaSquared, level),
        notes: sample::notes(groups),
    })
}

/// What the test needs of the groups.
pub fn check(groups: &[&[f64]], level: f64) -> Result<(), Error> {
    crate::kruskal::check(groups, level)?;
    if groups.iter().all(|values| sample::is_constant(values)) {
        return Err(Error::NoSpread);
    }
    Ok(())
}
