//! What runs logged that is no single number: distributions and JSON values; and numbers about whole histories.
//!
//! Invariant: a value is told as it was logged.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{
    HistogramLogged, HistoryStats, JsonLogged, ValueKind, ValuePoint, ValuesQuery, WallTime,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Faults};
use super::moment::{Moment, at, time_text};
use super::named;
use super::number::Number;
use super::page::{Page, answer, limit_of};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(histograms))
        .routes(routes!(values))
        .routes(routes!(stats))
}

/// Which values.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ValuesAsk {
    /// Only those of this name; `*` stands for anything.
    pub name: Option<String>,
    /// From this step on.
    pub from: Option<i64>,
    /// Up to this step.
    pub to: Option<i64>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
    /// Only these members of each, with commas between them.
    pub fields: Vec<String>,
}

/// A distribution at a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Histogram)]
pub struct HistogramForm {
    /// What is distributed.
    pub name: String,
    /// Its context: pairs, sorted by key.
    pub context: Vec<(String, String)>,
    /// The step.
    pub step: i64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
    /// The record it came with.
    pub lsn: u64,
    /// Bucket `i` holds values from edge `i` up to edge `i + 1`.
    pub edges: Vec<Number>,
    /// How many values each bucket holds.
    pub counts: Vec<u64>,
    /// How many finite values there were.
    pub count: u64,
    /// How many values were NaN or infinite.
    pub not_finite: u64,
    /// The sum of the finite values.
    pub sum: Number,
    /// The smallest of them.
    pub min: Number,
    /// The largest of them.
    pub max: Number,
}

/// A JSON value at a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoggedValue)]
pub struct ValueForm {
    /// What it is a value of.
    pub name: String,
    /// The step.
    pub step: i64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
    /// The record it came with.
    pub lsn: u64,
    /// The value.
    pub value: Value,
}

/// Which metrics.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatsAsk {
    /// Only these metrics; `*` stands for anything. All when absent.
    pub metric: Vec<String>,
    /// From this step on.
    pub from: Option<i64>,
    /// Up to this step.
    pub to: Option<i64>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Numbers about histories.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Analytics)]
pub struct StatsList {
    /// By name and context.
    pub items: Vec<StatsForm>,
}

/// Numbers about the values of a metric.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricNumbers)]
pub struct StatsForm {
    /// The metric's name.
    pub name: String,
    /// Its context: pairs, sorted by key.
    pub context: Vec<(String, String)>,
    /// Points, those with NaN included.
    pub count: u64,
    /// Points whose value is NaN.
    pub nan_count: u64,
    /// The smallest value.
    pub min: Option<Number>,
    /// The step it was logged at.
    pub min_step: Option<i64>,
    /// The largest value.
    pub max: Option<Number>,
    /// The step it was logged at.
    pub max_step: Option<i64>,
    /// The mean.
    pub mean: Option<Number>,
    /// The standard deviation.
    pub std: Option<Number>,
    /// The median.
    pub median: Option<Number>,
    /// What 95 of 100 values are at most.
    pub p95: Option<Number>,
    /// What 99 of 100 values are at most.
    pub p99: Option<Number>,
}

