//! The history of metrics: every point, or buckets with true extremes.

use std::num::NonZeroUsize;
use std::ops::RangeBounds;
use std::sync::Arc;

use mltrack_event::{MetricId, MetricKey, RunId, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_metrics::{
    AnswerError, Bucket, History, HistoryStats, Points, Query, Series, Stats, Stretched,
};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::store::Store;
use crate::tracker::Tracker;

/// A question about the histories of a run's metrics; see [`Tracker::histories`].
#[must_use = "nothing is asked before `fetch`"]
pub struct HistoriesQuery {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) run: RunId,
    pub(crate) query: Query,
    moment: Moment,
}

/// A question about the history of one metric; see [`Tracker::history`].
#[must_use = "nothing is asked before `fetch`"]
pub struct HistoryQuery {
    all: HistoriesQuery,
    name: String,
    context: Vec<(String, String)>,
}

/// A question about the history of one metric in buckets; see [`HistoryQuery::buckets`].
#[must_use = "nothing is asked before `fetch`"]
pub struct BucketsQuery {
    history: HistoryQuery,
}

impl Tracker {
    /// The points of one metric of a run, in the order of their steps. Without a context, those logged without one.
    pub fn history(&self, run: RunId, name: impl Into<String>) -> HistoryQuery {
        let name = name.into();
        HistoryQuery {
            all: self.histories(run).metric(name.clone()),
            name,
            context: Vec::new(),
        }
    }

    /// The histories of all metrics of a run, sorted by name and context.
    pub fn histories(&self, run: RunId) -> HistoriesQuery {
        let query = Query::new(run.key());
        HistoriesQuery {
            store: self.store().cloned(),
            run,
            query,
            moment: Moment::Now,
        }
    }

    /// The name and the context that a metric's id stands for; `None` when the log defines no such metric.
    pub fn metric_of(&self, id: MetricId) -> Result<Option<MetricName>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        store.with_state(|state, _| {
            let known = state.dictionary().metric(id);
            Ok(known.map(|metric| (metric.name.clone(), metric.context.clone())))
        })
    }
}

/// A metric's name, and its context as pairs of key and value.
pub type MetricName = (String, Vec<(String, String)>);

impl HistoriesQuery {
    /// Only metrics of this name, or whose name matches a pattern of `*` and `?`; each call adds more.
    pub fn metric(mut self, pattern: impl Into<String>) -> HistoriesQuery {
        self.query = self.query.metric(pattern);
        self
    }

    /// Only metrics whose context has this value for this key; each call demands more.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> HistoriesQuery {
        self.query = self.query.context(key, value);
        self
    }

    /// Only points at these steps.
    pub fn steps(mut self, steps: impl RangeBounds<i64>) -> HistoriesQuery {
        self.query = self.query.steps(steps);
        self
    }

    /// Only points of these times, in ns since 1970.
    pub fn times_ns(mut self, times: impl RangeBounds<i64>) -> HistoriesQuery {
        self.query = self.query.times_ns(times);
        self
    }

    /// At most so many buckets for each metric, at least one, instead of every point.
    pub fn buckets(mut self, count_max: usize) -> HistoriesQuery {
        self.query = self
            .query
            .buckets(NonZeroUsize::new(count_max).unwrap_or(NonZeroUsize::MIN));
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> HistoriesQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> HistoriesQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Only metrics with points are in the answer. Errors: `NOT_FOUND` for the run.
    pub fn fetch(self) -> Result<Vec<History>> {
        match &self.store {
            Some(store) => store.histories(self.run, &self.query, self.moment),
            None => Ok(Vec::new()),
        }
    }

    /// Hands every point to `fold`, in stretches that are read one by one when they are needed: for who looks at each of
    /// very many points once. `None` before the run's first record, or when the tracker is disabled; what `fold` gives
    /// otherwise. It is called again when a stretch that it read turned out to be damaged, and its error is handed on.
    ///
    /// Errors: `NOT_FOUND` for the run.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// for step in 0..100 {
    ///     run.log_metrics(step, [("loss", 1.0)])?;
    /// }
    /// let sum = tracker.histories(run.id()).metric("loss").fold(|found| {
    ///     let mut sum = 0.0;
    ///     for stretch in found.metrics.iter().flat_map(|metric| &metric.stretches) {
    ///         sum += stretch.read(false)?.values.iter().sum::<f64>();
    ///     }
    ///     Ok(sum)
    /// })?;
    /// assert_eq!(sum, Some(100.0));
    /// # run.finish()
    /// # }
    /// ```
    pub fn fold<T>(
        self,
        fold: impl Fn(&Stretched) -> std::result::Result<T, AnswerError>,
    ) -> Result<Option<T>> {
        match &self.store {
            Some(store) => store.fold_histories(self.run, &self.query, self.moment, fold),
            None => Ok(None),
        }
    }

    /// Asks for the numbers about each history: count, extremes and where they are, mean, median and others, exact and
    /// over the points that are asked for. Only metrics with points are in the answer. Errors: `NOT_FOUND` for the run.
    pub fn stats(mut self) -> Result<Vec<HistoryStats>> {
        self.query = self.query.exact();
        let histories = self.fetch()?.into_iter();
        Ok(histories.filter_map(HistoryStats::of).collect())
    }
}

