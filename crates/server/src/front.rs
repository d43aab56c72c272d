//! Every request on its way in and every answer on its way out.
//!
//! Invariants: the checks are made in one order, cheap and general ones first; whatever happens to a request, also a
//! panic of its handler, is an answer with a request id, is counted, and harms no other request.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::MatchedPath;
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use axum::response::Response;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use mltrack::door;
use tower::Service as _;

use crate::access::{self, Need};
use crate::auth::Doorman;
use crate::blocking::blocking;
use crate::body::{self, Answered, Bounds};
use crate::caller::{Caller, InName};
use crate::compress;
use crate::figures::{Figures, NO_ROUTE};
use crate::hosts::Hosts;
use crate::link::Link;
use crate::options::Options;
use crate::origin::{Origins, Seen, is_preflight, preflight_answer};
use crate::page;
use crate::refusal::Refusal;
use crate::request_id::{HEADER, RequestId, RequestIds};
use crate::scope;
use crate::shared::Shared;

/// An answer that takes longer is told of.
const SLOW: Duration = Duration::from_secs(1);

/// What stands before all routes.
pub struct Front {
    router: Router,
    shared: Shared,
    ids: RequestIds,
    hosts: Hosts,
    origins: Origins,
    /// Tells callers by their tokens, when they need one.
    doorman: Option<Doorman>,
    working: AtomicUsize,
}

/// Which route took a request: set by the router, read when the answer is counted.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<OnceLock<MatchedPath>>);

impl Trail {
    /// A route took the request.
    pub fn set(&self, path: &MatchedPath) {
        // A request is routed once.
        let _ = self.0.set(path.clone());
    }
}

/// What is remembered of a request while it is worked on.
struct Asked {
    method: Method,
    uri: Uri,
    id: RequestId,
    trail: Trail,
    started: Instant,
}

