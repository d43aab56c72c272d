//! One column of an answer, handed out without a copy to whoever reads Arrow or `NumPy`'s array interface.
//!
//! Invariants: a column never changes; who was given its memory keeps it alive, through Arrow's release or by holding
//! this object.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::ffi::to_ffi;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array as _, ArrayRef, Float64Array, Int64Array};
use arrow_schema::DataType;
use pyo3::exceptions::{PyAttributeError, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::failure::invalid;

/// A column of numbers or texts: `numpy.asarray(column)` and `pyarrow.array(column)` copy nothing.
#[pyclass(frozen, module = "mltrack")]
#[derive(Clone)]
pub struct Column {
    values: ArrayRef,
}

impl Column {
    /// Whole numbers.
    pub fn whole(values: Vec<i64>) -> Column {
        Column {
            values: Arc::new(Int64Array::from(values)),
        }
    }

    /// Numbers.
    pub fn real(values: Vec<f64>) -> Column {
        Column {
            values: Arc::new(Float64Array::from(values)),
        }
    }

    /// The Arrow array.
    pub fn array(&self) -> &ArrayRef {
        &self.values
    }

    fn at<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        if self.values.is_null(index) {
            return Ok(py.None().into_bound(py));
        }
        Ok(match self.values.data_type() {
            DataType::Int64 => {
                let whole = self.values.as_primitive::<Int64Type>().value(index);
                whole.into_pyobject(py)?.into_any()
            }
            DataType::Float64 => {
                let real = self.values.as_primitive::<Float64Type>().value(index);
                real.into_pyobject(py)?.into_any()
            }
            _ => {
                let text = self.values.as_string::<i32>().value(index);
                text.into_pyobject(py)?.into_any()
            }
        })
    }

    /// Where the numbers lie and what they are called in `NumPy`, when nothing is absent.
    fn place(&self) -> Option<(usize, &'static str)> {
        if self.values.null_count() > 0 {
            return None;
        }
        match self.values.data_type() {
            DataType::Int64 => {
                let numbers = self.values.as_primitive::<Int64Type>().values();
                Some((numbers.as_ptr() as usize, "<i8"))
            }
            DataType::Float64 => {
                let numbers = self.values.as_primitive::<Float64Type>().values();
                Some((numbers.as_ptr() as usize, "<f8"))
            }
            _ => None,
        }
    }
}

#[pymethods]
impl Column {
    fn __len__(&self) -> usize {
        self.values.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        let len = self.values.len() as isize;
        let at = if index < 0 { index + len } else { index };
        if at < 0 || at >= len {
            return Err(PyIndexError::new_err("index beyond the end of the column"));
        }
        self.at(py, at as usize)
    }

    /// The values as a list; what is absent is `None`.
    fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values: PyResult<Vec<_>> = (0..self.values.len()).map(|at| self.at(py, at)).collect();
        PyList::new(py, values?)
    }

    /// The values as a `numpy.ndarray`, without a copy where nothing is absent and they are numbers.
    fn to_numpy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let numpy = slf.py().import("numpy")?;
        let this = slf.get();
        if this.place().is_some() {
            return numpy.call_method1("asarray", (slf,));
        }
        let list = this.tolist(slf.py())?;
        if this.values.data_type() == &DataType::Utf8 {
            return numpy.call_method1("array", (list, "object"));
        }
        numpy.call_method1("array", (list, "float64"))
    }

    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Some((address, kind)) = self.place() else {
            return Err(PyAttributeError::new_err(
                "only columns of numbers without gaps have __array_interface__: use to_numpy()",
            ));
        };
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("shape", (self.values.len(),))?;
        interface.set_item("typestr", kind)?;
        interface.set_item("data", (address, true))?;
        Ok(interface)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A request is a wish by the protocol; the types of the log are the only ones there are.
        drop(requested_schema);
        let (array, schema) = to_ffi(&self.values.to_data())
            .map_err(|error| invalid(&error.to_string(), "use tolist()"))?;
        let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        Ok((schema, array))
    }

    fn __repr__(&self) -> String {
        format!(
            "Column({}, {} values)",
            self.values.data_type(),
            self.values.len()
        )
    }
}
