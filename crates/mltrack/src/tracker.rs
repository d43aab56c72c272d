//! The door: a tracker is an open store, or nothing at all.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use mltrack_event::{ExperimentId, RunId};
use mltrack_log::Lsn;

use crate::builder::Builder;
use crate::capture_desk::FINISH_WAIT;
use crate::code::Code;
use crate::enter::{self, Entrance};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::experiment_new::NewExperiment;
use crate::run::Run;
use crate::store::Store;

/// An open store. Clones share it; it is closed when the last clone, run and experiment of it is dropped.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join(".mltrack");
/// use mltrack::Tracker;
///
/// let tracker = Tracker::open(&path)?;
/// tracker.run("resnet", |run| {
///     run.log_param("lr", 3e-4)?;
///     for step in 0..100 {
///         run.log_metrics(step, [("loss", 1.0 / (step + 1) as f64), ("accuracy", 0.5)])?;
///     }
///     Ok(())
/// })?;
/// assert_eq!(tracker.runs().experiment("resnet").fetch()?.items.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Tracker {
    store: Option<Arc<Store>>,
}

/// The name that the tracker had in its first design.
pub type ExperimentTracker = Tracker;

impl Tracker {
    /// Opens the store at `path`: the store's folder itself, or a folder that contains `.mltrack`. Makes it when there
    /// is none.
    ///
    /// Errors: `IO_ERROR` for a folder that cannot be written, `UNSUPPORTED` for a newer format or a filesystem
    /// without locks, `CORRUPT` when the store's head is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Tracker> {
        Tracker::builder(path).open()
    }

    /// Opens a store with other settings than the usual ones.
    pub fn builder(path: impl AsRef<Path>) -> Builder {
        Builder::new(path.as_ref())
    }

    /// A tracker that does nothing, at no cost: every call succeeds and nothing is recorded. With the feature
    /// `disabled` every tracker is like this.
    #[must_use]
    pub fn disabled() -> Tracker {
        Tracker { store: None }
    }

    pub(crate) fn of(store: Arc<Store>) -> Tracker {
        Tracker { store: Some(store) }
    }

    #[inline]
    pub(crate) fn store(&self) -> Option<&Arc<Store>> {
        if cfg!(feature = "disabled") {
            None
        } else {
            self.store.as_ref()
        }
    }

    /// Whether calls record anything.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.store().is_some()
    }

    /// The store's folder; `None` when the tracker is disabled.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.store().map(|store| store.path.as_path())
    }

    /// In whose name changes are recorded, unless somebody [acts](crate::acting) in another: what
    /// [`actor`](crate::Builder::actor) was told, or the user of the system. Empty when the tracker is disabled.
    #[must_use]
    pub fn actor(&self) -> &str {
        self.store().map_or("", |store| &store.identity.actor)
    }

    /// The log beneath, for programs that measure or inspect it. `None` when the tracker is disabled or was opened for
    /// reading.
    #[must_use]
    pub fn log(&self) -> Option<&mltrack_log::Log> {
        self.store()?.log().ok()
    }

    /// The experiment of this name, made when there is none. Of any number of processes that do this at once, one
    /// makes it and all get it. Visible on return.
    ///
    /// Errors: `VALIDATION_ERROR` for a name that is no name, `BUSY` when the log does not move.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let experiment = tracker.experiment("resnet")?;
    /// assert_eq!(experiment.id(), tracker.experiment("resnet")?.id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn experiment(&self, name: &str) -> Result<Experiment> {
        self.new_experiment(name).get_or_create()
    }

    /// The same as [`Tracker::experiment`], under the name it had in the first design.
    pub fn create_experiment(&self, name: &str) -> Result<Experiment> {
        self.experiment(name)
    }

    /// An experiment with a description, a goal, tags. Nothing happens before
    /// [`create`](NewExperiment::create) or [`get_or_create`](NewExperiment::get_or_create).
    pub fn new_experiment(&self, name: &str) -> NewExperiment {
        NewExperiment::new(self.store().cloned(), name)
    }

    /// The experiment of this name, which must exist. Errors: `NOT_FOUND`, with the name that was probably meant.
    pub fn find_experiment(&self, name: &str) -> Result<Experiment> {
        let Some(store) = self.store() else {
            return Ok(Experiment::disabled(name));
        };
        store.with_state(|state, _| {
            let found = state.find_experiment(name)?;
            Ok(Experiment::of(Arc::clone(store), found.id, name))
        })
    }

    /// The experiment with this id, deleted ones included. Errors: `NOT_FOUND`.
    pub fn experiment_by_id(&self, id: ExperimentId) -> Result<Experiment> {
        let Some(store) = self.store() else {
            return Ok(Experiment::disabled(""));
        };
        store.with_state(|state, _| match state.experiment(id) {
            Some(found) => Ok(Experiment::of(Arc::clone(store), id, &found.name)),
            None => Err(
                Error::new(Code::NotFound, format!("the store has no experiment {id}"))
                    .with_hint("mltrack exp ls"),
            ),
        })
    }

    /// Makes an ended or lost run run again, with this process as its owner; joins one that is running. Visible on
    /// return. The steps of [`Run::log_metric`] go on where they were.
    ///
    /// Errors: `NOT_FOUND`, `INVALID_STATE` for a deleted run.
    pub fn resume(&self, id: RunId) -> Result<Run> {
        match self.store() {
            Some(store) => enter::enter(store, id, Entrance::Resume),
            None => Ok(Run::disabled()),
        }
    }

    /// Joins a running run: this process owns it too, so it is not lost before all its owners are gone. What several
    /// ranks of one training do. Dropping the handle leaves the run running.
    ///
    /// Errors: `NOT_FOUND`, `INVALID_STATE` for a run that is not running.
    pub fn attach(&self, id: RunId) -> Result<Run> {
        match self.store() {
            Some(store) => enter::enter(store, id, Entrance::Attach),
            None => Ok(Run::disabled()),
        }
    }

    /// Makes everything that is visible now durable: it survives a power cut. Returns the lsn after the last durable
    /// record; `None` when the tracker is disabled. Errors: `STORAGE_ERROR` when the disk failed.
    pub fn flush(&self) -> Result<Option<Lsn>> {
        match self.store() {
            Some(store) => Ok(Some(store.log()?.sync()?)),
            None => Ok(None),
        }
    }

    /// The lsn that the next record of the store gets, whoever writes it. `None` when the tracker is disabled.
    ///
    /// Cheap where the store is open for writing; a tracker that only reads looks at the folder anew.
    pub fn next_lsn(&self) -> Result<Option<Lsn>> {
        match self.store() {
            Some(store) if store.is_writable() => Ok(Some(store.log()?.end()?)),
            Some(store) => Ok(Some(store.reader()?.end())),
            None => Ok(None),
        }
    }

    /// The first record that is not folded yet into what answers questions about experiments and runs. A question folds
    /// what is left before it is answered, so the distance to [`next_lsn`](Tracker::next_lsn) is what the next one has to
    /// do. Waits for nothing, also while that takes long. `None` for a disabled tracker.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// tracker.experiment("resnet")?;
    /// tracker.runs().fetch()?;
    /// assert_eq!(tracker.folded_lsn()?, tracker.next_lsn()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn folded_lsn(&self) -> Result<Option<Lsn>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let next = store.session()?.folded.load(Relaxed);
        Ok(Some(Lsn::new(next).unwrap_or(Lsn::FIRST)))
    }

    /// Leaves the store now and reports what dropping would swallow. Waits for artifacts that are on their way. Runs that are still open stay running in the
    /// log and will show as lost: finish them first.
    pub fn close(self) -> Result<()> {
        match self.store() {
            Some(store) if store.is_writable() => {
                store.uploads()?.close();
                store.capture_desk()?.wait_for(None, FINISH_WAIT);
                Ok(store.log()?.clone().close()?)
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Tracker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracker")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
