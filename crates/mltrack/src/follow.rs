//! A tail in motion: as a blocking iterator, with a time limit, or as an async stream.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use mltrack_log::{Reader, Tail, TailStream, door};

use crate::error::{Error, Result};
use crate::lens::{Lens, TailEvent};
use crate::tail::Wanted;

/// The iterator sleeps in stretches of this length; it wakes at once when something is appended.
const STRETCH: Duration = Duration::from_hours(1);

/// Events as they become visible; see [`TailBuilder::follow`](crate::TailBuilder::follow).
pub struct Follow {
    tail: Option<Tail>,
    wanted: Wanted,
    lens: Option<Lens>,
    refused: Option<Error>,
}

impl Follow {
    pub(crate) fn new(reader: Reader, wanted: Wanted, lens: Lens) -> Follow {
        Follow {
            tail: Some(Tail::new(reader)),
            wanted,
            lens: Some(lens),
            refused: None,
        }
    }

    /// Ends at once, with an error if there is one.
    pub(crate) fn nothing(refused: Option<Error>) -> Follow {
        Follow {
            tail: None,
            wanted: Wanted::default(),
            lens: None,
            refused,
        }
    }

    /// The next event, waiting for it as long as `timeout`; `None` when the time is over, and for a disabled tracker.
    ///
    /// Errors: those of reading; `CORRUPT` leaves the tail where it is.
    pub fn next_within(&mut self, timeout: Duration) -> Result<Option<TailEvent>> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        let (Some(tail), Some(lens)) = (&mut self.tail, &mut self.lens) else {
            return Ok(None);
        };
        let deadline = door::monotonic() + timeout;
        loop {
            let left = deadline.saturating_duration_since(door::monotonic());
            let Some(record) = tail.next_within(left)? else {
                return Ok(None);
            };
            if let Some(event) = lens.look(&record, &self.wanted) {
                return Ok(Some(event));
            }
        }
    }

    /// Where to resume, behind the event given out last; `None` for a disabled tracker. Keep it as text in a file.
    #[must_use]
    pub fn position(&self) -> Option<mltrack_log::Cursor> {
        self.tail.as_ref().map(Tail::cursor)
    }
}

impl Iterator for Follow {
    type Item = Result<TailEvent>;

    fn next(&mut self) -> Option<Result<TailEvent>> {
        loop {
            match self.next_within(STRETCH) {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) if self.tail.is_some() => {}
                Ok(None) => return None,
                Err(error) => {
                    self.tail = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Events as they become visible, for async programs; see [`TailBuilder::stream`](crate::TailBuilder::stream).
pub struct EventStream {
    opened: Option<(TailStream, Wanted, Lens)>,
}

impl EventStream {
    pub(crate) fn new(opened: Option<(Reader, Wanted, Lens)>) -> EventStream {
        let opened =
            opened.map(|(reader, wanted, lens)| (Tail::new(reader).into_stream(), wanted, lens));
        EventStream { opened }
    }
}

impl Stream for EventStream {
    type Item = Result<TailEvent>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<TailEvent>>> {
        let Some((stream, wanted, lens)) = &mut self.opened else {
            return Poll::Ready(None);
        };
        loop {
            match Pin::new(&mut *stream).poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(Some(Ok(record))) => {
                    if let Some(event) = lens.look(&record, wanted) {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
            }
        }
    }
}
