//! What a program is told when logging goes on but something is wrong. The library itself prints nothing.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use mltrack_projector_runs::index::SetAside;

use crate::error::Error;

/// Something that a person should know of, told once until it is over.
#[derive(Debug)]
#[non_exhaustive]
pub enum Warning {
    /// Calls return [`Logged::Deferred`](crate::Logged::Deferred): the log does not move, so records wait in this
    /// process's spool. Nothing is lost; they are appended in order when the log moves again.
    Deferred {
        /// The process that was seen holding the log.
        process: Option<u32>,
    },
    /// Points of a buffered handle could not be written and are lost.
    PointsLost {
        /// How many.
        count: u64,
        /// Why.
        error: Error,
    },
    /// Lines that a program printed could not be logged and are lost.
    LinesLost {
        /// How many, of the first record that failed.
        count: u64,
        /// Why.
        error: Error,
    },
    /// A run has ended, but the disk did not take it: a power cut can undo it.
    NotDurable {
        /// Why.
        error: Error,
    },
    /// What a program said through `tracing` could not be logged; the next ones may be.
    NotLogged {
        /// Why.
        error: Error,
    },
    /// A snapshot could not be used and was moved out of the way. Nothing is lost: answers come from the log.
    SetAside {
        /// Which one, and why.
        set_aside: SetAside,
    },
    /// A run could not be ended when its last handle was dropped. It will show as lost.
    NotEnded {
        /// Why.
        error: Error,
    },
    /// System metrics, or some of them, could not be taken or logged. The run itself is as it would be.
    SystemMetrics {
        /// Why.
        why: String,
    },
    /// A file of series is not used: it is damaged, or of a history that the log does not have. Answers are the same
    /// without it; it is made again from the log.
    SeriesSetAside {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The environment of a run, or a part of it, could not be recorded. The run itself is as it would be.
    NotCaptured {
        /// Why.
        error: Error,
    },
    /// An artifact could not be stored, so it was not logged.
    NotUploaded {
        /// Its name, and the file it was to be made of.
        name: String,
        /// Why.
        error: Error,
    },
    /// Artifacts that a rule no longer keeps could not be removed. They are looked at again after the next upload.
    NotRemoved {
        /// Why.
        error: Error,
    },
    /// Series files could not be written. Nothing is lost; long histories only take longer to read.
    SeriesNotWritten {
        /// Why.
        error: Error,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Deferred {
                process: Some(process),
            } => {
                write!(
                    f,
                    "process {process} holds the log and does not move: records wait in the spool"
                )
            }
            Warning::Deferred { process: None } => {
                f.write_str("the log does not move: records wait in the spool")
            }
            Warning::PointsLost { count, error } => {
                write!(f, "{count} buffered records are lost: {error:#}")
            }
            Warning::LinesLost { count, error } => {
                write!(f, "{count} printed lines are lost: {error:#}")
            }
            Warning::NotDurable { error } => {
                write!(f, "a run's end is visible but not durable: {error:#}")
            }
            Warning::NotLogged { error } => write!(f, "an event could not be logged: {error:#}"),
            Warning::SetAside { set_aside } => set_aside.fmt(f),
            Warning::NotEnded { error } => write!(f, "a dropped run could not be ended: {error:#}"),
            Warning::SystemMetrics { why } => write!(f, "system metrics: {why}"),
            Warning::SeriesSetAside { path, why } => write!(
                f,
                "{} is not used, the log answers in its place: {why}",
                path.display()
            ),
            Warning::NotCaptured { error } => {
                write!(f, "the environment of a run was not recorded: {error:#}")
            }
            Warning::NotUploaded { name, error } => {
                write!(f, "the artifact {name} was not logged: {error:#}")
            }
            Warning::NotRemoved { error } => {
                write!(f, "old artifacts could not be removed: {error:#}")
            }
            Warning::SeriesNotWritten { error } => {
                write!(f, "series files could not be written: {error:#}")
            }
        }
    }
}

pub(crate) type OnWarning = Box<dyn Fn(&Warning) + Send + Sync>;

/// Tells the program, at most once per stall.
#[derive(Default)]
pub(crate) struct Warnings {
    on_warning: Option<OnWarning>,
    is_deferring: AtomicBool,
}

impl Warnings {
    pub fn new(on_warning: Option<OnWarning>) -> Warnings {
        Warnings {
            on_warning,
            is_deferring: AtomicBool::new(false),
        }
    }

    pub fn tell(&self, warning: &Warning) {
        if let Some(on_warning) = &self.on_warning {
            on_warning(warning);
        }
    }

    /// A batch went to the spool.
    #[cold]
    pub fn deferred(&self, holder: impl FnOnce() -> Option<u32>) {
        if !self.is_deferring.swap(true, Relaxed) {
            self.tell(&Warning::Deferred { process: holder() });
        }
    }

    /// A batch is visible: the next stall is a new one.
    #[inline]
    pub fn moving(&self) {
        if self.is_deferring.load(Relaxed) {
            self.is_deferring.store(false, Relaxed);
        }
    }
}
