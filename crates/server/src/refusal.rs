//! An answer that a request gets before or instead of its handler's: too large, too late, not allowed.
//!
//! Invariants: it has the form of the interface that was addressed, so that its clients understand it; it says what to
//! do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mltrack::Code;
use serde_json::json;

use crate::access::is_native;

/// Why a request is not worked on.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
    hint: Option<String>,
    retry_after_s: Option<u32>,
}

impl Refusal {
    /// A refusal with this status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
            hint: None,
            retry_after_s: None,
        }
    }

    /// The same with what to do.
    pub fn hint(self, hint: impl Into<String>) -> Refusal {
        Refusal {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same with when to come again.
    pub fn retry_after(self, seconds: u32) -> Refusal {
        Refusal {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// The answer to a request for `path`.
    pub fn answer(self, path: &str, request_id: &str) -> Response {
        let (mlflow_code, code) = names(self.status);
        let body = if is_native(path) {
            json!({"error": self.message, "code": code.name(), "hint": self.hint, "request_id": request_id})
        } else {
            let message = match &self.hint {
                Some(hint) => format!("{} ({hint})", self.message),
                None => self.message.clone(),
            };
            json!({"error_code": mlflow_code, "message": message})
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // Basic, so that a browser asks for the token.
            let challenge = HeaderValue::from_static("Basic realm=\"mltrack\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            // The rest of the body is not read.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// What a status is called in `MLflow`'s interface and in ours.
fn names(status: StatusCode) -> (&'static str, Code) {
    match status {
        StatusCode::UNAUTHORIZED => ("UNAUTHENTICATED", Code::Unauthorized),
        StatusCode::FORBIDDEN => ("PERMISSION_DENIED", Code::Unauthorized),
        StatusCode::NOT_FOUND => ("ENDPOINT_NOT_FOUND", Code::NotFound),
        StatusCode::TOO_MANY_REQUESTS => ("REQUEST_LIMIT_EXCEEDED", Code::Busy),
        StatusCode::SERVICE_UNAVAILABLE => ("TEMPORARILY_UNAVAILABLE", Code::Busy),
        StatusCode::GATEWAY_TIMEOUT => ("DEADLINE_EXCEEDED", Code::Busy),
        StatusCode::INTERNAL_SERVER_ERROR => ("INTERNAL_ERROR", Code::InternalError),
        _ => ("BAD_REQUEST", Code::ValidationError),
    }
}
