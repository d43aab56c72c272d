//! What a table of runs can show: the names in a selection of runs; and runs side by side.
//!
//! Invariant: all of a selection is of one moment of the log.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use mltrack::{RunName, RunSummary, Tracker};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::moment::Moment;
use super::named;
use super::number::Number;
use super::page::lsn_number;
use super::run_form::RunStateName;
use super::runs::{DeletedAsk, RunsAsk, query};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// The most runs side by side.
const RUNS_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(columns))
        .routes(routes!(compare))
}

/// Of which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ColumnsAsk {
    /// Only runs of this experiment: its id or its name.
    pub experiment: Option<String>,
    /// Only runs that each of these filters admits.
    pub filter: Vec<String>,
    /// Only runs in these states.
    #[param(inline)]
    pub state: Vec<RunStateName>,
    /// Only the parts of this run.
    pub parent: Option<String>,
    /// Deleted runs too, or nothing but them.
    #[param(inline)]
    pub deleted: Option<DeletedAsk>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// The names that runs have.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Columns)]
pub struct ColumnsForm {
    /// How many runs were looked at.
    pub runs: u64,
    /// Parameters, by name.
    pub params: Vec<ColumnForm>,
    /// Metrics, by name: `loss`, or `loss{subset=val}` with a context.
    pub metrics: Vec<ColumnForm>,
    /// Tags, by name.
    pub tags: Vec<ColumnForm>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// A name, and how many runs have it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Column)]
pub struct ColumnForm {
    /// The name.
    pub name: String,
    /// As `columns` and `sort` of a list of runs take it.
    pub column: String,
    /// How many runs have it.
    pub runs: u64,
    /// Whether two of them have different values; of a metric the last ones are compared.
    pub differs: bool,
}

/// Which runs side by side.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompareAsk {
    /// From 1 to 100 runs: ids, beginnings of them, or names.
    #[schema(required = true, min_items = 1, max_items = 100)]
    pub runs: Vec<String>,
    /// Leaves out what all of them have alike.
    pub differing: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Runs side by side. Every list of values has one for each run, in the same order; null where a run has none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Comparison {
    /// The runs, as asked.
    pub runs: Vec<ComparedRun>,
    /// Their parameters, by name.
    pub params: Vec<ComparedValue>,
    /// Their tags, by name.
    pub tags: Vec<ComparedValue>,
    /// Their metrics, by name.
    pub metrics: Vec<ComparedMetric>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// A run of a comparison.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedRun {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its experiment's name.
    pub experiment: String,
}

/// A parameter or a tag of each run.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedValue {
    /// Its name.
    pub name: String,
    /// Whether the runs differ in it.
    pub differs: bool,
    /// What each run has.
    pub values: Vec<Value>,
}

/// A metric of each run.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedMetric {
    /// Its name.
    pub name: String,
    /// Whether the runs differ in its last value.
    pub differs: bool,
    /// The value at the highest step.
    pub last: Vec<Option<Number>>,
    /// The smallest value.
    pub min: Vec<Option<Number>>,
    /// The largest value.
    pub max: Vec<Option<Number>>,
    /// How many points there are.
    pub count: Vec<u64>,
}

/// The names of parameters, metrics and tags in a selection of runs
#[utoipa::path(get, path = "/columns", tag = "runs", params(ColumnsAsk),
    responses((status = 200, description = "with how many runs have each", body = ColumnsForm), Faults))]
async fn columns(
    State(shared): State<Shared>,
    caller: Caller,
    Ask(ask): Ask<ColumnsAsk>,
) -> Answer<Json<ColumnsForm>> {
    blocking(move || {
        let question = RunsAsk {
            scope: caller.scope,
            experiment: ask.experiment,
            filter: ask.filter,
            state: ask.state,
            parent: ask.parent,
            deleted: ask.deleted,
            at: ask.at,
            ..RunsAsk::default()
        };
        let names = query(shared.tracker(), question)?.fetch_names()?;
        Ok(Json(ColumnsForm {
            runs: names.runs as u64,
            params: forms(names.params, |name| format!("={name}")),
            metrics: forms(names.metrics, str::to_owned),
            tags: forms(names.tags, |name| format!("tags.{name}")),
            lsn: lsn_number(names.lsn),
        }))
    })
    .await
}

