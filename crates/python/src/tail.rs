//! `Tail`: the events of the log as they come.
//!
//! Invariants: waiting holds no lock that anybody else needs, and Ctrl-C ends it; a tail that does not follow ends where
//! the log ended when it got there.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mltrack::{Cursor, Follow, TailEvent, payload_json};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::dict::answered;
use crate::failure::invalid;
use crate::moment::{record, time};
use crate::open::Store;
use crate::value::object;
use crate::waiting::{patiently, seconds};

/// Where to begin: `"start"`, `"end"`, the number of a record, a `datetime`, a `timedelta` before now, or the position
/// of another tail.
struct Start(Cursor);

impl<'py> FromPyObject<'_, 'py> for Start {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Start> {
        let py = object.py();
        if let Ok(text) = object.cast::<PyString>() {
            return of_text(&text.to_string_lossy()).map(Start);
        }
        if let Ok(number) = object.extract::<u64>() {
            return Ok(Start(Cursor::Lsn(record(number)?)));
        }
        if object.hasattr(intern!(py, "total_seconds"))? {
            let count: f64 = object
                .call_method0(intern!(py, "total_seconds"))?
                .extract()?;
            return Ok(Start(Cursor::Since(seconds(count)?)));
        }
        Ok(Start(Cursor::At(time(&object)?)))
    }
}

fn of_text(text: &str) -> PyResult<Cursor> {
    match text {
        "start" => Ok(Cursor::Start),
        "end" => Ok(Cursor::End),
        position => position.parse().map(Cursor::Resume).map_err(|_| {
            let what = format!("{position:?} is no place in the log");
            invalid(
                &what,
                "\"start\", \"end\", a record, a datetime, a timedelta before now, or a position",
            )
        }),
    }
}

#[pymethods]
impl Store {
    /// The events of the log from a place on. One that does not follow ends with what is there.
    #[pyo3(signature = (start, run=None, experiment=None, types=Vec::new(), follow=true))]
    fn tail(
        &self,
        py: Python<'_>,
        start: Start,
        run: Option<&str>,
        experiment: Option<&str>,
        types: Vec<String>,
        follow: bool,
    ) -> PyResult<Tail> {
        let opened = py.detach(|| {
            let mut tail = self.tracker().tail().from(start.0).types(types);
            if let Some(run) = run {
                tail = tail.run(self.run_id(run)?);
            }
            if let Some(experiment) = experiment {
                tail = tail.experiment(experiment);
            }
            let mut follow = tail.follow();
            if self.tracker().is_enabled() && follow.position().is_none() {
                // A wrong question is its first answer; who asks learns of it at once.
                follow.next_within(Duration::ZERO)?;
            }
            Ok(follow)
        });
        Ok(Tail {
            follow: Mutex::new(Some(answered(opened)?)),
            is_following: follow && self.tracker().is_enabled(),
        })
    }
}

/// Events as they come.
#[pyclass(frozen, module = "mltrack")]
pub struct Tail {
    follow: Mutex<Option<Follow>>,
    is_following: bool,
}

/// What comes next in a tail.
enum Next {
    Event(Box<TailEvent>),
    Closed,
}

impl Next {
    fn event(self) -> Option<TailEvent> {
        match self {
            Next::Event(event) => Some(*event),
            Next::Closed => None,
        }
    }
}

impl Tail {
    /// What comes within a stretch, if anything does. A failure closes the tail.
    fn look(&self, stretch: Duration) -> mltrack::Result<Option<Next>> {
        let mut follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = &mut *follow else {
            return Ok(Some(Next::Closed));
        };
        match open.next_within(stretch) {
            Ok(event) => Ok(event.map(|event| Next::Event(Box::new(event)))),
            Err(error) => {
                *follow = None;
                Err(error)
            }
        }
    }
}

#[pymethods]
impl Tail {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Event>> {
        let timeout = (!self.is_following).then_some(Duration::ZERO);
        let next = patiently(py, timeout, |stretch| self.look(stretch))?;
        Ok(next.and_then(Next::event).map(Event::of))
    }

    /// The next event, waiting for it so long; `None` when the time is over.
    fn next_within(&self, py: Python<'_>, timeout_s: f64) -> PyResult<Option<Event>> {
        let timeout = Some(seconds(timeout_s)?);
        let next = patiently(py, timeout, |stretch| self.look(stretch))?;
        Ok(next.and_then(Next::event).map(Event::of))
    }

    /// Where another tail would go on, as a text; `None` when the store is disabled or the tail is closed.
    #[getter]
    fn position(&self, py: Python<'_>) -> Option<String> {
        py.detach(|| {
            let follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
            let position = follow.as_ref()?.position()?;
            Some(position.to_string())
        })
    }

    /// Ends it, also for a thread that waits in it.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let mut follow = self.follow.lock().unwrap_or_else(PoisonError::into_inner);
            *follow = None;
        });
    }
}

/// Something that happened, as the log says it.
#[pyclass(frozen, module = "mltrack")]
pub struct Event {
    inner: TailEvent,
}

impl Event {
    fn of(inner: TailEvent) -> Event {
        Event { inner }
    }
}

#[pymethods]
impl Event {
    /// The record's number.
    #[getter]
    fn lsn(&self) -> u64 {
        self.inner.lsn.get()
    }

    /// What kind of event it is, such as `metrics_logged`.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.inner.type_name()
    }

    /// When it happened, in ns since 1970.
    #[getter]
    fn time_ns(&self) -> i64 {
        self.inner.time.0
    }

    /// The id of the run that it is about.
    #[getter]
    fn run(&self) -> Option<String> {
        self.inner.run.map(|run| run.to_string())
    }

    /// The id of the experiment that it, or its run, belongs to.
    #[getter]
    fn experiment_id(&self) -> Option<u64> {
        self.inner.experiment.map(|experiment| experiment.0)
    }

    /// The points it brings: name, step, value.
    #[getter]
    fn points(&self) -> Vec<(&str, i64, f64)> {
        self.inner.points().collect()
    }

    /// All that it says.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        object(py, &payload_json(&self.inner.event))
    }

    fn __repr__(&self) -> String {
        format!("Event({}, lsn {})", self.inner.type_name(), self.lsn())
    }
}
