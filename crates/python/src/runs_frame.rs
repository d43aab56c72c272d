//! Runs as a table: one row for each, one column for everything that any of them has.
//!
//! Invariants: a column has one type, the narrowest that all its values have; what a run does not have is absent.

use std::collections::BTreeSet;

use mltrack::{ParamValue, RunSummary};

use crate::column::Column;
use crate::frame::Frame;

/// The table of these runs, in this order.
pub fn of(runs: &[RunSummary]) -> Frame {
    let mut columns = attributes(runs);
    for name in names(runs, |run| run.params.keys()) {
        let values = runs.iter().map(|run| run.params.get(name)).collect();
        columns.push((format!("params.{name}"), params(values)));
    }
    for name in names(runs, |run| run.metrics.keys()) {
        let last = |run: &RunSummary| run.metrics.get(name).map(|metric| metric.last.value);
        let values = runs.iter().map(last).collect();
        columns.push((format!("metrics.{name}"), Column::real_or_none(values)));
    }
    for name in names(runs, |run| run.tags.keys()) {
        let values = runs.iter().map(|run| run.tags.get(name));
        columns.push((format!("tags.{name}"), Column::text_or_none(values)));
    }
    Frame::new(columns)
}

fn names<'a, K: Iterator<Item = &'a String>>(
    runs: &'a [RunSummary],
    of: impl Fn(&'a RunSummary) -> K,
) -> BTreeSet<&'a String> {
    runs.iter().flat_map(of).collect()
}

fn attributes(runs: &[RunSummary]) -> Vec<(String, Column)> {
    let text = |of: fn(&RunSummary) -> Option<String>| Column::text_or_none(runs.iter().map(of));
    let time =
        |of: fn(&RunSummary) -> Option<i64>| Column::time_or_none(runs.iter().map(of).collect());
    let columns = [
        ("id", text(|run| Some(run.id.to_string()))),
        ("name", text(|run| Some(run.name.clone()))),
        ("experiment", text(|run| Some(run.experiment_name.clone()))),
        (
            "number",
            Column::whole(runs.iter().map(|run| run.number as i64).collect()),
        ),
        ("state", text(|run| Some(run.state.to_string()))),
        (
            "parent",
            text(|run| run.parent.map(|parent| parent.to_string())),
        ),
        ("created", time(|run| Some(run.created.0))),
        ("started", time(|run| run.started.map(|time| time.0))),
        ("ended", time(|run| run.ended.map(|time| time.0))),
    ];
    let columns = columns.into_iter();
    columns
        .map(|(name, column)| (name.to_owned(), column))
        .collect()
}

/// Values of a parameter: truths, whole numbers, numbers, or texts as tables show them.
fn params(values: Vec<Option<&ParamValue>>) -> Column {
    let all = |is: fn(&ParamValue) -> bool| values.iter().flatten().all(|value| is(value));
    if all(|value| matches!(value, ParamValue::Bool(_))) {
        return Column::truth_or_none(each(&values, |value| match value {
            ParamValue::Bool(truth) => Some(*truth),
            _ => None,
        }));
    }
    if all(|value| matches!(value, ParamValue::Int(_))) {
        return Column::whole_or_none(each(&values, |value| match value {
            ParamValue::Int(whole) => Some(*whole),
            _ => None,
        }));
    }
    if all(|value| matches!(value, ParamValue::Int(_) | ParamValue::Float(_))) {
        return Column::real_or_none(each(&values, |value| match value {
            ParamValue::Int(whole) => Some(*whole as f64),
            ParamValue::Float(real) => Some(*real),
            _ => None,
        }));
    }
    Column::text_or_none(each(&values, |value| Some(value.to_string())))
}

fn each<T>(
    values: &[Option<&ParamValue>],
    of: impl Fn(&ParamValue) -> Option<T>,
) -> Vec<Option<T>> {
    values.iter().map(|value| value.and_then(&of)).collect()
}
