//! Errors of the library as exceptions of `mltrack.errors`.
//!
//! Invariant: an exception says everything the error says: its code, its words with their causes, its hint, and whether
//! the same call may succeed later.

use mltrack::Code;
use pyo3::prelude::*;
use pyo3::types::IntoPyDict as _;

/// The exception for an error of the library.
pub fn raised(error: &mltrack::Error) -> PyErr {
    let words = format!("{error:#}");
    Python::attach(|py| {
        exception(py, error.code(), &words, error.hint(), error.is_retryable())
            .unwrap_or_else(|failed| failed)
    })
}

/// The exception for a value that the library was not even asked about.
pub fn invalid(words: &str, hint: &str) -> PyErr {
    Python::attach(|py| {
        exception(py, Code::ValidationError, words, Some(hint), false)
            .unwrap_or_else(|failed| failed)
    })
}

/// The exception for a wait that is over before what it waits for.
pub fn busy(words: &str, hint: &str) -> PyErr {
    Python::attach(|py| {
        exception(py, Code::Busy, words, Some(hint), true).unwrap_or_else(|failed| failed)
    })
}

fn exception(
    py: Python<'_>,
    code: Code,
    words: &str,
    hint: Option<&str>,
    is_retryable: bool,
) -> PyResult<PyErr> {
    let named = [("code", code.name())].into_py_dict(py)?;
    named.set_item("hint", hint)?;
    named.set_item("is_retryable", is_retryable)?;
    let errors = py.import("mltrack.errors")?;
    let exception = errors.getattr("of_code")?.call((words,), Some(&named))?;
    Ok(PyErr::from_value(exception))
}
