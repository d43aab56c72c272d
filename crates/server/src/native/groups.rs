//! Groups of runs as lines with bands: how the values of a metric lie over the runs, at aligned steps.
//!
//! Invariants: every run counts once at a place, with the mean of its values there; places are as wide as a power of two
//! and begin at a multiple of it, the same for all runs of an answer's item, so that none moves when a run is added
//! that is no longer than the others.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use mltrack::{Bucket, HistoriesQuery, RunId, Series, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Body;
use super::error::{Answer, Fault, Faults};
use super::histories::{PATTERNS_MAX, is_within};
use super::history_form::label;
use super::moment::{Moment, at};
use super::named;
use super::page::{at_most, lsn_number};
use super::spread::Spread;
use crate::blocking::blocking;
use crate::shared::Shared;

/// The most runs of one question, in all groups together.
const RUNS_MAX: usize = 5_000;
/// The most places of an item.
const BUCKETS_MAX: u32 = 10_000;
/// The most buckets of all runs and metrics of a group: they are held at the same time.
const HELD_MAX: usize = 3_000_000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(groups))
}

/// Metrics of groups of runs.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = GroupQuestion)]
pub struct GroupsAsk {
    /// The groups; all of them together have at most 5,000 runs.
    #[schema(required = true)]
    pub groups: Vec<GroupAsk>,
    /// Only metrics of these names; `*` and `?` stand for any letters. All when empty.
    pub metrics: Vec<String>,
    /// At most so many places for each metric; 500 unless said otherwise.
    #[schema(minimum = 1, maximum = 10_000)]
    pub buckets: Option<u32>,
    /// From this step on.
    pub from: Option<i64>,
    /// Up to this step, with it.
    pub to: Option<i64>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Runs that belong together.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = GroupOfRuns)]
pub struct GroupAsk {
    /// What the answer calls it.
    #[schema(required = true)]
    pub name: String,
    /// The runs.
    #[schema(required = true)]
    pub runs: Vec<String>,
}

/// How metrics lie over the runs of groups.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Groups {
    /// Sorted by group as asked, then by metric. Metrics without a finite value in the range are left out.
    pub items: Vec<GroupForm>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// How a metric lies over the runs of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupHistory)]
pub struct GroupForm {
    /// The group's name.
    pub group: String,
    /// The metric, with its context.
    pub metric: String,
    /// How many of the runs have it in the range.
    pub runs: u64,
    /// How the values lie at each place, in the order of the steps.
    pub spread: Spread,
}

/// How metrics lie over the runs of groups
#[utoipa::path(
    post, path = "/history/groups", tag = "metrics", request_body = GroupsAsk,
    responses((status = 200, description = "mean, median and deviations at aligned steps", body = Groups), Faults)
)]
async fn groups(State(shared): State<Shared>, Body(ask): Body<GroupsAsk>) -> Answer<Json<Groups>> {
    blocking(move || find(shared.tracker(), &ask, HELD_MAX).map(Json)).await
}

/// Finds with at most so many buckets of a group at the same time.
fn find(tracker: &Tracker, ask: &GroupsAsk, held_max: usize) -> Answer<Groups> {
    let buckets = check(ask)?;
    let moment = Moment::of(ask.at.as_deref())?;
    let lsn = at!(tracker.experiments().limit(0), moment).fetch()?.lsn;
    let mut items = Vec::new();
    for group in &ask.groups {
        let mut histories: BTreeMap<String, Vec<Vec<Bucket>>> = BTreeMap::new();
        let mut left = held_max;
        for run in named::run_ids(tracker, &group.runs, RUNS_MAX)? {
            let whole = || query(tracker, run, ask, 1);
            if !is_within(tracker, run, (Some(buckets), left), whole)? {
                return Err(too_much(&group.name, held_max));
            }
            for (metric, buckets) in of_run(tracker, run, ask, buckets)? {
                left = left.saturating_sub(buckets.len());
                histories.entry(metric).or_default().push(buckets);
            }
        }
        for (metric, runs) in histories {
            let spread = spread(&runs, buckets);
            if !spread.n.is_empty() {
                items.push(GroupForm {
                    group: group.name.clone(),
                    metric,
                    runs: runs.len() as u64,
                    spread,
                });
            }
        }
    }
    Ok(Groups {
        items,
        lsn: lsn_number(lsn),
    })
}

