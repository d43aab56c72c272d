//! What a caller holds of bytes that are being stored in the background.
//!
//! Invariants: dropping it cancels nothing; it is answered once, also when the work panicked or was never begun; in a
//! forked child it says whose it is instead of waiting for ever.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use mltrack_event::ArtifactId;

use crate::artifact::Artifact;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::store::Store;

/// Bytes on their way into the store; see [`Run::log_artifact`](crate::Run::log_artifact).
///
/// The artifact is there, and its event in the log, when [`wait`](Upload::wait) returns; for an async program, when the
/// future is done. Dropping it cancels nothing: [`Run::finish`](crate::Run::finish) and closing the tracker wait for
/// what is still on its way. An upload that fails is told to [`Builder::on_warning`](crate::Builder::on_warning), too.
pub struct Upload {
    inner: Option<Inner>,
}

struct Inner {
    ticket: Arc<Ticket>,
    store: Arc<Store>,
    process: u32,
}

/// Where the answer is left.
#[derive(Default)]
pub(crate) struct Ticket {
    state: Mutex<TicketState>,
    changed: Condvar,
}

#[derive(Default)]
struct TicketState {
    answer: Option<Result<Vec<ArtifactId>>>,
    is_done: bool,
    waker: Option<Waker>,
}

impl Ticket {
    /// Leaves the answer; only the first counts.
    pub fn answer(&self, answer: Result<Vec<ArtifactId>>) {
        let mut state = guard(&self.state);
        if state.is_done {
            return;
        }
        state.is_done = true;
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Upload {
    pub(crate) fn of(store: Arc<Store>, ticket: Arc<Ticket>) -> Upload {
        Upload {
            inner: Some(Inner {
                ticket,
                store,
                process: std::process::id(),
            }),
        }
    }

    pub(crate) fn disabled() -> Upload {
        Upload { inner: None }
    }

    /// Whether it is over, well or badly.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.inner
            .as_ref()
            .is_none_or(|inner| guard(&inner.ticket.state).is_done)
    }

    /// Waits until every byte is stored and the event is visible, and says what was logged: one artifact for a file,
    /// each file's for a folder. Empty when the tracker is disabled.
    ///
    /// Errors: `NOT_FOUND` for a file that is not there, `CONFLICT` for one that changed while it was stored,
    /// `ARTIFACT_TOO_LARGE`, `DISK_FULL`, `IO_ERROR`, and of a remote root `NETWORK` and `UNAUTHORIZED`. Nothing was
    /// logged then, except for a folder of more than a thousand files: those that were logged before stay.
    pub fn wait(self) -> Result<Vec<Artifact>> {
        let Some(inner) = self.inner else {
            return Ok(Vec::new());
        };
        inner.check_process()?;
        let mut state = guard(&inner.ticket.state);
        while !state.is_done {
            let waited = inner.ticket.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        let answer = state.answer.take();
        drop(state);
        inner.artifacts(answer)
    }
}

impl Future for Upload {
    type Output = Result<Vec<Artifact>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(inner) = &self.inner else {
            return Poll::Ready(Ok(Vec::new()));
        };
        if let Err(error) = inner.check_process() {
            return Poll::Ready(Err(error));
        }
        let mut state = guard(&inner.ticket.state);
        if !state.is_done {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        }
        let answer = state.answer.take();
        drop(state);
        Poll::Ready(inner.artifacts(answer))
    }
}

impl Inner {
    fn check_process(&self) -> Result<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        let what = format!("process {} stores these bytes, not this one", self.process);
        Err(Error::new(Code::InvalidState, what)
            .with_hint("wait for an upload in the process that began it"))
    }

    fn artifacts(&self, answer: Option<Result<Vec<ArtifactId>>>) -> Result<Vec<Artifact>> {
        let ids = answer.unwrap_or_else(|| {
            Err(Error::new(
                Code::InvalidState,
                "the upload was asked for twice",
            ))
        })?;
        self.store.artifacts_by_id(&ids)
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("is_done", &self.is_done())
            .finish()
    }
}
