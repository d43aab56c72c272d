//! Logging metrics: one value, several of one step, with a time or a context, or whole columns.

use mltrack_event::{
    HistogramLogged, JsonLogged, MetricBatchLogged, MetricKey, NameKind, WallTime, canonical_json,
};
use serde::Serialize;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::histogram;
use crate::run::Run;
use crate::store::Logged;

/// Rows of one event of a column: far below what a record holds.
const ROWS_MAX: usize = 16_384;

impl Run {
    /// Logs a value at the next step of this name: 0, 1, 2, .. The count goes on after a resume, and behind the
    /// highest step given to [`log_metric_at`](Run::log_metric_at).
    ///
    /// Visible to every process on return. Errors: `INVALID_STATE` when the run has ended, `VALIDATION_ERROR` for a
    /// name that is none, `DISK_FULL`.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// for loss in [0.9, 0.5, 0.3] {
    ///     run.log_metric("loss", loss)?;
    /// }
    /// run.finish()?;
    /// assert_eq!(tracker.history(run.id(), "loss").fetch()?.steps, [0, 1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn log_metric(&self, name: &str, value: f64) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        inner.record(|recorder, at| {
            let slot = recorder.names.metric(name)?;
            let step = recorder.names.slots[slot].next_step;
            recorder.values.clear();
            recorder.values.push(value);
            let logged = recorder.log_values(at, inner.key, slot, step, None)?;
            recorder.names.slots[slot].next_step = step.saturating_add(1);
            Ok(logged)
        })
    }

    /// Logs a value at a step. Errors: those of [`log_metric`](Run::log_metric).
    #[inline]
    pub fn log_metric_at(&self, name: &str, value: f64, step: i64) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        inner.record(|recorder, at| {
            let slot = recorder.names.metric(name)?;
            recorder.values.clear();
            recorder.values.push(value);
            let logged = recorder.log_values(at, inner.key, slot, step, None)?;
            let known = &mut recorder.names.slots[slot].next_step;
            *known = (*known).max(step.saturating_add(1));
            Ok(logged)
        })
    }

    /// Logs several metrics of one step as one record, which is faster and smaller than one by one. The same names in
    /// the same order each time are fastest.
    ///
    /// Errors: those of [`log_metric`](Run::log_metric), and `VALIDATION_ERROR` for a name that comes twice.
    #[inline]
    pub fn log_metrics<N: AsRef<str>>(
        &self,
        step: i64,
        metrics: impl IntoIterator<Item = (N, f64)>,
    ) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        inner.record(|recorder, at| {
            let slot = recorder.names.list(metrics, &mut recorder.values)?;
            recorder.log_values(at, inner.key, slot, step, None)
        })
    }

    /// A value with a context or a time of its own.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # let run = tracker.experiment("resnet")?.start_run()?;
    /// run.metric("loss").context("subset", "val").log(0.42, 17)?;
    /// # run.finish()
    /// # }
    /// ```
    pub fn metric(&self, name: impl Into<String>) -> MetricCall<'_> {
        let call = self.metrics();
        MetricCall {
            name: name.into(),
            call,
        }
    }

    /// Several values of one step with a context or a time of their own.
    pub fn metrics(&self) -> MetricsCall<'_> {
        MetricsCall {
            run: self,
            context: Vec::new(),
            time: None,
        }
    }

    /// Logs many steps of one metric, as columns: the fastest way to bring in what exists already. Several records,
    /// 16,384 rows each; returns what became of the last.
    ///
    /// Errors: `VALIDATION_ERROR` when there are not as many values as steps, or none.
    pub fn log_metric_batch(&self, name: &str, steps: &[i64], values: &[f64]) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        if steps.len() != values.len() || steps.is_empty() {
            let what = format!(
                "{} steps and {} values: pass as many, at least one",
                steps.len(),
                values.len()
            );
            return Err(Error::validation(what));
        }
        inner.record(|recorder, at| {
            let slot = recorder.names.metric(name)?;
            let mut logged = Logged::Deferred;
            for (steps, values) in steps.chunks(ROWS_MAX).zip(values.chunks(ROWS_MAX)) {
                let batch = MetricBatchLogged {
                    run: inner.key,
                    columns: recorder.names.slots[slot].columns,
                    steps: steps.to_vec(),
                    times: Vec::new(),
                    values: values.to_vec(),
                };
                logged = recorder.log_event(at, Some(slot), &batch.into())?;
            }
            let last = steps.iter().max().copied().unwrap_or_default();
            let known = &mut recorder.names.slots[slot].next_step;
            *known = (*known).max(last.saturating_add(1));
            Ok(logged)
        })
    }

    /// Logs the distribution of values at a step: 64 buckets of one width, count, sum, extremes, quantiles. NaN and
    /// infinite values are counted apart. Errors: those of [`log_metric`](Run::log_metric).
    pub fn log_histogram(&self, name: &str, step: i64, values: &[f64]) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        inner.record(|recorder, at| {
            let metric = MetricKey::new(name)?.id();
            let slot = recorder.names.metric(name)?;
            let event: HistogramLogged = histogram::of(inner.key, metric, step, values);
            recorder.log_event(at, Some(slot), &event.into())
        })
    }

    /// Logs a distribution that was counted already: how many values lie from each edge up to, but not at, the next one,
    /// and in the last bucket also at the last edge. Sums and quantiles are as near as the buckets are narrow.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_histogram_counts("gradient", 1, &[-1.0, 0.0, 1.0], &[30, 10])?;
    /// let gradients = tracker.histograms(run.id(), "gradient").fetch()?;
    /// assert_eq!(gradients[0].value.counts, [30, 10]);
    /// # run.finish()
    /// # }
    /// ```
    ///
    /// Errors: those of [`log_metric`](Run::log_metric), and `VALIDATION_ERROR` when there is not one edge more than there
    /// are counts, for edges that do not rise, and for more than 4,096 buckets.
    pub fn log_histogram_counts(
        &self,
        name: &str,
        step: i64,
        edges: &[f64],
        counts: &[u64],
    ) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        inner.record(|recorder, at| {
            let metric = MetricKey::new(name)?.id();
            let event: HistogramLogged =
                histogram::counted(inner.key, metric, step, edges, counts)?;
            let slot = recorder.names.metric(name)?;
            recorder.log_event(at, Some(slot), &event.into())
        })
    }

    /// Logs any value at a step, kept as JSON: a table, a confusion matrix, a custom metric.
    ///
    /// Errors: `SERIALIZATION_ERROR` for a value that is no JSON, `VALIDATION_ERROR` when it is larger than 1 MiB.
    pub fn log_json(
        &self,
        name: &str,
        step: i64,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        NameKind::Json.check(name)?;
        let value = serde_json::to_value(value).map_err(|error| {
            Error::new(
                Code::SerializationError,
                format!("{name:?} is no JSON: {error}"),
            )
        })?;
        let json = canonical_json(&value);
        let event = JsonLogged {
            run: inner.key,
            name: name.to_owned(),
            step,
            json,
        };
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))
    }
}

