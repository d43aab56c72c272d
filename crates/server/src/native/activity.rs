//! `/api/v1/activity`: what happened when, in numbers.
//!
//! Invariant: where a stretch of time begins is decided by who asks: by edges, or by whole hours, days, weeks and months
//! of a zone with a fixed distance from UTC.

use axum::Json;
use axum::extract::State;
use mltrack::{Activity, ActivityBy, ActivityQuery, ActivitySeries, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::activity_edges::{BucketName, edges_of, offset_of};
use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, at, time_of};
use super::named;
use super::page::{at_most, lsn_number};
use super::run_form::RunStateName;
use super::runs::check_filters;
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// How far an answer goes back when the question does not say.
const BACK_NS: i64 = 30 * 86_400_000_000_000;
const SERIES_USUAL: u32 = 20;
const SERIES_MAX: u32 = 1_000;
const EXPERIMENTS_MAX: usize = 1_000;
/// The most stretches of all series together.
const NUMBERS_MAX: usize = 1_000_000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(activity, activity_asked))
}

/// Which runs, in which stretches of time.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = ActivityQuestion)]
pub struct ActivityAsk {
    /// The first stretch holds this time: a time, or a length before now; `-30d` when absent.
    pub from: Option<String>,
    /// The last stretch holds this time; now when absent.
    pub to: Option<String>,
    /// How long a stretch is; a day when absent.
    #[param(inline)]
    pub bucket: Option<BucketName>,
    /// How far the zone is from UTC in which stretches begin, such as `+02:00`; not at all when absent.
    pub offset: Option<String>,
    /// Where stretches begin and end, in ms since 1970, rising, instead of the four above: for zones with summer time.
    pub edges: Vec<i64>,
    /// What tells series apart; only all runs together are told when absent.
    #[param(inline)]
    pub by: Option<ByName>,
    /// At most so many series, those with the most runs.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    #[schema(minimum = 1, maximum = 1000, default = 20)]
    pub keys: Option<u32>,
    /// Only runs of these experiments: ids or names.
    pub experiment: Vec<String>,
    /// Only runs that each of these filters admits.
    pub filter: Vec<String>,
    /// Only runs in these states.
    #[param(inline)]
    pub state: Vec<RunStateName>,
    /// Whether parameters are compared, too: `settings` and `coverage` of the answer.
    pub settings: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// What tells series apart.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByName {
    /// The experiment.
    Experiment,
    /// The state that a run has.
    State,
    /// Who created it.
    User,
    /// The machine it ran on last.
    Host,
}

/// What happened when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Activity)]
pub struct ActivityForm {
    /// Where stretches begin and end, in ms since 1970; one more than there are stretches.
    pub edges: Vec<i64>,
    /// All runs together.
    pub whole: SeriesForm,
    /// By what was asked for, those with the most runs first.
    pub items: Vec<SeriesForm>,
    /// How many series there are, told or not.
    pub keys_total: u64,
    /// For each stretch, how many different settings of parameters the runs have that began in it; null when not asked for.
    pub settings: Option<Vec<u64>>,
    /// For each stretch, which share of all values of parameters that were tried in all stretches together was tried in
    /// it, from 0 to 1; null when not asked for.
    pub coverage: Option<Vec<f64>>,
    /// The last record that the answer takes into account; 0 in an empty store.
    pub lsn: u64,
    /// What is not wrong and yet probably not meant, such as a name that no run has.
    pub notes: Vec<String>,
}

/// Figures of some runs, one for each stretch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivitySeries)]
pub struct SeriesForm {
    /// What they have in common: an experiment's id, a state, a user, a host; empty for all runs together.
    pub key: String,
    /// The same for people.
    pub name: String,
    /// How many runs began in all stretches together.
    pub total: u64,
    /// How many began: were started or, where they never were, created.
    pub runs: Vec<u64>,
    /// Those by the state that they have.
    pub states: BTreeMap<String, Vec<u64>>,
    /// For how many seconds runs were running, whenever they began. What is lost without an end counts nothing.
    pub run_seconds: Vec<f64>,
    /// For how many seconds GPUs were taken: each one that the system metrics of a run tell of counts as long as the run
    /// was running.
    pub gpu_seconds: Vec<f64>,
    /// Seconds from start to end of the runs that began there and have ended: the median.
    pub took_median: Vec<Option<f64>>,
    /// The same: nine of ten took at most so long.
    pub took_p90: Vec<Option<f64>>,
}

/// What happened when
#[utoipa::path(get, path = "/activity", tag = "runs", params(ActivityAsk),
    responses((status = 200, description = "figures of each stretch of time", body = ActivityForm), Faults))]
async fn activity(
    state: State<Shared>,
    caller: Caller,
    Ask(ask): Ask<ActivityAsk>,
) -> Answer<Json<ActivityForm>> {
    answer(state, &caller, ask).await
}

/// What happened when, for questions too long for an address
#[utoipa::path(post, path = "/activity", tag = "runs", request_body = ActivityAsk,
    responses((status = 200, description = "figures of each stretch of time", body = ActivityForm), Faults))]
