//! The calls that come by the ten thousand, for programs that have the store in their own process: without JSON.
//!
//! Invariant: what is admitted, what is written and what is refused, in which words, is decided by the functions that
//! the routes use.

use super::batch::{self, Batch, Pair};
use super::check;
use super::error::{Answer, MlflowError};
use super::metrics::{self, Logged};
use super::raw::{Integer, Text, Value};
use super::{params, tags};
use crate::in_process::{Called, InProcess};
use crate::server::ServeError;
use crate::shared::Shared;

/// One value of a metric, as `MLflow`'s clients have it.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    /// Its name.
    pub key: &'a str,
    /// The value.
    pub value: f64,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// At which step.
    pub step: i64,
}

impl<'a> Metric<'a> {
    fn logged(&self) -> Logged<'a> {
        Logged {
            key: text(self.key),
            value: Value(self.value),
            timestamp: Integer(self.timestamp_ms),
            step: Integer(self.step),
            model_id: Text::default(),
            dataset_name: Text::default(),
            dataset_digest: Text::default(),
        }
    }
}

fn text(text: &str) -> Text<'_> {
    Text(text.into())
}

/// `POST runs/log-metric`, log-batch and their like without the wire. What is refused is the answer of the route.
impl InProcess {
    /// Logs one value of a metric.
    pub fn log_metric(
        &self,
        run: &str,
        metric: &Metric<'_>,
    ) -> Result<Result<(), Called>, ServeError> {
        self.direct(|shared| {
            check_run(run)?;
            check_key(metric.key)?;
            metrics::append(shared, run, &metric.logged())
        })
    }

    /// Logs many values, parameters and tags at once, or nothing of them.
    pub fn log_batch(
        &self,
        run: &str,
        metrics: &[Metric<'_>],
        params: &[(&str, &str)],
        tags: &[(&str, &str)],
    ) -> Result<Result<(), Called>, ServeError> {
        self.direct(|shared| {
            let batch = Batch {
                run_id: text(run),
                run_uuid: Text::default(),
                metrics: metrics.iter().map(Metric::logged).collect(),
                params: pairs(params),
                tags: pairs(tags),
            };
            check_run(run)?;
            batch.check_keys()?;
            batch::write(shared, &batch)
        })
    }

    /// Logs a parameter, which keeps its first value.
    pub fn log_param(
        &self,
        run: &str,
        key: &str,
        value: &str,
    ) -> Result<Result<(), Called>, ServeError> {
        self.direct(|shared| {
            check_run(run)?;
            check_key(key)?;
            params::write_one(shared, check::parse_run_id(run)?, key, value)
        })
    }

    /// Sets a tag of a run.
    pub fn set_tag(
        &self,
        run: &str,
        key: &str,
        value: &str,
    ) -> Result<Result<(), Called>, ServeError> {
        self.direct(|shared| {
            check_run(run)?;
            check_key(key)?;
            tags::set_one(shared, check::parse_run_id(run)?, key, value)
        })
    }

    fn direct(
        &self,
        work: impl FnOnce(&Shared) -> Answer<()>,
    ) -> Result<Result<(), Called>, ServeError> {
        Ok(work(&self.shared()?).map_err(MlflowError::called))
    }
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Pair<'a>> {
    let pairs = pairs.iter().map(|(key, value)| Pair {
        key: text(key),
        value: text(value),
    });
    pairs.collect()
}

fn check_run(run: &str) -> Answer<()> {
    match run {
        "" => Err(MlflowError::required("run_id")),
        _ => Ok(()),
    }
}

fn check_key(key: &str) -> Answer<()> {
    match key {
        "" => Err(MlflowError::required("key")),
        _ => Ok(()),
    }
}
