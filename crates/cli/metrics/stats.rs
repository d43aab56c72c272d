//! Each metric in a few numbers.

use mltrack::{Extreme, HistoryStats};
use serde_json::Value;

use super::{pairs_value, sheet};
use crate::look::label;
use crate::output::Sheet;
use crate::output::quantity::{counted, grouped, number, short_number};
use crate::output::table::{Column, Table};

pub const FIELDS: &[&str] = &[
    "name", "count", "nan", "min", "min_step", "max", "max_step", "mean", "std", "median", "p95",
    "p99", "context",
];

pub fn sheet_of(found: &[HistoryStats], lsn: u64) -> Sheet {
    sheet(FIELDS, found.iter().map(item).collect(), table(found), lsn)
}

/// In the order of [`FIELDS`].
fn item(found: &HistoryStats) -> Vec<Value> {
    let stats = &found.stats;
    let some = |value: Option<f64>| value.map_or(Value::Null, number);
    let value = |extreme: Option<Extreme>| some(extreme.map(|extreme| extreme.value));
    let step = |extreme: Option<Extreme>| extreme.map_or(Value::Null, |it| it.step.into());
    vec![
        found.name.as_str().into(),
        stats.count.into(),
        stats.nan_count.into(),
        value(stats.min),
        step(stats.min),
        value(stats.max),
        step(stats.max),
        some(stats.mean),
        some(stats.std),
        some(stats.median),
        some(stats.p95),
        some(stats.p99),
        pairs_value(&found.context),
    ]
}

fn table(found: &[HistoryStats]) -> Table {
    let titles = [
        "points", "nan", "min", "max", "mean", "std", "median", "p95", "p99",
    ];
    let columns = titles.map(Column::number);
    let text = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), short_number);
    let extreme = |extreme: Option<Extreme>| {
        let text = |it: Extreme| format!("{}@{}", short_number(it.value), it.step);
        extreme.map_or_else(|| "-".to_owned(), text)
    };
    let row = |found: &HistoryStats| {
        let stats = &found.stats;
        let cells = [
            label(&found.name, &found.context),
            grouped(stats.count),
            grouped(stats.nan_count),
            extreme(stats.min),
            extreme(stats.max),
            text(stats.mean),
            text(stats.std),
            text(stats.median),
            text(stats.p95),
            text(stats.p99),
        ];
        cells.map(Into::into).to_vec()
    };
    Table {
        columns: [Column::text("metric")]
            .into_iter()
            .chain(columns)
            .collect(),
        rows: found.iter().map(row).collect(),
        notes: vec![counted(found.len() as u64, "metric")],
    }
}
