//! The history of metrics: one metric of a run, or many metrics of many runs in one call.
//!
//! Invariant: an answer has a bounded number of points; who wants more asks for a range or for buckets.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use mltrack::{HistoriesQuery, History, RunId, Tracker};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::columns_form::{COLUMNS, bytes, csv};
use super::error::{Answer, Fault, Faults};
use super::history_form::{Histories, HistoryForm, label};
use super::moment::{Moment, at, time_of};
use super::named;
use super::openapi::Bytes;
use crate::blocking::blocking;
use crate::shared::Shared;

/// The most runs of one question.
const RUNS_MAX: usize = 1_000;
/// The most points of one answer.
const POINTS_MAX: usize = 5_000_000;
/// The most buckets of a metric.
const BUCKETS_MAX: u32 = 100_000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(of_metric))
        .routes(routes!(of_many))
}

/// Which part of a history, and how fine.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryAsk {
    /// At most so many buckets with true extremes, instead of every point.
    #[param(minimum = 1, maximum = 100_000)]
    pub buckets: Option<u32>,
    /// From this step on.
    pub from: Option<i64>,
    /// Up to this step, with it.
    pub to: Option<i64>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Histories of many metrics of many runs.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = HistoryQuestion)]
pub struct HistoriesAsk {
    /// The runs: at most 1,000.
    #[schema(required = true)]
    pub runs: Vec<String>,
    /// Only metrics of these names; `*` and `?` stand for any letters. All when empty.
    pub metrics: Vec<String>,
    /// At most so many buckets for each metric, with true extremes, instead of every point.
    #[schema(minimum = 1, maximum = 100_000)]
    pub buckets: Option<u32>,
    /// From this step on.
    pub from: Option<i64>,
    /// Up to this step, with it.
    pub to: Option<i64>,
    /// From this time on: a time, or a length before now such as `-2h`.
    pub since: Option<String>,
    /// Before this time.
    pub until: Option<String>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// The history of a metric of a run
#[utoipa::path(
    get, path = "/runs/{run}/metrics/{metric}", tag = "metrics", params(
        ("run" = String, Path, description = "its id, the beginning of it, its name, or @last"),
        ("metric" = String, Path, description = "its name, with its context when it has one: loss{subset=val}"),
        HistoryAsk),
    responses(
        (status = 200, description = "every point, or buckets; as JSON, columns of bytes or CSV, as Accept says", content(
            (Histories = "application/json"),
            (Bytes = "application/vnd.mltrack.columns"),
            (String = "text/csv"),
        )),
        Faults,
    )
)]
async fn of_metric(
    State(shared): State<Shared>,
    Path((run, metric)): Path<(String, String)>,
    Ask(ask): Ask<HistoryAsk>,
    headers: HeaderMap,
) -> Answer {
    let form = Form::of(&headers);
    blocking(move || {
        let name = metric
            .split_once('{')
            .map_or(metric.as_str(), |(name, _)| name);
        let wide = HistoriesAsk {
            runs: vec![run],
            metrics: vec![name.to_owned()],
            buckets: ask.buckets,
            from: ask.from,
            to: ask.to,
            at: ask.at,
            ..HistoriesAsk::default()
        };
        let mut found = find(shared.tracker(), &wide)?;
        found.retain(|(_, history)| label(&history.name, &history.context) == metric);
        if found.is_empty() {
            check_known(shared.tracker(), &wide, &metric)?;
        }
        answer(shared.tracker(), &found, form)
    })
    .await
}

/// The histories of many metrics of many runs
#[utoipa::path(
    post, path = "/history", tag = "metrics", request_body = HistoriesAsk,
    responses(
        (status = 200, description = "every point, or buckets; as JSON, columns of bytes or CSV, as Accept says", content(
            (Histories = "application/json"),
            (Bytes = "application/vnd.mltrack.columns"),
            (String = "text/csv"),
        )),
        Faults,
    )
)]
async fn of_many(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Body(ask): Body<HistoriesAsk>,
) -> Answer {
    let form = Form::of(&headers);
    blocking(move || answer(shared.tracker(), &find(shared.tracker(), &ask)?, form)).await
}

/// How an answer is written.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Columns,
    Csv,
}

