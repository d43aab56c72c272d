//! All that a store knows, as tables.
//!
//! Invariants: every table is as of the same record; points and events are written as they are read, all else is in
//! memory already.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use mltrack::{
    Artifact, DatasetSummary, ExperimentSummary, LineageLink, MetricId, ModelSummary, RunSummary,
};

use crate::cells::{self, MetricNames};
use crate::error::Result;
use crate::points::{Labels, Rows, Source, context_text};
use crate::schema::{
    ARTIFACTS, DATASET_VERSIONS, DATASETS, EVENTS, EXPERIMENTS, LINEAGE, METRICS, MODEL_VERSIONS,
    MODELS, PARAMS, RUNS, TAGS,
};
use crate::table::{Cell, Schema};

/// Rows of a table, one after another.
pub type SomeRows<'a> = &'a mut dyn Iterator<Item = Result<Vec<Cell>>>;

/// Who takes points: the metric's number if it has one, what it is, and some of its points.
pub type TakePoints<'a> = &'a mut dyn FnMut(Option<i64>, &Labels<'_>, Rows<'_>) -> Result;

/// What holds tables: a folder of files, or a database.
pub trait Tables {
    /// Writes a table, and says how many rows it has.
    fn table(&mut self, schema: &'static Schema, rows: SomeRows<'_>) -> Result<u64>;

    /// Writes the points of these runs, and says how many there are. `told` hears of every stretch.
    fn points(&mut self, source: &Source<'_>, told: &mut dyn FnMut(u64) -> Result) -> Result<u64>;
}

/// What there is beside runs, points and events.
#[derive(Debug, Default)]
pub struct Things {
    /// Experiments, archived ones too, and deleted ones where runs that are deleted are written as well.
    pub experiments: Vec<ExperimentSummary>,
    /// Artifacts, every version.
    pub artifacts: Vec<Artifact>,
    /// Datasets.
    pub datasets: Vec<DatasetSummary>,
    /// Models.
    pub models: Vec<ModelSummary>,
    /// Dependencies.
    pub lineage: Vec<LineageLink>,
}

/// How many rows each table has.
pub type Counts = Vec<(&'static str, u64)>;

/// Writes all of it.
pub fn write_everything(
    tables: &mut dyn Tables,
    source: &Source<'_>,
    things: &Things,
    events: SomeRows<'_>,
    told: &mut dyn FnMut(u64) -> Result,
) -> Result<Counts> {
    let mut counts = Counts::new();
    let experiments = things.experiments.iter().map(cells::experiment);
    counts.push(table(tables, &EXPERIMENTS, experiments)?);
    counts.extend(write_runs(tables, source)?);
    counts.push(("points", tables.points(source, told)?));
    let artifacts = things.artifacts.iter().map(cells::artifact);
    counts.push(table(tables, &ARTIFACTS, artifacts)?);
    counts.extend(write_registry(tables, things)?);
    let lineage = things.lineage.iter().map(cells::link);
    counts.push(table(tables, &LINEAGE, lineage)?);
    counts.push((EVENTS.name, tables.table(&EVENTS, events)?));
    Ok(counts)
}

/// Writes runs, parameters, tags and metrics in short.
pub fn write_runs(tables: &mut dyn Tables, source: &Source<'_>) -> Result<Counts> {
    let runs = || source.runs.iter();
    Ok(vec![
        table(tables, &RUNS, runs().map(cells::run))?,
        table(tables, &PARAMS, runs().flat_map(cells::params))?,
        table(tables, &TAGS, runs().flat_map(cells::tags))?,
        (
            METRICS.name,
            tables.table(&METRICS, &mut metrics(source)?.into_iter().map(Ok))?,
        ),
    ])
}

fn write_registry(tables: &mut dyn Tables, things: &Things) -> Result<Counts> {
    let (datasets, models) = (&things.datasets, &things.models);
    let dataset_versions = datasets.iter().flat_map(|dataset| {
        let versions = dataset.versions.iter();
        versions.map(|version| cells::dataset_version(dataset, version))
    });
    let model_versions = models.iter().flat_map(|model| {
        let versions = model.versions.iter();
        versions.map(|version| cells::model_version(model, version))
    });
    Ok(vec![
        table(tables, &DATASETS, datasets.iter().map(cells::dataset))?,
        table(tables, &DATASET_VERSIONS, dataset_versions)?,
        table(tables, &MODELS, models.iter().map(cells::model))?,
        table(tables, &MODEL_VERSIONS, model_versions)?,
    ])
}

fn table(
    tables: &mut dyn Tables,
    schema: &'static Schema,
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(&'static str, u64)> {
    Ok((schema.name, tables.table(schema, &mut rows.map(Ok))?))
}

/// Hands over every point with the number that its metric has in [`METRICS`].
pub fn each_point(
    source: &Source<'_>,
    take: TakePoints<'_>,
    told: &mut dyn FnMut(u64) -> Result,
) -> Result<u64> {
    let (mut first_id, mut count) = (1, 0);
    for run in source.runs {
        let metrics = (first_id..).zip(run.metrics.values());
        let ids: HashMap<MetricId, i64> = metrics.map(|(id, metric)| (metric.metric, id)).collect();
        count += source.each(run, |metric, labels, rows| {
            take(ids.get(&metric.metric).copied(), labels, rows)?;
            told(rows.len() as u64)
        })?;
        first_id += run.metrics.len() as i64;
    }
    Ok(count)
}

fn metrics(source: &Source<'_>) -> Result<Vec<Vec<Cell>>> {
    let mut names: HashMap<MetricId, (String, String)> = HashMap::new();
    let mut rows = Vec::new();
    for (run, (label, summary)) in source.runs.iter().flat_map(metrics_of) {
        if let Entry::Vacant(place) = names.entry(summary.metric) {
            let known = source.tracker.metric_of(summary.metric)?;
            let (name, context) = known.unwrap_or_else(|| (label.clone(), Vec::new()));
            place.insert((name, context_text(&context)));
        }
        let (name, context) = &names[&summary.metric];
        let names = MetricNames {
            id: rows.len() as i64 + 1,
            label,
            name,
            context,
        };
        rows.push(cells::metric(run, &names, summary));
    }
    Ok(rows)
}

type NamedMetric<'a> = (&'a String, &'a mltrack::MetricSummary);

fn metrics_of(run: &RunSummary) -> impl Iterator<Item = (&RunSummary, NamedMetric<'_>)> {
    run.metrics.iter().map(move |metric| (run, metric))
}
