//! A server for programs that are not asynchronous themselves: it brings the threads that answer.
//!
//! Invariants: [`Host::run`] returns only when no request is under way any more, or the time to finish them is over;
//! [`Stopper::stop`] may be called from anywhere, and as often as one likes.

use std::net::SocketAddr;
use std::sync::Arc;

use mltrack::Tracker;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::options::Options;
use crate::server::{ServeError, Server};
use crate::tls::{Tls, TlsError};

/// The most threads that may wait for disks at once. Each costs its stack while it lives.
const WAITING_THREADS_MAX: usize = 64;
/// What a thread may put on its stack; handlers are futures on the heap.
const STACK_LEN: usize = 1 << 20;

/// A server with threads of its own, which listens.
#[derive(Debug)]
pub struct Host {
    runtime: Runtime,
    server: Server,
    stop: Arc<Notify>,
}

/// Ends a [`Host`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<Notify>);

impl Stopper {
    /// Asks the server to begin no new request and to end when those under way are answered.
    pub fn stop(&self) {
        self.0.notify_one();
    }
}

/// Reads the certificate of a [`Host`] again, from another thread.
#[derive(Clone, Debug)]
pub struct Reloader(Arc<Tls>);

impl Reloader {
    /// Connections from now on see what is in the files now. When that cannot be used they see what was there before.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.0.reload()
    }
}

impl Host {
    /// Takes the address. Clients may connect when this returns, and are answered by [`Host::run`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// use mltrack_server::{Host, Options};
    ///
    /// let tracker = mltrack::Tracker::open(folder.path())?;
    /// let options = Options { bind: "127.0.0.1:0".parse()?, ..Options::default() };
    /// let host = Host::open(tracker, options)?;
    /// println!("http://{}", host.address());
    /// host.stopper().stop();
    /// host.run()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(tracker: Tracker, options: Options) -> Result<Host, ServeError> {
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .thread_name("mltrack-serve")
            .thread_stack_size(STACK_LEN)
            .max_blocking_threads(WAITING_THREADS_MAX)
            .build()
            .map_err(ServeError::Threads)?;
        let server = runtime.block_on(Server::bind(tracker, options))?;
        Ok(Host {
            runtime,
            server,
            stop: Arc::new(Notify::new()),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What ends it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// What reads its certificate again; none when it has none.
    #[must_use]
    pub fn reloader(&self) -> Option<Reloader> {
        self.server.tls().map(Reloader)
    }

    /// Answers until it is stopped, then finishes what is under way.
    pub fn run(self) -> Result<(), ServeError> {
        let stop = self.stop;
        let stopped = async move { stop.notified().await };
        let outcome = self.runtime.block_on(self.server.serve(stopped));
        // Work for clients that have gone may still wait for a disk; the process need not wait for it.
        self.runtime.shutdown_background();
        outcome
    }
}
