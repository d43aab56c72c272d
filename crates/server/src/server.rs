//! A server from its first socket to its last answer.
//!
//! Invariants: the address is taken before anything is promised; after the word to stop no new request is begun, and
//! those under way are answered.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use mltrack::Tracker;
use tokio::net::TcpListener;

use crate::default_experiment;
use crate::front::Front;
use crate::listen::Desk;
use crate::mlflow::forget;
use crate::options::Options;
use crate::quick_start;
use crate::router::router;
use crate::shared::Shared;
use crate::tls::{Tls, TlsError};

/// Why a server could not begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The threads that answer could not be made.
    #[error("the threads of the server cannot be started: {0}")]
    Threads(std::io::Error),
    /// The store cannot be made ready for clients.
    #[error("the store cannot be made ready: {0}")]
    Store(#[from] mltrack::Error),
    /// A file that is sent or fetched in this process cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ServeError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> ServeError {
        let path = path.to_owned();
        ServeError::File { path, source }
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    shared: Shared,
    tls: Option<Arc<Tls>>,
    address: SocketAddr,
}

impl Server {
    /// Takes the address. Clients may connect when this returns.
    pub async fn bind(tracker: Tracker, options: Options) -> Result<Server, ServeError> {
        let address = options.bind;
        let failed = |source| ServeError::Bind { address, source };
        let tls = options.tls.as_ref().map(Tls::open).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        default_experiment::make(&tracker, &options)?;
        Ok(Server {
            listener,
            shared: Shared::new(tracker, options),
            tls: tls.map(Arc::new),
            address,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its certificate, when it has one.
    pub(crate) fn tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// The same answers without a socket, and without what stands before them: no token, no `Host`, no limit is
    /// checked, and every caller may do everything. For programs that check all of that themselves, and for tests.
    pub fn router_without_checks(&self) -> Router {
        router(self.shared.clone())
    }

    /// Answers until `stop` is done, then finishes what is under way.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let shared = self.shared;
        if !shared.options().is_read_only {
            shared.webhooks().resume(shared.tracker());
        }
        let keeping = tokio::spawn(quick_start::keep(shared.tracker().clone()));
        let forgetting = tokio::spawn(forget(shared.clone()));
        let front = Front::new(router(shared.clone()), shared.clone());
        let (stopping, live) = (shared.stopping().clone(), shared.live().clone());
        let stop = async move {
            stop.await;
            stopping.cancel();
            // A live stream has no end of its own.
            live.close();
        };
        let desk = Desk::new(Arc::new(front), self.tls);
        desk.serve(self.listener, stop).await;
        shared.webhooks().stop();
        keeping.abort();
        forgetting.abort();
        quick_start::settle(shared.tracker().clone()).await;
        Ok(())
    }
}
