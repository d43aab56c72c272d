//! A run around a closure: however the closure ends, the run ends so.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::end::run_error;
use crate::error::{BoxError, Error, Result};
use crate::panic;
use crate::run::Run;
use crate::tracker::Tracker;

impl Tracker {
    /// Runs a closure as a run of an experiment, which is made when there is none. `Ok` completes the run, `Err` fails
    /// it with the error and its causes, a panic fails it with its message and goes on unwinding.
    ///
    /// Errors: an error of this library as it is; any other error of the closure as the source of a
    /// `COMMAND_FAILED`.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let best = tracker.run("resnet", |run| {
    ///     run.log_metric("loss", 0.42)?;
    ///     Ok(0.42)
    /// })?;
    /// assert_eq!(best, 0.42);
    ///
    /// let error = tracker.run("resnet", |_| Err::<(), _>("no gradient".into())).unwrap_err();
    /// assert_eq!(error.to_string(), "no gradient");
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<T>(
        &self,
        experiment: &str,
        body: impl FnOnce(&Run) -> Result<T, BoxError>,
    ) -> Result<T> {
        self.experiment(experiment)?.start_run()?.around(body)
    }
}

impl Run {
    /// Runs a closure and ends this run as the closure ends; see [`Tracker::run`]. What the closure itself ended stays
    /// as it is.
    pub fn around<T>(self, body: impl FnOnce(&Run) -> Result<T, BoxError>) -> Result<T> {
        match catch_unwind(AssertUnwindSafe(|| body(&self))) {
            Ok(Ok(value)) => {
                self.end_if_open(Run::finish)?;
                Ok(value)
            }
            Ok(Err(error)) => {
                let told = run_error(kind(&*error), &*error);
                // The closure's own error is what the caller must see; a run that cannot be ended shows as lost.
                self.end_if_open(|run| run.fail_with(told)).ok();
                Err(Error::of_closure(error))
            }
            Err(payload) => {
                let told = panic::caught(&*payload);
                self.end_if_open(|run| run.fail_with(told)).ok();
                resume_unwind(payload)
            }
        }
    }

    fn end_if_open(&self, end: impl FnOnce(&Run) -> Result<()>) -> Result<()> {
        match self.inner() {
            Some(inner) if inner.gate.admit().is_ok() => end(self),
            _ => Ok(()),
        }
    }
}

/// An error behind a pointer has lost its type; ours is worth a name.
fn kind(error: &(dyn std::error::Error + Send + Sync + 'static)) -> &'static str {
    match error.downcast_ref::<Error>() {
        Some(ours) => ours.code().name(),
        None => "error",
    }
}
