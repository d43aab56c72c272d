//! An error as `MLflow`'s clients read it: a code, a message, and the status that belongs to the code.
//!
//! Invariant: a code has one status, that of `MLflow`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mltrack::Code;
use serde_json::{Value, json};

use crate::in_process::Called;

/// What a handler of `MLflow`'s interface answers.
pub type Answer<T = Response> = Result<T, MlflowError>;

/// What kind of error; the names are the wire's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// `INVALID_PARAMETER_VALUE`
    InvalidParameterValue,
    /// `BAD_REQUEST`
    BadRequest,
    /// `RESOURCE_ALREADY_EXISTS`
    ResourceAlreadyExists,
    /// `PERMISSION_DENIED`
    PermissionDenied,
    /// `RESOURCE_DOES_NOT_EXIST`
    ResourceDoesNotExist,
    /// `RESOURCE_CONFLICT`
    ResourceConflict,
    /// `MAX_BLOCK_SIZE_EXCEEDED`
    ContentTooLarge,
    /// `QUOTA_EXCEEDED`
    DiskFull,
    /// `INTERNAL_ERROR`
    InternalError,
    /// `INVALID_STATE`
    InvalidState,
    /// `NOT_IMPLEMENTED`
    NotImplemented,
    /// `TEMPORARILY_UNAVAILABLE`
    TemporarilyUnavailable,
}

impl Reason {
    /// The name on the wire and the status.
    fn row(self) -> (&'static str, StatusCode) {
        match self {
            Reason::InvalidParameterValue => ("INVALID_PARAMETER_VALUE", StatusCode::BAD_REQUEST),
            Reason::BadRequest => ("BAD_REQUEST", StatusCode::BAD_REQUEST),
            Reason::ResourceAlreadyExists => ("RESOURCE_ALREADY_EXISTS", StatusCode::BAD_REQUEST),
            Reason::PermissionDenied => ("PERMISSION_DENIED", StatusCode::FORBIDDEN),
            Reason::ResourceDoesNotExist => ("RESOURCE_DOES_NOT_EXIST", StatusCode::NOT_FOUND),
            Reason::ResourceConflict => ("RESOURCE_CONFLICT", StatusCode::CONFLICT),
            Reason::ContentTooLarge => ("MAX_BLOCK_SIZE_EXCEEDED", StatusCode::PAYLOAD_TOO_LARGE),
            Reason::DiskFull => ("QUOTA_EXCEEDED", StatusCode::INSUFFICIENT_STORAGE),
            Reason::InternalError => ("INTERNAL_ERROR", StatusCode::INTERNAL_SERVER_ERROR),
            Reason::InvalidState => ("INVALID_STATE", StatusCode::INTERNAL_SERVER_ERROR),
            Reason::NotImplemented => ("NOT_IMPLEMENTED", StatusCode::NOT_IMPLEMENTED),
            Reason::TemporarilyUnavailable => {
                ("TEMPORARILY_UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE)
            }
        }
    }
}

/// An error of `MLflow`'s interface.
#[derive(Debug)]
pub struct MlflowError {
    reason: Reason,
    message: String,
}

impl MlflowError {
    /// An error that says `message`.
    pub fn new(reason: Reason, message: impl Into<String>) -> MlflowError {
        MlflowError {
            reason,
            message: message.into(),
        }
    }

    /// A value that cannot be used.
    pub fn invalid(message: impl Into<String>) -> MlflowError {
        MlflowError::new(Reason::InvalidParameterValue, message)
    }

    /// Something that is not there.
    pub fn missing(message: impl Into<String>) -> MlflowError {
        MlflowError::new(Reason::ResourceDoesNotExist, message)
    }

    /// A required field that was not given, in `MLflow`'s words.
    pub fn required(field: &str) -> MlflowError {
        MlflowError::invalid(format!(
            "Missing value for required parameter '{field}'. See the API docs for more information about request parameters."
        ))
    }
}

impl MlflowError {
    /// The same failure in the library's words: its code, and what it says.
    pub fn parts(self) -> (Code, String) {
        let code = match self.reason {
            Reason::ResourceDoesNotExist => Code::NotFound,
            Reason::ResourceAlreadyExists | Reason::ResourceConflict => Code::Conflict,
            Reason::PermissionDenied => Code::Unauthorized,
            Reason::InvalidState => Code::InvalidState,
            Reason::TemporarilyUnavailable => Code::Busy,
            Reason::ContentTooLarge => Code::ArtifactTooLarge,
            Reason::DiskFull => Code::DiskFull,
            Reason::NotImplemented => Code::Unsupported,
            Reason::InternalError => Code::InternalError,
            Reason::InvalidParameterValue | Reason::BadRequest => Code::ValidationError,
        };
        (code, self.message)
    }
}

impl MlflowError {
    fn wire(self) -> (StatusCode, Value) {
        let (name, status) = self.reason.row();
        (status, json!({"error_code": name, "message": self.message}))
    }

    /// The same as the answer of a call in this process.
    pub fn called(self) -> Called {
        let (status, body) = self.wire();
        Called {
            status: status.as_u16(),
            body: body.to_string().into(),
        }
    }
}

impl IntoResponse for MlflowError {
    fn into_response(self) -> Response {
        let (status, body) = self.wire();
        (status, Json(body)).into_response()
    }
}

impl From<mltrack::Error> for MlflowError {
    fn from(error: mltrack::Error) -> MlflowError {
        let reason = match error.code() {
            Code::ValidationError | Code::SerializationError | Code::InvalidState => {
                Reason::InvalidParameterValue
            }
            Code::NotFound => Reason::ResourceDoesNotExist,
            Code::Conflict => Reason::ResourceConflict,
            Code::Unauthorized => Reason::PermissionDenied,
            Code::ArtifactTooLarge => Reason::ContentTooLarge,
            Code::DiskFull => Reason::DiskFull,
            _ if error.is_retryable() => Reason::TemporarilyUnavailable,
            _ => Reason::InternalError,
        };
        let message = match error.hint() {
            Some(hint) => format!("{error} ({hint})"),
            None => error.to_string(),
        };
        MlflowError::new(reason, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_interface_says_of_a_failure_is_what_the_library_said() {
        for code in [
            Code::NotFound,
            Code::Conflict,
            Code::Unauthorized,
            Code::ArtifactTooLarge,
            Code::DiskFull,
            Code::ValidationError,
            Code::InternalError,
        ] {
            let error = MlflowError::from(mltrack::Error::new(code, "what"));
            assert_eq!(error.parts(), (code, "what".to_owned()));
        }
    }
}
