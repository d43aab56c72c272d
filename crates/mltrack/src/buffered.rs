//! Logging that never waits: points go to memory, a thread of its own writes them.
//!
//! Invariants: a push takes one lock that nobody holds while writing; points stay in order; a full buffer refuses, it
//! neither waits nor drops; dropping the last handle, and ending the run, write everything first.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use mltrack_log::{WriterId, door};

use crate::buffer_writer;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::pending::Pending;
use crate::recorder::{define, push_values};
use crate::run::{Inner, Run};

/// While the store stands still, so many more points than the buffer's size are kept before pushes are refused.
const STALL_POINTS_MAX: usize = 1 << 20;

/// A handle to a run whose calls only reach memory; see [`Run::buffered`]. Clones share the buffer.
#[derive(Clone)]
pub struct Buffered {
    run: Run,
    buffer: Option<Arc<Flusher>>,
}

/// What the handles and the thread share.
pub(crate) struct Buffer {
    pub run: Run,
    pub size: usize,
    pub pending: Mutex<Pending>,
    /// There is something to write, or to stop for.
    pub filled: Condvar,
    /// Something was written, or given up.
    pub drained: Condvar,
    writer: WriterId,
}

/// Joins the thread when the last handle is gone.
struct Flusher {
    buffer: Arc<Buffer>,
    thread: Mutex<Option<JoinHandle<()>>>,
    process: u32,
}

impl Run {
    /// A handle that logs to memory, for loops that must not wait for anything: a push takes about a microsecond even
    /// while the disk stands still. A thread writes what is there when the buffer is half full, or after 20 ms.
    ///
    /// The price is a window of loss: `kill -9` takes what is not written yet. That is at most `size` points, and, while
    /// the store stands still, what came meanwhile: up to 1,048,576 more, then pushes fail with `BUSY`. Ending the run,
    /// [`flush`](Buffered::flush) and dropping the last handle write everything first. Points carry the time of the
    /// push. Its [`log_metric`](Buffered::log_metric) begins at the step where the run's stood when the handle was
    /// made, and counts for itself.
    ///
    /// Errors while writing go to [`Builder::on_warning`](crate::Builder::on_warning) and to the next `flush`.
    #[must_use]
    pub fn buffered(&self, size: usize) -> Buffered {
        let buffer = self
            .inner()
            .and_then(|inner| Flusher::start(self, inner, size.max(1)));
        Buffered {
            run: self.clone(),
            buffer: buffer.map(Arc::new),
        }
    }
}

impl Buffered {
    /// The run beneath.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Like [`Run::log_metric`], into memory. Errors: `BUSY` when the buffer is full, `INVALID_STATE`,
    /// `VALIDATION_ERROR`.
    pub fn log_metric(&self, name: &str, value: f64) -> Result<()> {
        let Some(buffer) = self.buffer()? else {
            return self.run.log_metric(name, value).map(drop);
        };
        buffer.push(|pending| {
            let slot = pending.names.metric(name)?;
            pending.values.clear();
            pending.values.push(value);
            let known = &mut pending.names.slots[slot].next_step;
            let step = *known;
            *known = step.saturating_add(1);
            Ok((slot, step))
        })
    }

    /// Like [`Run::log_metric_at`], into memory. Errors: those of [`log_metric`](Buffered::log_metric).
    pub fn log_metric_at(&self, name: &str, value: f64, step: i64) -> Result<()> {
        let Some(buffer) = self.buffer()? else {
            return self.run.log_metric_at(name, value, step).map(drop);
        };
        buffer.push(|pending| {
            let slot = pending.names.metric(name)?;
            pending.values.clear();
            pending.values.push(value);
            let known = &mut pending.names.slots[slot].next_step;
            *known = (*known).max(step.saturating_add(1));
            Ok((slot, step))
        })
    }

    /// Like [`Run::log_metrics`], into memory. Errors: those of [`log_metric`](Buffered::log_metric).
    pub fn log_metrics<N: AsRef<str>>(
        &self,
        step: i64,
        metrics: impl IntoIterator<Item = (N, f64)>,
    ) -> Result<()> {
        let Some(buffer) = self.buffer()? else {
            return self.run.log_metrics(step, metrics).map(drop);
        };
        buffer.push(|pending| Ok((pending.names.list(metrics, &mut pending.values)?, step)))
    }

