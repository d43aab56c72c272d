//! The history of values that are no single number: distributions, tables, confusion matrices, any JSON.

use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::sync::Arc;

use mltrack_event::{HistogramLogged, JsonLogged, RunId, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_metrics::{Query, ValueKind, ValuePoint};

use crate::error::Result;
use crate::moment::Moment;
use crate::store::Store;
use crate::tracker::Tracker;

/// A question about the values of one kind that a run logged; see [`Tracker::histograms`] and
/// [`Tracker::json_values`].
#[must_use = "nothing is asked before `fetch`"]
pub struct ValuesQuery<T> {
    store: Option<Arc<Store>>,
    run: RunId,
    query: Query,
    moment: Moment,
    kind: PhantomData<T>,
}

impl Tracker {
    /// The distributions that a run logged under this name, or under the names that match a pattern of `*` and `?`.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_histogram("gradient", 1, &[0.1, 0.2, f64::NAN])?;
    /// let gradients = tracker.histograms(run.id(), "gradient").fetch()?;
    /// assert_eq!((gradients[0].step, gradients[0].value.count), (1, 2));
    /// # run.finish()
    /// # }
    /// ```
    pub fn histograms(&self, run: RunId, name: impl Into<String>) -> ValuesQuery<HistogramLogged> {
        ValuesQuery::new(self, run, name.into())
    }

    /// The JSON values that a run logged under this name, or under the names that match a pattern of `*` and `?`:
    /// tables, confusion matrices, custom metrics.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_json("confusion", 1, &[[9, 1], [2, 8]])?;
    /// let matrices = tracker.json_values(run.id(), "confusion").fetch()?;
    /// assert_eq!(matrices[0].value.json, "[[9,1],[2,8]]");
    /// # run.finish()
    /// # }
    /// ```
    pub fn json_values(&self, run: RunId, name: impl Into<String>) -> ValuesQuery<JsonLogged> {
        ValuesQuery::new(self, run, name.into())
    }
}

impl<T: ValueKind> ValuesQuery<T> {
    fn new(tracker: &Tracker, run: RunId, name: String) -> ValuesQuery<T> {
        ValuesQuery {
            store: tracker.store().cloned(),
            run,
            query: Query::new(run.key()).metric(name),
            moment: Moment::Now,
            kind: PhantomData,
        }
    }

    /// Also those of this name, or of names that match this pattern.
    pub fn name(mut self, pattern: impl Into<String>) -> ValuesQuery<T> {
        self.query = self.query.metric(pattern);
        self
    }

    /// Only values whose context has this value for this key; each call demands more. JSON values have no context.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> ValuesQuery<T> {
        self.query = self.query.context(key, value);
        self
    }

    /// Only values at these steps.
    pub fn steps(mut self, steps: impl RangeBounds<i64>) -> ValuesQuery<T> {
        self.query = self.query.steps(steps);
        self
    }

    /// Only values of these times, in ns since 1970.
    pub fn times_ns(mut self, times: impl RangeBounds<i64>) -> ValuesQuery<T> {
        self.query = self.query.times_ns(times);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> ValuesQuery<T> {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> ValuesQuery<T> {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. The values come in the order of name, context, step and log; none is an empty answer.
    /// Errors: `NOT_FOUND` for the run.
    pub fn fetch(self) -> Result<Vec<ValuePoint<T>>> {
        match &self.store {
            Some(store) => store.values(self.run, &self.query, self.moment),
            None => Ok(Vec::new()),
        }
    }
}
