//! Histories of metrics as columns: every point, buckets of them, numbers about them.
//!
//! Invariant: the numbers of the answer are the memory that the library filled; nothing is copied on the way, except
//! where several histories become one table.

use mltrack::{Bucket, HistoryQuery, Points};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::column::Column;
use crate::dict::{answered, dict};
use crate::frame::Frame;
use crate::moment::{At, at};
use crate::open::Store;

fn points_frame(points: Points) -> Frame {
    let lsns = points.lsns.iter().map(|lsn| lsn.get() as i64).collect();
    Frame::new(vec![
        ("step".to_owned(), Column::whole(points.steps)),
        ("value".to_owned(), Column::real(points.values)),
        ("time_ns".to_owned(), Column::whole(points.times_ns)),
        ("lsn".to_owned(), Column::whole(lsns)),
    ])
}

fn buckets_frame(buckets: &[Bucket]) -> Frame {
    let whole = |of: fn(&Bucket) -> i64| Column::whole(buckets.iter().map(of).collect());
    let real = |of: fn(&Bucket) -> f64| Column::real(buckets.iter().map(of).collect());
    let maybe =
        |of: fn(&Bucket) -> Option<f64>| Column::real_or_none(buckets.iter().map(of).collect());
    let columns = [
        ("step_first", whole(|bucket| bucket.step_first)),
        ("step_last", whole(|bucket| bucket.step_last)),
        ("first", real(|bucket| bucket.first)),
        ("min", maybe(|bucket| bucket.min.map(|min| min.value))),
        ("max", maybe(|bucket| bucket.max.map(|max| max.value))),
        ("mean", maybe(Bucket::mean)),
        ("last", real(|bucket| bucket.last)),
        ("count", whole(|bucket| bucket.count as i64)),
    ];
    let columns = columns.into_iter();
    Frame::new(
        columns
            .map(|(name, column)| (name.to_owned(), column))
            .collect(),
    )
}

/// What every question about the history of one metric says.
type Asked<'a> = (
    &'a str,
    &'a str,
    Vec<(String, String)>,
    (Option<i64>, Option<i64>),
    Option<At>,
);

impl Store {
    fn ask_history(&self, asked: Asked<'_>) -> mltrack::Result<HistoryQuery> {
        let (run, name, context, (first_step, last_step), at) = asked;
        let query = self.tracker().history(self.run_id(run)?, name);
        let query = context
            .into_iter()
            .fold(query, |query, (key, value)| query.context(key, value));
        let steps = first_step.unwrap_or(i64::MIN)..=last_step.unwrap_or(i64::MAX);
        Ok(at!(query.steps(steps), at))
    }
}

#[pymethods]
impl Store {
    /// Every point of a metric of a run, in the order of its steps: the columns `step`, `value`, `time_ns`, `lsn`.
    #[pyo3(signature = (run, name, context=Vec::new(), first_step=None, last_step=None, at=None))]
    fn history(
        &self,
        py: Python<'_>,
        run: &str,
        name: &str,
        context: Vec<(String, String)>,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Frame> {
        let asked = (run, name, context, (first_step, last_step), at);
        let frame = py.detach(|| Ok(points_frame(self.ask_history(asked)?.fetch()?)));
        answered(frame)
    }

    /// At most so many buckets instead of every point, with extremes that were really logged.
    #[pyo3(signature = (run, name, count, context=Vec::new(), first_step=None, last_step=None, at=None))]
    fn buckets(
        &self,
        py: Python<'_>,
        run: &str,
        name: &str,
        count: usize,
        context: Vec<(String, String)>,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Frame> {
        let asked = (run, name, context, (first_step, last_step), at);
        let buckets = py.detach(|| self.ask_history(asked)?.buckets(count).fetch());
        answered(buckets).map(|buckets| buckets_frame(&buckets))
    }

    /// Count, extremes, mean, median and others of a metric of a run, exact.
    #[pyo3(signature = (run, name, context=Vec::new(), first_step=None, last_step=None, at=None))]
    fn stats<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        name: &str,
        context: Vec<(String, String)>,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let asked = (run, name, context, (first_step, last_step), at);
        let stats = answered(py.detach(|| self.ask_history(asked)?.stats()))?;
        Ok(dict!(py, {
            "count": stats.count,
            "nan_count": stats.nan_count,
            "min": stats.min.map(|min| min.value),
            "min_step": stats.min.map(|min| min.step),
            "max": stats.max.map(|max| max.value),
            "max_step": stats.max.map(|max| max.step),
            "mean": stats.mean,
            "std": stats.std,
            "median": stats.median,
            "p95": stats.p95,
            "p99": stats.p99,
        }))
    }
}
