//! What the store says about runs: each a `dict`, or all of them a table.
//!
//! Invariants: the names are those that `mltrack runs --json` writes; numbers are numbers, NaN too.

use mltrack::{MetricSummary, Page, RunSummary};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::dict::{answered, dict, list, param};
use crate::frame::Frame;
use crate::moment::{At, at};
use crate::open::Store;
use crate::runs_frame;

/// Which runs are asked for.
struct Asked {
    experiment: Option<String>,
    filter: Option<String>,
    order_by: Vec<String>,
    limit: Option<usize>,
    offset: usize,
    at: Option<At>,
    with_deleted: bool,
}

impl Store {
    fn ask_runs(&self, asked: Asked) -> mltrack::Result<Page<RunSummary>> {
        let mut query = at!(self.tracker().runs().offset(asked.offset), asked.at);
        query = query.limit(asked.limit.unwrap_or(usize::MAX));
        if let Some(experiment) = asked.experiment {
            query = query.experiment(experiment);
        }
        if let Some(filter) = asked.filter {
            query = query.filter(filter);
        }
        for column in asked.order_by {
            query = query.order_by(column);
        }
        if asked.with_deleted {
            query = query.with_deleted();
        }
        query.fetch()
    }
}

#[pymethods]
impl Store {
    /// The runs that a filter admits, best first by `order_by`: each a `dict`.
    #[pyo3(signature = (experiment=None, filter=None, order_by=Vec::new(), limit=None, offset=0, at=None, with_deleted=false))]
    fn runs<'py>(
        &self,
        py: Python<'py>,
        experiment: Option<String>,
        filter: Option<String>,
        order_by: Vec<String>,
        limit: Option<usize>,
        offset: usize,
        at: Option<At>,
        with_deleted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let asked = Asked {
            experiment,
            filter,
            order_by,
            limit,
            offset,
            at,
            with_deleted,
        };
        let page = answered(py.detach(|| self.ask_runs(asked)))?;
        list(py, &page.items, told)
    }

    /// The same runs as a table: `id`, `name`, `state`, ..., `params.x`, `metrics.y`, `tags.z`.
    #[pyo3(signature = (experiment=None, filter=None, order_by=Vec::new(), limit=None, offset=0, at=None, with_deleted=false))]
    fn runs_frame(
        &self,
        py: Python<'_>,
        experiment: Option<String>,
        filter: Option<String>,
        order_by: Vec<String>,
        limit: Option<usize>,
        offset: usize,
        at: Option<At>,
        with_deleted: bool,
    ) -> PyResult<Frame> {
        let asked = Asked {
            experiment,
            filter,
            order_by,
            limit,
            offset,
            at,
            with_deleted,
        };
        answered(py.detach(|| Ok(runs_frame::of(&self.ask_runs(asked)?.items))))
    }

    /// What the store says about one run, as a `dict`.
    fn run_summary<'py>(&self, py: Python<'py>, run: &str) -> PyResult<Bound<'py, PyAny>> {
        let summary = py.detach(|| self.tracker().run_summary(self.run_id(run)?));
        told(py, &answered(summary)?)
    }
}

fn told<'py>(py: Python<'py>, run: &RunSummary) -> PyResult<Bound<'py, PyAny>> {
    let params = PyDict::new(py);
    for (name, value) in &run.params {
        params.set_item(name, param(py, value)?)?;
    }
    let metrics = PyDict::new(py);
    for (name, metric) in &run.metrics {
        metrics.set_item(name, told_metric(py, metric)?)?;
    }
    let error = run.error.as_ref();
    let dict = dict!(py, {
        "id": run.id.to_string(),
        "experiment": run.experiment_name.as_str(),
        "experiment_id": run.experiment.0,
        "number": run.number,
        "name": run.name.as_str(),
        "state": run.state.to_string(),
        "parent": run.parent.map(|parent| parent.to_string()),
        "seed": run.seed,
        "created_ns": run.created.0,
        "started_ns": run.started.map(|time| time.0),
        "ended_ns": run.ended.map(|time| time.0),
        "heard_ns": run.heard.0,
        "host": run.host.as_str(),
        "pid": run.pid,
        "actor": run.actor.as_str(),
        "command": run.command.as_str(),
        "is_deleted": run.is_deleted,
        "is_detached": run.is_detached,
        "error": error.map(|error| error.message.as_str()),
        "error_kind": error.map(|error| error.kind.as_str()),
        "error_trace": error.and_then(|error| error.trace.as_deref()),
        "points": run.points,
        "lines": run.lines,
        "notes": run.notes,
        "last_note": run.last_note.as_deref(),
        "lsn": run.lsn.get(),
        "params": params,
        "tags": &run.tags,
        "metrics": metrics,
    });
    Ok(dict.into_any())
}

fn told_metric<'py>(py: Python<'py>, metric: &MetricSummary) -> PyResult<Bound<'py, PyDict>> {
    Ok(dict!(py, {
        "count": metric.count,
        "last": metric.last.value,
        "step": metric.last.step,
        "first": metric.first.value,
        "min": metric.min.map(|point| point.value),
        "max": metric.max.map(|point| point.value),
        "mean": metric.mean(),
    }))
}