fn forms(names: Vec<RunName>, column: impl Fn(&str) -> String) -> Vec<ColumnForm> {
    let forms = names.into_iter().map(|named| ColumnForm {
        column: column(&named.name),
        name: named.name.into(),
        runs: named.rows as u64,
        differs: named.differs,
    });
    forms.collect()
}

/// Runs side by side
#[utoipa::path(post, path = "/runs/compare", tag = "runs", request_body = CompareAsk,
    responses((status = 200, description = "in what they differ", body = Comparison), Faults))]
async fn compare(
    State(shared): State<Shared>,
    Body(ask): Body<CompareAsk>,
) -> Answer<Json<Comparison>> {
    if ask.runs.is_empty() || ask.runs.len() > RUNS_MAX {
        let what = format!(
            "{} runs are to be compared, and it can be 1 to {RUNS_MAX}",
            ask.runs.len()
        );
        return Err(Fault::invalid(what).hint("GET /api/v1/runs tells of any number of runs"));
    }
    blocking(move || compared(shared.tracker(), &ask).map(Json)).await
}

fn compared(tracker: &Tracker, ask: &CompareAsk) -> Answer<Comparison> {
    let moment = Moment::of(ask.at.as_deref())?;
    let (mut runs, mut lsn) = (Vec::new(), 0);
    for name in &ask.runs {
        let (run, known) = named::run_at(tracker, name, moment)?;
        lsn = lsn.max(known);
        runs.push(run);
    }
    let is_told = |differs: bool| differs || !ask.differing;
    let mut metrics = compared_metrics(&runs);
    metrics.retain(|metric| is_told(metric.differs));
    let values = |of: fn(&RunSummary) -> BTreeMap<String, Value>| {
        let mut values = compared_values(&runs.iter().map(of).collect::<Vec<_>>());
        values.retain(|value| is_told(value.differs));
        values
    };
    let to_json = |run: &RunSummary| {
        let params = run.params.iter();
        let params = params.map(|(name, value)| {
            let value = serde_json::to_value(value).unwrap_or_default();
            (name.clone(), value)
        });
        params.collect()
    };
    Ok(Comparison {
        params: values(to_json),
        tags: values(|run| {
            let tags = run.tags.iter();
            let tags = tags.map(|(key, value)| (key.clone(), Value::from(value.as_str())));
            tags.collect()
        }),
        metrics,
        runs: runs
            .into_iter()
            .map(|run| ComparedRun {
                id: run.id.to_string(),
                name: run.name,
                experiment: run.experiment_name,
            })
            .collect(),
        lsn,
    })
}

fn compared_values(runs: &[BTreeMap<String, Value>]) -> Vec<ComparedValue> {
    let names: std::collections::BTreeSet<&String> = runs.iter().flat_map(BTreeMap::keys).collect();
    let compared = names.into_iter().map(|name| {
        let values = runs.iter().map(|run| run.get(name).cloned());
        let values: Vec<Value> = values.map(Option::unwrap_or_default).collect();
        ComparedValue {
            name: name.clone(),
            differs: values.iter().any(|value| value != &values[0]),
            values,
        }
    });
    compared.collect()
}

fn compared_metrics(runs: &[RunSummary]) -> Vec<ComparedMetric> {
    let names = runs.iter().flat_map(|run| run.metrics.keys());
    let names: std::collections::BTreeSet<&String> = names.collect();
    let compared = names.into_iter().map(|name| {
        let of: Vec<_> = runs.iter().map(|run| run.metrics.get(name)).collect();
        let number = |value: Option<f64>| value.map(Number);
        let last = of.iter().map(|known| known.map(|known| known.last.value));
        let last: Vec<Option<f64>> = last.collect();
        let bits = |value: &Option<f64>| value.map(f64::to_bits);
        ComparedMetric {
            name: name.clone(),
            differs: last.iter().any(|value| bits(value) != bits(&last[0])),
            last: last.into_iter().map(number).collect(),
            min: of
                .iter()
                .map(|known| number(known.and_then(|known| Some(known.min.as_ref()?.value))))
                .collect(),
            max: of
                .iter()
                .map(|known| number(known.and_then(|known| Some(known.max.as_ref()?.value))))
                .collect(),
            count: of
                .iter()
                .map(|known| known.map_or(0, |known| known.count))
                .collect(),
        }
    });
    compared.collect()
}
