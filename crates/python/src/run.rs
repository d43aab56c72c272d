//! `Run`: where a program logs.
//!
//! Invariants: what a call logged is visible to every process when it returns; a step that nobody named is the one after
//! the last, also in a run that was resumed; the names of a call stay alive while the interpreter's lock is released.

use std::sync::atomic::{AtomicI64, Ordering};

use mltrack::{Level, Logged, RunError, Tracker};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyString};
use serde_json::Value;

use crate::failure::{invalid, raised};
use crate::number::{Doubles, Several, number};
use crate::value::json;

/// A run that this process writes to.
#[pyclass(frozen, subclass, module = "mltrack")]
pub struct Run {
    inner: mltrack::Run,
    /// The step of the next call that names none.
    next_step: AtomicI64,
}

impl Run {
    /// A run that was just started.
    pub fn of(inner: mltrack::Run) -> Run {
        Run {
            inner,
            next_step: AtomicI64::new(0),
        }
    }

    /// A run that others wrote to before: its steps go on behind theirs.
    pub fn continued(py: Python<'_>, inner: mltrack::Run, tracker: &Tracker) -> PyResult<Run> {
        let summary = py.detach(|| tracker.run_summary(inner.id()));
        let summary = summary.map_err(|error| raised(&error))?;
        // Samples of the machine have steps of their own.
        let own = summary.metrics.iter();
        let own = own.filter(|(name, _)| !name.starts_with("system/"));
        let last = own.map(|(_, metric)| metric.last.step).max();
        Ok(Run {
            inner,
            next_step: AtomicI64::new(last.map_or(0, |last| last.saturating_add(1))),
        })
    }

    /// The run of the library.
    pub fn inner(&self) -> &mltrack::Run {
        &self.inner
    }

    /// A step that no other call without one gets.
    fn take_step(&self) -> i64 {
        let next = |step: i64| Some(step.saturating_add(1));
        let taken = (self.next_step).fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        taken.unwrap_or_default()
    }

    fn advance(&self, step: i64) {
        self.next_step
            .fetch_max(step.saturating_add(1), Ordering::Relaxed);
    }
}

fn done<T>(result: mltrack::Result<T>) -> PyResult<()> {
    result.map(drop).map_err(|error| raised(&error))
}

/// The level that a word means.
pub fn level_of(word: &str) -> PyResult<Level> {
    word.parse().map_err(|_| {
        let what = format!("{word:?} is no level of a line");
        invalid(&what, "one of \"debug\", \"info\", \"warn\", \"error\"")
    })
}

#[pymethods]
impl Run {
    /// Its id, which no other run has.
    #[getter]
    fn id(&self) -> String {
        self.inner.id().to_string()
    }

    /// Its number in its experiment, from 1.
    #[getter]
    fn number(&self) -> u64 {
        self.inner.number()
    }

    /// The name it was started with.
    #[getter]
    fn name(&self) -> &str {
        self.inner.name()
    }

    /// The id of its experiment.
    #[getter]
    fn experiment_id(&self) -> u64 {
        self.inner.experiment_id().0
    }

    /// Its state in the log now: `running`, `completed`, `failed`, ...
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<String> {
        let state = py.detach(|| self.inner.state());
        state
            .map(|state| state.to_string())
            .map_err(|error| raised(&error))
    }

    /// The step of the next call that names none.
    #[getter]
    fn next_step(&self) -> i64 {
        self.next_step.load(Ordering::Relaxed)
    }

