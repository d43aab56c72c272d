//! What runs logged that is no single number: distributions and JSON values.
//!
//! Invariant: a value comes back as it was logged.

use mltrack::{HistogramLogged, JsonLogged, ValueKind, ValuePoint, ValuesQuery};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::dict::{answered, dict, list, parsed};
use crate::moment::{At, at};
use crate::open::Store;

fn place<'py, T>(py: Python<'py>, point: &ValuePoint<T>) -> PyResult<Bound<'py, PyDict>> {
    Ok(dict!(py, {
        "name": point.name.as_str(),
        "context": point.context.clone(),
        "step": point.step,
        "time_ns": point.time_ns,
        "lsn": point.lsn.get(),
    }))
}

fn told_histogram<'py>(
    py: Python<'py>,
    point: &ValuePoint<HistogramLogged>,
) -> PyResult<Bound<'py, PyAny>> {
    let (dict, value) = (place(py, point)?, &point.value);
    dict.set_item("edges", &value.edges)?;
    dict.set_item("counts", &value.counts)?;
    dict.set_item("count", value.count)?;
    dict.set_item("not_finite", value.not_finite)?;
    dict.set_item("sum", value.sum)?;
    dict.set_item("sum_of_squares", value.sum_of_squares)?;
    dict.set_item("min", value.min)?;
    dict.set_item("max", value.max)?;
    Ok(dict.into_any())
}

fn told_json<'py>(py: Python<'py>, point: &ValuePoint<JsonLogged>) -> PyResult<Bound<'py, PyAny>> {
    let dict = place(py, point)?;
    dict.set_item("value", parsed(py, &point.value.json)?)?;
    Ok(dict.into_any())
}

fn chosen<T: ValueKind>(
    query: ValuesQuery<T>,
    (first_step, last_step): (Option<i64>, Option<i64>),
    at: Option<At>,
) -> ValuesQuery<T> {
    let steps = first_step.unwrap_or(i64::MIN)..=last_step.unwrap_or(i64::MAX);
    at!(query.steps(steps), at)
}

#[pymethods]
impl Store {
    /// The distributions that a run logged under a name; `*` and `?` stand for others.
    #[pyo3(signature = (run, name="*", first_step=None, last_step=None, at=None))]
    fn histograms<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        name: &str,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyList>> {
        let values = py.detach(|| {
            let query = self.tracker().histograms(self.run_id(run)?, name);
            chosen(query, (first_step, last_step), at).fetch()
        });
        list(py, &answered(values)?, told_histogram)
    }

    /// The JSON values that a run logged under a name; `*` and `?` stand for others.
    #[pyo3(signature = (run, name="*", first_step=None, last_step=None, at=None))]
    fn json_values<'py>(
        &self,
        py: Python<'py>,
        run: &str,
        name: &str,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyList>> {
        let values = py.detach(|| {
            let query = self.tracker().json_values(self.run_id(run)?, name);
            chosen(query, (first_step, last_step), at).fetch()
        });
        list(py, &answered(values)?, told_json)
    }
}