    /// Waits until everything pushed so far is visible, or deferred. Errors: the first that writing met since the last
    /// flush; the points it concerns are lost.
    pub fn flush(&self) -> Result<()> {
        match self.buffer()? {
            Some(buffer) => buffer.flush(),
            None => Ok(()),
        }
    }

    /// The buffer; `None` when the run is disabled, or when this process is a forked child, whose thread is the
    /// parent's: then calls go to the run.
    fn buffer(&self) -> Result<Option<&Arc<Buffer>>> {
        let (Some(inner), Some(flusher)) = (self.run.inner(), &self.buffer) else {
            return Ok(None);
        };
        let is_ours = inner.store.writer()? == flusher.buffer.writer;
        Ok(is_ours.then_some(&flusher.buffer))
    }
}

impl Flusher {
    /// `None` when the system gives no thread: then the handle logs directly, which loses nothing.
    fn start(run: &Run, inner: &Arc<Inner>, size: usize) -> Option<Flusher> {
        let names = inner.names()?;
        let buffer = Arc::new(Buffer {
            run: run.clone(),
            size,
            pending: Mutex::new(Pending::new(names)),
            filled: Condvar::new(),
            drained: Condvar::new(),
            writer: inner.store.writer().ok()?,
        });
        let shared = Arc::clone(&buffer);
        let thread = std::thread::Builder::new().name("mltrack-buffer".into());
        let thread = thread.spawn(move || buffer_writer::write(&shared)).ok()?;
        let mut buffers = guard(&inner.buffers);
        buffers.retain(|buffer| buffer.strong_count() > 0);
        buffers.push(Arc::downgrade(&buffer));
        let process = std::process::id();
        Some(Flusher {
            buffer,
            thread: Mutex::new(Some(thread)),
            process,
        })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // The thread, and maybe a lock, are the parent's.
            std::mem::forget(self.thread.get_mut().ok().and_then(Option::take));
            return;
        }
        let thread = guard(&self.thread).take();
        guard(&self.buffer.pending).is_closing = true;
        self.buffer.filled.notify_all();
        if let Some(thread) = thread {
            thread.join().ok();
        }
    }
}

impl Buffer {
    fn push(&self, point: impl FnOnce(&mut Pending) -> Result<(usize, i64)>) -> Result<()> {
        let Some(inner) = self.run.inner() else {
            return Ok(());
        };
        inner.gate.admit()?;
        let now_ns = door::wall_time_ns();
        let mut pending = guard(&self.pending);
        if pending.count >= self.size + STALL_POINTS_MAX {
            return Err(full(pending.count));
        }
        let (slot, step) = point(&mut pending)?;
        let Pending {
            names,
            values,
            filling,
            payload,
            ..
        } = &mut *pending;
        let slot = &mut names.slots[slot];
        if !slot.is_defined {
            define(inner.store.session()?, slot, filling)?;
            slot.is_defined = true;
        }
        push_values(
            filling,
            payload,
            (inner.key, slot, step),
            values,
            Some(now_ns),
        )?;
        pending.count += 1;
        pending.rotate_if_full(self.size);
        if pending.count == 1 || pending.count == self.wake_count() {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// So many points are worth a write at once.
    pub fn wake_count(&self) -> usize {
        self.size.div_ceil(2)
    }

    /// Waits until the buffer is empty.
    pub fn flush(&self) -> Result<()> {
        let mut pending = guard(&self.pending);
        pending.is_flushing = true;
        self.filled.notify_all();
        while pending.count > 0 && !pending.is_stopped {
            pending = wait(&self.drained, pending);
        }
        pending.error.take().map_or(Ok(()), Err)
    }
}

fn full(count: usize) -> Error {
    let what = format!("{count} points wait in the buffer and the store does not move");
    Error::new(Code::Busy, what).with_hint("log less, or drop this point; nothing else is lost")
}

/// Waits on a condition, whatever other threads panicked.
pub(crate) fn wait<'a, T>(condition: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// Writes what buffered handles of this run still hold.
    pub fn flush_buffers(&self) -> Result<()> {
        let buffers: Vec<Arc<Buffer>> = guard(&self.buffers)
            .iter()
            .filter_map(std::sync::Weak::upgrade)
            .collect();
        buffers.iter().try_for_each(|buffer| buffer.flush())
    }
}

impl std::fmt::Debug for Buffered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffered")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}