fn check(ask: &GroupsAsk) -> Answer<usize> {
    at_most("groups", ask.groups.len(), RUNS_MAX)?;
    at_most("names of metrics", ask.metrics.len(), PATTERNS_MAX)?;
    let runs: usize = ask.groups.iter().map(|group| group.runs.len()).sum();
    if runs == 0 {
        return Err(Fault::invalid(
            "the groups have no runs, so there is nothing to answer",
        ));
    }
    if runs > RUNS_MAX {
        return Err(Fault::invalid(format!(
            "the groups have {runs} runs, and {RUNS_MAX} is the most of one question"
        ))
        .hint("ask in several calls"));
    }
    let buckets = ask.buckets.unwrap_or(500);
    if !(1..=BUCKETS_MAX).contains(&buckets) {
        return Err(Fault::invalid(format!(
            "buckets is {buckets}, and there are from 1 to {BUCKETS_MAX}"
        )));
    }
    Ok(buckets as usize)
}

fn too_much(group: &str, held_max: usize) -> Fault {
    let text =
        format!("the runs of the group {group:?} have more than {held_max} buckets together");
    Fault::invalid(text)
        .status(axum::http::StatusCode::PAYLOAD_TOO_LARGE)
        .hint("name the metrics, or ask for fewer buckets, fewer runs, or a range with from and to")
}

/// What is asked of a run.
fn query(tracker: &Tracker, run: RunId, ask: &GroupsAsk, buckets: usize) -> Answer<HistoriesQuery> {
    let mut query = tracker.histories(run).buckets(buckets);
    for metric in &ask.metrics {
        query = query.metric(metric);
    }
    query = query.steps(ask.from.unwrap_or(i64::MIN)..=ask.to.unwrap_or(i64::MAX));
    Ok(at!(query, Moment::of(ask.at.as_deref())?))
}

fn of_run(
    tracker: &Tracker,
    run: RunId,
    ask: &GroupsAsk,
    buckets: usize,
) -> Answer<Vec<(String, Vec<Bucket>)>> {
    let found = query(tracker, run, ask, buckets)?.fetch()?;
    let named = found
        .into_iter()
        .filter_map(|history| match history.series {
            Series::Buckets(buckets) => Some((label(&history.name, &history.context), buckets)),
            Series::Points(_) => None,
        });
    Ok(named.collect())
}

/// What a run adds to a place.
#[derive(Clone, Copy, Default)]
struct Part {
    sum: f64,
    count: u64,
}

/// How the runs lie at each place. The buckets of each run are no wider than the places: there are no more of them.
fn spread(runs: &[Vec<Bucket>], count_max: usize) -> Spread {
    let shift = shift_of(runs, count_max);
    let slot_of = |step: i64| if shift < i64::BITS { step >> shift } else { 0 };
    let mut places: BTreeMap<i64, ((i64, i64), Vec<f64>)> = BTreeMap::new();
    for run in runs {
        let mut parts: BTreeMap<i64, ((i64, i64), Part)> = BTreeMap::new();
        for bucket in run.iter().filter(|bucket| bucket.sum.is_finite()) {
            let fresh = ((bucket.step_first, bucket.step_last), Part::default());
            let (steps, part) = parts.entry(slot_of(bucket.step_first)).or_insert(fresh);
            steps.1 = bucket.step_last;
            part.sum += bucket.sum;
            part.count += bucket.count - bucket.nan_count;
        }
        for (slot, (steps, part)) in parts.into_iter().filter(|(_, (_, part))| part.count > 0) {
            let (wide, values) = places.entry(slot).or_insert((steps, Vec::new()));
            *wide = (wide.0.min(steps.0), wide.1.max(steps.1));
            values.push(part.sum / part.count as f64);
        }
    }
    let mut spread = Spread::default();
    for (steps, mut values) in places.into_values() {
        spread.push(steps, &mut values);
    }
    spread
}

