//! The history of metrics as JSON: columns of one length.

use mltrack::{Bucket, History, Lsn, Points, RunId, Series};
use serde::Serialize;
use utoipa::ToSchema;

use super::curve::Curve;
use super::number::Number;

/// What is told of a metric of a run.
#[derive(Debug)]
pub struct Told {
    /// The run.
    pub run: RunId,
    /// Its history; without points where a curve was asked for.
    pub history: History,
    /// The history as a line over an axis.
    pub curve: Option<Curve>,
}

/// Histories, each of one metric of one run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Histories {
    /// Sorted by run as asked, then by name and context. Metrics without a point in the range are left out.
    pub items: Vec<HistoryForm>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// The history of a metric: every point, or buckets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = History)]
pub struct HistoryForm {
    /// The run.
    pub run: String,
    /// The metric's name with its context: `loss{subset=val}`.
    pub metric: String,
    /// Its name alone.
    pub name: String,
    /// Its context: pairs, sorted by key.
    pub context: Vec<(String, String)>,
    /// Every point; null when buckets were asked for.
    pub points: Option<PointColumns>,
    /// Neighbouring points together; null when they were not asked for.
    pub buckets: Option<BucketColumns>,
    /// The line over the x axis that was asked for; null when none was.
    pub curve: Option<Curve>,
}

/// Points in the order of their steps; of several at one step, the one logged first comes first.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PointColumns {
    /// The step of each.
    pub step: Vec<i64>,
    /// When it happened, in ms since 1970.
    pub time_ms: Vec<f64>,
    /// The value.
    pub value: Vec<Number>,
    /// The record it came with.
    pub lsn: Vec<u64>,
}

/// Buckets in the order of their steps. Extremes were really logged, at the step beside them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct BucketColumns {
    /// The lowest step of each.
    pub step_first: Vec<i64>,
    /// The highest.
    pub step_last: Vec<i64>,
    /// The value at the lowest step.
    pub first: Vec<Number>,
    /// The value at the highest step.
    pub last: Vec<Number>,
    /// The smallest value; null where all are NaN.
    pub min: Vec<Option<Number>>,
    /// Where it is.
    pub min_step: Vec<Option<i64>>,
    /// The largest value; null where all are NaN.
    pub max: Vec<Option<Number>>,
    /// Where it is.
    pub max_step: Vec<Option<i64>>,
    /// The mean of the values that are numbers.
    pub mean: Vec<Option<Number>>,
    /// Points in it.
    pub count: Vec<u64>,
    /// Those that are NaN.
    pub nan_count: Vec<u64>,
}

/// A metric's name with its context.
pub fn label(name: &str, context: &[(String, String)]) -> String {
    if context.is_empty() {
        return name.to_owned();
    }
    let pairs: Vec<String> = context
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("{name}{{{}}}", pairs.join(","))
}

impl HistoryForm {
    pub fn new(told: &Told) -> HistoryForm {
        let Told {
            run,
            history,
            curve,
        } = told;
        let (points, buckets) = match &history.series {
            _ if curve.is_some() => (None, None),
            Series::Points(points) => (Some(points.into()), None),
            Series::Buckets(buckets) => (None, Some(BucketColumns::of(buckets))),
        };
        HistoryForm {
            run: run.to_string(),
            metric: label(&history.name, &history.context),
            name: history.name.clone(),
            context: history.context.clone(),
            points,
            buckets,
            curve: curve.clone(),
        }
    }
}

impl From<&Points> for PointColumns {
    fn from(points: &Points) -> PointColumns {
        PointColumns {
            step: points.steps.clone(),
            time_ms: points.times_ns.iter().copied().map(time_ms).collect(),
            value: points.values.iter().copied().map(Number).collect(),
            lsn: points.lsns.iter().copied().map(Lsn::get).collect(),
        }
    }
}

impl BucketColumns {
    fn of(buckets: &[Bucket]) -> BucketColumns {
        let each = buckets.iter();
        BucketColumns {
            step_first: each.clone().map(|bucket| bucket.step_first).collect(),
            step_last: each.clone().map(|bucket| bucket.step_last).collect(),
            first: each.clone().map(|bucket| Number(bucket.first)).collect(),
            last: each.clone().map(|bucket| Number(bucket.last)).collect(),
            min: extremes(buckets, |bucket| bucket.min.map(|min| Number(min.value))),
            min_step: extremes(buckets, |bucket| bucket.min.map(|min| min.step)),
            max: extremes(buckets, |bucket| bucket.max.map(|max| Number(max.value))),
            max_step: extremes(buckets, |bucket| bucket.max.map(|max| max.step)),
            mean: extremes(buckets, |bucket| bucket.mean().map(Number)),
            count: each.clone().map(|bucket| bucket.count).collect(),
            nan_count: each.map(|bucket| bucket.nan_count).collect(),
        }
    }
}

fn extremes<T>(buckets: &[Bucket], of: impl Fn(&Bucket) -> Option<T>) -> Vec<Option<T>> {
    buckets.iter().map(of).collect()
}

/// A time in ms since 1970, exact to a quarter of a microsecond.
pub fn time_ms(time_ns: i64) -> f64 {
    time_ns as f64 / 1e6
}
