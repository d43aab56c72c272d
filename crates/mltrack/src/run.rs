//! A handle to a run: cheap to clone, safe to share between threads, and the same run in all of them.
//!
//! Invariants: a handle that the run's owner lets go of without an end ends it as failed; a forked child's copy never
//! does, and joins the run as a writer of its own when it is first used.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use mltrack_event::{ExperimentId, RunId, RunKey, RunState};
use mltrack_log::Lsn;

use crate::artifact_keep::KeepRules;
use crate::buffered::Buffer;
use crate::console::Shared;
use crate::enter;
use crate::error::Result;
use crate::gate::Gate;
use crate::lock::guard;
use crate::names::Names;
use crate::per_writer::PerWriter;
use crate::recorder::Recorder;
use crate::start::RunBuilder;
use crate::store::{Session, Store};
use crate::system_metrics::Sampled;

/// A running run. Clones are the same run.
///
/// Every logging call returns when its record is visible to all processes, or says that it was deferred. None of them
/// waits for the disk, and none panics. Whoever ends the run ends it for all its writers: this process notices within
/// a few milliseconds of its next call, and from then on every call fails with `INVALID_STATE`. What slipped in
/// between was acknowledged, so it is kept and counts; summaries tell it apart as late.
///
/// Dropping the last clone without [`finish`](Run::finish) ends the run as failed: with the panic that is unwinding, or
/// as `abandoned`. That holds for who started or resumed it, until it ends, even when somebody resumes it then; who only joined it with
/// [`attach`](crate::Tracker::attach), and every handle of a detached run, just leaves.
#[derive(Clone)]
pub struct Run {
    inner: Option<Arc<Inner>>,
}

/// What never changes about a run.
pub(crate) struct Facts {
    pub id: RunId,
    pub experiment: ExperimentId,
    pub number: u64,
    pub name: String,
    pub role: Role,
}

/// What letting go of the last handle means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// This process started or resumed the run: without an end, it has failed.
    Host,
    /// It joined, or the run is detached: the run goes on.
    Guest,
}

pub(crate) struct Inner {
    pub store: Arc<Store>,
    pub facts: Facts,
    pub key: RunKey,
    pub gate: Arc<Gate>,
    pub buffers: Mutex<Vec<Weak<Buffer>>>,
    pub keep_rules: Arc<KeepRules>,
    pub consoles: Mutex<Vec<Weak<Shared>>>,
    recorders: PerWriter<Mutex<Recorder>>,
    /// Set when the machine is sampled for the run.
    pub sampled: OnceLock<Arc<Sampled>>,
    process: u32,
}

impl Run {
    /// A handle to a run that is running since `since`.
    pub(crate) fn begin(
        store: Arc<Store>,
        facts: Facts,
        recorder: Recorder,
        since: Lsn,
    ) -> Result<Run> {
        let gate = Arc::new(Gate::running(facts.id));
        store.session()?.watch.register(&gate, since);
        let recorders = PerWriter::new(store.writer()?, Mutex::new(recorder));
        let inner = Inner {
            key: facts.id.key(),
            store,
            facts,
            gate,
            buffers: Mutex::default(),
            keep_rules: Arc::default(),
            consoles: Mutex::default(),
            recorders,
            sampled: OnceLock::new(),
            process: std::process::id(),
        };
        Ok(Run {
            inner: Some(Arc::new(inner)),
        })
    }

    pub(crate) fn disabled() -> Run {
        Run { inner: None }
    }

    #[inline]
    pub(crate) fn inner(&self) -> Option<&Arc<Inner>> {
        if cfg!(feature = "disabled") {
            None
        } else {
            self.inner.as_ref()
        }
    }

    /// Its id; all zeros when the tracker is disabled.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.inner()
            .map_or(RunId::from_bytes([0; 16]), |inner| inner.facts.id)
    }

    /// Its number in its experiment, from 1; 0 when the tracker is disabled.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.inner().map_or(0, |inner| inner.facts.number)
    }

    /// Its name; empty when the tracker is disabled.
    #[must_use]
    pub fn name(&self) -> &str {
        self.inner().map_or("", |inner| &inner.facts.name)
    }

    /// The experiment it belongs to; 0 when the tracker is disabled.
    #[must_use]
    pub fn experiment_id(&self) -> ExperimentId {
        self.inner()
            .map_or(ExperimentId(0), |inner| inner.facts.experiment)
    }

    /// The state that the log has for it now; running when the tracker is disabled. Errors: those of reading.
    pub fn state(&self) -> Result<RunState> {
        let Some(inner) = self.inner() else {
            return Ok(RunState::Running);
        };
        inner.store.session()?.watch.look()?;
        Ok(inner.gate.state())
    }

    /// Starts a run that is a part of this one, in the same experiment. It ends by itself: a parent's end does not end
    /// its children. Errors: those of [`RunBuilder::start`].
    pub fn child(&self, name: &str) -> Result<Run> {
        let Some(inner) = self.inner() else {
            return Ok(Run::disabled());
        };
        let builder = RunBuilder::new(Some(Arc::clone(&inner.store)), inner.facts.experiment);
        builder.name(name).parent(self).start()
    }
}

impl Inner {
    /// Lets a logging call in: the run is running as far as this process knows, and this writer is one of its owners.
    #[inline]
    pub fn record<T>(
        &self,
        log: impl FnOnce(&mut Recorder, (&Store, &Session)) -> Result<T>,
    ) -> Result<T> {
        let store = &*self.store;
        let (recorder, session) = (self.recorder()?, store.session()?);
        session.watch.look_soon(store.log()?.end()?);
        self.gate.admit()?;
        log(&mut guard(recorder), (store, session))
    }

    #[inline]
    fn recorder(&self) -> Result<&Mutex<Recorder>> {
        let writer = self.store.writer()?;
        match self.recorders.get(writer) {
            Some(recorder) => Ok(recorder),
            None => self
                .recorders
                .get_or_make(writer, || enter::join(self).map(Mutex::new)),
        }
    }

    /// The names this process has used, for a handle that keeps its own.
    pub fn names(&self) -> Option<Names> {
        Some(guard(self.recorder().ok()?).names.fork())
    }

    /// Whether the run ends with the last handle.
    pub fn is_host(&self) -> bool {
        self.facts.role == Role::Host && self.process == std::process::id()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop_sampling();
        if !self.is_host() {
            return;
        }
        // Somebody can have ended the run, and somebody else resumed it, since this process looked.
        let session = self.store.session();
        session.and_then(|session| session.watch.look()).ok();
        if !self.gate.has_ended() {
            self.abandon();
        }
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("id", &self.id())
            .field("number", &self.number())
            .finish()
    }
}
