//! Conditional writes: the tag of a thing is the number of the last record about it, or a hash of what is told of it.
//!
//! Invariant: a write that names a tag happens only while that tag is the newest.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mltrack::{Code, Lsn};
use serde::Serialize;

use super::error::Fault;

/// Names the last record about what is answered.
pub fn with_etag(mut response: Response, lsn: Lsn) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{lsn}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The tag of a thing that no single record stands for: a hash of what is told of it.
pub fn tag_of(form: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(form).unwrap_or_default();
    blake3::hash(&bytes).to_hex()[..32].to_owned()
}

/// An answer with the tag of what it is about.
pub fn with_tag(form: &impl Serialize, tag: &str) -> Response {
    let mut response = Json(form).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The tag that `If-Match` names; `None` when it names none, or any.
pub fn if_match_tag(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default();
    let text = text.trim();
    let tag = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    (text != "*").then(|| tag.to_owned())
}

/// The record that `If-Match` names; `None` when it names none, or any.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Lsn>, Fault> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    tag.parse().map(Some).map_err(|_| {
        Fault::invalid(format!("If-Match: {text} is no lsn"))
            .hint("give the ETag of the answer that the change is based on")
    })
}

/// What `If-Match` names is not the newest any more.
pub fn outdated(newest: Lsn) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("it was changed by record {newest} in the meantime"),
    )
    .status(StatusCode::PRECONDITION_FAILED)
    .hint("look at it again, and repeat the change with its new ETag")
}
