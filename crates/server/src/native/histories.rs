//! The history of metrics: one metric of a run, or many metrics of many runs in one call.
//!
//! Invariant: an answer has a bounded number of points; who wants more asks for a range or for buckets.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use mltrack::{HistoriesQuery, Lsn, RunId, Series, Tracker};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::columns_form::{COLUMNS, bytes, csv};
use super::error::{Answer, Fault, Faults};
use super::history_form::{Histories, HistoryForm, Told, label};
use super::lines;
use super::moment::{Moment, at, time_of};
use super::named;
use super::openapi::Bytes;
use super::page::{at_most, lsn_number};
use crate::blocking::blocking;
use crate::shared::Shared;

/// The most runs of one question.
const RUNS_MAX: usize = 1_000;
/// The most names and patterns of metrics: each is tried on every metric of every run.
pub const PATTERNS_MAX: usize = 1_000;
/// The most points, or buckets, of one answer.
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
    /// The x axis of a chart: `step`, `time`, `relative` (seconds since the run started), or `metrics.NAME` (what
    /// another metric had at the same step, or last before it). With it, or with any of the four below, the answer
    /// has a `curve` instead of buckets by step; it needs `buckets`.
    pub x: Option<String>,
    /// `linear` or `log`: buckets are of one width on such an axis. On a logarithmic one, places at or below 0 are
    /// left out.
    pub scale: Option<String>,
    /// From this place on the x axis on. The smoothed line still knows everything before.
    pub x_from: Option<f64>,
    /// Up to this place on the x axis, with it.
    pub x_to: Option<f64>,
    /// How strongly the line beside is smoothed, from 0 to below 1; computed over every point before buckets are made.
    #[param(minimum = 0, exclusive_maximum = 1)]
    pub smoothing: Option<f64>,
    /// The length of the x axis that `smoothing` is about, in its unit; that of the whole history unless said
    /// otherwise.
    pub span: Option<f64>,
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
    /// The x axis of a chart: `step`, `time`, `relative` (seconds since the run started), or `metrics.NAME` (what
    /// another metric had at the same step, or last before it). With it, or with any of the four below, the answer
    /// has a `curve` instead of buckets by step; it needs `buckets`.
    pub x: Option<String>,
    /// `linear` or `log`: buckets are of one width on such an axis. On a logarithmic one, places at or below 0 are
    /// left out.
    pub scale: Option<String>,
    /// From this place on the x axis on. The smoothed line still knows everything before.
    pub x_from: Option<f64>,
    /// Up to this place on the x axis, with it.
    pub x_to: Option<f64>,
    /// How strongly the line beside is smoothed, from 0 to below 1; computed over every point before buckets are made.
    #[schema(minimum = 0, exclusive_maximum = 1)]
    pub smoothing: Option<f64>,
    /// The length of the x axis that `smoothing` is about, in its unit; that of the whole history unless said
    /// otherwise.
    pub span: Option<f64>,
    /// Only these columns, of an answer in columns of bytes: a chart that needs few is answered in fewer bytes.
    pub columns: Vec<String>,
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
            x: ask.x,
            scale: ask.scale,
            x_from: ask.x_from,
            x_to: ask.x_to,
            smoothing: ask.smoothing,
            span: ask.span,
            ..HistoriesAsk::default()
        };
        let mut found = find(shared.tracker(), &wide, POINTS_MAX)?;
        found
            .histories
            .retain(|told| label(&told.history.name, &told.history.context) == metric);
        if found.histories.is_empty() {
            check_known(shared.tracker(), &wide, &metric)?;
        }
        Ok(answer(&found, form, &[]))
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
    blocking(move || {
        let found = find(shared.tracker(), &ask, POINTS_MAX)?;
        Ok(answer(&found, form, &ask.columns))
    })
    .await
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

/// What is answered.
struct Found {
    histories: Vec<Told>,
    /// The last record before any of them was looked at.
    lsn: Option<Lsn>,
}

fn answer(found: &Found, form: Form, columns: &[String]) -> Response {
    let histories = &found.histories;
    match form {
        Form::Columns => {
            ([(header::CONTENT_TYPE, COLUMNS)], bytes(histories, columns)).into_response()
        }
        Form::Csv => ([(header::CONTENT_TYPE, "text/csv")], csv(histories)).into_response(),
        Form::Json => {
            let items = histories.iter();
            Json(Histories {
                items: items.map(HistoryForm::new).collect(),
                lsn: lsn_number(found.lsn),
            })
            .into_response()
        }
    }
}

