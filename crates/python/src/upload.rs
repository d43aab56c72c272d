//! `Upload`: bytes on their way into the store.
//!
//! Invariants: dropping it cancels nothing; its answer is the same however often it is asked for, and waiting for it can
//! be interrupted.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use mltrack::Artifact;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::artifacts::told;
use crate::dict::list;
use crate::failure::{busy, raised};
use crate::waiting::{patiently, seconds};

/// Bytes that are being stored in the background.
#[pyclass(frozen, module = "mltrack")]
pub struct Upload {
    state: Mutex<State>,
    bell: Arc<Bell>,
}

enum State {
    Going(mltrack::Upload),
    Over(mltrack::Result<Vec<Artifact>>),
}

/// What rings when an upload is over.
#[derive(Default)]
struct Bell {
    has_rung: Mutex<bool>,
    rang: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.has_rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.rang.notify_all();
    }
}

impl Upload {
    pub fn of(upload: mltrack::Upload) -> Upload {
        Upload {
            state: Mutex::new(State::Going(upload)),
            bell: Arc::default(),
        }
    }

    /// Whether it is over; takes the answer when it is.
    fn look(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Going(upload) = &mut *state else {
            return true;
        };
        let waker = Waker::from(Arc::clone(&self.bell));
        match Pin::new(upload).poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => false,
            Poll::Ready(answer) => {
                *state = State::Over(answer);
                true
            }
        }
    }

    fn wait_within(&self, stretch: Duration) -> Option<()> {
        if self.look() {
            return Some(());
        }
        let rung = self.bell.has_rung.lock();
        let rung = rung.unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .bell
            .rang
            .wait_timeout_while(rung, stretch, |has_rung| !*has_rung);
        drop(waited);
        self.look().then_some(())
    }
}

#[pymethods]
impl Upload {
    /// Whether it is over, well or badly.
    #[getter]
    fn is_done(&self, py: Python<'_>) -> bool {
        py.detach(|| self.look())
    }

    /// Waits until every byte is stored and the log says so: what was logged, each a `dict`.
    #[pyo3(signature = (timeout_s=None))]
    fn wait<'py>(&self, py: Python<'py>, timeout_s: Option<f64>) -> PyResult<Bound<'py, PyList>> {
        let timeout = timeout_s.map(seconds).transpose()?;
        let over = patiently(py, timeout, |stretch| Ok(self.wait_within(stretch)))?;
        if over.is_none() {
            return Err(busy(
                "the upload is not over yet",
                "wait() waits until it is",
            ));
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Over(Ok(artifacts)) => list(py, artifacts, told),
            State::Over(Err(error)) => Err(raised(error)),
            State::Going(_) => unreachable!("it was over a moment ago, and nothing undoes that"),
        }
    }
}