async fn activity_asked(
    state: State<Shared>,
    caller: Caller,
    Body(ask): Body<ActivityAsk>,
) -> Answer<Json<ActivityForm>> {
    answer(state, &caller, ask).await
}

async fn answer(
    State(shared): State<Shared>,
    caller: &Caller,
    ask: ActivityAsk,
) -> Answer<Json<ActivityForm>> {
    let is_scoped = caller.scope.is_some();
    blocking(move || {
        let tracker = shared.tracker();
        let series_max = ask.keys.unwrap_or(SERIES_USUAL);
        if !(1..=SERIES_MAX).contains(&series_max) {
            let text =
                format!("keys is {series_max}, and an answer has from 1 to {SERIES_MAX} series");
            return Err(Fault::invalid(text).hint("name the experiments that matter"));
        }
        let edges = edges(&ask)?;
        check(&ask, edges.len(), series_max)?;
        let question = ActivityQuery {
            edges: edges
                .iter()
                .map(|ms| WallTime(ms.saturating_mul(1_000_000)))
                .collect(),
            by: ask.by.map(ActivityBy::from),
            series_max: series_max as usize,
            with_settings: ask.settings,
        };
        let mut query = tracker.runs();
        if !ask.experiment.is_empty() {
            let ids = ask.experiment.iter();
            let ids = ids.map(|name| Ok(named::experiment(tracker, name)?.id()));
            query = query.experiment_ids(ids.collect::<Answer<Vec<_>>>()?);
        }
        for filter in &ask.filter {
            query = query.filter(filter);
        }
        for state in &ask.state {
            query = query.state((*state).into());
        }
        let query = at!(query, Moment::of(ask.at.as_deref())?);
        let mut found = query.activity(&question)?;
        if is_scoped {
            // They may name what other experiments have.
            found.notes.clear();
        }
        Ok(Json(form(edges, found)))
    })
    .await
}

/// Refuses what would make an answer of no use: every series has some numbers for each stretch.
fn check(ask: &ActivityAsk, edges_count: usize, series_max: u32) -> Answer<()> {
    check_filters(&ask.filter)?;
    at_most("experiments", ask.experiment.len(), EXPERIMENTS_MAX)?;
    at_most("states", ask.state.len(), EXPERIMENTS_MAX)?;
    let numbers = edges_count.saturating_mul(series_max as usize);
    if ask.by.is_some() && numbers > NUMBERS_MAX {
        let text = format!(
            "{series_max} series over {} stretches are more than {NUMBERS_MAX} places",
            edges_count.saturating_sub(1)
        );
        return Err(Fault::invalid(text).hint("ask for fewer with keys=, or for longer stretches"));
    }
    Ok(())
}

fn edges(ask: &ActivityAsk) -> Answer<Vec<i64>> {
    if !ask.edges.is_empty() {
        let is_given = ask.from.is_some() || ask.to.is_some() || ask.bucket.is_some();
        if is_given || ask.offset.is_some() {
            let text = "edges say already where the stretches are";
            return Err(Fault::invalid(text).hint("leave out from, to, bucket and offset"));
        }
        return Ok(ask.edges.clone());
    }
    let now_ns = mltrack::door::wall_time_ns();
    let time = |text: Option<&str>, usual| text.map_or(Ok(WallTime(usual)), time_of);
    let from = time(ask.from.as_deref(), now_ns.saturating_sub(BACK_NS))?;
    let to = time(ask.to.as_deref(), now_ns)?;
    let offset = offset_of(ask.offset.as_deref().unwrap_or("Z"))?;
    edges_of((from, to), ask.bucket.unwrap_or(BucketName::Day), offset)
}

fn form(edges: Vec<i64>, activity: Activity) -> ActivityForm {
    ActivityForm {
        edges,
        whole: activity.whole.into(),
        items: activity.series.into_iter().map(SeriesForm::from).collect(),
        keys_total: activity.series_count as u64,
        settings: activity.settings,
        coverage: activity.coverage,
        lsn: lsn_number(activity.lsn),
        notes: activity.notes,
    }
}

impl From<ActivitySeries> for SeriesForm {
    fn from(series: ActivitySeries) -> SeriesForm {
        let states = series.states.into_iter();
        SeriesForm {
            key: series.key,
            name: series.name,
            total: series.total,
            runs: series.runs,
            states: states
                .map(|(state, runs)| (state.to_owned(), runs))
                .collect(),
            run_seconds: series.run_seconds,
            gpu_seconds: series.gpu_seconds,
            took_median: series.took_median,
            took_p90: series.took_p90,
        }
    }
}

impl From<ByName> for ActivityBy {
    fn from(name: ByName) -> ActivityBy {
        match name {
            ByName::Experiment => ActivityBy::Experiment,
            ByName::State => ActivityBy::State,
            ByName::User => ActivityBy::User,
            ByName::Host => ActivityBy::Host,
        }
    }
}
