//! A run as the command line shows it.

use std::collections::BTreeMap;

use mltrack::{MetricSummary, ParamValue, Point, RunId, RunState, RunSummary};
use serde_json::{Map, Value, json};

use crate::output::quantity::{ago, number, time_value, took};
use crate::output::style::Tone;
use crate::output::table::Cell;

/// The documented columns first; what came later stands behind them.
pub const FIELDS: &[&str] = &[
    "id",
    "name",
    "experiment",
    "state",
    "started",
    "ended",
    "params",
    "metrics",
    "tags",
    "pid",
    "host",
    "number",
    "parent",
    "seed",
    "attached",
    "error",
    "points",
    "heard",
    "columns",
    "deleted",
];

#[derive(Clone, Debug)]
pub struct RunRow {
    pub run_id: RunId,
    pub id: String,
    pub short: String,
    pub name: String,
    pub experiment: String,
    pub number: u64,
    pub state: RunState,
    pub started_ns: Option<i64>,
    pub ended_ns: Option<i64>,
    pub params: BTreeMap<String, ParamValue>,
    pub tags: BTreeMap<String, String>,
    pub metrics: Vec<MetricRow>,
    pub pid: u32,
    pub host: String,
    pub parent: Option<String>,
    pub seed: Option<u64>,
    pub is_attached: bool,
    /// Why it failed.
    pub error: Option<String>,
    pub points: u64,
    /// When something was logged to it last.
    pub heard_ns: i64,
    /// When it was deleted, by itself or with its experiment.
    pub deleted_ns: Option<i64>,
    /// How long a detached run that is running has been silent.
    pub silent_ns: Option<i64>,
    /// What stands before its title in a tree.
    pub branch: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointRow {
    pub value: f64,
    pub step: i64,
}

#[derive(Clone, Debug)]
pub struct MetricRow {
    /// The name, with its context when it has one: `loss{subset=val}`.
    pub label: String,
    pub count: u64,
    pub first: PointRow,
    pub last: PointRow,
    pub min: Option<PointRow>,
    pub max: Option<PointRow>,
    pub mean: Option<f64>,
}

impl From<RunSummary> for RunRow {
    fn from(run: RunSummary) -> RunRow {
        let error = run.error.map(|error| match error.cause {
            Some(cause) => format!("{}: {cause}", error.message),
            None => error.message,
        });
        RunRow {
            run_id: run.id,
            id: run.id.to_string(),
            short: run.id.short(),
            name: run.name,
            experiment: run.experiment_name,
            number: run.number,
            state: run.state,
            started_ns: run.started.map(|time| time.0),
            ended_ns: run.ended.map(|time| time.0),
            params: run.params,
            tags: run.tags,
            metrics: run.metrics.into_iter().map(MetricRow::from).collect(),
            pid: run.pid,
            host: run.host,
            parent: run.parent.map(|parent| parent.to_string()),
            seed: run.seed,
            is_attached: !run.is_detached,
            error,
            points: run.points,
            heard_ns: run.heard.0,
            deleted_ns: run.deleted.map(|time| time.0),
            silent_ns: run.silent_ns,
            branch: String::new(),
        }
    }
}

impl From<(String, MetricSummary)> for MetricRow {
    fn from((label, summary): (String, MetricSummary)) -> MetricRow {
        let row = |point: Point| PointRow {
            value: point.value,
            step: point.step,
        };
        MetricRow {
            label,
            count: summary.count,
            mean: summary.mean(),
            first: row(summary.first),
            last: row(summary.last),
            min: summary.min.map(row),
            max: summary.max.map(row),
        }
    }
}

impl RunRow {
    /// In the order of [`FIELDS`]; `columns` is what it has in the columns that were asked for.
    pub fn item(&self, columns: Value) -> Vec<Value> {
        let metrics: Map<String, Value> = self
            .metrics
            .iter()
            .map(|metric| (metric.label.clone(), number(metric.last.value)))
            .collect();
        vec![
            json!(self.id),
            json!(self.name),
            json!(self.experiment),
            json!(self.state),
            time_value(self.started_ns),
            time_value(self.ended_ns),
            json!(self.params),
            Value::Object(metrics),
            json!(self.tags),
            json!(self.pid),
            json!(self.host),
            json!(self.number),
            json!(self.parent),
            json!(self.seed),
            json!(self.is_attached),
            json!(self.error),
            json!(self.points),
            time_value(Some(self.heard_ns)),
            columns,
            time_value(self.deleted_ns),
        ]
    }

