//! Columns of the table of runs: `loss`, `loss.min`, `loss.min@step`, `=lr`, `tags.paper`, `.started`.
//!
//! Invariant: a column means what it means on the command line: a metric's name may hold dots, so only a last part that
//! is `min`, `max`, `mean`, `first`, `last` or `count` is taken for one.

use std::collections::BTreeMap;

use mltrack::{MetricSummary, RunSummary};
use serde_json::{Value, json};

use super::moment::time_text;
use super::number::Number;

/// The values that a run has in these columns; one that it has no value in is left out.
pub fn values(run: &RunSummary, columns: &[String]) -> BTreeMap<String, Value> {
    let values = columns.iter();
    values
        .filter_map(|column| Some((column.clone(), value(run, column)?)))
        .collect()
}

fn value(run: &RunSummary, column: &str) -> Option<Value> {
    let column = column
        .strip_prefix("attributes.")
        .map_or_else(|| column.to_owned(), |property| format!(".{property}"));
    if let Some(name) = column.strip_prefix('=') {
        return run.params.get(name).map(|value| json!(value));
    }
    if let Some(name) = column.strip_prefix('.') {
        return property(run, name);
    }
    if let Some(name) = column.strip_prefix("params.") {
        return run.params.get(name).map(|value| json!(value));
    }
    if let Some(name) = column.strip_prefix("tags.") {
        return run.tags.get(name).map(|value| json!(value));
    }
    metric(run, column.strip_prefix("metrics.").unwrap_or(&column))
}

fn metric(run: &RunSummary, column: &str) -> Option<Value> {
    if let Some(summary) = run.metrics.get(column) {
        return Some(json!(Number(summary.last.value)));
    }
    let (rest, wants_step) = match column.strip_suffix("@step") {
        Some(rest) => (rest, true),
        None => (column, false),
    };
    if let (Some(summary), true) = (run.metrics.get(rest), wants_step) {
        return Some(json!(summary.last.step));
    }
    let (name, part) = rest.rsplit_once('.')?;
    part_of(run.metrics.get(name)?, part, wants_step)
}

fn part_of(summary: &MetricSummary, part: &str, wants_step: bool) -> Option<Value> {
    let point = match part {
        "last" => summary.last,
        "first" => summary.first,
        "min" => summary.min?,
        "max" => summary.max?,
        "mean" => return summary.mean().map(|mean| json!(Number(mean))),
        "count" => return Some(json!(summary.count)),
        _ => return None,
    };
    if wants_step {
        return Some(json!(point.step));
    }
    Some(json!(Number(point.value)))
}

fn property(run: &RunSummary, name: &str) -> Option<Value> {
    let took_ns = || {
        let end = run
            .ended
            .map_or_else(mltrack::door::wall_time_ns, |at| at.0);
        Some(end.saturating_sub(run.started?.0).max(0))
    };
    Some(match name {
        "id" => json!(run.id.to_string()),
        "name" => json!(run.name),
        "experiment" => json!(run.experiment_name),
        "number" => json!(run.number),
        "state" => json!(run.state),
        "created" => json!(time_text(run.created)),
        "started" => json!(time_text(run.started?)),
        "ended" => json!(time_text(run.ended?)),
        "took" => json!(took_ns()? as f64 / 1e9),
        "pid" => json!(run.pid),
        "host" => json!(run.host),
        "seed" => json!(run.seed?),
        "points" => json!(run.points),
        "parent" => json!(run.parent?.to_string()),
        "heard" => json!(time_text(run.heard)),
        "error" => json!(run.error.as_ref()?.message),
        _ => return None,
    })
}