/// Finds at most so many points or buckets.
fn find(tracker: &Tracker, ask: &HistoriesAsk, points_max: usize) -> Answer<Found> {
    check(ask)?;
    let moment = Moment::of(ask.at.as_deref())?;
    // Asked first: who goes on behind this record misses nothing that came while the points were read.
    let lsn = at!(tracker.experiments().limit(0), moment).fetch()?.lsn;
    if let Some(lines) = lines::Lines::of(ask)? {
        let histories = lines.find(tracker, ask, points_max)?;
        return Ok(Found { histories, lsn });
    }
    let mut histories = Vec::new();
    let mut left = points_max;
    for run in named::run_ids(tracker, &ask.runs, RUNS_MAX)? {
        let whole = || query(tracker, run, ask).map(|query| query.buckets(1));
        let buckets = ask.buckets.map(|count| count as usize);
        if !is_within(tracker, run, (buckets, left), whole)? {
            return Err(too_many(points_max));
        }
        for history in query(tracker, run, ask)?.fetch()? {
            let count = match &history.series {
                Series::Points(points) => points.len(),
                Series::Buckets(buckets) => buckets.len(),
            };
            left = left
                .checked_sub(count)
                .ok_or_else(|| too_many(points_max))?;
            histories.push(Told {
                run,
                history,
                curve: None,
            });
        }
    }
    Ok(Found { histories, lsn })
}

/// Whether a run has no more points than that, or than so many buckets of each metric. They take memory before they can
/// be counted, so where they may be too many they are counted first, by `whole`: one bucket of each metric.
pub fn is_within(
    tracker: &Tracker,
    run: RunId,
    (buckets, left): (Option<usize>, usize),
    whole: impl FnOnce() -> Answer<HistoriesQuery>,
) -> Answer<bool> {
    let known = tracker.run_summary(run)?;
    let most = buckets.map_or(u64::MAX, |count| count as u64);
    let at_most = most.saturating_mul(known.metrics.len() as u64);
    if known.points.min(at_most) <= left as u64 {
        return Ok(true);
    }
    let counts = whole()?.fetch()?;
    let counts = counts
        .iter()
        .map(|history| count_of(&history.series).min(most));
    Ok(counts.sum::<u64>() <= left as u64)
}

/// How many points there are in a series.
pub fn count_of(series: &Series) -> u64 {
    match series {
        Series::Points(points) => points.len() as u64,
        Series::Buckets(buckets) => buckets.iter().map(|bucket| bucket.count).sum(),
    }
}

pub fn query(tracker: &Tracker, run: RunId, ask: &HistoriesAsk) -> Answer<HistoriesQuery> {
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
    at_most("names of metrics", ask.metrics.len(), PATTERNS_MAX)?;
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

pub fn too_many(points_max: usize) -> Fault {
    let message = format!("the answer has more than {points_max} points");
    Fault::invalid(message)
        .status(axum::http::StatusCode::PAYLOAD_TOO_LARGE)
        .hint("ask for a range with from and to, or for buckets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_a_bounded_number_of_points_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let run = tracker.experiment("e").unwrap().start_run().unwrap();
        for step in 0..50 {
            run.log_metrics(step, [("a", 1.0), ("b", 2.0)]).unwrap();
        }
        let id = run.id().to_string();
        run.finish().unwrap();
        let ask = |from: Option<i64>, buckets: Option<u32>| HistoriesAsk {
            runs: vec![id.clone()],
            from,
            buckets,
            ..HistoriesAsk::default()
        };
        let count = |ask: HistoriesAsk, max: usize| {
            let found = find(&tracker, &ask, max).map_err(|fault| fault.status.as_u16())?;
            let histories = found.histories.iter();
            Ok(histories.map(|told| count_of(&told.history.series)).sum())
        };
        assert_eq!(count(ask(None, None), 100), Ok(100));
        assert_eq!(count(ask(None, None), 99), Err(413));
        assert_eq!(count(ask(Some(40), None), 20), Ok(20));
        assert_eq!(count(ask(Some(40), None), 19), Err(413));
        assert_eq!(count(ask(None, Some(5)), 10), Ok(100));
        assert_eq!(count(ask(None, Some(5)), 1), Err(413));
        assert_eq!(count(ask(None, Some(100_000)), 99), Err(413));
    }
}
