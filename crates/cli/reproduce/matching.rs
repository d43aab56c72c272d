//! Which of the runs that a program made again is the one that is to be reproduced.
//!
//! Invariant: of equal candidates the one at the same place among its siblings is taken, so that a program that makes its
//! runs in the same order is matched run by run.

use mltrack::RunSummary;

/// The run among `made` that stands for `old`. `siblings` are the runs that the old program made, `old` among them.
pub fn match_of<'a>(
    old: &RunSummary,
    siblings: &[RunSummary],
    made: &'a [RunSummary],
) -> Option<&'a RunSummary> {
    let mut old_side: Vec<&RunSummary> = siblings.iter().collect();
    let mut new_side: Vec<&RunSummary> = made.iter().collect();
    let rules: [fn(&RunSummary, &RunSummary) -> bool; 4] = [
        |a, b| a.experiment_name == b.experiment_name,
        |a, b| a.params == b.params,
        |a, b| a.parent.is_some() == b.parent.is_some(),
        |a, b| a.name == b.name,
    ];
    for (at, rule) in rules.iter().enumerate() {
        let is_like_old = |run: &&RunSummary| rule(old, run);
        let narrowed: Vec<&RunSummary> = new_side.iter().copied().filter(is_like_old).collect();
        // Names are made up unless the program gives them, and a parameter may be what differs.
        if narrowed.is_empty() && at > 0 {
            continue;
        }
        new_side = narrowed;
        old_side.retain(is_like_old);
    }
    new_side.sort_by_key(|run| (run.created, run.number));
    old_side.sort_by_key(|run| (run.created, run.number));
    let place = old_side.iter().position(|run| run.id == old.id)?;
    let last = new_side.len().checked_sub(1)?;
    new_side.get(place.min(last)).copied()
}
