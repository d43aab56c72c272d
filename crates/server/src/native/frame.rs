//! What is around every request of our interface: a name for the request, and one body for whatever went wrong.
//!
//! Invariant: an answer below `/api/v1` whose status is an error has the body of an error, also when no handler ran or
//! one panicked.

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use mltrack::Code;

use super::error::Fault;
use crate::caller::Caller;

/// The header that a request's name travels in.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request, and puts what went wrong into words.
pub async fn frame(request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).cloned();
    let caller = request.extensions().get::<Caller>();
    let is_scoped = caller.is_some_and(|caller| caller.scope.is_some());
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        Fault::new(Code::InternalError, "the server failed; its log says where").into_response()
    });
    let name = response.headers().get(&REQUEST_ID).cloned().or(given);
    let name = name.unwrap_or_else(new_name);
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    if is_error && !is_described(&response) {
        response = described(response, &name, is_scoped);
    }
    response.headers_mut().insert(REQUEST_ID, name);
    response
}

/// Whether a layer within has written a body of ours already.
fn is_described(response: &Response) -> bool {
    response.extensions().get::<Fault>().is_none()
        && response.headers().get(header::CONTENT_TYPE)
            == Some(&HeaderValue::from_static("application/json"))
}

fn described(mut response: Response, name: &HeaderValue, is_scoped: bool) -> Response {
    let status = response.status();
    let fault = response.extensions_mut().remove::<Fault>();
    let mut fault = fault.unwrap_or_else(|| Fault::of_status(status));
    if is_scoped {
        fault = fault.without_suggestions();
    }
    let body = fault.body(name.to_str().unwrap_or_default());
    let mut written = (status, Json(body)).into_response();
    for kept in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = response.headers_mut().remove(&kept) {
            written.headers_mut().insert(kept, value);
        }
    }
    written
}

/// A name no other request of this server has.
fn new_name() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static FIRST: OnceLock<u32> = OnceLock::new();
    let first = FIRST.get_or_init(|| mltrack::door::random_u64() as u32);
    let name = format!("{first:08x}-{:x}", NEXT.fetch_add(1, Relaxed));
    HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("unnamed"))
}

/// Where no path of ours matches.
pub async fn no_path() -> Fault {
    Fault::of_status(StatusCode::NOT_FOUND)
}

/// Where a path matches, and its method does not.
pub async fn no_method() -> Fault {
    Fault::of_status(StatusCode::METHOD_NOT_ALLOWED)
}