    pub fn took_ns(&self, now_ns: i64) -> Option<i64> {
        let end_ns = self.ended_ns.unwrap_or(now_ns);
        self.started_ns
            .map(|started_ns| end_ns.saturating_sub(started_ns).max(0))
    }

    /// `a3f9f00d kind-elk`
    pub fn title(&self) -> String {
        format!("{}{} {}", self.branch, self.short, self.name)
            .trim_end()
            .to_owned()
    }

    pub fn started_text(&self, now_ns: i64) -> String {
        self.started_ns
            .map_or_else(|| "-".to_owned(), |started_ns| ago(started_ns, now_ns))
    }

    pub fn took_text(&self, now_ns: i64) -> String {
        self.took_ns(now_ns).map_or_else(|| "-".to_owned(), took)
    }

    /// A letter, a word and a colour that all say the same.
    pub fn state_cell(&self) -> Cell {
        let (text, tone) = match self.state {
            RunState::Pending => ("P pending", Tone::Dim),
            RunState::Queued => ("Q queued", Tone::Dim),
            RunState::Running => ("R running", Tone::Plain),
            RunState::Completed => ("C done", Tone::Good),
            RunState::Failed => ("F failed", Tone::Bad),
            RunState::Cancelled => ("X cancelled", Tone::Warning),
            RunState::TimedOut => ("T timed out", Tone::Bad),
            RunState::Lost => ("L lost", Tone::Bad),
        };
        match self.silent_ns {
            Some(silent_ns) if silent_ns > 60_000_000_000 => Cell::toned(
                format!("{text}, silent for {}", took(silent_ns)),
                Tone::Warning,
            ),
            _ => Cell::toned(text, tone),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn row(name: &str, loss: Option<f64>) -> RunRow {
        let metric = |value| {
            let point = PointRow { value, step: 7 };
            let (min, max) = (Some(point), Some(point));
            MetricRow {
                label: "loss".into(),
                count: 1,
                first: point,
                last: point,
                min,
                max,
                mean: Some(value),
            }
        };
        RunRow {
            run_id: RunId::from_bytes([0; 16]),
            id: "00".repeat(12) + "a3f9f00d",
            short: "a3f9f00d".into(),
            name: name.into(),
            experiment: "resnet".into(),
            number: 1,
            state: RunState::Running,
            started_ns: Some(0),
            ended_ns: None,
            params: BTreeMap::new(),
            tags: BTreeMap::new(),
            metrics: loss.map(metric).into_iter().collect(),
            pid: 1,
            host: "here".into(),
            parent: None,
            seed: None,
            is_attached: true,
            error: None,
            points: 1,
            heard_ns: 0,
            deleted_ns: None,
            silent_ns: None,
            branch: String::new(),
        }
    }

    #[test]
    fn an_item_has_a_value_for_every_field() {
        let item = row("a", Some(f64::NAN)).item(Value::Null);
        assert_eq!(item.len(), FIELDS.len());
        assert_eq!(item[7], json!({"loss": "NaN"}));
        assert_eq!(item[3], "running");
    }

    #[test]
    fn a_silent_run_says_for_how_long() {
        let silent = RunRow {
            silent_ns: Some(3_600_000_000_000),
            ..row("a", None)
        };
        assert_eq!(silent.state_cell().text, "R running, silent for 1h00m");
        assert_eq!(row("a", None).state_cell().text, "R running");
    }
}
