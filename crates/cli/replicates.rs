//! Which runs are replicates of one another, for every command that groups over seeds.
//!
//! Invariant: two runs are replicates when they are of one experiment and agree in every param but those that are left
//! out; which those are is decided by the library, as in `compare --by`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use mltrack::ParamValue;

use crate::runs::row::RunRow;

/// Runs that are equal but for what was left out.
#[derive(Clone, Debug)]
pub struct Replicates {
    /// What tells it from the other groups; empty when there is only one.
    pub label: String,
    /// The params that differ between groups, as this one has them; `None` where it lacks one.
    pub params: Vec<(String, Option<String>)>,
    /// Newest first, as they were handed in.
    pub rows: Vec<RunRow>,
}

/// The names of params that are not left out and differ between these runs.
pub fn differing(rows: &[RunRow], by: &[String]) -> Vec<String> {
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.params.keys()).collect();
    let differs = |name: &&&String| {
        let mut values = rows.iter().map(|row| key_of(row, name));
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let names = names
        .iter()
        .filter(|name| !mltrack::tells_replicates_apart(name, by));
    names.filter(differs).map(|name| (*name).clone()).collect()
}

fn key_of(row: &RunRow, name: &str) -> Option<String> {
    row.params.get(name).map(|value| format!("{value:?}"))
}

/// The groups, in the order of what tells them apart.
pub fn grouped(rows: Vec<RunRow>, by: &[String]) -> Vec<Replicates> {
    let names = differing(&rows, by);
    let experiments: BTreeSet<&String> = rows.iter().map(|row| &row.experiment).collect();
    let has_many = experiments.len() > 1;
    let mut groups: BTreeMap<(String, Vec<Option<String>>), Vec<RunRow>> = BTreeMap::new();
    for row in rows {
        let key = names.iter().map(|name| key_of(&row, name)).collect();
        groups
            .entry((row.experiment.clone(), key))
            .or_default()
            .push(row);
    }
    let group = |((experiment, _), rows): ((String, _), Vec<RunRow>)| {
        let text = |name: &String| {
            let value = rows[0].params.get(name);
            (name.clone(), value.map(ToString::to_string))
        };
        let params: Vec<(String, Option<String>)> = names.iter().map(text).collect();
        let experiment = has_many.then_some(experiment);
        let words: Vec<String> = experiment.into_iter().chain(words(&params)).collect();
        Replicates {
            label: words.join(" "),
            params,
            rows,
        }
    };
    let mut groups: Vec<Replicates> = groups.into_iter().map(group).collect();
    groups.sort_by(|a, b| compare(&a.rows[0], &b.rows[0], &names));
    groups
}

/// Numbers by their size, before texts.
fn compare(a: &RunRow, b: &RunRow, names: &[String]) -> Ordering {
    let number = |value: &ParamValue| match value {
        ParamValue::Int(value) => Some(*value as f64),
        ParamValue::Float(value) => Some(*value),
        _ => None,
    };
    let by_size = |a: &ParamValue, b: &ParamValue| match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    let mut orders = names
        .iter()
        .map(|name| match (a.params.get(name), b.params.get(name)) {
            (Some(a), Some(b)) => by_size(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        });
    let order = orders.find(|order| order.is_ne());
    a.experiment
        .cmp(&b.experiment)
        .then(order.unwrap_or(Ordering::Equal))
}

/// What a group has; what it lacks only where it has nothing.
fn words(params: &[(String, Option<String>)]) -> Vec<String> {
    let has =
        |(name, value): &(String, Option<String>)| Some(format!("{name}={}", value.as_ref()?));
    let words: Vec<String> = params.iter().filter_map(has).collect();
    if words.is_empty() {
        return params
            .iter()
            .map(|(name, _)| format!("no {name}"))
            .collect();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::row::tests::row;

    fn rows() -> Vec<RunRow> {
        let with = |name: &str, lr: f64, seed: i64| {
            let mut row = row(name, Some(1.0));
            row.params.clear();
            row.params.insert("lr".into(), lr.into());
            row.params.insert("data_seed".into(), seed.into());
            row.params.insert("depth".into(), 3_i64.into());
            row
        };
        vec![
            with("a", 0.1, 1),
            with("b", 0.2, 1),
            with("c", 0.1, 2),
            with("d", 0.1, 3),
        ]
    }

    fn shown(by: &str) -> Vec<(String, usize)> {
        let groups = grouped(rows(), &[by.to_owned()]);
        groups
            .into_iter()
            .map(|group| (group.label, group.rows.len()))
            .collect()
    }

    #[test]
    fn runs_that_agree_but_for_the_seed_are_one_group() {
        assert_eq!(
            shown("seed"),
            [("lr=0.1".to_owned(), 3), ("lr=0.2".to_owned(), 1)]
        );
    }

    #[test]
    fn a_group_is_named_by_what_it_has() {
        let mut rows = rows();
        rows[3].params.remove("lr");
        rows[1].params.insert("width".into(), 8_i64.into());
        rows[2].params.insert("lr".into(), 10_i64.into());
        let groups = grouped(rows, &["seed".to_owned()]);
        let labels: Vec<&str> = groups.iter().map(|group| group.label.as_str()).collect();
        assert_eq!(
            labels,
            ["no lr no width", "lr=0.1", "lr=0.2 width=8", "lr=10"]
        );
    }

    #[test]
    fn what_is_left_out_does_not_tell_groups_apart() {
        assert_eq!(shown("lr").len(), 3);
        assert_eq!(shown("nothing").len(), 4);
        assert_eq!(differing(&rows(), &["lr".to_owned()]), ["data_seed"]);
    }
}
