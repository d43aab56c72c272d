//! Answers as dictionaries of Python.
//!
//! Invariant: numbers stay numbers, also those that JSON has no form for.

use mltrack::ParamValue;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::failure::raised;
use crate::value::object;

/// A `dict` of these members, in this order.
macro_rules! dict {
    ($py:expr, { $($name:literal: $value:expr),* $(,)? }) => {{
        let dict = pyo3::types::PyDict::new($py);
        $(dict.set_item(pyo3::intern!($py, $name), $value)?;)*
        dict
    }};
}
pub(crate) use dict;

/// An answer of the library, or its error as an exception.
pub fn answered<T>(answer: mltrack::Result<T>) -> PyResult<T> {
    answer.map_err(|error| raised(&error))
}

/// Each of several things, told one by one.
pub fn list<'py, 'a, T: 'a>(
    py: Python<'py>,
    items: impl IntoIterator<Item = &'a T>,
    told: impl Fn(Python<'py>, &'a T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let items: PyResult<Vec<_>> = items.into_iter().map(|item| told(py, item)).collect();
    PyList::new(py, items?)
}

/// JSON text as an object; `None` where there is none.
pub fn parsed<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    match serde_json::from_str(text) {
        Ok(value) => object(py, &value),
        Err(_) if text.is_empty() => Ok(py.None().into_bound(py)),
        // What is no JSON after all is shown as it is.
        Err(_) => Ok(text.into_pyobject(py)?.into_any()),
    }
}

/// The value of a parameter.
pub fn param<'py>(py: Python<'py>, value: &ParamValue) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ParamValue::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        ParamValue::Int(whole) => whole.into_pyobject(py)?.into_any(),
        ParamValue::Float(real) => real.into_pyobject(py)?.into_any(),
        ParamValue::Text(text) => text.into_pyobject(py)?.into_any(),
        ParamValue::Json(text) => parsed(py, text)?,
    })
}