/// A place among the requests that are worked on.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Front {
    /// What stands before these routes.
    pub fn new(router: Router, shared: Shared) -> Front {
        let options = shared.options();
        Front {
            router,
            ids: RequestIds::new(),
            hosts: Hosts::new(&options.hosts_allowed),
            origins: Origins::new(&options.origins_allowed),
            doorman: options
                .is_token_needed
                .then(|| Doorman::new(shared.tracker().clone())),
            working: AtomicUsize::new(0),
            shared,
        }
    }

    /// What the server counts.
    pub fn figures(&self) -> &Arc<Figures> {
        self.shared.figures()
    }

    /// What the host decided.
    pub fn options(&self) -> &Options {
        self.shared.options()
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>, link: Arc<Link>) -> Response<Answered> {
        let under_way = link.begin();
        let asked = Asked {
            method: request.method().clone(),
            uri: request.uri().clone(),
            id: self.ids.of(request.headers()),
            trail: Trail::default(),
            started: door::monotonic(),
        };
        let accepted = compress::wanted(request.headers(), link.peer, self.options().compression);
        let origin = self.origins.check(&request);
        let (seen, outcome) = match origin {
            Ok(seen) => {
                let outcome = self.work(request, &asked, &seen, &link).await;
                (seen, outcome)
            }
            Err(refusal) => (Seen::Own, Err(refusal)),
        };
        let mut response =
            outcome.unwrap_or_else(|refusal| refusal.answer(asked.uri.path(), asked.id.as_str()));
        if let Some(accepted) = accepted {
            response = compress::compressed(response, accepted).await;
        }
        seen.allow(response.headers_mut());
        self.finish(&mut response, asked);
        response.map(|body| Answered::new(body, under_way))
    }

    async fn work(
        &self,
        request: Request<Incoming>,
        asked: &Asked,
        seen: &Seen,
        link: &Link,
    ) -> Result<Response, Refusal> {
        self.hosts.check(&request)?;
        if is_preflight(&request) {
            return match seen {
                Seen::Allowed(_) => Ok(preflight_answer()),
                Seen::Own | Seen::Hidden => Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "pages of other sites may not use this server",
                )
                .hint("start it with --cors-origin ORIGIN")),
            };
        }
        let _turn = self.turn()?;
        let need = if page::is_for_anybody(&request) {
            Need::Nothing
        } else {
            access::need(&asked.method, asked.uri.path())
        };
        let caller = match &self.doorman {
            Some(doorman) => doorman.caller(request.headers(), need, link.peer).await?,
            None => Caller::anybody(),
        };
        if !caller.role.allows(need) {
            let what = format!("a key of the role {} may not do this", caller.role.name());
            return Err(Refusal::new(StatusCode::FORBIDDEN, what)
                .hint("use the key of a writer or an admin: mltrack key new NAME --role writer"));
        }
        if need >= Need::Change && self.options().is_read_only {
            return Err(
                Refusal::new(StatusCode::FORBIDDEN, "this server only reads the store")
                    .hint("use the server that was started without --read-only"),
            );
        }
        self.route(request, asked, caller).await
    }

    /// A place among those that are worked on, when there is one.
    fn turn(&self) -> Result<Turn<'_>, Refusal> {
        let before = self.working.fetch_add(1, Ordering::Relaxed);
        let turn = Turn(&self.working);
        if before >= self.options().requests_max {
            let what = "the server is working on as many requests as it may";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what)
                .hint("try again")
                .retry_after(1));
        }
        Ok(turn)
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        asked: &Asked,
        caller: Caller,
    ) -> Result<Response, Refusal> {
        let limit = self.options().request_timeout;
        let is_upload = access::is_upload(&asked.method, asked.uri.path());
        let bounds = Bounds {
            len_max: (!is_upload).then_some(self.options().body_len_max),
            pause_max: limit,
        };
        let work = self.handle(request, asked, caller, bounds);
        let work = AssertUnwindSafe(work).catch_unwind();
        let outcome = if is_upload {
            work.await
        } else {
            let late = |_| {
                let what = format!("the answer was not there after {} s", limit.as_secs());
                Refusal::new(StatusCode::GATEWAY_TIMEOUT, what).hint(
                    "ask for less at once, or start the server with a longer --request-timeout",
                )
            };
            tokio::time::timeout(limit, work).await.map_err(late)?
        };
        outcome.unwrap_or_else(|panic| {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            let (what, request_id) = (what.unwrap_or("unknown"), asked.id.as_str());
            tracing::error!(
                request_id,
                path = asked.uri.path(),
                what,
                "a handler panicked"
            );
            let text = "a bug in mltrack: please report what you asked for and the server's log";
            Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, text))
        })
    }

    async fn handle(
        &self,
        request: Request<Incoming>,
        asked: &Asked,
        caller: Caller,
        bounds: Bounds,
    ) -> Result<Response, Refusal> {
        let (mut parts, body) = request.into_parts();
        let (mut body, too_long) = body::admit(&mut parts.headers, body, bounds).await?;
        if let Some(scope) = caller.scope.clone()
            && access::need(&asked.method, asked.uri.path()) > Need::Nothing
        {
            body = self.within_scope(scope, asked, body).await?;
        }
        // A handler that looks for the name of its request finds it where a client would have put it.
        parts.headers.insert(HEADER, asked.id.0.clone());
        parts.extensions.insert(asked.trail.clone());
        parts.extensions.insert(asked.id.clone());
        let acting = caller.acting(&asked.method, asked.uri.path());
        parts.extensions.insert(caller);
        let request = Request::from_parts(parts, body);
        let answered = self.router.clone().call(request);
        let Ok(response) = match acting {
            None => answered.await,
            Some(acting) => InName::new(acting, answered).await,
        };
        // The handler saw a body that broke off, and cannot tell why.
        if too_long.is_some_and(|too_long| too_long.is_set()) {
            return Err(body::too_large(self.options().body_len_max));
        }
        Ok(response)
    }

    /// The same body, of a request that is only about experiments of the scope.
    async fn within_scope(
        &self,
        scope: Arc<[String]>,
        asked: &Asked,
        body: Body,
    ) -> Result<Body, Refusal> {
        let is_upload = access::is_upload(&asked.method, asked.uri.path());
        let (bytes, body) = if is_upload {
            (Bytes::new(), body)
        } else {
            let len_max = self.options().body_len_max;
            let read = axum::body::to_bytes(body, len_max).await;
            let bytes = read.map_err(|_| body::too_large(len_max))?;
            (bytes.clone(), Body::from(bytes))
        };
        let tracker = self.shared.tracker().clone();
        let (method, uri) = (asked.method.clone(), asked.uri.clone());
        blocking(move || scope::check(&tracker, &scope, (&method, &uri), &bytes)).await?;
        Ok(body)
    }

    /// Puts on what every answer has, and counts it.
    fn finish(&self, response: &mut Response, asked: Asked) {
        let took = door::monotonic().duration_since(asked.started);
        let (status, id) = (response.status(), asked.id.as_str());
        let route = asked.trail.0.get().map_or(NO_ROUTE, MatchedPath::as_str);
        self.figures().answered(route, &asked.method, status, took);
        let (method, path, took_us) = (&asked.method, asked.uri.path(), took.as_micros() as u64);
        let status_code = status.as_u16();
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED {
            tracing::error!(request_id = id, %method, path, status = status_code, took_us, "failed");
        } else if took >= SLOW {
            tracing::warn!(request_id = id, %method, path, status = status_code, took_us, "slow");
        } else {
            tracing::debug!(request_id = id, %method, path, status = status_code, took_us, "answered");
        }
        let headers = response.headers_mut();
        headers.insert(HEADER, asked.id.0);
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
    }
}