/// The smallest width, as a power of two, at which the steps of all runs need no more places than that.
fn shift_of(runs: &[Vec<Bucket>], count_max: usize) -> u32 {
    let all = || runs.iter().flatten();
    let lowest = all().map(|bucket| bucket.step_first).min().unwrap_or(0);
    let highest = all().map(|bucket| bucket.step_last).max().unwrap_or(0);
    let fits = |shift: &u32| {
        let (lowest, highest) = (i128::from(lowest >> shift), i128::from(highest >> shift));
        highest - lowest < count_max as i128
    };
    (0..i64::BITS).find(fits).unwrap_or(i64::BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::number::Number;

    fn bucket(step: i64, value: f64) -> Bucket {
        Bucket {
            step_first: step,
            step_last: step,
            first: value,
            last: value,
            min: None,
            max: None,
            sum: if value.is_nan() { 0.0 } else { value },
            count: 1,
            nan_count: u64::from(value.is_nan()),
        }
    }

    #[test]
    fn a_question_for_more_buckets_than_can_be_held_is_refused_before_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let run = tracker.experiment("e").unwrap().start_run().unwrap();
        for step in 0..50 {
            run.log_metrics(step, [("a", 1.0), ("b", 2.0)]).unwrap();
        }
        let id = run.id().to_string();
        run.finish().unwrap();
        let ask = |metrics: &[&str], count: usize| GroupsAsk {
            groups: vec![GroupAsk {
                name: "all".to_owned(),
                runs: vec![id.clone(); count],
            }],
            metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
            buckets: Some(10),
            ..GroupsAsk::default()
        };
        let count = |ask: GroupsAsk, max: usize| {
            let found = find(&tracker, &ask, max).map_err(|fault| fault.status.as_u16())?;
            Ok(found.items.len())
        };
        assert_eq!(count(ask(&[], 1), 20), Ok(2));
        assert_eq!(count(ask(&[], 1), 19), Err(413));
        assert_eq!(count(ask(&["a"], 1), 10), Ok(1));
        assert_eq!(count(ask(&["a"], 2), 12), Err(413));
        assert_eq!(count(ask(&["*"; 1_001], 1), 20), Err(400));
    }

    #[test]
    fn every_run_counts_once_at_a_place_however_often_it_logged_there() {
        let often: Vec<Bucket> = (0..8).map(|step| bucket(step, 10.0)).collect();
        let rarely = vec![bucket(0, 20.0), bucket(4, 30.0)];
        let spread = spread(&[often, rarely], 2);
        assert_eq!(spread.step_first, [0, 4]);
        assert_eq!(spread.n, [2, 2]);
        let means: Vec<f64> = spread.mean.iter().map(|mean| mean.0).collect();
        assert_eq!(means, [15.0, 20.0]);
    }

    #[test]
    fn what_is_no_finite_number_does_not_count() {
        let broken = vec![
            bucket(0, f64::NAN),
            bucket(1, f64::INFINITY),
            bucket(2, 1.0),
        ];
        let spread = spread(&[broken, vec![bucket(0, 4.0)]], 10);
        assert_eq!((spread.step_first, spread.n), (vec![0, 2], vec![1, 1]));
    }

    #[test]
    fn steps_at_both_ends_of_what_there_is_fit_into_one_place() {
        let far = vec![bucket(i64::MIN, 1.0), bucket(i64::MAX, 3.0)];
        assert_eq!(spread(&[far], 1).mean, [Number(2.0)]);
    }
}
