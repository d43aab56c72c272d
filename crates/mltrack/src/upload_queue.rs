//! Work that nobody waits for: one thread of a store and process, in the order in which it was given.
//!
//! Invariants: what was taken is done, once, before the store is closed, whatever one piece of work does: a panic in it
//! ends only that piece; what waits is bounded in count and bytes; a forked child never waits for a thread of its parent,
//! and never takes one of its locks.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mltrack_event::RunKey;
use mltrack_log::door;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueLimits {
    /// So many pieces of work at most.
    pub pieces: usize,
    /// So many bytes that lie in memory until they are stored. One piece alone may be larger.
    pub bytes: u64,
    /// How long a caller waits for room before it is told that there is none.
    pub wait: Duration,
}

impl Default for QueueLimits {
    fn default() -> QueueLimits {
        QueueLimits {
            pieces: 10_000,
            bytes: 256 << 20,
            wait: Duration::from_mins(1),
        }
    }
}

type Work = Box<dyn FnOnce() + Send>;

struct Piece {
    run: RunKey,
    bytes: u64,
    work: Work,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Piece>,
    /// Bytes in memory of what waits.
    bytes: u64,
    /// Pieces of each run that wait or are being done.
    open: HashMap<RunKey, usize>,
    is_closed: bool,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The work of one process.
pub(crate) struct UploadQueue {
    shared: Arc<Shared>,
    limits: QueueLimits,
    process: u32,
}

impl UploadQueue {
    /// Nothing is started before there is work.
    pub fn new(limits: QueueLimits) -> UploadQueue {
        UploadQueue {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
            limits,
            process: std::process::id(),
        }
    }

