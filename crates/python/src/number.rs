//! Numbers of Python programs as values of metrics, without importing whose they are.
//!
//! Invariant: only what is one number is taken for one: a text, an array of several or a container is not.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt};

use crate::failure::invalid;

/// The number that an object is, when it is one: `float`, `int`, `bool`, and whatever converts itself, such as scalars
/// of `NumPy`, tensors of one element, `decimal.Decimal` and `fractions.Fraction`. Errors: those of the conversion.
#[inline]
pub fn number(object: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    if let Ok(number) = object.cast_exact::<PyFloat>() {
        return Ok(Some(number.value()));
    }
    if object.is_instance_of::<PyFloat>()
        || object.is_instance_of::<PyInt>()
        || object.is_instance_of::<PyBool>()
    {
        return object.extract().map(Some);
    }
    foreign(object)
}

#[cold]
fn foreign(object: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
    let py = object.py();
    if !object.hasattr(intern!(py, "__float__"))? {
        return Ok(None);
    }
    // Arrays convert themselves too; only those of one element are a number.
    if let Ok(shape) = object.getattr(intern!(py, "shape")) {
        let Ok(shape) = shape.extract::<Vec<usize>>() else {
            return Ok(None);
        };
        if shape.iter().product::<usize>() != 1 {
            return Ok(None);
        }
        // `float(x)` of an array with dimensions is deprecated; its item is a number.
        let item = object.call_method0(intern!(py, "item"))?;
        return Ok(item.extract().ok());
    }
    object
        .call_method0(intern!(py, "__float__"))?
        .extract()
        .map(Some)
}

/// Several numbers: a sequence of them, or an array of any shape.
pub struct Several<T>(pub Vec<T>);

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for Several<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Several<T>> {
        let py = object.py();
        let mut list = object.to_owned();
        // An array hands out its items as lists far quicker than one by one.
        for method in [intern!(py, "ravel"), intern!(py, "tolist")] {
            if list.hasattr(method)? {
                list = list.call_method0(method)?;
            }
        }
        list.extract().map(Several)
    }
}

/// Several doubles: a sequence, or the bytes of them, which are read without an object for each.
pub struct Doubles(pub Vec<f64>);

impl FromPyObject<'_, '_> for Doubles {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Doubles> {
        let Ok(bytes) = object.cast::<PyBytes>() else {
            let Several(values) = object.extract()?;
            return Ok(Doubles(values));
        };
        let (doubles, rest) = bytes.as_bytes().as_chunks();
        if !rest.is_empty() {
            let what = format!(
                "{} bytes are no whole number of doubles",
                bytes.as_bytes().len()
            );
            return Err(invalid(
                &what,
                "8 bytes for each: array.astype(\"float64\").tobytes()",
            ));
        }
        Ok(Doubles(
            doubles.iter().copied().map(f64::from_ne_bytes).collect(),
        ))
    }
}
