//! Columns of the table of runs, by name, for filters and sorting.
//!
//! A metric's name may end in `.last`, `.min`, `.max`, `.mean`, `.first` or `.count`; a metric that is called so itself
//! comes first.

use mltrack_event::RunState;
use mltrack_projector_runs::MetricSummary;

use crate::cell::Cell;
use crate::error::{Error, Result};
use crate::summary::RunSummary;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Family {
    Metric,
    Param,
    Tag,
    Attribute,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Column {
    family: Family,
    name: String,
}

/// Properties that every run has, with the other names they are known by.
const ATTRIBUTES: [(&str, &[&str]); 13] = [
    ("id", &["run_id"]),
    ("name", &["run_name"]),
    ("experiment", &["experiment_name"]),
    ("experiment_id", &[]),
    ("number", &[]),
    ("status", &["state"]),
    ("created", &[]),
    ("started", &["start_time"]),
    ("ended", &["end_time"]),
    ("actor", &["user", "user_id"]),
    ("host", &[]),
    ("pid", &[]),
    ("seed", &[]),
];

impl Column {
    /// As filters write it: family, dot, name.
    pub fn of_filter(text: &str) -> Option<Column> {
        let (family, name) = text.split_once('.')?;
        let family = match family.to_ascii_lowercase().as_str() {
            "metrics" | "metric" => Family::Metric,
            "params" | "param" | "parameters" | "parameter" => Family::Param,
            "tags" | "tag" => Family::Tag,
            "attributes" | "attribute" | "attr" | "run" => Family::Attribute,
            _ => return None,
        };
        let name = match family {
            Family::Attribute => attribute(name)?.to_owned(),
            _ => name.to_owned(),
        };
        (!name.is_empty()).then_some(Column { family, name })
    }

    /// As tables write it: `loss` is a metric, `=lr` a parameter, `.started` an attribute; or as filters do.
    pub fn of_order(text: &str) -> Result<Column> {
        let short = |family, name: &str| Column {
            family,
            name: name.to_owned(),
        };
        match text.split_at_checked(1) {
            Some(("=", name)) if !name.is_empty() => Ok(short(Family::Param, name)),
            Some((".", name)) => attribute(name)
                .map(|name| short(Family::Attribute, name))
                .ok_or_else(|| no_attribute(name)),
            None => Err(Error::validation(
                "an order names a column, such as -acc or .started",
            )),
            Some(_) => Ok(Column::of_filter(text).unwrap_or_else(|| short(Family::Metric, text))),
        }
    }

    pub fn family(&self) -> Family {
        self.family
    }

    /// A literal as this column has it: states by any of their names, times as milliseconds.
    pub fn literal(&self, literal: Cell) -> Option<Cell> {
        let Cell::Text(text) = &literal else {
            return Some(literal);
        };
        match (self.family, self.name.as_str()) {
            // A text that names no state may be a pattern.
            (Family::Attribute, "status") => {
                let state = state_of_text(text);
                Some(state.map_or(literal, |state| Cell::Text(state.name().to_owned())))
            }
            (Family::Attribute, "created" | "started" | "ended") => {
                let time: mltrack_event::WallTime = text.parse().ok()?;
                Some(Cell::Number(time.0 as f64 / 1e6))
            }
            _ => Some(literal),
        }
    }

    pub fn value(&self, run: &RunSummary) -> Option<Cell> {
        match self.family {
            Family::Metric => metric(run, &self.name).map(Cell::Number),
            Family::Param => run.params.get(&self.name).map(Cell::of_param),
            Family::Tag => run.tags.get(&self.name).cloned().map(Cell::Text),
            Family::Attribute => attribute_value(run, &self.name),
        }
    }
}

fn attribute(name: &str) -> Option<&'static str> {
    let known = ATTRIBUTES
        .iter()
        .find(|(known, others)| *known == name || others.contains(&name));
    known.map(|(known, _)| *known)
}

fn no_attribute(name: &str) -> Error {
    let known: Vec<&str> = ATTRIBUTES.iter().map(|(known, _)| *known).collect();
    Error::validation(format!(
        "a run has no attribute {name:?}: pass one of {}",
        known.join(", ")
    ))
}

fn metric(run: &RunSummary, name: &str) -> Option<f64> {
    if let Some(summary) = run.metrics.get(name) {
        return Some(summary.last.value);
    }
    let (name, aggregate) = name.rsplit_once('.')?;
    let summary: &MetricSummary = run.metrics.get(name)?;
    match aggregate {
        "last" => Some(summary.last.value),
        "first" => Some(summary.first.value),
        "min" => summary.min.map(|point| point.value),
        "max" => summary.max.map(|point| point.value),
        "mean" => summary.mean(),
        "count" => Some(summary.count as f64),
        _ => None,
    }
}

fn attribute_value(run: &RunSummary, name: &str) -> Option<Cell> {
    let text = |text: &str| Some(Cell::Text(text.to_owned()));
    // Milliseconds, as MLflow has them.
    let time = |time: mltrack_event::WallTime| Cell::Number(time.0 as f64 / 1e6);
    match name {
        "id" => text(&run.id.to_string()),
        "name" => text(&run.name),
        "experiment" => text(&run.experiment_name),
        "experiment_id" => Some(Cell::Number(run.experiment.0 as f64)),
        "number" => Some(Cell::Number(run.number as f64)),
        "status" => text(run.state.name()),
        "created" => Some(time(run.created)),
        "started" => run.started.map(time),
        "ended" => run.ended.map(time),
        "actor" => text(&run.actor),
        "host" => text(&run.host),
        "pid" => Some(Cell::Number(f64::from(run.pid))),
        "seed" => run.seed.map(|seed| Cell::Number(seed as f64)),
        _ => None,
    }
}

/// The state that a text means: ours in any case, or `MLflow`'s.
fn state_of_text(text: &str) -> Option<RunState> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "finished" => Some(RunState::Completed),
        "killed" => Some(RunState::Cancelled),
        "scheduled" => Some(RunState::Pending),
        name => RunState::ALL.into_iter().find(|state| state.name() == name),
    }
}
