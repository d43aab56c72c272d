//! Values of Python programs as JSON, for parameters, tables and metadata, and back.
//!
//! Invariants: nothing is refused: what has no JSON form of its own is written as its `str`, as people see it printed;
//! numbers of `NumPy` and its kin are numbers; nesting is bounded, so that a list within itself ends.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::{Map, Number, Value};

use crate::number::number;

/// Deeper values are written as text.
const DEPTH_MAX: usize = 64;

/// The JSON form of an object. Errors: those of its own conversions.
pub fn json(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    at_depth(object, 0)
}

fn at_depth(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(truth) = object.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::String(text.to_string_lossy().into_owned()));
    }
    if object.is_instance_of::<PyInt>() {
        return whole(object);
    }
    if let Ok(real) = object.cast::<PyFloat>() {
        return Ok(real_number(real.value()));
    }
    if depth >= DEPTH_MAX {
        return text(object);
    }
    if let Ok(map) = object.cast::<PyDict>() {
        let mut members = Map::new();
        for (key, value) in map {
            members.insert(key.str()?.to_string(), at_depth(&value, depth + 1)?);
        }
        return Ok(Value::Object(members));
    }
    if is_sequence(object) {
        let items = object.try_iter()?;
        let items = items.map(|item| at_depth(&item?, depth + 1));
        return items.collect::<PyResult<_>>().map(Value::Array);
    }
    foreign(object, depth)
}

/// Numbers, arrays and others of other libraries.
fn foreign(object: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    let py = object.py();
    if object.hasattr(pyo3::intern!(py, "dtype"))? {
        if let Ok(list) = object.call_method0(pyo3::intern!(py, "tolist"))
            && !list.is(object)
        {
            return at_depth(&list, depth + 1);
        }
    } else if let Ok(Some(number)) = number(object) {
        return Ok(real_number(number));
    }
    text(object)
}

fn is_sequence(object: &Bound<'_, PyAny>) -> bool {
    use pyo3::types::{PyFrozenSet, PySet, PyTuple};
    object.is_instance_of::<PyList>()
        || object.is_instance_of::<PyTuple>()
        || object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyFrozenSet>()
}

fn text(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(Value::String(object.str()?.to_string_lossy().into_owned()))
}

fn whole(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(number) = object.extract::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = object.extract::<u64>() {
        return Ok(number.into());
    }
    text(object)
}

/// A number, or the name of one that JSON has no form for.
fn real_number(real: f64) -> Value {
    Number::from_f64(real).map_or_else(|| Value::String(format!("{real}")), Value::Number)
}

/// The Python form of a JSON value.
pub fn object<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => whole.into_pyobject(py)?.into_any(),
            (None, Some(whole)) => whole.into_pyobject(py)?.into_any(),
            (None, None) => number.as_f64().into_pyobject(py)?.into_any(),
        },
        Value::Array(items) => {
            let items: PyResult<Vec<_>> = items.iter().map(|item| object(py, item)).collect();
            PyList::new(py, items?)?.into_any()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(name, object(py, member)?)?;
            }
            dict.into_any()
        }
    })
}