    /// Takes work for a run that keeps `bytes` of memory until it is done. Returns at once while there is room.
    ///
    /// Errors: `BUSY` when there was no room for as long as a caller waits.
    pub fn push(
        &self,
        run: RunKey,
        bytes: u64,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        let mut state = guard(&self.shared.state);
        let deadline = door::monotonic() + self.limits.wait;
        while !self.has_room(&state, bytes) {
            let left = deadline.saturating_duration_since(door::monotonic());
            if left.is_zero() {
                return Err(self.full(&state));
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.is_closed {
            return Err(Error::new(Code::InvalidState, "the tracker is closed")
                .with_hint("open the tracker again"));
        }
        let work: Work = Box::new(work);
        *state.open.entry(run).or_default() += 1;
        state.bytes += bytes;
        state.waiting.push_back(Piece { run, bytes, work });
        if state.thread.is_none() && !self.start(&mut state) {
            // The system gives no thread: the caller does what waits.
            drop(state);
            self.shared.work_until_empty();
            return Ok(());
        }
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until nothing of a run is open any more.
    pub fn wait_for(&self, run: RunKey) {
        if self.process != std::process::id() {
            return;
        }
        let mut state = guard(&self.shared.state);
        while state.open.contains_key(&run) {
            let waited = self.shared.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more work, and waits until everything is done.
    pub fn close(&self) {
        if self.process != std::process::id() {
            return;
        }
        let mut state = guard(&self.shared.state);
        state.is_closed = true;
        let thread = state.thread.take();
        drop(state);
        self.shared.changed.notify_all();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            // It contains every panic, so there is nothing to hear from it.
            thread.join().ok();
        }
    }

    fn has_room(&self, state: &State, bytes: u64) -> bool {
        let is_first = state.waiting.is_empty();
        state.is_closed
            || is_first
            || (state.waiting.len() < self.limits.pieces
                && state.bytes.saturating_add(bytes) <= self.limits.bytes)
    }

    fn full(&self, state: &State) -> Error {
        let what = format!(
            "{} uploads with {} bytes in memory wait already, and none was finished in {} s",
            state.waiting.len(),
            state.bytes,
            self.limits.wait.as_secs()
        );
        Error::new(Code::Busy, what)
            .with_hint("wait for earlier uploads, or log files instead of bytes")
    }

    fn start(&self, state: &mut State) -> bool {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("mltrack-upload".into());
        state.thread = thread.spawn(move || shared.work_until_closed()).ok();
        state.thread.is_some()
    }
}

impl Shared {
    fn work_until_closed(&self) {
        let mut state = guard(&self.state);
        loop {
            if let Some(piece) = state.take() {
                drop(state);
                state = self.finish(piece);
            } else if state.is_closed {
                return;
            } else {
                let waited = self.changed.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn work_until_empty(&self) {
        let mut state = guard(&self.state);
        while let Some(piece) = state.take() {
            drop(state);
            state = self.finish(piece);
        }
    }

    fn finish(&self, piece: Piece) -> std::sync::MutexGuard<'_, State> {
        let run = piece.run;
        // Whoever waits for the work learns of a panic from what it was given to say so.
        catch_unwind(AssertUnwindSafe(piece.work)).ok();
        let mut state = guard(&self.state);
        if let Some(open) = state.open.get_mut(&run) {
            *open -= 1;
            if *open == 0 {
                state.open.remove(&run);
            }
        }
        self.changed.notify_all();
        state
    }
}

impl State {
    fn take(&mut self) -> Option<Piece> {
        let piece = self.waiting.pop_front()?;
        self.bytes -= piece.bytes;
        Some(piece)
    }
}

impl Drop for UploadQueue {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn run(number: u8) -> RunKey {
        RunKey::from_bytes([number; 8])
    }

    #[test]
    fn work_is_done_in_order_and_a_panic_ends_only_its_own_piece() {
        let queue = UploadQueue::new(QueueLimits::default());
        let (said, heard) = channel();
        for number in 0..10 {
            let said = said.clone();
            let work = move || {
                said.send(number).unwrap();
                assert!(number != 3, "planted");
            };
            queue.push(run(1), 0, work).unwrap();
        }
        queue.wait_for(run(1));
        assert_eq!(
            heard.try_iter().collect::<Vec<_>>(),
            (0..10).collect::<Vec<_>>()
        );
    }

    #[test]
    fn closing_does_what_was_taken_and_takes_nothing_more() {
        let queue = UploadQueue::new(QueueLimits::default());
        let (said, heard) = channel();
        let (go, wait) = channel::<()>();
        queue.push(run(1), 0, move || wait.recv().unwrap()).unwrap();
        for _ in 0..5 {
            let said = said.clone();
            queue
                .push(run(2), 0, move || said.send(()).unwrap())
                .unwrap();
        }
        go.send(()).unwrap();
        queue.close();
        assert_eq!(heard.try_iter().count(), 5);
        assert_eq!(
            queue.push(run(1), 0, || ()).unwrap_err().code(),
            Code::InvalidState
        );
    }

    #[test]
    fn what_waits_is_bounded_in_count_and_bytes_and_one_large_piece_is_let_in() {
        let limits = QueueLimits {
            pieces: 2,
            bytes: 100,
            wait: Duration::ZERO,
        };
        let queue = UploadQueue::new(limits);
        let (go, wait) = channel::<()>();
        let (begun, is_begun) = channel();
        let first = move || {
            begun.send(()).unwrap();
            wait.recv().unwrap();
        };
        queue.push(run(1), 1_000, first).unwrap();
        is_begun.recv().unwrap();
        queue.push(run(1), 60, || ()).unwrap();
        let error = queue.push(run(1), 60, || ()).unwrap_err();
        assert_eq!(error.code(), Code::Busy, "{error}");
        queue.push(run(1), 40, || ()).unwrap();
        assert_eq!(queue.push(run(1), 0, || ()).unwrap_err().code(), Code::Busy);
        go.send(()).unwrap();
        queue.wait_for(run(1));
        queue.push(run(1), 60, || ()).unwrap();
    }
}
