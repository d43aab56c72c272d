//! The web page: its files, which are part of the program, and the addresses that it answers.
//!
//! Invariants: a browser runs and loads nothing that is not a file of the page; without a key the page is answered
//! where one is needed, and nothing of the store with it; a path that is none of the page's stays one where nothing is.

mod tables;

use std::borrow::Cow;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rust_embed::RustEmbed;

use crate::blocking::blocking;
use crate::home::Facts;
use crate::mlflow::{MlflowError, Origin};
use crate::refusal::Refusal;
use crate::request_id::RequestId;
use crate::shared::Shared;

/// What a browser may do with the page: what the page is made of, and calls of this very server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    media-src blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the page is, besides `/`; `{}` is one part of a path.
const PLACES: &[&str] = &[
    "/experiments/{id}",
    "/runs/{id}",
    "/compare",
    "/artifacts",
    "/artifacts/{id}",
    "/datasets",
    "/datasets/{id}",
    "/models",
    "/models/{id}",
    "/lineage",
    "/analytics",
    "/log",
    "/search",
    "/settings",
    "/v/{id}",
];

/// Where its files are.
const ASSETS: &str = "/assets/";
/// The place in the document that is drawn before the program of the page is there.
const FIRST: &str = "<!--first-->";

/// The page as it was built.
#[derive(RustEmbed)]
#[folder = "ui/dist/"]
struct Files;

/// The routes.
pub fn routes() -> Router<Shared> {
    let router = Router::new()
        .route("/", get(home))
        .route("/assets/{file}", get(asset));
    let places = PLACES.iter();
    places.fold(router, |router, place| router.route(place, get(client)))
}

/// Whether a request is for the page itself, which tells nothing of the store to who has shown no key.
pub fn is_for_anybody<B>(request: &axum::http::Request<B>) -> bool {
    let path = request.uri().path();
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_page = || path == "/" || PLACES.iter().any(|place| is_at(path, place));
    is_reading && (path.starts_with(ASSETS) || (is_browser(request.headers()) && is_page()))
}

fn is_at(path: &str, place: &str) -> bool {
    let mut parts = path.split('/');
    let fits = place.split('/').all(|wanted| {
        let part = parts.next();
        part.is_some_and(|part| part == wanted || (wanted == "{id}" && !part.is_empty()))
    });
    fits && parts.next().is_none()
}

/// Whether somebody looks: programs ask for something else, or for anything.
fn is_browser(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

async fn home(
    State(shared): State<Shared>,
    origin: Result<Origin, MlflowError>,
    request: Request,
) -> Response {
    let is_browser = is_browser(request.headers());
    if is_browser && shared.options().is_token_needed {
        return document(request.headers(), "");
    }
    let origin = origin.ok().map(|Origin(origin)| origin);
    let facts = match blocking(move || Facts::of(&shared, origin)).await {
        Ok(facts) => facts,
        Err(error) => {
            let text = format!("the store cannot be read: {error}\n");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    if is_browser {
        return document(request.headers(), &facts.page());
    }
    let mut response = facts.text().into_response();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Any other address of the page.
async fn client(State(shared): State<Shared>, id: RequestId, request: Request) -> Response {
    if !is_browser(request.headers()) {
        return nothing(request.uri().path(), &id);
    }
    // Who asks for a document shows no key, and where one is needed learns nothing without it.
    let first = if shared.options().is_token_needed {
        String::new()
    } else {
        let uri = request.uri().clone();
        tables::first(&shared, &uri).await
    };
    document(request.headers(), &first)
}

fn nothing(path: &str, id: &RequestId) -> Response {
    let what = "there is nothing at this path";
    Refusal::new(StatusCode::NOT_FOUND, what).answer(path, id.as_str())
}

/// The document of the page with what is to be seen before its program is there.
fn document(asked: &HeaderMap, first: &str) -> Response {
    let built = Files::get("index.html").map_or(Cow::Borrowed(&[][..]), |file| file.data);
    let text = String::from_utf8_lossy(&built).replacen(FIRST, first, 1);
    let mut response = tagged(asked, Bytes::from(text), "text/html; charset=utf-8");
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-cache");
    set(header::VARY, "accept");
    response
}

/// A file of the page. Its name changes with what is in it, so it is kept for ever.
async fn asset(Path(name): Path<String>, id: RequestId, headers: HeaderMap) -> Response {
    let Some(file) = Files::get(&format!("assets/{name}")) else {
        return nothing(&format!("{ASSETS}{name}"), &id);
    };
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = tagged(&headers, bytes, kind_of(&name));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, forever);
    response
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Bytes with a tag; nothing but the tag for who has them already.
fn tagged(asked: &HeaderMap, bytes: Bytes, kind: &'static str) -> Response {
    let tag = format!("\"{}\"", &blake3::hash(&bytes).to_hex()[..32]);
    let known = asked.get(header::IF_NONE_MATCH);
    let known = known
        .and_then(|known| known.to_str().ok())
        .unwrap_or_default();
    // A proxy that compresses makes the tag a weak one.
    let is_known = known
        .split(',')
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_whole_path() {
        assert!(is_at("/runs/a3f9", "/runs/{id}"));
        assert!(!is_at("/runs/", "/runs/{id}"));
        assert!(!is_at("/runs", "/runs/{id}"));
        assert!(!is_at("/runs/a/b", "/runs/{id}"));
        assert!(!is_at("/log/", "/log"));
    }
}
