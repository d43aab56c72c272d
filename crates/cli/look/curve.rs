//! The points of a run's metrics, exact or thinned.
//!
//! 1. Thinned points stand for the library's buckets: of each its first, lowest, highest and last, all of which were
//!    logged, so an extreme is never averaged away. They have no time: a bucket spans many.
//! 2. A curve with no more points than are wanted is whole.

use std::ops::RangeInclusive;

use mltrack::{Bucket, HistoriesQuery, History, Points, Series, Tracker};

use super::{At, Point};
use crate::context::Context;
use crate::failure::Outcome;
use crate::runs::row::RunRow;

/// Which points are wanted.
#[derive(Clone, Debug)]
pub struct CurveWish<'a> {
    /// All metrics when empty.
    pub globs: &'a [String],
    /// What the metrics' context must have.
    pub context: &'a [(String, String)],
    pub steps: RangeInclusive<i64>,
    pub times_ns: RangeInclusive<i64>,
    /// Of each metric.
    pub max_points: Option<u32>,
    /// To be drawn: more points than wanted are better than an infinity that hides the finite extremes.
    pub is_drawn: bool,
    pub at: At,
}

#[derive(Clone, Debug)]
pub struct Curve {
    pub name: String,
    pub context: Vec<(String, String)>,
    pub points: Vec<CurvePoint>,
    /// Points logged, of which `points` may be a choice.
    pub logged: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    pub step: i64,
    pub time_ns: Option<i64>,
    pub value: f64,
}

impl<'a> CurveWish<'a> {
    /// Every point of these metrics.
    pub fn of(globs: &'a [String]) -> CurveWish<'a> {
        CurveWish {
            globs,
            context: &[],
            steps: i64::MIN..=i64::MAX,
            times_ns: i64::MIN..=i64::MAX,
            max_points: None,
            is_drawn: false,
            at: At::default(),
        }
    }

    pub fn query(&self, tracker: &Tracker, row: &RunRow, context: &Context) -> HistoriesQuery {
        let mut query = tracker
            .histories(row.run_id)
            .steps(self.steps.clone())
            .times_ns(self.times_ns.clone());
        for (key, value) in self.context {
            query = query.context(key, value);
        }
        for glob in self.globs {
            query = query.metric(glob);
        }
        match self.at.point(context) {
            Point::Now => query,
            Point::Lsn(lsn) => query.at(lsn),
            Point::Time(time) => query.at_time(time),
        }
    }
}

impl Curve {
    /// The name, with its context when it has one.
    pub fn label(&self) -> String {
        label(&self.name, &self.context)
    }
}

/// `loss`, or `loss{subset=val}`.
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

/// Sorted by name and context.
pub fn curves(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    context: &Context,
) -> Outcome<Vec<Curve>> {
    let query = wish.query(tracker, row, context);
    let is_small = |count_max: u32| {
        let mut metrics = row.metrics.iter();
        metrics.all(|metric| metric.count <= u64::from(count_max))
    };
    let Some(count_max) = wish.max_points.filter(|count_max| !is_small(*count_max)) else {
        return Ok(query.fetch()?.into_iter().map(whole).collect());
    };
    let thinned = query.buckets((count_max / 4).max(1) as usize).fetch()?;
    let wants_more = |history: &History| {
        let buckets = history.series.buckets().unwrap_or_default();
        count_of(buckets) <= u64::from(count_max) || (wish.is_drawn && has_infinity(buckets))
    };
    let mut short: Vec<String> = thinned
        .iter()
        .filter(|history| wants_more(history))
        .map(|history| history.name.clone())
        .collect();
    short.dedup();
    let mut exact = Vec::new();
    if !short.is_empty() {
        let wish = CurveWish {
            globs: &short,
            ..wish.clone()
        };
        exact = wish.query(tracker, row, context).fetch()?;
    }
    let curve = |history: History| {
        let same = |other: &&History| other.metric == history.metric;
        match exact.iter().find(same).filter(|_| wants_more(&history)) {
            Some(exact) => whole(exact.clone()),
            None => few(history, count_max as usize),
        }
    };
    Ok(thinned.into_iter().map(curve).collect())
}

fn whole(history: History) -> Curve {
    let points = history.series.points().map(points_of).unwrap_or_default();
    Curve {
        logged: points.len() as u64,
        name: history.name,
        context: history.context,
        points,
    }
}

fn points_of(columns: &Points) -> Vec<CurvePoint> {
    let rows = columns
        .steps
        .iter()
        .zip(&columns.times_ns)
        .zip(&columns.values);
    rows.map(|((step, time_ns), value)| CurvePoint {
        step: *step,
        time_ns: Some(*time_ns),
        value: *value,
    })
    .collect()
}

fn few(history: History, count_max: usize) -> Curve {
    let buckets = match history.series {
        Series::Buckets(buckets) => buckets,
        Series::Points(_) => Vec::new(),
    };
    let points = buckets.iter().flat_map(|bucket| chosen(bucket, count_max));
    Curve {
        points: points.collect(),
        logged: count_of(&buckets),
        name: history.name,
        context: history.context,
    }
}

fn count_of(buckets: &[Bucket]) -> u64 {
    buckets.iter().map(|bucket| bucket.count).sum()
}

fn has_infinity(buckets: &[Bucket]) -> bool {
    let extremes = buckets.iter().flat_map(|bucket| [bucket.min, bucket.max]);
    extremes
        .flatten()
        .any(|extreme| extreme.value.is_infinite())
}

/// Of a bucket its first, last, highest and lowest, and no more than wanted, in the order of their steps.
fn chosen(bucket: &Bucket, count_max: usize) -> Vec<CurvePoint> {
    let point = |step, value| CurvePoint {
        step,
        time_ns: None,
        value,
    };
    let mut kept = vec![
        point(bucket.step_first, bucket.first),
        point(bucket.step_last, bucket.last),
    ];
    let extremes = [bucket.max, bucket.min].into_iter().flatten();
    kept.extend(extremes.map(|extreme| point(extreme.step, extreme.value)));
    kept.truncate(count_max);
    kept.sort_by_key(|point| point.step);
    kept.dedup_by(|a, b| a.step == b.step && a.value.to_bits() == b.value.to_bits());
    kept
}

#[cfg(test)]
mod tests {
    use mltrack::Extreme;

    use super::*;

    #[test]
    fn a_bucket_is_its_ends_and_its_extremes_once_each() {
        let extreme = |value, step| Some(Extreme { value, step });
        let bucket = Bucket {
            step_first: 0,
            step_last: 9,
            first: 5.0,
            last: 1.0,
            min: extreme(1.0, 9),
            max: extreme(99.0, 4),
            sum: 120.0,
            count: 10,
            nan_count: 0,
        };
        let steps = |count_max| -> Vec<i64> {
            let points = chosen(&bucket, count_max);
            points.iter().map(|point| point.step).collect()
        };
        assert_eq!(steps(100), [0, 4, 9]);
        assert_eq!(steps(3), [0, 4, 9]);
        assert_eq!(steps(2), [0, 9]);
        assert_eq!(steps(1), [0]);
    }

    #[test]
    fn a_label_has_the_context_when_there_is_one() {
        assert_eq!(label("loss", &[]), "loss");
        let context = [
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "2".to_owned()),
        ];
        assert_eq!(label("loss", &context), "loss{a=1,b=2}");
    }
}
