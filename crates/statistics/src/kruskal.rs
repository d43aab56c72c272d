//! Kruskal and Wallis' test of several groups, by ranks.
//!
//! Invariant: H is corrected for ties, and its p-value is always the approximation by chi-square, as in `SciPy`.

use crate::distribution;
use crate::effect;
use crate::error::Error;
use crate::outcome::{Degrees, Method, Note, Outcome, Test};
use crate::ranks::Ranks;
use crate::sample;

/// Kruskal and Wallis' H of two groups and more, of at least two values each (`scipy.stats.kruskal`).
/// The effect is epsilon squared.
pub fn kruskal_wallis(groups: &[&[f64]], level: f64) -> Result<Outcome, Error> {
    check(groups, level)?;
    let ranks = Ranks::of(&groups.concat());
    let effect = effect::of_ranks(groups, &ranks, level);
    let count = ranks.ranks.len() as f64;
    let degrees = groups.len() as f64 - 1.0;
    let statistic = effect.value * (count - 1.0);
    let mut notes = sample::notes(groups);
    if ranks.has_ties() {
        notes.push(Note::Ties);
    }
    if effect.interval.is_none() {
        notes.push(Note::NoOverlap);
    }
    Ok(Outcome {
        test: Test::KruskalWallis,
        statistic,
        degrees: Degrees::One(degrees),
        p: distribution::chi_square_tail(statistic, degrees).min(1.0),
        method: Method::Asymptotic,
        counts: groups.iter().map(|values| values.len()).collect(),
        difference: None,
        effect,
        notes,
    })
}

/// What the test needs of the groups.
pub fn check(groups: &[&[f64]], level: f64) -> Result<(), Error> {
    sample::check(groups, 2)?;
    sample::check_level(level)?;
    if groups.len() < 2 {
        let count = groups.len();
        return Err(Error::TooFewGroups { count });
    }
    let first = groups[0][0];
    if groups
        .iter()
        .all(|values| values.iter().all(|value| *value == first))
    {
        let count = groups.iter().map(|values| values.len()).sum();
        return Err(Error::AllEqual { count });
    }
    Ok(())
}
