//! What a request asks: its query and its JSON body, each with a refusal that says what is wrong where.
//!
//! Invariants: an unknown name is refused, so that a slip of the pen is not taken for a wider question; a body is never
//! read beyond what the host allows.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::error::Fault;
use crate::shared::Shared;

/// The query of a request. A name may stand several times for a list.
pub struct Ask<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Ask<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Ask<T>, Fault> {
        let query = parts.uri.query().unwrap_or_default();
        serde_html_form::from_str(query).map(Ask).map_err(|error| {
            Fault::invalid(format!("the query cannot be read: {error}"))
                .hint("GET /api/v1/openapi.json lists the names that a query may have")
        })
    }
}

/// A JSON body. An empty one is `{}`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, shared: &Shared) -> Result<Body<T>, Fault> {
        check_json(request.headers())?;
        let bytes = read_whole(request, shared.options().body_len_max).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        parse_json(text).map(Body)
    }
}

/// JSON text as what it should be.
pub fn parse_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(text)
        .map_err(|error| Fault::invalid(format!("the body cannot be used: {error}")))
}

/// Refuses a body that says that it is something else: forms of other sites' pages cannot say that they are JSON.
pub fn check_json(headers: &HeaderMap) -> Result<(), Fault> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(
        Fault::invalid(format!("a body of type {kind:?} is not read here"))
            .status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .hint("send it with the header Content-Type: application/json"),
    )
}

/// A whole body of at most so many bytes.
pub async fn read_whole(request: Request, len_max: usize) -> Result<axum::body::Bytes, Fault> {
    let body = Limited::new(request.into_body(), len_max);
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(len_max)),
        Err(error) => Err(Fault::invalid(format!("the body broke off: {error}"))),
    }
}

/// A body beyond what is allowed.
pub fn too_large(len_max: usize) -> Fault {
    let message = format!("the body has more than {len_max} bytes");
    Fault::invalid(message)
        .status(StatusCode::PAYLOAD_TOO_LARGE)
        .hint("send it in parts; POST /api/v1/ingest takes a stream of any length")
}
