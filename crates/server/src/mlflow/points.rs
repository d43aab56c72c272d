//! The points of a metric as `MLflow`'s wire has them.
//!
//! Invariants: times are whole milliseconds and infinite values the largest there are, and what is then told apart by
//! nothing is one point; NaN sorts as zero does, which is how `MLflow` keeps it.

use std::cmp::Ordering;

use mltrack::{Code, HistoryMark, Points, RunId, Tracker, WallTime};

use super::error::Answer;
use super::wire::milliseconds;

/// A point of a metric.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct WirePoint {
    /// When, in milliseconds since 1970.
    pub time_ms: i64,
    /// At which step.
    pub step: i64,
    /// Its value: finite, or NaN.
    pub value: f64,
}

impl WirePoint {
    /// The value, and whether it is NaN, as they decide between equals.
    fn value_key(&self) -> (f64, bool) {
        if self.value.is_nan() {
            (0.0, true)
        } else {
            (self.value, false)
        }
    }

    fn by_value(&self, other: &WirePoint) -> Ordering {
        let ((a, a_nan), (b, b_nan)) = (self.value_key(), other.value_key());
        let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        order.then(a_nan.cmp(&b_nan))
    }

    /// By time, then step, then value.
    pub fn by_time(&self, other: &WirePoint) -> Ordering {
        let order = self.time_ms.cmp(&other.time_ms);
        let order = order.then(self.step.cmp(&other.step));
        order.then_with(|| self.by_value(other))
    }

    /// By step, then time, then value.
    pub fn by_step(&self, other: &WirePoint) -> Ordering {
        let order = self.step.cmp(&other.step);
        let order = order.then(self.time_ms.cmp(&other.time_ms));
        order.then_with(|| self.by_value(other))
    }
}

/// All points of a run's metric in an order, each once. A run or a metric that is not there has none.
pub fn points(
    tracker: &Tracker,
    run: RunId,
    key: &str,
    order: fn(&WirePoint, &WirePoint) -> Ordering,
) -> Answer<Vec<WirePoint>> {
    let found = there(tracker.history(run, key).fetch())?;
    Ok(found.map_or_else(Vec::new, |points| sorted(&points, order)))
}

/// Points of a history, by time and each once.
pub struct Part {
    /// The points.
    pub points: Vec<WirePoint>,
    /// Where the next part begins. `None` where there is nothing to go on from.
    pub mark: Option<HistoryMark>,
    /// Whether these are all points, whatever was read before.
    pub is_whole: bool,
}

/// The points of a run's metric that were logged behind a mark, or all. A run or a metric that is not there has none.
pub fn part(
    tracker: &Tracker,
    (run, key): (RunId, &str),
    mark: Option<HistoryMark>,
) -> Answer<Part> {
    let found = there(tracker.history(run, key).fetch_after(mark))?;
    Ok(match found {
        Some(found) => Part {
            points: sorted(&found.points, WirePoint::by_time),
            mark: found.mark,
            is_whole: found.is_whole,
        },
        None => Part {
            points: Vec::new(),
            mark: None,
            is_whole: true,
        },
    })
}

/// What was found, unless there is no such run or metric.
fn there<T>(found: mltrack::Result<T>) -> Answer<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        // A name that no metric can have is one that this run never logged.
        Err(error) if matches!(error.code(), Code::NotFound | Code::ValidationError) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn sorted(points: &Points, order: fn(&WirePoint, &WirePoint) -> Ordering) -> Vec<WirePoint> {
    let times = points.times_ns.iter();
    let rows = times.zip(&points.steps).zip(&points.values);
    let rows = rows.map(|((time_ns, step), value)| WirePoint {
        time_ms: milliseconds(WallTime(*time_ns)),
        step: *step,
        value: value.clamp(f64::MIN, f64::MAX),
    });
    let mut rows: Vec<WirePoint> = rows.collect();
    // Mostly they come in this order already, and then nothing is moved.
    rows.sort_by(order);
    rows.dedup_by(|a, b| order(a, b).is_eq());
    rows
}
