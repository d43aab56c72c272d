//! One column of an answer, handed out without a copy to whoever reads Arrow or `NumPy`'s array interface.
//!
//! Invariants: a column never changes; who was given its memory keeps it alive, through Arrow's release or by holding
//! this object; what is absent is `None`, and never a number that looks like one.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::ffi::to_ffi;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array,
    StringArray, TimestampNanosecondArray,
};
use arrow_schema::DataType;
use pyo3::exceptions::{PyAttributeError, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::column_numpy;
use crate::failure::invalid;
use crate::moment::datetime;

/// A column of numbers or texts: `numpy.asarray(column)` and `pyarrow.array(column)` copy nothing.
#[pyclass(frozen, module = "mltrack")]
#[derive(Clone)]
pub struct Column {
    values: ArrayRef,
}

impl Column {
    fn of(values: impl arrow_array::Array + 'static) -> Column {
        Column {
            values: Arc::new(values),
        }
    }

    /// Whole numbers.
    pub fn whole(values: Vec<i64>) -> Column {
        Column::of(Int64Array::from(values))
    }

    /// Whole numbers, some of them absent.
    pub fn whole_or_none(values: Vec<Option<i64>>) -> Column {
        Column::of(Int64Array::from(values))
    }

    /// Numbers.
    pub fn real(values: Vec<f64>) -> Column {
        Column::of(Float64Array::from(values))
    }

    /// Numbers, some of them absent.
    pub fn real_or_none(values: Vec<Option<f64>>) -> Column {
        Column::of(Float64Array::from(values))
    }

    /// Truths, some of them absent.
    pub fn truth_or_none(values: Vec<Option<bool>>) -> Column {
        Column::of(BooleanArray::from(values))
    }

    /// Texts, some of them absent.
    pub fn text_or_none<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> Column {
        Column::of(values.into_iter().collect::<StringArray>())
    }

    /// Times in ns since 1970, some of them absent.
    pub fn time_or_none(values: Vec<Option<i64>>) -> Column {
        Column::of(TimestampNanosecondArray::from(values).with_timezone("UTC"))
    }

    /// Texts that come again and again: each is kept once, and each row says which it is.
    pub fn words(places: Vec<i32>, words: &[String]) -> Column {
        let words = StringArray::from_iter_values(words);
        let coded = DictionaryArray::<Int32Type>::try_new(places.into(), Arc::new(words));
        Column::of(coded.expect("every place is that of a word"))
    }

    /// The Arrow array.
    pub fn array(&self) -> &ArrayRef {
        &self.values
    }

    /// Which word each row is, and the words, where they are kept once.
    pub fn coded(&self) -> Option<(Column, Column)> {
        let coded = self.values.as_dictionary_opt::<Int32Type>()?;
        let places = Int32Array::from(coded.keys().values().to_vec());
        let words = Column {
            values: Arc::clone(coded.values()),
        };
        Some((Column::of(places), words))
    }

    fn at<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyAny>> {
        if self.values.is_null(index) {
            return Ok(py.None().into_bound(py));
        }
        let values = &self.values;
        Ok(match values.data_type() {
            DataType::Int64 => {
                let whole = values.as_primitive::<Int64Type>().value(index);
                whole.into_pyobject(py)?.into_any()
            }
            DataType::Int32 => {
                let whole = values.as_primitive::<Int32Type>().value(index);
                whole.into_pyobject(py)?.into_any()
            }
            DataType::Float64 => {
                let real = values.as_primitive::<Float64Type>().value(index);
                real.into_pyobject(py)?.into_any()
            }
            DataType::Boolean => {
                let truth = values.as_boolean().value(index);
                truth.into_pyobject(py)?.to_owned().into_any()
            }
            DataType::Timestamp(..) => datetime(
                py,
                values
                    .as_primitive::<TimestampNanosecondType>()
                    .value(index),
            )?,
            DataType::Dictionary(..) => {
                let coded = values.as_dictionary::<Int32Type>();
                let place = coded.keys().value(index) as usize;
                let word = coded.values().as_string::<i32>().value(place);
                word.into_pyobject(py)?.into_any()
            }
            _ => {
                let text = values.as_string::<i32>().value(index);
                text.into_pyobject(py)?.into_any()
            }
        })
    }

    /// Where the numbers lie and what they are called in `NumPy`, when nothing is absent.
    fn place(&self) -> Option<(usize, &'static str)> {
        if self.values.null_count() > 0 {
            return None;
        }
        let values = &self.values;
        Some(match values.data_type() {
            DataType::Int64 => (address(values.as_primitive::<Int64Type>().values()), "<i8"),
            DataType::Int32 => (address(values.as_primitive::<Int32Type>().values()), "<i4"),
            DataType::Float64 => (
                address(values.as_primitive::<Float64Type>().values()),
                "<f8",
            ),
            DataType::Timestamp(..) => (
                address(values.as_primitive::<TimestampNanosecondType>().values()),
                "<M8[ns]",
            ),
            _ => return None,
        })
    }
}

fn address<T>(values: &[T]) -> usize {
    values.as_ptr() as usize
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
    pub fn tolist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let values: PyResult<Vec<_>> = (0..self.values.len()).map(|at| self.at(py, at)).collect();
        PyList::new(py, values?)
    }

    /// The values as a `numpy.ndarray`, without a copy where nothing is absent and they are numbers.
    pub fn to_numpy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if slf.get().place().is_some() {
            return slf.py().import("numpy")?.call_method1("asarray", (slf,));
        }
        column_numpy::copied(slf)
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
