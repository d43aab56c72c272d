//! What the library answers, as rows of the tables.
//!
//! Invariant: a row has a cell for every column of its table, in their order.

use std::collections::BTreeMap;

use mltrack::{
    Artifact, DatasetSummary, DatasetVersionSummary, Direction, ExperimentSummary, LineageLink,
    MetricSummary, ModelSummary, ModelVersionSummary, ParamValue, Point, RunSummary,
};
use serde_json::Value;

use crate::table::Cell;

/// A row of [`EXPERIMENTS`](crate::schema::EXPERIMENTS).
pub fn experiment(known: &ExperimentSummary) -> Vec<Cell> {
    let goal = known.goal.as_ref();
    vec![
        int(known.id.0),
        known.name.as_str().into(),
        known.state.to_string().into(),
        known.description.as_str().into(),
        known.hypothesis.as_str().into(),
        known.owner.as_str().into(),
        Value::from(known.collaborators.clone()).to_string().into(),
        object(&known.tags),
        goal.map(|goal| goal.metric.as_str()).into(),
        goal.map(|goal| direction(goal.direction)).into(),
        known.metadata.as_deref().into(),
        known.created.into(),
        known.updated.into(),
        known.archived.into(),
        known.actor.as_str().into(),
        int(known.lsn.get()),
        known.deleted.into(),
    ]
}

/// A row of [`RUNS`](crate::schema::RUNS).
pub fn run(known: &RunSummary) -> Vec<Cell> {
    let error = known.error.as_ref();
    vec![
        known.id.to_string().into(),
        known.id.key().to_string().into(),
        int(known.experiment.0),
        known.experiment_name.as_str().into(),
        int(known.number),
        known.name.as_str().into(),
        known.state.to_string().into(),
        known.parent.map(|parent| parent.to_string()).into(),
        known.seed.into(),
        known.created.into(),
        known.started.into(),
        known.ended.into(),
        known.heard.into(),
        known.is_detached.into(),
        known.timeout_s.into(),
        known.host.as_str().into(),
        Cell::Int(i64::from(known.pid)),
        known.actor.as_str().into(),
        known.command.as_str().into(),
        error.map(|error| error.kind.as_str()).into(),
        error.map(|error| error.message.as_str()).into(),
        error.and_then(|error| error.cause.as_deref()).into(),
        error.and_then(|error| error.trace.as_deref()).into(),
        int(known.points),
        int(known.points_late),
        int(known.lines),
        int(known.notes),
        known.last_note.as_deref().into(),
        int(known.lsn.get()),
        known.deleted.into(),
    ]
}

/// Rows of [`PARAMS`](crate::schema::PARAMS).
pub fn params(known: &RunSummary) -> impl Iterator<Item = Vec<Cell>> {
    let id = known.id.to_string();
    known.params.iter().map(move |(name, value)| {
        vec![
            id.as_str().into(),
            name.as_str().into(),
            param_type(value).into(),
            value.to_string().into(),
            param_number(value).into(),
        ]
    })
}

fn param_type(value: &ParamValue) -> &'static str {
    match value {
        ParamValue::Bool(_) => "bool",
        ParamValue::Int(_) => "int",
        ParamValue::Float(_) => "float",
        ParamValue::Text(_) => "text",
        ParamValue::Json(_) => "json",
    }
}

/// For sorting and comparing; `value` is exact.
fn param_number(value: &ParamValue) -> Option<f64> {
    match value {
        ParamValue::Int(number) => Some(*number as f64),
        ParamValue::Float(number) => Some(*number),
        _ => None,
    }
}

/// Rows of [`TAGS`](crate::schema::TAGS).
pub fn tags(known: &RunSummary) -> impl Iterator<Item = Vec<Cell>> {
    let id = known.id.to_string();
    let tags = known.tags.iter();
    tags.map(move |(name, value)| {
        vec![
            id.as_str().into(),
            name.as_str().into(),
            value.as_str().into(),
        ]
    })
}

/// What a metric is called beside its summary.
pub struct MetricNames<'a> {
    /// Its number in this export.
    pub id: i64,
    /// `loss{subset=val}`.
    pub label: &'a str,
    /// `loss`.
    pub name: &'a str,
    /// `{"subset":"val"}`.
    pub context: &'a str,
}

/// A row of [`METRICS`](crate::schema::METRICS).
pub fn metric(run: &RunSummary, names: &MetricNames<'_>, summary: &MetricSummary) -> Vec<Cell> {
    let mut cells = vec![
        Cell::Int(names.id),
        run.id.to_string().into(),
        names.label.into(),
        names.name.into(),
        names.context.into(),
        int(summary.count),
        int(summary.nan_count),
    ];
    let (first, last) = (Some(summary.first), Some(summary.last));
    for point in [first, last, summary.min, summary.max] {
        cells.extend(self::point(point));
    }
    cells.push(summary.mean().into());
    cells
}