/// One value to be logged; see [`Run::metric`].
#[must_use = "nothing is logged before `log`"]
pub struct MetricCall<'a> {
    name: String,
    call: MetricsCall<'a>,
}

impl MetricCall<'_> {
    /// A part of the metric's context, such as `subset` = `val`. Metrics with other contexts are other metrics.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.call = self.call.context(key, value);
        self
    }

    /// When it happened; the moment of the call unless said otherwise.
    pub fn time(mut self, time: WallTime) -> Self {
        self.call = self.call.time(time);
        self
    }

    /// Logs it. Errors: those of [`Run::log_metric`].
    pub fn log(self, value: f64, step: i64) -> Result<Logged> {
        self.call.log(step, [(self.name, value)])
    }
}

/// Values of one step to be logged; see [`Run::metrics`].
#[must_use = "nothing is logged before `log`"]
pub struct MetricsCall<'a> {
    run: &'a Run,
    context: Vec<(String, String)>,
    time: Option<WallTime>,
}

impl MetricsCall<'_> {
    /// A part of the context of each of them.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.context.push((key.into(), value.into()));
        self
    }

    /// When they happened; the moment of the call unless said otherwise.
    pub fn time(mut self, time: WallTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Logs them. Errors: those of [`Run::log_metrics`].
    pub fn log<N: Into<String>>(
        self,
        step: i64,
        metrics: impl IntoIterator<Item = (N, f64)>,
    ) -> Result<Logged> {
        let Some(inner) = self.run.inner() else {
            return Ok(Logged::Disabled);
        };
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (name, value) in metrics {
            keys.push(MetricKey::with_context(name, self.context.clone())?);
            values.push(value);
        }
        inner.record(|recorder, at| {
            let slot = recorder.names.keys(keys)?;
            recorder.values.clone_from(&values);
            recorder.log_values(at, inner.key, slot, step, self.time.map(|time| time.0))
        })
    }
}