/// The distributions that a run logged
#[utoipa::path(get, path = "/runs/{run}/histograms", tag = "metrics",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), ValuesAsk),
    responses((status = 200, description = "by name, context, step and log", content(
        (Page<HistogramForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn histograms(
    State(shared): State<Shared>,
    Path(run): Path<String>,
    Ask(ask): Ask<ValuesAsk>,
) -> Answer {
    blocking(move || {
        let id = named::run_id(shared.tracker(), &run)?;
        let name = ask.name.clone().unwrap_or_else(|| "*".to_owned());
        let query = shared.tracker().histograms(id, "").name(name);
        paged(&shared, query, &ask, HistogramForm::from)
    })
    .await
}

/// The JSON values that a run logged: tables, confusion matrices, texts
#[utoipa::path(get, path = "/runs/{run}/values", tag = "metrics",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), ValuesAsk),
    responses((status = 200, description = "by name, step and log", content(
        (Page<ValueForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn values(
    State(shared): State<Shared>,
    Path(run): Path<String>,
    Ask(ask): Ask<ValuesAsk>,
) -> Answer {
    blocking(move || {
        let id = named::run_id(shared.tracker(), &run)?;
        let name = ask.name.clone().unwrap_or_else(|| "*".to_owned());
        let query = shared.tracker().json_values(id, "").name(name);
        paged(&shared, query, &ask, ValueForm::from)
    })
    .await
}

/// A page of values.
fn paged<T: ValueKind, F: Serialize>(
    shared: &Shared,
    query: ValuesQuery<T>,
    ask: &ValuesAsk,
    form: impl Fn(ValuePoint<T>) -> F,
) -> Answer {
    let limit = limit_of(ask.limit)?;
    let (from, to) = (ask.from.unwrap_or(i64::MIN), ask.to.unwrap_or(i64::MAX));
    let moment = Moment::of(ask.at.as_deref())?;
    let end = at!(shared.tracker().experiments().limit(0), moment).fetch()?;
    let values = at!(query.steps(from..=to), moment).fetch()?;
    let page = Page::cut(values, form, end.lsn, (ask.cursor.as_deref(), limit))?;
    answer(&page, &ask.fields)
}

/// Numbers about the metrics of a run
#[utoipa::path(get, path = "/runs/{run}/analytics", tag = "metrics",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), StatsAsk),
    responses((status = 200, description = "of every point in the range", body = StatsList), Faults))]
async fn stats(
    State(shared): State<Shared>,
    Path(run): Path<String>,
    Ask(ask): Ask<StatsAsk>,
) -> Answer<Json<StatsList>> {
    blocking(move || {
        let tracker = shared.tracker();
        let mut query = tracker.histories(named::run_id(tracker, &run)?);
        for metric in &ask.metric {
            query = query.metric(metric);
        }
        let (from, to) = (ask.from.unwrap_or(i64::MIN), ask.to.unwrap_or(i64::MAX));
        let query = at!(query.steps(from..=to), Moment::of(ask.at.as_deref())?);
        let items = query.stats()?.into_iter().map(StatsForm::from).collect();
        Ok(Json(StatsList { items }))
    })
    .await
}

impl From<ValuePoint<HistogramLogged>> for HistogramForm {
    fn from(point: ValuePoint<HistogramLogged>) -> HistogramForm {
        let value = point.value;
        HistogramForm {
            name: point.name,
            context: point.context,
            step: point.step,
            time: time_text(WallTime(point.time_ns)),
            lsn: point.lsn.get(),
            edges: value.edges.into_iter().map(Number).collect(),
            counts: value.counts,
            count: value.count,
            not_finite: value.not_finite,
            sum: Number(value.sum),
            min: Number(value.min),
            max: Number(value.max),
        }
    }
}

impl From<ValuePoint<JsonLogged>> for ValueForm {
    fn from(point: ValuePoint<JsonLogged>) -> ValueForm {
        ValueForm {
            name: point.name,
            step: point.step,
            time: time_text(WallTime(point.time_ns)),
            lsn: point.lsn.get(),
            value: serde_json::from_str(&point.value.json).unwrap_or_default(),
        }
    }
}

impl From<HistoryStats> for StatsForm {
    fn from(known: HistoryStats) -> StatsForm {
        let stats = known.stats;
        StatsForm {
            name: known.name,
            context: known.context,
            count: stats.count,
            nan_count: stats.nan_count,
            min: stats.min.as_ref().map(|extreme| Number(extreme.value)),
            min_step: stats.min.as_ref().map(|extreme| extreme.step),
            max: stats.max.as_ref().map(|extreme| Number(extreme.value)),
            max_step: stats.max.as_ref().map(|extreme| extreme.step),
            mean: stats.mean.map(Number),
            std: stats.std.map(Number),
            median: stats.median.map(Number),
            p95: stats.p95.map(Number),
            p99: stats.p99.map(Number),
        }
    }
}
