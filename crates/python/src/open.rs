//! `Store`: an open folder of runs.
//!
//! Invariants: opening, asking and closing never hold the interpreter's lock; a warning of the engine reaches Python as
//! one `warnings.warn`, later, from whichever thread may run Python.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack::{Builder, Capture, Durability, RunId, Tracker};
use pyo3::prelude::*;

use crate::failure::{invalid, raised};
use crate::run::Run;
use crate::start::{Started, builder_of};

/// A folder of runs that this process writes and reads. Any number of processes may do so at once.
#[pyclass(frozen, subclass, module = "mltrack")]
pub struct Store {
    tracker: Tracker,
}

impl Store {
    /// The tracker beneath.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }
}

/// What `Store(..)` is told.
#[derive(FromPyObject)]
struct Settings {
    #[pyo3(item)]
    durability: Option<String>,
    #[pyo3(item)]
    actor: Option<String>,
    #[pyo3(item)]
    command: Option<String>,
    #[pyo3(item)]
    artifacts: Option<String>,
    #[pyo3(item)]
    lock_wait_ms: Option<u64>,
    #[pyo3(item)]
    read_only: bool,
    #[pyo3(item)]
    create: bool,
    #[pyo3(item)]
    capture: Option<String>,
    #[pyo3(item)]
    system_metrics_ms: Option<u64>,
}

fn durability(word: &str) -> PyResult<Durability> {
    Ok(match word {
        "process" => Durability::Process,
        "group" => Durability::Group,
        "each" => Durability::Each,
        _ => {
            let what = format!("durability is {word:?}");
            return Err(invalid(&what, "one of \"process\", \"group\", \"each\""));
        }
    })
}

fn capture(word: &str) -> PyResult<Capture> {
    Ok(match word {
        "full" => Capture::Full,
        "minimal" => Capture::Minimal,
        "off" => Capture::Off,
        _ => {
            let what = format!("capture is {word:?}");
            return Err(invalid(&what, "one of \"full\", \"minimal\", \"off\""));
        }
    })
}

fn builder(path: PathBuf, settings: Settings) -> PyResult<Builder> {
    let mut builder = Tracker::builder(path)
        .read_only(settings.read_only)
        .create(settings.create);
    if let Some(word) = &settings.durability {
        builder = builder.durability(durability(word)?);
    }
    if let Some(word) = &settings.capture {
        builder = builder.capture(capture(word)?);
    }
    if let Some(actor) = settings.actor {
        builder = builder.actor(actor);
    }
    if let Some(command) = settings.command {
        builder = builder.command(command);
    }
    if let Some(url) = settings.artifacts {
        builder = builder.artifacts(url);
    }
    if let Some(wait_ms) = settings.lock_wait_ms {
        builder = builder.lock_wait(Duration::from_millis(wait_ms));
    }
    builder = match settings.system_metrics_ms {
        Some(0) => builder.no_system_metrics(),
        Some(interval_ms) => builder.system_metrics(Duration::from_millis(interval_ms)),
        None => builder,
    };
    Ok(builder.on_warning(|warning| crate::warned::warn(&warning.to_string())))
}

/// A store that is being opened, by a thread of its own, while the interpreter does something else.
#[pyclass(frozen, module = "mltrack")]
pub struct Opening(Mutex<Option<JoinHandle<mltrack::Result<Tracker>>>>);

#[pymethods]
impl Opening {
    #[new]
    #[pyo3(signature = (path, settings))]
    fn new(path: PathBuf, settings: Settings) -> PyResult<Opening> {
        let builder = builder(path, settings)?;
        let thread = std::thread::Builder::new().name("mltrack-open".into());
        let thread = thread.spawn(move || builder.open())?;
        Ok(Opening(Mutex::new(Some(thread))))
    }

    /// Waits for the store, which is given away once.
    fn store(&self, py: Python<'_>) -> PyResult<Store> {
        let thread = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else {
            return Err(invalid("the store was given away", "open it again"));
        };
        let opened = py.detach(|| thread.join());
        let tracker = opened.expect("opening a store returns its errors");
        let tracker = tracker.map_err(|error| raised(&error))?;
        Ok(Store { tracker })
    }
}

#[pymethods]
impl Store {
    #[new]
    #[pyo3(signature = (path, settings))]
    fn new(py: Python<'_>, path: PathBuf, settings: Settings) -> PyResult<Store> {
        let builder = builder(path, settings)?;
        let tracker = py.detach(|| builder.open());
        let tracker = tracker.map_err(|error| raised(&error))?;
        Ok(Store { tracker })
    }

    /// A store that does nothing: every call succeeds and nothing is recorded.
    #[staticmethod]
    fn disabled() -> Store {
        Store {
            tracker: Tracker::disabled(),
        }
    }

    /// The folder of the store; `None` when it is disabled.
    #[getter]
    fn path(&self) -> Option<PathBuf> {
        self.tracker.path().map(PathBuf::from)
    }

    /// Whether calls record anything.
    #[getter]
    fn is_enabled(&self) -> bool {
        self.tracker.is_enabled()
    }

    /// Starts a run in an experiment, which is made when there is none.
    #[pyo3(signature = (experiment, started))]
    fn start_run(&self, py: Python<'_>, experiment: &str, started: Started) -> PyResult<Run> {
        let run = py.detach(|| {
            let experiment = self.tracker.experiment(experiment)?;
            builder_of(&experiment, started)?.start()
        });
        run.map(Run::of).map_err(|error| raised(&error))
    }

    /// Goes on with a run that has ended or was lost.
    fn resume(&self, py: Python<'_>, run: &str) -> PyResult<Run> {
        let run = py.detach(|| self.tracker.resume(self.run_id(run)?));
        let run = run.map_err(|error| raised(&error))?;
        Run::continued(py, run, &self.tracker)
    }

    /// Joins a run that is running, as one more of its writers.
    fn attach(&self, py: Python<'_>, run: &str) -> PyResult<Run> {
        let run = py.detach(|| self.tracker.attach(self.run_id(run)?));
        let run = run.map_err(|error| raised(&error))?;
        Run::continued(py, run, &self.tracker)
    }

    /// The id of the run that a text means: an id, the beginning of one, a name, `experiment/number`, `@last`.
    fn find_run(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        let found = py.detach(|| self.tracker.find_run(text));
        found
            .map(|id| id.to_string())
            .map_err(|error| raised(&error))
    }
}

impl Store {
    /// The run that a text means.
    pub fn run_id(&self, text: &str) -> mltrack::Result<RunId> {
        match text.parse() {
            Ok(id) => Ok(id),
            Err(_) => self.tracker.find_run(text),
        }
    }
}
