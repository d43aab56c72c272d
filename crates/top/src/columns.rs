//! Which columns the table has: what is always there, the params that differ, and metrics, as far as they find room.
//!
//! Invariants: only the rows at hand decide, so that nothing is read for it; the column that is sorted by is always there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mltrack::RunSummary;

use crate::model::Model;
use crate::question::{SortKey, is_system};
use crate::words::{number, width};

/// So many metrics and params are columns, before anybody asks for more room.
const METRICS_MAX: usize = 5;
const PARAMS_MAX: usize = 4;

/// A column that depends on the runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Step,
    Metric(String),
    Param(String),
}

impl Column {
    pub fn title(&self) -> String {
        match self {
            Column::Step => "step".to_owned(),
            Column::Metric(label) => label.clone(),
            Column::Param(name) => format!("={name}"),
        }
    }

    /// What a run has in it.
    pub fn text(&self, run: &RunSummary) -> String {
        match self {
            Column::Step => last_step(run).map_or_else(String::new, |step| step.to_string()),
            Column::Metric(label) => run
                .metrics
                .get(label)
                .map_or_else(String::new, |metric| number(metric.last.value)),
            Column::Param(name) => run
                .params
                .get(name)
                .map_or_else(String::new, ToString::to_string),
        }
    }

    fn sort_key(&self) -> Option<SortKey> {
        match self {
            Column::Step => None,
            Column::Metric(label) => Some(SortKey::Metric(label.clone())),
            Column::Param(name) => Some(SortKey::Param(name.clone())),
        }
    }
}

/// The highest step of a run's own metrics.
pub fn last_step(run: &RunSummary) -> Option<i64> {
    let own = run.metrics.iter().filter(|(label, _)| !is_system(label));
    own.map(|(_, metric)| metric.last.step).max()
}

/// The columns that fit into so much room, with their widths.
pub fn columns(model: &Model, room: usize) -> Vec<(Column, usize)> {
    let rows = &model.answer.rows;
    let mut left = room;
    let mut taken = Vec::new();
    let sorted = wanted(model).into_iter();
    let (first, others): (Vec<Column>, Vec<Column>) =
        sorted.partition(|column| column.sort_key().as_ref() == Some(&model.sort.key));
    for column in first.into_iter().chain(others) {
        let texts = rows.iter().map(|run| width(&column.text(run)));
        let wide = texts
            .chain([width(&column.title()) + 1])
            .max()
            .unwrap_or(0)
            .clamp(5, 12);
        if wide + 2 <= left {
            left -= wide + 2;
            taken.push((column, wide));
        }
    }
    // As they were before the one that is sorted by was put first.
    let order = wanted(model);
    taken.sort_by_key(|(column, _)| order.iter().position(|known| known == column));
    taken
}

fn wanted(model: &Model) -> Vec<Column> {
    let rows = &model.answer.rows;
    let mut columns = vec![Column::Step];
    let metrics = metrics(rows).into_iter().take(METRICS_MAX);
    columns.extend(metrics.map(Column::Metric));
    columns.extend(params(rows).into_iter().take(PARAMS_MAX).map(Column::Param));
    let sorted = match &model.sort.key {
        SortKey::Metric(label) => Some(Column::Metric(label.clone())),
        SortKey::Param(name) => Some(Column::Param(name.clone())),
        _ => None,
    };
    if let Some(sorted) = sorted
        && !columns.contains(&sorted)
    {
        columns.push(sorted);
    }
    columns
}

/// Those that most runs have first, and of these by name.
fn metrics(rows: &[Arc<RunSummary>]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    let labels = rows.iter().flat_map(|run| run.metrics.keys());
    for label in labels.filter(|label| !is_system(label)) {
        *counts.entry(label).or_default() += 1;
    }
    let mut labels: Vec<(usize, &String)> = counts
        .into_iter()
        .map(|(label, count)| (count, label))
        .collect();
    labels.sort_by(|(left, a), (right, b)| right.cmp(left).then(a.cmp(b)));
    labels.into_iter().map(|(_, label)| label.clone()).collect()
}

/// Those in which runs differ.
fn params(rows: &[Arc<RunSummary>]) -> Vec<String> {
    let names: BTreeSet<&String> = rows.iter().flat_map(|run| run.params.keys()).collect();
    let differs = |name: &&String| {
        let mut values = rows.iter().map(|run| run.params.get(*name));
        let first = values.next().flatten();
        values.any(|value| value != first)
    };
    names.into_iter().filter(differs).cloned().collect()
}

/// What the list can be sorted by, in the order of the keys that go through them.
pub fn sort_keys(model: &Model) -> Vec<SortKey> {
    let fixed = [
        SortKey::Live,
        SortKey::Started,
        SortKey::Took,
        SortKey::Name,
    ];
    let columns = wanted(model);
    let own = columns.iter().filter_map(Column::sort_key);
    fixed.into_iter().chain(own).collect()
}
