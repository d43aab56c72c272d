//! Following the log: records one by one, blocking with a timeout, or as an async stream.
//!
//! Invariant: a tail yields every record from its start once and in order; ending or dropping it has no effect on anybody.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;

use crate::error::Result;
use crate::ids::{Cursor, Lsn, WriterId};
use crate::reader::Reader;
use crate::record::Record;

/// How long the stream's thread sleeps before it looks whether the stream still exists.
const STREAM_CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Records the stream's thread reads ahead.
const STREAM_BUFFER_COUNT: usize = 1024;

/// A record that owns its payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedRecord {
    /// Its number.
    pub lsn: Lsn,
    /// What kind of event the payload is.
    pub type_id: u16,
    /// Version of the payload's layout.
    pub version: u16,
    /// Who appended it.
    pub writer: WriterId,
    /// When it happened, ns since 1970.
    pub time_ns: i64,
    /// When it was appended, ns since 1970.
    pub commit_time_ns: i64,
    /// The event's own bytes.
    pub payload: Vec<u8>,
}

impl From<Record<'_>> for OwnedRecord {
    fn from(record: Record<'_>) -> OwnedRecord {
        let Record {
            lsn,
            type_id,
            version,
            writer,
            time_ns,
            commit_time_ns,
            payload,
        } = record;
        let payload = payload.to_vec();
        OwnedRecord {
            lsn,
            type_id,
            version,
            writer,
            time_ns,
            commit_time_ns,
            payload,
        }
    }
}

/// Records as they become visible.
pub struct Tail {
    reader: Reader,
    from: Lsn,
    ready: VecDeque<OwnedRecord>,
}

impl Tail {
    /// Follows from where `reader` stands.
    pub fn new(reader: Reader) -> Tail {
        let from = reader.next_lsn();
        Tail {
            reader,
            from,
            ready: VecDeque::new(),
        }
    }

    /// The next record, waiting for it as long as `timeout`; `None` when the time is over.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<OwnedRecord>> {
        let deadline = crate::door::monotonic() + timeout;
        loop {
            if let Some(record) = self.ready.pop_front() {
                self.from = record.lsn.plus(1);
                return Ok(Some(record));
            }
            if self.fill()? {
                continue;
            }
            let left = deadline.saturating_duration_since(crate::door::monotonic());
            if !self.reader.wait(left)? && left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// Where to resume, after the record given out last.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            next: self.from,
            ..self.reader.cursor()
        }
    }

    /// The reader beneath, for asking who is alive.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    fn fill(&mut self) -> Result<bool> {
        let from = self.from;
        let Some(batch) = self.reader.next_batch()? else {
            return Ok(false);
        };
        self.ready.extend(
            batch
                .filter(|record| record.lsn >= from)
                .map(OwnedRecord::from),
        );
        Ok(true)
    }

    /// The same as an async stream, which ends only with an error. A thread of its own waits for the log.
    pub fn into_stream(self) -> TailStream {
        let shared = Arc::new(StreamShared::default());
        let inner = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("mltrack-tail".into())
            .spawn(move || feed(self, &inner))
            .expect("the system has a thread to spare for each stream");
        TailStream { shared }
    }
}

#[derive(Default)]
struct StreamShared {
    state: Mutex<StreamState>,
    room: Condvar,
    is_dropped: AtomicBool,
}

#[derive(Default)]
struct StreamState {
    ready: VecDeque<Result<OwnedRecord>>,
    waker: Option<Waker>,
    is_ended: bool,
}

/// Records as they become visible, for async programs. Works in any runtime.
pub struct TailStream {
    shared: Arc<StreamShared>,
}

impl Stream for TailStream {
    type Item = Result<OwnedRecord>;

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<OwnedRecord>>> {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(item) = state.ready.pop_front() {
            self.shared.room.notify_one();
            return Poll::Ready(Some(item));
        }
        if state.is_ended {
            return Poll::Ready(None);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for TailStream {
    fn drop(&mut self) {
        self.shared.is_dropped.store(true, Ordering::Release);
        self.shared.room.notify_one();
    }
}

fn feed(mut tail: Tail, shared: &StreamShared) {
    while !shared.is_dropped.load(Ordering::Acquire) {
        let item = match tail.next_within(STREAM_CHECK_INTERVAL) {
            Ok(None) => continue,
            Ok(Some(record)) => Ok(record),
            Err(error) => Err(error),
        };
        let is_end = item.is_err();
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.ready.len() >= STREAM_BUFFER_COUNT && !shared.is_dropped.load(Ordering::Acquire)
        {
            state = shared
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.ready.push_back(item);
        state.is_ended = is_end;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        if is_end {
            return;
        }
    }
}