    /// Logs numbers at one step, without one at the next that nobody else gets. Gives back, for a caller that knows more
    /// kinds of values, those that are no numbers and the step: `None` when all were.
    #[pyo3(signature = (values, step=None))]
    fn log_numbers<'py>(
        &self,
        py: Python<'py>,
        values: &Bound<'py, PyDict>,
        step: Option<i64>,
    ) -> PyResult<Option<(Bound<'py, PyDict>, i64)>> {
        let mut metrics: Vec<(PyBackedStr, f64)> = Vec::with_capacity(values.len());
        let mut others = None;
        for (name, value) in values {
            match number(&value)? {
                Some(number) => metrics.push((name_of(&name)?, number)),
                None => others
                    .get_or_insert_with(|| PyDict::new(py))
                    .set_item(name, value)?,
            }
        }
        let is_named = step.is_some();
        let step = step.unwrap_or_else(|| self.take_step());
        if !metrics.is_empty() {
            let pairs = metrics.iter().map(|(name, value)| (&**name, *value));
            let logged = py.detach(|| self.inner.log_metrics(step, pairs));
            done::<Logged>(logged)?;
        }
        if is_named {
            self.advance(step);
        }
        crate::warned::tell(py);
        Ok(others.map(|others| (others, step)))
    }

    /// Logs many steps of one metric at once, from anything that is a sequence of numbers.
    fn log_batch(
        &self,
        py: Python<'_>,
        name: &str,
        steps: Several<i64>,
        values: Several<f64>,
    ) -> PyResult<()> {
        let (Several(steps), Several(values)) = (steps, values);
        done(py.detach(|| self.inner.log_metric_batch(name, &steps, &values)))?;
        steps
            .iter()
            .max()
            .copied()
            .into_iter()
            .for_each(|last| self.advance(last));
        Ok(())
    }

    /// Logs the distribution of values at a step: of a sequence, or of the bytes of doubles as this machine has them.
    fn log_histogram(
        &self,
        py: Python<'_>,
        name: &str,
        step: i64,
        values: Doubles,
    ) -> PyResult<()> {
        done(py.detach(|| self.inner.log_histogram(name, step, &values.0)))?;
        self.advance(step);
        Ok(())
    }

    /// Logs a distribution that was counted already: an edge more than there are counts.
    fn log_histogram_counts(
        &self,
        py: Python<'_>,
        name: &str,
        step: i64,
        edges: Several<f64>,
        counts: Several<u64>,
    ) -> PyResult<()> {
        let (Several(edges), Several(counts)) = (edges, counts);
        done(py.detach(|| self.inner.log_histogram_counts(name, step, &edges, &counts)))?;
        self.advance(step);
        Ok(())
    }

    /// Logs a JSON value at a step.
    fn log_json(
        &self,
        py: Python<'_>,
        name: &str,
        step: i64,
        value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let value: Value = json(value)?;
        done(py.detach(|| self.inner.log_json(name, step, &value)))?;
        self.advance(step);
        Ok(())
    }

    /// Records parameters; what is nested becomes `a.b.c`.
    fn log_params(&self, py: Python<'_>, params: &Bound<'_, PyDict>) -> PyResult<()> {
        let params = json(params)?;
        done(py.detach(|| self.inner.log_params(&params)))
    }

    /// Sets a tag; a plain one has an empty value.
    #[pyo3(signature = (key, value=""))]
    fn set_tag(&self, py: Python<'_>, key: &str, value: &str) -> PyResult<()> {
        done(py.detach(|| self.inner.set_tag(key, value)))
    }

    /// Takes a tag away.
    fn remove_tag(&self, py: Python<'_>, key: &str) -> PyResult<()> {
        done(py.detach(|| self.inner.remove_tag(key)))
    }

    /// Adds a note, which people read.
    fn note(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        done(py.detach(|| self.inner.note(text)))
    }

    /// Logs a line of text.
    #[pyo3(signature = (text, level="info"))]
    fn log_line(&self, py: Python<'_>, text: &str, level: &str) -> PyResult<()> {
        let level = level_of(level)?;
        done(py.detach(|| self.inner.log_line(level, text)))
    }

    /// Ends the run as completed, for all its writers.
    fn complete(&self, py: Python<'_>) -> PyResult<()> {
        done(py.detach(|| self.inner.finish()))
    }

    /// Ends the run as failed, for all its writers.
    #[pyo3(signature = (kind, message, trace=None, cause=None))]
    fn fail(
        &self,
        py: Python<'_>,
        kind: String,
        message: String,
        trace: Option<String>,
        cause: Option<String>,
    ) -> PyResult<()> {
        let error = RunError {
            kind,
            message,
            trace,
            cause,
            recoverable: false,
        };
        done(py.detach(|| self.inner.fail_with(error)))
    }

    /// Ends the run as cancelled, for all its writers.
    fn cancel(&self, py: Python<'_>, why: &str) -> PyResult<()> {
        done(py.detach(|| self.inner.cancel(why)))
    }
}

fn name_of(name: &Bound<'_, PyAny>) -> PyResult<PyBackedStr> {
    if let Ok(text) = name.cast::<PyString>() {
        return PyBackedStr::try_from(text.clone());
    }
    let what = format!("the name of a metric is {}", name.repr()?);
    Err(invalid(&what, "names are texts: use str(name)"))
}
