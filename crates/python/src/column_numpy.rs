//! Columns as arrays of `NumPy` and as what pandas likes better, where their memory cannot be shared.
//!
//! Invariants: an absent number is NaN, an absent time is `NaT`, any other absent value is `None`; `NumPy` and pandas
//! are imported only when somebody asks for them.

use arrow_array::Array as _;
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampNanosecondType;
use arrow_schema::DataType;
use pyo3::intern;
use pyo3::prelude::*;

use crate::column::Column;

/// What `NumPy` takes for an absent time.
const NOT_A_TIME: i64 = i64::MIN;

/// The column as an array of its own.
pub fn copied<'py>(column: &Bound<'py, Column>) -> PyResult<Bound<'py, PyAny>> {
    let py = column.py();
    let numpy = py.import("numpy")?;
    let this = column.get();
    if let Some((places, words)) = this.coded() {
        let words = numpy.call_method1("array", (words.tolist(py)?, "object"))?;
        return words.get_item(numpy.call_method1("asarray", (places,))?);
    }
    if let DataType::Timestamp(..) = this.array().data_type() {
        let times = this.array().as_primitive::<TimestampNanosecondType>();
        let times = times.iter().map(|time| time.unwrap_or(NOT_A_TIME));
        let times = numpy.call_method1("asarray", (Column::whole(times.collect()),))?;
        return times.call_method1("view", ("datetime64[ns]",));
    }
    let list = this.tolist(py)?;
    let is_whole = this.array().null_count() == 0;
    let kind = match this.array().data_type() {
        DataType::Int64 | DataType::Int32 | DataType::Float64 => "float64",
        DataType::Boolean if is_whole => "bool",
        _ => "object",
    };
    numpy.call_method1("array", (list, kind))
}

/// The column as a member of a `pandas.DataFrame`: what comes again and again is a categorical.
pub fn for_pandas<'py>(
    pandas: &Bound<'py, PyModule>,
    column: Column,
) -> PyResult<Bound<'py, PyAny>> {
    let py = pandas.py();
    if let Some((places, words)) = column.coded() {
        let kind = pandas.getattr(intern!(py, "Categorical"))?;
        let places = Column::to_numpy(&places.into_pyobject(py)?)?;
        return kind.call_method1("from_codes", (places, words.tolist(py)?));
    }
    Column::to_numpy(&column.into_pyobject(py)?)
}
