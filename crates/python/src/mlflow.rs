//! `MlflowRoutes`: the routes that `MLflow`'s clients know, over a store in this process.
//!
//! Invariants: the interpreter's lock is released while a route works; what a route refuses is its answer, and an
//! exception is what kept it from answering.

use std::path::PathBuf;

use mltrack_server::{Called, InProcess, Metric, Options, ServeError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::PyBytes;

use crate::failure::raised;
use crate::open::Store;

/// The routes of `MLflow`'s interface, without a server. Any number of threads may call; a forked child may go on calling.
#[pyclass(frozen, module = "mltrack")]
pub struct MlflowRoutes {
    routes: InProcess,
}

type Answered<'py> = (u16, Bound<'py, PyBytes>);
type Pairs = Vec<(PyBackedStr, PyBackedStr)>;

fn answer(py: Python<'_>, called: Called) -> Answered<'_> {
    (called.status, PyBytes::new(py, &called.body))
}

fn failed(error: ServeError) -> PyErr {
    match error {
        ServeError::Store(error) => raised(&error),
        ServeError::File { path, source } => {
            let words = format!("{}: {source}", path.display());
            std::io::Error::new(source.kind(), words).into()
        }
        other => pyo3::exceptions::PyOSError::new_err(other.to_string()),
    }
}

fn refusal(
    py: Python<'_>,
    outcome: Result<Result<(), Called>, ServeError>,
) -> PyResult<Option<Answered<'_>>> {
    let outcome = outcome.map_err(failed)?;
    Ok(outcome.err().map(|called| answer(py, called)))
}

fn texts(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(key, value)| (&**key, &**value))
        .collect()
}

#[pymethods]
impl MlflowRoutes {
    #[new]
    #[pyo3(signature = (store, artifact_root=None))]
    fn new(py: Python<'_>, store: &Store, artifact_root: Option<String>) -> PyResult<MlflowRoutes> {
        let tracker = store.tracker().clone();
        let options = Options {
            artifact_root,
            ..Options::default()
        };
        let routes = py.detach(|| InProcess::new(tracker, options));
        let routes = routes.map_err(failed)?;
        Ok(MlflowRoutes { routes })
    }

    /// Calls a route; gives its status and its body.
    #[pyo3(signature = (method, path, headers, body=None))]
    fn call<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        headers: Vec<(String, String)>,
        body: Option<&[u8]>,
    ) -> PyResult<Answered<'py>> {
        let body = body.unwrap_or_default().to_vec();
        let called = py.detach(|| self.routes.call(method, path, &headers, body));
        Ok(answer(py, called.map_err(failed)?))
    }

    /// Puts a file to a route; gives its status and its body.
    fn upload<'py>(&self, py: Python<'py>, path: &str, source: PathBuf) -> PyResult<Answered<'py>> {
        let called = py.detach(|| self.routes.upload(path, &source));
        Ok(answer(py, called.map_err(failed)?))
    }

    /// Gets what a route has into a file; gives its status, and the body of a refusal.
    fn download<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        target: PathBuf,
    ) -> PyResult<Answered<'py>> {
        let called = py.detach(|| self.routes.download(path, &target));
        Ok(answer(py, called.map_err(failed)?))
    }

    /// Logs one value of a metric; `None`, or the refusal of the route.
    fn log_metric<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        key: &str,
        value: f64,
        timestamp_ms: i64,
        step: i64,
    ) -> PyResult<Option<Answered<'py>>> {
        let metric = Metric {
            key,
            value,
            timestamp_ms,
            step,
        };
        refusal(py, py.detach(|| self.routes.log_metric(run, &metric)))
    }

    /// Logs values (name, value, time in milliseconds, step), parameters and tags at once.
    fn log_batch<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        metrics: Vec<(PyBackedStr, f64, i64, i64)>,
        params: Pairs,
        tags: Pairs,
    ) -> PyResult<Option<Answered<'py>>> {
        let metrics = metrics.iter();
        let metrics = metrics.map(|(key, value, timestamp_ms, step)| Metric {
            key,
            value: *value,
            timestamp_ms: *timestamp_ms,
            step: *step,
        });
        let metrics: Vec<Metric<'_>> = metrics.collect();
        let (params, tags) = (texts(&params), texts(&tags));
        refusal(
            py,
            py.detach(|| self.routes.log_batch(run, &metrics, &params, &tags)),
        )
    }

    /// Logs a parameter.
    fn log_param<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        key: &str,
        value: &str,
    ) -> PyResult<Option<Answered<'py>>> {
        refusal(py, py.detach(|| self.routes.log_param(run, key, value)))
    }

    /// Sets a tag of a run.
    fn set_tag<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        key: &str,
        value: &str,
    ) -> PyResult<Option<Answered<'py>>> {
        refusal(py, py.detach(|| self.routes.set_tag(run, key, value)))
    }
}