impl HistoryQuery {
    /// A part of the metric's context.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> HistoryQuery {
        self.context.push((key.into(), value.into()));
        self
    }

    /// Only points at these steps.
    pub fn steps(mut self, steps: impl RangeBounds<i64>) -> HistoryQuery {
        self.all = self.all.steps(steps);
        self
    }

    /// Only points of these times, in ns since 1970.
    pub fn times_ns(mut self, times: impl RangeBounds<i64>) -> HistoryQuery {
        self.all = self.all.times_ns(times);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> HistoryQuery {
        self.all = self.all.at(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> HistoryQuery {
        self.all = self.all.at_time(time);
        self
    }

    /// At most so many buckets, at least one, instead of every point: first, min, max, mean, last and count of each,
    /// with extremes that were really logged.
    pub fn buckets(mut self, count_max: usize) -> BucketsQuery {
        self.all = self.all.buckets(count_max);
        BucketsQuery { history: self }
    }

    /// Asks for every point. Errors: `NOT_FOUND` when there is no such run, or when it never logged this metric.
    pub fn fetch(self) -> Result<Points> {
        self.points_with(HistoriesQuery::fetch)
    }

    /// Asks for the numbers about the points that are asked for: count, extremes and where they are, mean, median and
    /// others, exact. Errors: those of [`HistoryQuery::fetch`].
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// for step in 0..100 {
    ///     run.log_metrics(step, [("loss", 100.0 - step as f64)])?;
    /// }
    /// let stats = tracker.history(run.id(), "loss").steps(50..).stats()?;
    /// assert_eq!(stats.count, 50);
    /// assert_eq!(stats.min.map(|min| (min.value, min.step)), Some((1.0, 99)));
    /// assert_eq!((stats.mean, stats.median), (Some(25.5), Some(25.5)));
    /// # run.finish()
    /// # }
    /// ```
    pub fn stats(self) -> Result<Stats> {
        Ok(self.fetch()?.stats())
    }

    /// The points of this metric among what `ask` finds.
    pub(crate) fn points_with(
        self,
        ask: impl FnOnce(HistoriesQuery) -> Result<Vec<History>>,
    ) -> Result<Points> {
        Ok(match self.series_with(ask)? {
            Some(Series::Points(points)) => points,
            _ => Points::default(),
        })
    }

    fn series(self) -> Result<Option<Series>> {
        self.series_with(HistoriesQuery::fetch)
    }

    /// `None` when the run has the metric, but no point of it is asked for.
    fn series_with(
        self,
        ask: impl FnOnce(HistoriesQuery) -> Result<Vec<History>>,
    ) -> Result<Option<Series>> {
        let HistoryQuery { all, name, context } = self;
        let key = MetricKey::with_context(name, context)?;
        let (store, run) = (all.store.clone(), all.run);
        let found = ask(all)?
            .into_iter()
            .find(|history| history.name == key.name() && history.context == key.context());
        match (found, store) {
            (Some(history), _) => Ok(Some(history.series)),
            (None, Some(store)) => no_points(&store, run, &key).map(|()| None),
            (None, None) => Ok(None),
        }
    }
}

impl BucketsQuery {
    /// Asks for the buckets. Errors: those of [`HistoryQuery::fetch`].
    pub fn fetch(self) -> Result<Vec<Bucket>> {
        Ok(match self.history.series()? {
            Some(Series::Buckets(buckets)) => buckets,
            _ => Vec::new(),
        })
    }
}

/// Tells a metric that the run never logged from one without points in the range.
fn no_points(store: &Store, run: RunId, key: &MetricKey) -> Result<()> {
    store.with_state(|state, _| {
        let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
        if known.metrics.get(key.id()).is_some() {
            return Ok(());
        }
        let labels = known.metrics.summaries().iter();
        let labels: Vec<String> = labels
            .map(|summary| state.dictionary().label(summary.metric))
            .take(10)
            .collect();
        let message = format!("the run {} has no metric {key}", run.short());
        let hint = if labels.is_empty() {
            format!("mltrack run show {run}")
        } else {
            format!("it has {}", labels.join(", "))
        };
        Err(Error::new(Code::NotFound, message).with_hint(hint))
    })
}
