//! What the store says about runs, as JSON-like objects of Python.
//!
//! Invariant: a summary has the same names as `mltrack runs --json` writes.

use mltrack::{Page, RunSummary};
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::{Value, json};

use crate::failure::raised;
use crate::open::{Store, moment};
use crate::value::object;

#[pymethods]
impl Store {
    /// The runs that a filter admits, best first by `order_by`: each a `dict`.
    #[pyo3(signature = (experiment=None, filter=None, order_by=Vec::new(), limit=None, offset=0, at_lsn=None, with_deleted=false))]
    fn runs<'py>(
        &self,
        py: Python<'py>,
        experiment: Option<String>,
        filter: Option<String>,
        order_by: Vec<String>,
        limit: Option<usize>,
        offset: usize,
        at_lsn: Option<u64>,
        with_deleted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let page = py.detach(|| {
            let mut query = self.tracker().runs().offset(offset);
            if let Some(experiment) = experiment {
                query = query.experiment(experiment);
            }
            if let Some(filter) = filter {
                query = query.filter(filter);
            }
            for column in order_by {
                query = query.order_by(column);
            }
            if let Some(limit) = limit {
                query = query.limit(limit);
            }
            if let Some(lsn) = at_lsn {
                query = query.at(moment(lsn)?);
            }
            if with_deleted {
                query = query.with_deleted();
            }
            query.fetch()
        });
        let page: Page<RunSummary> = page.map_err(|error| raised(&error))?;
        let runs: PyResult<Vec<_>> = page
            .items
            .iter()
            .map(|run| object(py, &told(run)))
            .collect();
        PyList::new(py, runs?)
    }

    /// What the store says about one run, as a `dict`.
    fn run_summary<'py>(&self, py: Python<'py>, run: &str) -> PyResult<Bound<'py, PyAny>> {
        let summary = py.detach(|| self.tracker().run_summary(self.run_id(run)?));
        object(py, &told(&summary.map_err(|error| raised(&error))?))
    }
}

fn told(run: &RunSummary) -> Value {
    let metrics = run.metrics.iter().map(|(name, metric)| {
        let one = json!({
            "count": metric.count,
            "last": real(metric.last.value),
            "step": metric.last.step,
            "min": metric.min.map(|point| point.value),
            "max": metric.max.map(|point| point.value),
        });
        (name.clone(), one)
    });
    let params = run.params.iter();
    let params = params.map(|(name, value)| {
        (
            name.clone(),
            serde_json::to_value(value).unwrap_or(Value::Null),
        )
    });
    json!({
        "id": run.id.to_string(),
        "experiment": run.experiment_name,
        "number": run.number,
        "name": run.name,
        "state": run.state.to_string(),
        "parent": run.parent.map(|parent| parent.to_string()),
        "created_ns": run.created.0,
        "started_ns": run.started.map(|time| time.0),
        "ended_ns": run.ended.map(|time| time.0),
        "params": params.collect::<serde_json::Map<_, _>>(),
        "tags": run.tags,
        "metrics": metrics.collect::<serde_json::Map<_, _>>(),
    })
}

/// JSON has no NaN: such a value is its name.
fn real(value: f64) -> Value {
    serde_json::Number::from_f64(value)
        .map_or_else(|| Value::String(value.to_string()), Value::Number)
}
