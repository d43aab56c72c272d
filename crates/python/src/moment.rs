//! Moments: as of when a question is asked, and when something was.
//!
//! Invariants: a number is a record of the log and never a time; a time is a `datetime`, which knows its zone.

use mltrack::{Lsn, WallTime};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::failure::invalid;

/// As of when: after a record, or at a time.
#[derive(Clone, Copy)]
pub enum At {
    Lsn(Lsn),
    Time(WallTime),
}

/// Makes a question one about a moment, when there is one.
macro_rules! at {
    ($query:expr, $at:expr) => {
        match $at {
            None => $query,
            Some(crate::moment::At::Lsn(lsn)) => $query.at(lsn),
            Some(crate::moment::At::Time(time)) => $query.at_time(time),
        }
    };
}
pub(crate) use at;

impl<'py> FromPyObject<'_, 'py> for At {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<At> {
        match object.extract::<u64>() {
            Ok(number) => record(number).map(At::Lsn),
            Err(_) => time(&object).map(At::Time),
        }
    }
}

/// The record of this number. Errors: `VALIDATION_ERROR` for 0, which no record has.
pub fn record(number: u64) -> PyResult<Lsn> {
    let what = "0 is no record of the log";
    Lsn::new(number).ok_or_else(|| invalid(what, "records begin with 1"))
}

/// The time that a `datetime` says. One without a zone means that of this machine, as everywhere in Python.
pub fn time(object: &Bound<'_, PyAny>) -> PyResult<WallTime> {
    let py = object.py();
    let Ok(seconds) = object.call_method0(intern!(py, "timestamp")) else {
        let what = format!("{} is neither a record nor a time", object.repr()?);
        return Err(PyTypeError::new_err(what + ": pass an int or a datetime"));
    };
    // A float has the microseconds that a datetime has, and no nanoseconds.
    let micros = (seconds.extract::<f64>()? * 1e6).round() as i64;
    Ok(WallTime(micros.saturating_mul(1_000)))
}

/// A time in ns since 1970 as a `datetime` in UTC.
pub fn datetime(py: Python<'_>, time_ns: i64) -> PyResult<Bound<'_, PyAny>> {
    let module = py.import(intern!(py, "datetime"))?;
    let kind = module.getattr(intern!(py, "datetime"))?;
    let utc = module.getattr(intern!(py, "timezone"))?.getattr("utc")?;
    let whole = kind.call_method1("fromtimestamp", (time_ns.div_euclid(1_000_000_000), utc))?;
    let micros = time_ns.rem_euclid(1_000_000_000) / 1_000;
    let rest = module.call_method1("timedelta", (0, 0, micros))?;
    whole.add(rest)
}
