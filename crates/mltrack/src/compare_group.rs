//! Which runs are replicates of one another, and in which params groups differ.
//!
//! Invariants: every run is in one group. Two params are equal when they have one type and every bit of their value.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{ExperimentId, ParamValue, RunId};

use crate::compare_columns::Columns;
use crate::summary::RunSummary;

/// About as many bytes a param takes in a key.
const KEY_LEN_EACH: usize = 48;

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
        let mut bytes = Vec::with_capacity(KEY_LEN_EACH * params.len());
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
    ["seed", "random_state"].iter().any(|ending| {
        let rest = name.len().checked_sub(ending.len());
        let parts = rest.and_then(|rest| name.split_at_checked(rest));
        parts.is_some_and(|(rest, word)| {
            let is_word = rest.is_empty() || rest.ends_with(['.', '_', '/', '-']);
            is_word && word.eq_ignore_ascii_case(ending)
        })
    })
}

/// The params of all groups, those in which they differ first, and how many equal ones were left out.
pub(crate) fn params(groups: &[CompareGroup], all: bool) -> (Vec<CompareParam>, usize) {
    let runs = groups.iter().flat_map(|group| &group.runs);
    let columns = Columns::of(runs.map(|run| &run.params));
    let of = |(at, name): (usize, &&str)| {
        let mut left = columns.column(at);
        let values = groups.iter().map(|group| {
            let of_group = left.by_ref().take(group.runs.len());
            distinct(of_group.flatten())
        });
        let values: Vec<Vec<&ParamValue>> = values.collect();
        let differs = values.iter().any(|other| !is_alike(other, &values[0]));
        let owned = |values: Vec<&ParamValue>| values.into_iter().cloned().collect();
        (all || differs).then(|| CompareParam {
            name: (*name).to_owned(),
            values: values.into_iter().map(owned).collect(),
            differs,
        })
    };
    let names = columns.names().iter();
    let mut params: Vec<CompareParam> = names.enumerate().filter_map(of).collect();
    params.sort_by_key(|param| !param.differs);
    let left_out = columns.names().len() - params.len();
    (params, left_out)
}

/// What a value is equal by, as it is told: every NaN is one. Of the two kinds of text the number says which.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Told<'a>(u8, u64, &'a str);

impl Told<'_> {
    fn of(value: &ParamValue) -> Told<'_> {
        match value {
            ParamValue::Bool(value) => Told(0, u64::from(*value), ""),
            ParamValue::Int(value) => Told(1, value.cast_unsigned(), ""),
            ParamValue::Float(value) if value.is_nan() => Told(2, f64::NAN.to_bits(), ""),
            ParamValue::Float(value) => Told(2, value.to_bits(), ""),
            ParamValue::Text(text) => Told(3, 0, text),
            ParamValue::Json(text) => Told(4, 0, text),
        }
    }
}

/// The different values, in the order in which they come.
fn distinct<'a>(values: impl Iterator<Item = &'a ParamValue>) -> Vec<&'a ParamValue> {
    let mut known = BTreeSet::new();
    let mut distinct: Vec<&ParamValue> = Vec::new();
    for value in values {
        // Most params are equal in all replicates: those are told apart from the last one alone.
        let is_last = |last: &&ParamValue| Told::of(last) == Told::of(value);
        if !distinct.last().is_some_and(is_last) && known.insert(Told::of(value)) {
            distinct.push(value);
        }
    }
    distinct
}

/// Whether two lists of values are told alike.
fn is_alike(one: &[&ParamValue], other: &[&ParamValue]) -> bool {
    let others = other.iter().map(|value| Told::of(value));
    one.iter().map(|value| Told::of(value)).eq(others)
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
