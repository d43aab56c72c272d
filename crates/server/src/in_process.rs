//! The same answers without a socket: a program calls the routes as it calls a function.
//!
//! Invariants: an answer is the one that a client of a server over this store gets, except that nobody is asked for a
//! token or a `Host`, and everybody may do everything; what a call changes is recorded in the name of whoever opened the
//! store; after a fork the child answers with threads and tables of its own, and waits for no lock that somebody held
//! who is not there.

use std::io;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use mltrack::Tracker;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::io::ReaderStream;
use tower::Service as _;

use crate::caller::{Acting, Caller, InName};
use crate::default_experiment;
use crate::mlflow::{MlflowError, Reason, forget};
use crate::options::Options;
use crate::router::router;
use crate::server::ServeError;
use crate::shared::Shared;

/// Files go up in pieces of so many bytes.
const PIECE_LEN: usize = 256 << 10;

/// What a call was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The status of HTTP.
    pub status: u16,
    /// The body: JSON, unless the route gives something else.
    pub body: Bytes,
}

/// The routes of a server over a store, in this process.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// use mltrack_server::InProcess;
///
/// let routes = InProcess::new(mltrack::Tracker::open(folder.path())?, Default::default())?;
/// let called = routes.call("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", &[], Vec::new())?;
/// assert_eq!(called.status, 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct InProcess {
    tracker: Tracker,
    options: Options,
    first: Arc<Made>,
}

/// What one process answers with. A forked child makes another, behind that of its parent.
#[derive(Debug)]
struct Made {
    process: u32,
    shared: Shared,
    router: Router,
    threads: Handle,
    runtime: Mutex<Option<Runtime>>,
    next: OnceLock<Arc<Made>>,
}

impl InProcess {
    /// The routes over an open store, which is made ready for `MLflow`'s clients: it gets the experiment 0.
    pub fn new(tracker: Tracker, options: Options) -> Result<InProcess, ServeError> {
        default_experiment::make(&tracker, &options)?;
        let first = Arc::new(Made::new(tracker.clone(), options.clone())?);
        Ok(InProcess {
            tracker,
            options,
            first,
        })
    }

    /// The store beneath.
    #[must_use]
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// Answers a call; `path` may have a query. Waits until the answer is whole.
    pub fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Called, ServeError> {
        let made = self.made()?;
        let answered = made.answered(self.tracker.actor(), method, path, headers, body.into());
        Ok(made.threads.block_on(async { whole(answered.await).await }))
    }

    /// Puts a file to a route, piece by piece.
    pub fn upload(&self, path: &str, source: &Path) -> Result<Called, ServeError> {
        let made = self.made()?;
        let failed = |error| ServeError::file(source, error);
        made.threads.block_on(async {
            let file = File::open(source).await.map_err(failed)?;
            let len = file.metadata().await.map_err(failed)?.len();
            let headers = [("content-length".to_owned(), len.to_string())];
            let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE_LEN));
            let answered = made.answered(self.tracker.actor(), "PUT", path, &headers, body);
            Ok(whole(answered.await).await)
        })
    }

    /// Gets what a route has into a file, piece by piece. A refusal leaves the file alone and is the answer; of an
    /// answer that broke off nothing is left.
    pub fn download(&self, path: &str, target: &Path) -> Result<Called, ServeError> {
        let made = self.made()?;
        made.threads.block_on(async {
            let answered = made.answered(self.tracker.actor(), "GET", path, &[], Body::empty());
            let response = answered.await;
            if !response.status().is_success() {
                return Ok(whole(response).await);
            }
            let status = response.status().as_u16();
            if let Err(error) = write(response.into_body(), target).await {
                // What cannot be removed is told with why it is there.
                drop(tokio::fs::remove_file(target).await);
                return Err(ServeError::file(target, error));
            }
            let body = Bytes::new();
            Ok(Called { status, body })
        })
    }

    /// What handlers are given in this process.
    pub(crate) fn shared(&self) -> Result<Shared, ServeError> {
        Ok(self.made()?.shared.clone())
    }

    fn made(&self) -> Result<&Made, ServeError> {
        let process = std::process::id();
        let mut last = &self.first;
        while last.process != process {
            if last.next.get().is_none() {
                let made = Made::new(self.tracker.clone(), self.options.clone())?;
                // Whoever was first is as good.
                last.next.set(Arc::new(made)).ok();
            }
            last = last.next.get().expect("it was set");
        }
        Ok(last)
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        let process = std::process::id();
        let mut last = Some(&self.first);
        while let Some(made) = last {
            if made.process == process {
                made.end();
            } else {
                // Its threads are the parent's: there is nobody here who could end them.
                std::mem::forget(Arc::clone(made));
            }
            last = made.next.get();
        }
    }
}

impl Made {
    fn new(tracker: Tracker, options: Options) -> Result<Made, ServeError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("mltrack-routes")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        // An error says that the program chose another one before, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let shared = Shared::new(tracker, options);
        runtime.spawn(forget(shared.clone()));
        if !shared.options().is_read_only {
            let _inside = runtime.enter();
            shared.webhooks().resume(shared.tracker());
        }
        Ok(Made {
            process: std::process::id(),
            router: router(shared.clone()),
            shared,
            threads: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            next: OnceLock::new(),
        })
    }

    /// Ends its threads without waiting for what they do.
    fn end(&self) {
        self.shared.webhooks().stop();
        self.shared.live().close();
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtime.take() {
            runtime.shutdown_background();
        }
    }

    async fn answered(
        &self,
        actor: &str,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Body,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = match request.body(body) {
            Ok(request) => request,
            Err(error) => {
                let what = format!("{method} {path} is no request: {error}");
                return MlflowError::invalid(what).into_response();
            }
        };
        let acting = Acting::user(actor, request.method(), request.uri().path());
        request.extensions_mut().insert(Caller::anybody());
        let answered = InName::new(acting, self.router.clone().call(request));
        match AssertUnwindSafe(answered).catch_unwind().await {
            Ok(Ok(response)) => response,
            Err(_) => bug(path).into_response(),
        }
    }
}

fn bug(path: &str) -> MlflowError {
    let what = format!("a bug in mltrack: please report what was asked for, {path}");
    MlflowError::new(Reason::InternalError, what)
}

async fn whole(response: Response) -> Called {
    let status = response.status().as_u16();
    match axum::body::to_bytes(response.into_body(), usize::MAX).await {
        Ok(body) => Called { status, body },
        Err(error) => {
            let what = format!("the answer broke off: {error}");
            MlflowError::new(Reason::InternalError, what).called()
        }
    }
}

async fn write(mut body: Body, target: &Path) -> io::Result<()> {
    let mut file = File::create(target).await?;
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame.map_err(io::Error::other)?.into_data() {
            file.write_all(&bytes).await?;
        }
    }
    file.flush().await
}
