//! What came of a reproduction, metric by metric.

use mltrack::reproduce::{Comparison, Difference, MetricComparison, Sameness};
use serde_json::{Value, json};

use crate::output::People;
use crate::output::quantity::{counted, number, short_number};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};

pub const FIELDS: &[&str] = &[
    "metric",
    "result",
    "step",
    "old",
    "new",
    "points",
    "new_points",
    "max_abs",
    "max_rel",
    "run",
    "new_run",
];

/// One item a metric, in the order of [`FIELDS`].
pub fn items(comparison: &Comparison, run: &str, new_run: &str) -> Vec<Vec<Value>> {
    let metrics = comparison.metrics.iter();
    metrics
        .map(|metric| {
            let first = first_of(&metric.sameness);
            let value_of =
                |point: Option<(i64, f64)>| point.map_or(Value::Null, |(_, value)| number(value));
            let (max_abs, max_rel) = match metric.sameness {
                Sameness::Within {
                    max_abs, max_rel, ..
                } => (number(max_abs), number(max_rel)),
                _ => (Value::Null, Value::Null),
            };
            vec![
                metric.metric.clone().into(),
                word(&metric.sameness).into(),
                first.map_or(Value::Null, |first| json!(first.step())),
                value_of(first.and_then(|first| first.old)),
                value_of(first.and_then(|first| first.new)),
                metric.points.0.into(),
                metric.points.1.into(),
                max_abs,
                max_rel,
                run.into(),
                new_run.into(),
            ]
        })
        .collect()
}

/// The table for people.
pub fn people(comparison: &Comparison) -> People {
    let rows = comparison.metrics.iter().map(|metric| {
        let tone = match metric.sameness {
            Sameness::BitEqual => Tone::Good,
            Sameness::Within { .. } => Tone::Warning,
            _ => Tone::Bad,
        };
        vec![
            metric.metric.clone().into(),
            Cell::toned(word(&metric.sameness).replace('_', "-"), tone),
            metric.points.0.to_string().into(),
            story(metric).into(),
        ]
    });
    let equal = comparison.metrics.iter();
    let equal = equal
        .filter(|metric| metric.sameness == Sameness::BitEqual)
        .count();
    let notes = vec![format!(
        "{equal} of {} bit-equal",
        counted(comparison.metrics.len() as u64, "metric")
    )];
    People::Table(Table {
        columns: vec![
            Column::text("metric"),
            Column::text("result"),
            Column::number("points"),
            Column::text("first difference"),
        ],
        rows: rows.collect(),
        notes,
    })
}

fn word(sameness: &Sameness) -> &'static str {
    match sameness {
        Sameness::BitEqual => "bit_equal",
        Sameness::Within { .. } => "within",
        Sameness::Diverges { .. } => "diverges",
        Sameness::Missing => "missing",
        Sameness::Extra => "extra",
    }
}

fn first_of(sameness: &Sameness) -> Option<Difference> {
    match sameness {
        Sameness::Within { first, .. } | Sameness::Diverges { first } => Some(*first),
        _ => None,
    }
}

fn story(metric: &MetricComparison) -> String {
    match &metric.sameness {
        Sameness::BitEqual => String::new(),
        Sameness::Within {
            max_abs,
            max_rel,
            first,
        } => format!(
            "step {}, by at most {} ({} of the value)",
            first.step(),
            short_number(*max_abs),
            short_number(*max_rel)
        ),
        Sameness::Diverges { first } => parting(first),
        Sameness::Missing => "the new run does not have it".to_owned(),
        Sameness::Extra => "only the new run has it".to_owned(),
    }
}

/// Values in full: what differs may do so in the last bit.
fn parting(first: &Difference) -> String {
    match (first.old, first.new) {
        (Some((old_step, old)), Some((step, new))) if old_step == step => {
            format!("step {step}: {old:?} was, {new:?} is")
        }
        (Some((old_step, old)), Some((step, new))) => {
            format!("step {old_step} ({old:?}) was, step {step} ({new:?}) is")
        }
        (Some((step, old)), None) => format!("step {step}: {old:?} was, nothing is"),
        (None, Some((step, new))) => format!("step {step}: nothing was, {new:?} is"),
        (None, None) => String::new(),
    }
}

/// The first metric that does not come out as it was, in a line.
pub fn verdict(comparison: &Comparison) -> Option<String> {
    let metrics = comparison.metrics.iter();
    let mut bad = metrics.filter(|metric| {
        !matches!(
            metric.sameness,
            Sameness::BitEqual | Sameness::Within { .. }
        )
    });
    bad.next()
        .map(|metric| format!("{} diverges: {}", metric.metric, story(metric)))
}
