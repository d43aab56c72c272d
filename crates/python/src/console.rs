//! What the process prints, as lines of a run.
//!
//! Invariant: the outputs are as they were when the capture is closed, and when the run ends.

use std::sync::{Mutex, PoisonError};

use mltrack::ConsoleCapture;
use pyo3::prelude::*;

use crate::dict::answered;
use crate::run::Run;

/// Standard output and error are lines of a run while this is open.
#[pyclass(frozen, module = "mltrack")]
pub struct Capture {
    capture: Mutex<Option<ConsoleCapture>>,
}

#[pymethods]
impl Capture {
    /// Leads the outputs to where they went before.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let capture = self.capture.lock();
            drop(capture.unwrap_or_else(PoisonError::into_inner).take());
        });
    }
}

#[pymethods]
impl Run {
    /// Logs what this process prints as lines of the run, until the capture is closed or the run ends. It still reaches
    /// where it went before.
    fn capture_console(&self, py: Python<'_>) -> PyResult<Capture> {
        let capture = answered(py.detach(|| self.inner().capture_console()))?;
        Ok(Capture {
            capture: Mutex::new(Some(capture)),
        })
    }
}