impl Form {
    fn of(headers: &HeaderMap) -> Form {
        let accept = headers.get(header::ACCEPT);
        match accept.and_then(|accept| accept.to_str().ok()) {
            Some(accept) if accept.contains(COLUMNS) => Form::Columns,
            Some(accept) if accept.contains("text/csv") => Form::Csv,
            _ => Form::Json,
        }
    }
}

fn answer(tracker: &Tracker, found: &[(RunId, History)], form: Form) -> Answer<Response> {
    Ok(match form {
        Form::Columns => ([(header::CONTENT_TYPE, COLUMNS)], bytes(found)).into_response(),
        Form::Csv => ([(header::CONTENT_TYPE, "text/csv")], csv(found)).into_response(),
        Form::Json => {
            let items = found.iter();
            Json(Histories {
                items: items
                    .map(|(run, history)| HistoryForm::new(*run, history))
                    .collect(),
                lsn: super::page::lsn_number(tracker.experiments().limit(0).fetch()?.lsn),
            })
            .into_response()
        }
    })
}

fn find(tracker: &Tracker, ask: &HistoriesAsk) -> Answer<Vec<(RunId, History)>> {
    check(ask)?;
    let mut found = Vec::new();
    let mut points_count = 0;
    for name in &ask.runs {
        let run = named::run_id(tracker, name)?;
        for history in query(tracker, run, ask)?.fetch()? {
            points_count += history.series.points().map_or(0, mltrack::Points::len);
            if points_count > POINTS_MAX {
                return Err(too_many());
            }
            found.push((run, history));
        }
    }
    Ok(found)
}

fn query(tracker: &Tracker, run: RunId, ask: &HistoriesAsk) -> Answer<HistoriesQuery> {
    let mut query = tracker.histories(run);
    for metric in &ask.metrics {
        query = query.metric(metric);
    }
    let (from, to) = (ask.from.unwrap_or(i64::MIN), ask.to.unwrap_or(i64::MAX));
    query = query.steps(from..=to);
    if ask.since.is_some() || ask.until.is_some() {
        let bound = |text: &Option<String>, open: i64| -> Answer<i64> {
            let time = text.as_deref().map(time_of).transpose()?;
            Ok(time.map_or(open, |time| time.0))
        };
        query = query.times_ns(bound(&ask.since, i64::MIN)?..bound(&ask.until, i64::MAX)?);
    }
    if let Some(count) = ask.buckets {
        query = query.buckets(count as usize);
    }
    Ok(at!(query, Moment::of(ask.at.as_deref())?))
}

fn check(ask: &HistoriesAsk) -> Result<(), Fault> {
    if ask.runs.is_empty() {
        return Err(Fault::invalid(
            "runs is empty, so there is nothing to answer",
        ));
    }
    if ask.runs.len() > RUNS_MAX {
        return Err(Fault::invalid(format!(
            "{} runs are asked for, and {RUNS_MAX} is the most of one question",
            ask.runs.len()
        ))
        .hint("ask in several calls"));
    }
    match ask.buckets {
        Some(count) if !(1..=BUCKETS_MAX).contains(&count) => Err(Fault::invalid(format!(
            "buckets is {count}, and there are from 1 to {BUCKETS_MAX}"
        ))),
        _ => Ok(()),
    }
}

/// Tells a metric without a point in the range from one that the run never logged.
fn check_known(tracker: &Tracker, ask: &HistoriesAsk, metric: &str) -> Result<(), Fault> {
    let run = ask.runs.first().map_or("", String::as_str);
    let (summary, _) = named::run_at(tracker, run, Moment::of(ask.at.as_deref())?)?;
    if summary.metrics.contains_key(metric) {
        return Ok(());
    }
    let known: Vec<&str> = summary
        .metrics
        .keys()
        .map(String::as_str)
        .take(10)
        .collect();
    let hint = match &known[..] {
        [] => "it has none yet".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    let id = summary.id.short();
    Err(Fault::missing(format!("the run {id} has no metric {metric:?}")).hint(hint))
}

fn too_many() -> Fault {
    let message = format!("the answer has more than {POINTS_MAX} points");
    Fault::invalid(message)
        .status(axum::http::StatusCode::PAYLOAD_TOO_LARGE)
        .hint("ask for a range with from and to, or for buckets")
}