fn point(point: Option<Point>) -> [Cell; 3] {
    match point {
        Some(point) => [
            Cell::Int(point.step),
            Cell::Time(point.time_ns),
            Cell::Real(point.value),
        ],
        None => [Cell::Null, Cell::Null, Cell::Null],
    }
}

/// A row of [`ARTIFACTS`](crate::schema::ARTIFACTS).
pub fn artifact(known: &Artifact) -> Vec<Cell> {
    let removed = known.removed.as_ref();
    vec![
        known.id.to_string().into(),
        known.run.to_string().into(),
        known.path.as_str().into(),
        Cell::Int(i64::from(known.version)),
        known.kind.name().into(),
        (*known.media_type).into(),
        int(known.len),
        known.blob.to_string().into(),
        known.root.name().into(),
        known.step.into(),
        text(&known.metadata),
        known.logged.into(),
        int(known.lsn.get()),
        removed.map(|removed| removed.time).into(),
        removed.map(|removed| removed.why.as_str()).into(),
    ]
}

/// A row of [`DATASETS`](crate::schema::DATASETS).
pub fn dataset(known: &DatasetSummary) -> Vec<Cell> {
    vec![
        known.id.to_string().into(),
        known.name.as_str().into(),
        known.description.as_str().into(),
        object(&known.tags),
        Cell::Time(known.created.time_ns),
        known.actor.as_str().into(),
        time(known.deleted.map(|stamp| stamp.time_ns)),
    ]
}

/// A row of [`DATASET_VERSIONS`](crate::schema::DATASET_VERSIONS).
pub fn dataset_version(of: &DatasetSummary, known: &DatasetVersionSummary) -> Vec<Cell> {
    let parents = known.parents.iter();
    let parents = parents.map(|(id, number)| Value::from(format!("{id}@v{number}")));
    vec![
        of.id.to_string().into(),
        int(known.number),
        known.version.as_deref().into(),
        known.digest.as_str().into(),
        known.source.as_str().into(),
        known.content.map(|blob| blob.to_string()).into(),
        known.len.map_or(Cell::Null, int),
        known.rows.map_or(Cell::Null, int),
        text(&known.schema),
        text(&known.profile),
        Value::from(parents.collect::<Vec<_>>()).to_string().into(),
        known.transformation.as_deref().into(),
        known.run.map(|run| run.to_string()).into(),
        text(&known.sampling),
        object(&known.tags),
        known.actor.as_str().into(),
        Cell::Time(known.time_ns),
        int(known.lsn.get()),
        time(known.removed.map(|stamp| stamp.time_ns)),
    ]
}

/// A row of [`MODELS`](crate::schema::MODELS).
pub fn model(known: &ModelSummary) -> Vec<Cell> {
    let aliases = known.aliases.iter();
    let aliases = aliases.map(|(name, number)| (name.clone(), Value::from(*number)));
    vec![
        known.id.to_string().into(),
        known.name.as_str().into(),
        known.description.as_str().into(),
        object(&known.tags),
        Cell::Time(known.created.time_ns),
        known.actor.as_str().into(),
        time(known.deleted.map(|stamp| stamp.time_ns)),
        Value::Object(aliases.collect()).to_string().into(),
    ]
}

/// A row of [`MODEL_VERSIONS`](crate::schema::MODEL_VERSIONS).
pub fn model_version(of: &ModelSummary, known: &ModelVersionSummary) -> Vec<Cell> {
    let artifacts = known.artifacts.iter().map(|id| Value::from(id.to_string()));
    vec![
        of.id.to_string().into(),
        int(known.number),
        known.version.as_deref().into(),
        known.stage.as_str().into(),
        known.run.map(|run| run.to_string()).into(),
        Value::from(artifacts.collect::<Vec<_>>())
            .to_string()
            .into(),
        known.content.map(|blob| blob.to_string()).into(),
        known.flavour.as_str().into(),
        known.source.as_str().into(),
        text(&known.signature),
        text(&known.metadata),
        known.description.as_str().into(),
        object(&known.tags),
        known.actor.as_str().into(),
        Cell::Time(known.time_ns),
        int(known.lsn.get()),
        time(known.removed.map(|stamp| stamp.time_ns)),
    ]
}

/// A row of [`LINEAGE`](crate::schema::LINEAGE).
pub fn link(known: &LineageLink) -> Vec<Cell> {
    vec![
        known.from.to_string().into(),
        known.to.to_string().into(),
        known.kind.name().into(),
        text(&known.note),
    ]
}

/// Counts and numbers of records are below 2^63: a log of that length is no log.
fn int(number: u64) -> Cell {
    i64::try_from(number).map_or(Cell::Null, Cell::Int)
}

fn time(time_ns: Option<i64>) -> Cell {
    time_ns.map_or(Cell::Null, Cell::Time)
}

/// Nothing for an empty text.
fn text(text: &str) -> Cell {
    (!text.is_empty()).then_some(text).into()
}

fn object(pairs: &BTreeMap<String, String>) -> Cell {
    let pairs = pairs
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    Value::Object(pairs.collect()).to_string().into()
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Min => "min",
        Direction::Max => "max",
    }
}
