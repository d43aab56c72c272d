//! Recording environments in the background: one thread at a time, which is gone when there is nothing to do.
//!
//! Invariants: starting a run waits for none of it; the event comes in one batch with the artifacts it names, and only
//! when their bytes are stored; what cannot be stored is told as a warning, and the summary is recorded all the same.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use mltrack_event::{
    ArtifactId, ArtifactKind, ArtifactLogged, EnvironmentCaptured, Event, Root, RunKey,
};
use mltrack_log::door;

use crate::artifact_depot::{Depot, Kept};
use crate::artifact_put::Appender;
use crate::capture::{Capture, Captured, Document, Once, of_here};
use crate::error::Result;
use crate::lock::guard;
use crate::run::Run;
use crate::store::Store;
use crate::warning::Warning;

/// How long the end of a run waits for its environment.
pub(crate) const FINISH_WAIT: Duration = Duration::from_secs(2);

/// Runs whose environment is to be recorded.
pub(crate) struct CaptureDesk {
    shared: Arc<Shared>,
    process: u32,
}

#[derive(Default)]
struct Shared {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    under_way: Option<RunKey>,
    has_thread: bool,
}

/// One run to be recorded.
struct Job {
    run: RunKey,
    seed: Option<u64>,
    once: Arc<Once>,
    depot: Arc<Depot>,
    appender: Appender,
}

impl Run {
    /// Has the environment recorded; the run goes on whatever comes of it.
    pub(crate) fn capture_environment(&self, seed: Option<u64>) {
        if let Some(inner) = self.inner()
            && let Err(error) = inner.store.capture_for(inner.key, seed)
        {
            inner.store.warnings.tell(&Warning::NotCaptured { error });
        }
    }

    /// Waits until the environment of the run is recorded, or the time is over; true when it is, and when none is to be
    /// recorded by this process. [`finish`](Run::finish) waits for at most two seconds by itself.
    pub fn wait_for_environment(&self, timeout: Duration) -> bool {
        self.inner().is_none_or(|inner| {
            let desk = inner.store.capture_desk();
            desk.is_ok_and(|desk| desk.wait_for(Some(inner.key), timeout))
        })
    }
}

impl Store {
    fn capture_for(&self, run: RunKey, seed: Option<u64>) -> Result<()> {
        if self.capture.mode == Capture::Off {
            return Ok(());
        }
        let job = Job {
            run,
            seed,
            once: of_here(&self.capture),
            depot: Arc::clone(self.depot()?),
            appender: self.appender()?,
        };
        self.capture_desk()?.push(job)
    }
}

impl Default for CaptureDesk {
    fn default() -> CaptureDesk {
        CaptureDesk {
            shared: Arc::default(),
            process: std::process::id(),
        }
    }
}

impl Drop for CaptureDesk {
    /// A program that is over in a moment says all the same where it ran.
    fn drop(&mut self) {
        // The thread of a forked child's desk lives in the parent; there is nothing to wait for here.
        if self.process == std::process::id() {
            self.wait_for(None, FINISH_WAIT);
        }
    }
}

impl CaptureDesk {
    fn push(&self, job: Job) -> Result<()> {
        let mut jobs = guard(&self.shared.jobs);
        jobs.waiting.push_back(job);
        if jobs.has_thread {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("mltrack-capture".into());
        match thread.spawn(move || shared.work()) {
            Ok(_) => jobs.has_thread = true,
            Err(error) => {
                jobs.waiting.clear();
                let what = "no thread for the environment of a run";
                let error = crate::Error::new(crate::Code::IoError, what).with_source(error);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits until nothing is to be done for the run, or for none; false when the time is over before.
    pub fn wait_for(&self, run: Option<RunKey>, timeout: Duration) -> bool {
        let is_busy = |jobs: &mut Jobs| {
            let mut runs = jobs.waiting.iter().map(|job| job.run).chain(jobs.under_way);
            runs.any(|busy| run.is_none_or(|run| run == busy))
        };
        let jobs = guard(&self.shared.jobs);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(jobs, timeout, is_busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            if let Err(error) = job.record() {
                job.appender.warnings.tell(&Warning::NotCaptured { error });
            }
        }
    }

    /// The next job; `None` ends the thread.
    fn next(&self) -> Option<Job> {
        let mut jobs = guard(&self.jobs);
        let job = jobs.waiting.pop_front();
        jobs.under_way = job.as_ref().map(|job| job.run);
        jobs.has_thread = job.is_some();
        drop(jobs);
        self.changed.notify_all();
        job
    }
}

impl Job {
    fn record(&self) -> Result<()> {
        let captured = self.once.get();
        let stored: Result<Vec<(&Document, Kept)>> = captured
            .documents
            .iter()
            .map(|document| {
                let kept = self.depot.put_bytes(Root::Artifacts, &document.bytes)?;
                Ok((document, kept))
            })
            .collect();
        match stored {
            Ok(stored) => self.append(captured, &stored),
            Err(error) => {
                self.append(captured, &[])?;
                Err(error)
            }
        }
    }

    fn append(&self, captured: &Captured, stored: &[(&Document, Kept)]) -> Result<()> {
        let mut events: Vec<Event> = Vec::new();
        let mut documents = Vec::new();
        for (document, kept) in stored {
            let artifact = ArtifactId::from_bytes(door::random_bytes());
            documents.push((document.name.to_owned(), artifact));
            events.push(self.logged(artifact, document, kept).into());
        }
        let mut summary = captured.summary.clone();
        summary.extend(self.seed.map(|seed| ("seed".to_owned(), seed.to_string())));
        summary.sort();
        let (actor, command) = self.appender.by.clone();
        let event = EnvironmentCaptured {
            run: self.run,
            reproducible: captured.reproducible,
            summary,
            documents,
            left_out: captured.left_out.clone(),
            actor,
            command,
        };
        events.push(event.into());
        self.appender.append(&events).map(drop)
    }

    fn logged(&self, artifact: ArtifactId, document: &Document, kept: &Kept) -> ArtifactLogged {
        let (actor, command) = self.appender.by.clone();
        ArtifactLogged {
            artifact,
            run: self.run,
            path: document.path.to_owned(),
            kind: ArtifactKind::Config,
            media_type: document.media_type.to_owned(),
            len: kept.len,
            blob: kept.blob,
            root: Root::Artifacts,
            step: None,
            metadata: String::new(),
            actor,
            command,
        }
    }
}
