//! Which runs are replicates of one another, and in which params groups differ.
//!
//! Invariants: every run is in one group. Two params are equal when they have one type and every bit of their value.

use std::collections::{BTreeMap, BTreeSet};

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
pub(crate) fn singles(named: Vec<RunSummary>) -> Vec<CompareGroup> {
    let single = |run: RunSummary| CompareGroup {
        named: run.id,
        runs: vec![run],
        pair_keys: vec![String::new()],
    };
    named.into_iter().map(single).collect()
}

/// Each run with the candidates whose params are equal but for those in `by`.
pub(crate) fn replicates(
    named: Vec<RunSummary>,
    candidates: Vec<RunSummary>,
    by: &[String],
) -> Vec<CompareGroup> {
    let named_count = named.len();
    let mut places: BTreeMap<GroupKey, usize> = BTreeMap::new();
    let mut groups: Vec<CompareGroup> = Vec::new();
    let mut taken = BTreeSet::new();
    for (at, run) in named.into_iter().chain(candidates).enumerate() {
        let key = GroupKey::of(run.experiment, &run.params, by);
        if at < named_count && !places.contains_key(&key) {
            places.insert(key.clone(), groups.len());
            groups.push(CompareGroup {
                named: run.id,
                runs: Vec::new(),
                pair_keys: Vec::new(),
            });
        }
        if let Some(place) = places.get(&key)
            && taken.insert(run.id)
        {
            groups[*place].runs.push(run);
        }
    }
    for group in &mut groups {
        group.runs.sort_by_key(|run| (run.created, run.id));
        group.pair_keys = group.runs.iter().map(|run| pair_key(run, by)).collect();
    }
    groups
}

/// What all replicates have: their experiment, and the params that were not left out, with every bit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey(ExperimentId, Vec<u8>);

impl GroupKey {
    pub fn of(
        experiment: ExperimentId,
        params: &BTreeMap<String, ParamValue>,
        by: &[String],
    ) -> GroupKey {
        let mut bytes = Vec::new();
        for (name, value) in params.iter().filter(|(name, _)| !is_left_out(name, by)) {
            push_text(&mut bytes, 0, name);
            push_value(&mut bytes, value);
        }
        GroupKey(experiment, bytes)
    }
}

/// Lengths stand before texts, so that no two lists have the same bytes.
fn push_text(bytes: &mut Vec<u8>, kind: u8, text: &str) {
    bytes.push(kind);
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn push_value(bytes: &mut Vec<u8>, value: &ParamValue) {
    match value {
        ParamValue::Bool(value) => bytes.extend_from_slice(&[1, u8::from(*value)]),
        ParamValue::Int(value) => {
            bytes.push(2);
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        ParamValue::Float(value) => {
            bytes.push(3);
            bytes.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        ParamValue::Text(text) => push_text(bytes, 4, text),
        ParamValue::Json(text) => push_text(bytes, 5, text),
    }
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

/// Whether a param of this name tells replicates apart, and not groups: it is among those that are left out. `seed` also
/// means names such as `data_seed`, `model/seed` and `random_state`.
#[must_use]
pub fn tells_replicates_apart(name: &str, by: &[String]) -> bool {
    is_left_out(name, by)
}

pub(crate) fn is_left_out(name: &str, by: &[String]) -> bool {
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
