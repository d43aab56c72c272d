//! An answer of several columns: what pandas, polars and pyarrow read without a copy.
//!
//! Invariants: all columns have the same length and none changes; their order is the order of the answer.

use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array as _, RecordBatch, RecordBatchIterator};
use arrow_schema::{Field, Schema};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::column::Column;
use crate::column_numpy::for_pandas;
use crate::failure::invalid;

/// A table: `frame["name"]` is a column, `to_pandas()`, `to_polars()` and `to_arrow()` hand it on.
#[pyclass(frozen, module = "mltrack")]
pub struct Frame {
    columns: Vec<(String, Column)>,
}

impl Frame {
    /// These columns, which are of one length.
    pub fn new(columns: Vec<(String, Column)>) -> Frame {
        let lens = columns.windows(2);
        let is_even =
            |pair: &[(String, Column)]| pair[0].1.array().len() == pair[1].1.array().len();
        assert!(lens.into_iter().all(is_even), "columns of several lengths");
        Frame { columns }
    }

    fn rows(&self) -> usize {
        self.columns
            .first()
            .map_or(0, |(_, column)| column.array().len())
    }

    fn batch(&self) -> PyResult<RecordBatch> {
        let fields = self.columns.iter().map(|(name, column)| {
            let array = column.array();
            Field::new(name, array.data_type().clone(), array.null_count() > 0)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = self
            .columns
            .iter()
            .map(|(_, column)| Arc::clone(column.array()));
        RecordBatch::try_new(schema, arrays.collect())
            .map_err(|error| invalid(&error.to_string(), "use to_dict()"))
    }
}

#[pymethods]
impl Frame {
    /// The names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.rows()
    }

    fn __contains__(&self, name: &str) -> bool {
        self.columns.iter().any(|(known, _)| known == name)
    }

    fn __getitem__(&self, name: &str) -> PyResult<Column> {
        let found = self.columns.iter().find(|(known, _)| known == name);
        found.map(|(_, column)| column.clone()).ok_or_else(|| {
            PyKeyError::new_err(format!("{name}; there are: {}", self.columns().join(", ")))
        })
    }

    /// Each column as a list, by name.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, column) in &self.columns {
            let column = column.clone().into_pyobject(py)?;
            dict.set_item(name, column.call_method0("tolist")?)?;
        }
        Ok(dict)
    }

    /// A `pandas.DataFrame`; pandas must be installed.
    fn to_pandas<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let pandas = py.import("pandas")?;
        let columns = PyDict::new(py);
        for (name, column) in &slf.get().columns {
            columns.set_item(name, for_pandas(&pandas, column.clone())?)?;
        }
        pandas.call_method1("DataFrame", (columns,))
    }

    /// A `polars.DataFrame`; polars must be installed.
    fn to_polars<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("polars")?.call_method1("DataFrame", (slf,))
    }

    /// A `pyarrow.Table`; pyarrow must be installed.
    fn to_arrow<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("pyarrow")?.call_method1("table", (slf,))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A request is a wish by the protocol; the types of the log are the only ones there are.
        drop(requested_schema);
        let batch = self.batch()?;
        let schema = batch.schema();
        let batches = RecordBatchIterator::new([Ok(batch)], schema);
        let stream = FFI_ArrowArrayStream::new(Box::new(batches));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __repr__(&self) -> String {
        format!("Frame({} rows: {})", self.rows(), self.columns().join(", "))
    }
}
