//! Which runs are replicates of one another, and in which params groups differ.
//!
//! Invariants: every run is in one group. Two params are equal when they have one type and every bit of their value.

use std::collections::BTreeSet;

use mltrack_event::{ExperimentId, ParamValue, RunId};

use crate::summary::RunSummary;

/// What is compared as one: a run, or replicates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompareGroup {
    /// The run that was named first of them.
    pub named: RunId,
    /// All of them, oldest first.
    pub runs: Vec<RunSummary>,
    /// What tells the replicates apart, of each run: the values of the params that were left out, or its seed.
    pub(crate) pair_keys: Vec<String>,
}

/// A param of all groups.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CompareParam {
    /// Its name.
    pub name: String,
    /// Of each group, the different values that its runs have, in the order of the runs; none where it is absent.
    pub values: Vec<Vec<ParamValue>>,
    /// Whether groups differ in it.
    pub differs: bool,
}

/// Each run by itself.
pub(crate) fn singles(named: &[RunSummary]) -> Vec<CompareGroup> {
    let single = |run: &RunSummary| CompareGroup {
        named: run.id,
        runs: vec![run.clone()],
        pair_keys: vec![String::new()],
    };
    named.iter().map(single).collect()
}

/// Each run with the candidates whose params are equal but for those in `by`.
pub(crate) fn replicates(
    named: &[RunSummary],
    candidates: &[RunSummary],
    by: &[String],
) -> Vec<CompareGroup> {
    let mut groups: Vec<((ExperimentId, String), CompareGroup)> = Vec::new();
    for run in named {
        let key = key(run, by);
        if groups.iter().any(|(known, _)| *known == key) {
            continue;
        }
        let group = CompareGroup {
            named: run.id,
            runs: Vec::new(),
            pair_keys: Vec::new(),
        };
        groups.push((key, group));
    }
    let mut placed = BTreeSet::new();
    for run in named.iter().chain(candidates) {
        let key = key(run, by);
        let group = groups.iter_mut().find(|(known, _)| *known == key);
        if let Some((_, group)) = group
            && placed.insert(run.id)
        {
            group.runs.push(run.clone());
        }
    }
    for (_, group) in &mut groups {
        group.runs.sort_by_key(|run| (run.created, run.id));
        group.pair_keys = group.runs.iter().map(|run| pair_key(run, by)).collect();
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn key(run: &RunSummary, by: &[String]) -> (ExperimentId, String) {
    let kept = |(name, _): &(&String, &ParamValue)| !is_left_out(name, by);
    let params: Vec<_> = run.params.iter().filter(kept).collect();
    (run.experiment, format!("{params:?}"))
}

/// What a replicate is paired by: the params that were left out, and where there are none the seed of the run.
fn pair_key(run: &RunSummary, by: &[String]) -> String {
    let left_out = |(name, _): &(&String, &ParamValue)| is_left_out(name, by);
    let params: Vec<_> = run.params.iter().filter(left_out).collect();
    match (params.is_empty(), run.seed) {
        (true, Some(seed)) => format!("seed {seed}"),
        (true, None) => String::new(),
        _ => format!("{params:?}"),
    }
}

/// Whether a param tells replicates apart, and not groups.
fn is_left_out(name: &str, by: &[String]) -> bool {
    by.iter()
        .any(|left_out| left_out == name || (left_out == "seed" && is_seed(name)))
}

/// Whether a param is a seed by its name: the last word of it says so, in any case.
fn is_seed(name: &str) -> bool {
    let name = name.to_lowercase();
    ["seed", "random_state"].iter().any(|ending| {
        let rest = name.strip_suffix(ending);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '_', '/', '-']))
    })
}

/// The params of all groups, those in which they differ first, and how many equal ones were left out.
pub(crate) fn params(groups: &[CompareGroup], all: bool) -> (Vec<CompareParam>, usize) {
    let runs = || groups.iter().flat_map(|group| &group.runs);
    let names: BTreeSet<&String> = runs().flat_map(|run| run.params.keys()).collect();
    let of = |name: &String| {
        let values: Vec<Vec<ParamValue>> = groups.iter().map(|group| values(group, name)).collect();
        let texts: BTreeSet<String> = values.iter().map(|values| format!("{values:?}")).collect();
        CompareParam {
            name: name.clone(),
            values,
            differs: texts.len() > 1,
        }
    };
    let mut params: Vec<CompareParam> = names.into_iter().map(of).collect();
    let count = params.len();
    params.retain(|param| all || param.differs);
    params.sort_by_key(|param| !param.differs);
    let left_out = count - params.len();
    (params, left_out)
}

fn values(group: &CompareGroup, name: &str) -> Vec<ParamValue> {
    let mut values: Vec<ParamValue> = Vec::new();
    let mut known = BTreeSet::new();
    for value in group.runs.iter().filter_map(|run| run.params.get(name)) {
        if known.insert(format!("{value:?}")) {
            values.push(value.clone());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_known_by_the_last_word_of_their_names() {
        let by = ["seed".to_owned()];
        for name in [
            "seed",
            "data_seed",
            "model/seed",
            "random_state",
            "SEED",
            "np-seed",
        ] {
            assert!(is_left_out(name, &by), "{name}");
        }
        for name in ["seeds", "reseed", "seed_count", "lr"] {
            assert!(!is_left_out(name, &by), "{name}");
        }
        assert!(!is_left_out("seed", &["fold".to_owned()]));
    }
}
