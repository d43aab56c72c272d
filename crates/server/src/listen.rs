//! Connections: taken, limited, encrypted where the host wants it, and served over HTTP/1.1 or HTTP/2.
//!
//! Invariants: no connection holds up the taking of another; after the word to stop none is taken, and those that have
//! nothing under way are closed.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::front::Front;
use crate::link::{Link, Watched};
use crate::tls::Tls;

/// The most bytes of the head of a request, and of what is read ahead of a body.
const READ_AHEAD_LEN_MAX: usize = 256 << 10;
/// The most lines of a head.
const HEADERS_MAX: usize = 128;
/// The most bytes of the headers of a request over HTTP/2.
const HEADER_LIST_LEN_MAX: u32 = 64 << 10;
/// The most requests at once on one connection of HTTP/2.
const STREAMS_MAX: u32 = 256;
/// What may be on its way to us unacknowledged: on one stream, and on a connection.
const STREAM_WINDOW_LEN: u32 = 1 << 20;
const CONNECTION_WINDOW_LEN: u32 = 4 << 20;
/// How often a silent peer of HTTP/2 is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long to wait before connections are taken again when the system has no room for another.
const NO_ROOM_PAUSE: Duration = Duration::from_millis(50);
/// What a client hears that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

/// Everything that connections need.
#[derive(Clone)]
pub struct Desk {
    front: Arc<Front>,
    tls: Option<Arc<Tls>>,
    http: Arc<auto::Builder<TokioExecutor>>,
    open: Arc<AtomicUsize>,
}

/// One of the connections that are open.
struct Place(Desk);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.front.figures().connection_closed();
    }
}

impl Desk {
    /// What serves with `front`.
    pub fn new(front: Arc<Front>, tls: Option<Arc<Tls>>) -> Desk {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            // `Watched` keeps this time, also before the version of HTTP is known.
            .header_read_timeout(None)
            .max_headers(HEADERS_MAX)
            .max_buf_size(READ_AHEAD_LEN_MAX);
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(HEADER_LIST_LEN_MAX)
            .max_concurrent_streams(STREAMS_MAX)
            .initial_stream_window_size(STREAM_WINDOW_LEN)
            .initial_connection_window_size(CONNECTION_WINDOW_LEN)
            .keep_alive_interval(PING_INTERVAL);
        Desk {
            front,
            tls,
            http: Arc::new(http),
            open: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// Serves what connects until `stop` is done, then finishes what is under way.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer, graceful.watcher()),
                    Err(error) => self.no_connection(&error).await,
                },
            }
        }
        // The address is free for the next server from here on.
        drop(listener);
        let grace = self.front.options().grace;
        if tokio::time::timeout(grace, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(
                grace_s = grace.as_secs(),
                "requests were cut off that did not finish in time"
            );
        }
    }

    async fn no_connection(&self, error: &io::Error) {
        // A client that was gone before it was taken is none of our business.
        let is_theirs = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        );
        if !is_theirs {
            tracing::error!(%error, "no connection can be taken: raise the limit of open files (ulimit -n)");
            tokio::time::sleep(NO_ROOM_PAUSE).await;
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, watcher: Watcher) {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        self.front.figures().connection_opened();
        let place = Place(self.clone());
        if before >= self.front.options().connections_max {
            self.front.figures().connection_refused();
            // Said in passing: whether it arrives is not worth a wait.
            drop(stream.try_write(FULL));
            return;
        }
        // Answers are written whole, so there is nothing to wait for; without this the second one of two is late.
        drop(stream.set_nodelay(true));
        tokio::spawn(async move {
            let desk = &place.0;
            match &desk.tls {
                None => desk.speak(stream, peer, watcher).await,
                Some(tls) => {
                    let limit = desk.front.options().head_timeout;
                    if let Ok(Ok(stream)) = tokio::time::timeout(limit, tls.accept(stream)).await {
                        desk.speak(stream, peer, watcher).await;
                    }
                }
            }
        });
    }

    async fn speak<S>(&self, stream: S, peer: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let link = Link::new(peer.ip().to_canonical());
        let limit = self.front.options().head_timeout;
        let figures = Arc::clone(self.front.figures());
        let stream = Watched::new(stream, Arc::clone(&link), figures, limit);
        let service = service_fn(|request| {
            let front = Arc::clone(&self.front);
            let link = Arc::clone(&link);
            async move { Ok::<_, Infallible>(front.answer(request, link).await) }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(peer = %peer, %error, "a connection broke");
        }
    }
}
