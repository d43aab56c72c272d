//! Pages of other sites: what they may ask for, and what they may read.
//!
//! A browser sends what any page tells it to, with the address of the user, and hides only the answer. So a change that
//! a foreign page asks for is refused, whatever the form of its body; what it fetches it may not read.
//!
//! Invariants: without `--cors-origin` no answer ever allows a foreign page to read it; a program that is no browser
//! sends neither of the headers that are looked at here, and is not concerned.

use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::Response;

use crate::hosts::host_of;
use crate::refusal::Refusal;

const SITE: &str = "sec-fetch-site";
const METHODS_ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS_ALLOWED: &str = "authorization, content-encoding, content-type, idempotency-key, if-match, if-none-match, last-event-id, range, x-request-id";
const HEADERS_SHOWN: &str = "content-range, etag, idempotency-replayed, retry-after, x-request-id";
/// How long a browser remembers what was allowed, in seconds.
const REMEMBERED_S: &str = "600";

/// The sites whose pages may use the server.
#[derive(Debug)]
pub struct Origins(Vec<HeaderValue>);

/// What became of a request's origin.
#[derive(Debug)]
pub enum Seen {
    /// The request is our own page's, or no browser's.
    Own,
    /// A page fetches something that it will not be able to read.
    Hidden,
    /// The page of this origin may read the answer.
    Allowed(HeaderValue),
}

impl Origins {
    /// These sites, such as `https://notebooks.example`.
    pub fn new(origins: &[String]) -> Origins {
        let values = origins
            .iter()
            .map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')));
        Origins(values.filter_map(Result::ok).collect())
    }

    /// Tells who asks, and refuses a foreign page that would do more than fetch.
    pub fn check<B>(&self, request: &Request<B>) -> Result<Seen, Refusal> {
        let headers = request.headers();
        let Some(origin) = headers.get(header::ORIGIN) else {
            let site = headers.get(SITE).map(HeaderValue::as_bytes);
            return match site {
                Some(b"cross-site" | b"same-site") if !is_safe(request.method()) => Err(foreign()),
                _ => Ok(Seen::Own),
            };
        };
        if self.0.contains(origin) {
            return Ok(Seen::Allowed(origin.clone()));
        }
        if is_own(origin, request) {
            return Ok(Seen::Own);
        }
        if is_safe(request.method()) {
            return Ok(Seen::Hidden);
        }
        Err(foreign())
    }
}

/// Whether a page of the server itself asks.
fn is_own<B>(origin: &HeaderValue, request: &Request<B>) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some() && host == host_of(request)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn foreign() -> Refusal {
    Refusal::new(
        StatusCode::FORBIDDEN,
        "a page of another site may not do this",
    )
    .hint("start the server with --cors-origin ORIGIN if that page is yours")
}

/// Whether a browser only asks what it may do.
pub fn is_preflight<B>(request: &Request<B>) -> bool {
    *request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to such a question of an allowed page.
pub fn preflight_answer() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS_ALLOWED),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS_ALLOWED),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Seen {
    /// Lets the page read the answer when it may.
    pub fn allow(self, headers: &mut HeaderMap) {
        if let Seen::Allowed(origin) = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(HEADERS_SHOWN),
            );
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
    }
}
