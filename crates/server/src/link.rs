//! One connection: its bytes are counted, and it is closed when the other side lets it wait.
//!
//! Invariants: a connection without a request under way lives no longer than twice the head timeout, whatever trickles
//! in, and one that has had none, no longer than that time;
//! one whose answer nobody reads, no longer than the same time without a byte going out.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use mltrack::door;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::figures::Figures;

/// What is known of a connection.
#[derive(Debug)]
pub struct Link {
    /// Who is on the other side.
    pub peer: IpAddr,
    /// Requests whose answers are not fully written.
    under_way: AtomicU32,
    /// All requests ever begun on it.
    begun: AtomicU64,
}

/// A request under way on a connection.
#[derive(Debug)]
pub struct UnderWay(Arc<Link>);

impl Link {
    /// A connection with this peer.
    pub fn new(peer: IpAddr) -> Arc<Link> {
        Arc::new(Link {
            peer,
            under_way: AtomicU32::new(0),
            begun: AtomicU64::new(0),
        })
    }

    /// A request begins; it ends when what is returned is dropped.
    pub fn begin(self: &Arc<Link>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A deadline that costs a timer only once it has been needed.
#[derive(Debug, Default)]
struct Patience {
    sleep: Option<Pin<Box<Sleep>>>,
    is_running: bool,
}

impl Patience {
    fn stop(&mut self) {
        self.is_running = false;
    }

    /// Starts when it is not running; ready when it is over.
    fn poll(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        if !self.is_running {
            let deadline = (door::monotonic() + limit).into();
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
            self.is_running = true;
        }
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

/// A stream of bytes that is watched.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    link: Arc<Link>,
    figures: Arc<Figures>,
    limit: Duration,
    reading: Patience,
    /// How many requests had begun when the waiting for the next one did.
    begun_before: u64,
    writing: Patience,
}

impl<S> Watched<S> {
    /// Watches a connection.
    pub fn new(stream: S, link: Arc<Link>, figures: Arc<Figures>, limit: Duration) -> Watched<S> {
        Watched {
            stream,
            link,
            figures,
            limit,
            reading: Patience::default(),
            begun_before: 0,
            writing: Patience::default(),
        }
    }

    /// The time runs on through requests, so that a busy connection costs no timer for each; when it is over, a
    /// connection on which something happened meanwhile gets it once more.
    fn wait_for_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.reading.poll(context, self.limit).is_ready() {
            self.reading.stop();
            let begun = self.link.begun.load(Ordering::Relaxed);
            let is_idle = self.link.under_way.load(Ordering::Relaxed) == 0;
            if is_idle && begun == self.begun_before {
                return Poll::Ready(Err(too_slow()));
            }
            self.begun_before = begun;
        }
        Poll::Pending
    }

    fn wrote(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Ok(count)) => {
                self.writing.stop();
                self.figures.sent(count as u64);
                Poll::Ready(Ok(count))
            }
            Poll::Ready(failed) => Poll::Ready(failed),
            Poll::Pending => match self.writing.poll(context, self.limit) {
                Poll::Ready(()) => Poll::Ready(Err(too_slow())),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the other side is too slow")
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_pending() {
            return self.wait_for_head(context);
        }
        let count = buffer.filled().len() - before;
        self.figures.received(count as u64);
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
