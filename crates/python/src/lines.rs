//! Lines that runs logged or printed, read and followed.
//!
//! Invariant: lines come in the order in which they were logged.

use std::sync::{Mutex, PoisonError};

use mltrack::{Level, LinesFollow, LinesQuery, LoggedLine};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::dict::{answered, dict, list};
use crate::moment::{At, at, record};
use crate::open::Store;
use crate::run::level_of;
use crate::waiting::{patiently, seconds};

fn told<'py>(py: Python<'py>, line: &LoggedLine) -> PyResult<Bound<'py, PyAny>> {
    let dict = dict!(py, {
        "lsn": line.lsn.get(),
        "time_ns": line.time.0,
        "level": line.level.to_string(),
        "source": line.source.as_str(),
        "text": line.text.as_str(),
    });
    Ok(dict.into_any())
}

fn chosen(
    mut query: LinesQuery,
    pattern: Option<String>,
    sources: Vec<String>,
    level: Option<Level>,
) -> LinesQuery {
    if let Some(pattern) = pattern {
        query = query.grep(pattern);
    }
    if let Some(level) = level {
        query = query.level(level);
    }
    sources.into_iter().fold(query, LinesQuery::source)
}

#[pymethods]
impl Store {
    /// The lines of a run in which a regular expression is found, of some sources, and of a level or above.
    #[pyo3(signature = (run, grep=None, sources=Vec::new(), level=None, first=None, last=None, at=None))]
    fn lines<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        grep: Option<String>,
        sources: Vec<String>,
        level: Option<&str>,
        first: Option<usize>,
        last: Option<usize>,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyList>> {
        let level = level.map(level_of).transpose()?;
        let lines = py.detach(|| {
            let query = at!(self.tracker().lines(self.run_id(run)?), at);
            let mut query = chosen(query, grep, sources, level);
            if let Some(count) = first {
                query = query.first(count);
            }
            if let Some(count) = last {
                query = query.last(count);
            }
            query.fetch()
        });
        list(py, &answered(lines)?, told)
    }

    /// The lines of a run that come, from now on or from a record on.
    #[pyo3(signature = (run, grep=None, sources=Vec::new(), level=None, from_lsn=None))]
    fn follow_lines(
        &self,
        py: Python<'_>,
        run: &str,
        grep: Option<String>,
        sources: Vec<String>,
        level: Option<&str>,
        from_lsn: Option<u64>,
    ) -> PyResult<Lines> {
        let level = level.map(level_of).transpose()?;
        let from = from_lsn.map(record).transpose()?;
        let follow = py.detach(|| {
            let mut query = self.tracker().lines(self.run_id(run)?);
            query = chosen(query, grep, sources, level);
            if let Some(from) = from {
                query = query.from(from);
            }
            query.follow()
        });
        let follow = Mutex::new(answered(follow)?);
        Ok(Lines { follow })
    }
}

/// Lines as they come, until the run has ended.
#[pyclass(frozen, module = "mltrack")]
pub struct Lines {
    follow: Mutex<LinesFollow>,
}

#[pymethods]
impl Lines {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    /// The next line, each a `dict`; ends with the run.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let next = patiently(py, None, |stretch| {
            let mut follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
            match follow.next_within(stretch)? {
                Some(line) => Ok(Some(Some(line))),
                None => Ok(follow.is_over().then_some(None)),
            }
        })?;
        next.flatten().map(|line| told(py, &line)).transpose()
    }

    /// The next line, waiting for it so long; `None` when the time is over.
    fn next_within<'py>(
        &self,
        py: Python<'py>,
        timeout_s: f64,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let line = patiently(py, Some(seconds(timeout_s)?), |stretch| {
            let mut follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
            follow.next_within(stretch)
        })?;
        line.map(|line| told(py, &line)).transpose()
    }

    /// Whether the run has ended and every line was given out.
    #[getter]
    fn is_over(&self, py: Python<'_>) -> bool {
        py.detach(|| {
            let follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
            follow.is_over()
        })
    }
}
