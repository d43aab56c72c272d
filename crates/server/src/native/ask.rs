//! What a request asks: its query and its JSON body, each with a refusal that says what is wrong where.
//!
//! Invariants: an unknown name is refused, so that a slip of the pen is not taken for a wider question; a body is never
//! read beyond what the host allows.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::error::Fault;
use crate::shared::Shared;

/// The query of a request. A name may stand several times for a list.
pub struct Ask<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Ask<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Ask<T>, Fault> {
        let query = parts.uri.query().unwrap_or_default();
        let refused = |what: String| {
            Fault::invalid(format!("the query cannot be read: {what}"))
                .hint("GET /api/v1/openapi.json lists the names that a query may have")
        };
        let asked = serde_html_form::from_str(query).map_err(|error| refused(error.to_string()))?;
        match empty_names::<T>(query) {
            None => Ok(Ask(asked)),
            Some(names) => Err(refused(format!("{names} must not be empty"))),
        }
    }
}

/// The names of a query whose empty values would be taken for absent ones: numbers and choices, which no text can be.
fn empty_names<T: DeserializeOwned>(query: &str) -> Option<String> {
    let pairs = || form_urlencoded::parse(query.as_bytes());
    let empty = pairs().filter(|(_, value)| value.is_empty());
    let names: Vec<String> = empty.map(|(name, _)| name.into_owned()).collect();
    if names.is_empty() {
        return None;
    }
    let mut filled = form_urlencoded::Serializer::new(String::new());
    filled.extend_pairs(pairs().map(|(name, value)| {
        let value = if value.is_empty() { "?".into() } else { value };
        (name, value)
    }));
    serde_html_form::from_str::<T>(&filled.finish()).err()?;
    Some(names.join(", "))
}

/// An object of JSON as the body. An empty body is `{}`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, shared: &Shared) -> Result<Body<T>, Fault> {
        check_json(request.headers())?;
        let bytes = read_whole(request.into_body(), shared.options().body_len_max).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        object_of(text)
            .map(Body)
            .map_err(|what| Fault::invalid(format!("the body cannot be used: {what}")))
    }
}

/// An object of JSON as what it should be. A list is refused: its values would be taken for members by their places.
pub fn object_of<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| *byte != b'{') {
        return Err("it is no object of JSON".to_owned());
    }
    serde_json::from_slice(text).map_err(|error| error.to_string())
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
pub async fn read_whole(
    body: axum::body::Body,
    len_max: usize,
) -> Result<axum::body::Bytes, Fault> {
    let body = Limited::new(body, len_max);
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
