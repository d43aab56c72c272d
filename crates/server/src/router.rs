//! All routes of the server, put together.
//!
//! Invariant: each part names its own routes; nothing else is reachable.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use tower::{Layer, Service};

use crate::front::Trail;
use crate::refusal::Refusal;
use crate::request_id::RequestId;
use crate::shared::Shared;
use crate::{health, mlflow, native, page, prometheus};

/// Everything that is served over a store.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .merge(mlflow::routes())
        .merge(native::routes(&shared))
        .merge(health::routes())
        .merge(prometheus::routes())
        .merge(page::routes())
        .method_not_allowed_fallback(no_method)
        .route_layer(Trailing)
        .fallback(no_path)
        .with_state(shared)
}

async fn no_path(uri: Uri, id: RequestId) -> Response {
    let what = "there is nothing at this path";
    Refusal::new(StatusCode::NOT_FOUND, what).answer(uri.path(), id.as_str())
}

async fn no_method(method: Method, uri: Uri, id: RequestId) -> Response {
    let what = format!("this path does not take {method}");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, what).answer(uri.path(), id.as_str())
}

/// Notes which route took a request, and leaves the size of bodies to the front.
#[derive(Clone)]
struct Trailing;

/// The same around one route.
#[derive(Clone)]
struct Trailed<S>(S);

impl<S> Layer<S> for Trailing {
    type Service = Trailed<S>;

    fn layer(&self, inner: S) -> Trailed<S> {
        Trailed(inner)
    }
}

impl<S: Service<Request, Error = Infallible>> Service<Request> for Trailed<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        let extensions = request.extensions();
        if let (Some(trail), Some(path)) =
            (extensions.get::<Trail>(), extensions.get::<MatchedPath>())
        {
            trail.set(path);
        }
        DefaultBodyLimit::disable().apply(&mut request);
        self.0.call(request)
    }
}
