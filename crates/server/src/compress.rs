//! Answers made smaller for clients far away.
//!
//! Invariants: what is small, compressed already, an artifact, or a stream that must arrive piece by piece goes out as
//! it is; a client gets only what it said it understands.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use tower::ServiceExt as _;
use tower_http::CompressionLevel;
use tower_http::compression::Compression as Compressing;

use crate::options::Compression;

/// Less than this fits into one packet.
const LEN_MIN: u64 = 1024;

/// What a client accepts, when its answer may be compressed at all.
pub fn wanted(headers: &HeaderMap, peer: IpAddr, compression: Compression) -> Option<HeaderValue> {
    let is_wanted = match compression {
        Compression::Always => true,
        Compression::Never => false,
        Compression::Remote => !peer.is_loopback(),
    };
    is_wanted
        .then(|| headers.get(header::ACCEPT_ENCODING).cloned())
        .flatten()
}

/// The answer, made smaller when that is worth it.
pub async fn compressed(response: Response, accepted: HeaderValue) -> Response {
    if !is_worth_it(&response) {
        return response;
    }
    let mut request = Request::new(Body::empty());
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, accepted);
    let mut inner = Some(response);
    let inner = tower::service_fn(move |_: Request<Body>| {
        let response = inner.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(response) }
    });
    let compressing = Compressing::new(inner).quality(CompressionLevel::Fastest);
    match compressing.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

fn is_worth_it(response: &Response) -> bool {
    let headers = response.headers();
    let is_whole = response.status() != StatusCode::PARTIAL_CONTENT
        && !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::CONTENT_RANGE)
        && !headers.contains_key(header::CONTENT_DISPOSITION);
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = matches!(
        kind,
        "application/json"
            | "application/x-ndjson"
            | "text/html"
            | "text/plain"
            | "text/csv"
            | "text/css"
            | "text/javascript"
            | "image/svg+xml"
    );
    let len = response.body().size_hint();
    is_whole && is_text && len.exact().is_none_or(|len| len >= LEN_MIN)
}
