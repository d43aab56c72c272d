//! An error of our interface: `{error, code, hint, request_id}`, with the library's code and its status.
//!
//! Invariant: handlers make a [`Fault`]; only the frame around all of them writes a body, so that every answer that is
//! an error has the same one, whoever refused.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mltrack::Code;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

/// What a handler of our interface answers.
pub type Answer<T = Response> = Result<T, Fault>;

/// Why a request is refused.
#[derive(Clone, Debug)]
pub struct Fault {
    pub code: Code,
    pub status: StatusCode,
    pub message: String,
    pub hint: Option<String>,
    /// The part of the question that is wrong.
    pub place: Option<Box<ErrorPlace>>,
}

/// The part of a filter or of an order that cannot be read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorPlace {
    /// The filter or the order as it was sent.
    pub text: String,
    /// How many characters stand before the wrong part.
    pub start: u64,
    /// How many characters it has; 0 where something is missing.
    pub length: u64,
    /// What is wrong with it, in words.
    pub message: String,
    /// What was probably meant, to stand in its place.
    pub suggestion: Option<String>,
}

impl ErrorPlace {
    fn of(error: &mltrack::FilterError) -> ErrorPlace {
        let (text, span) = (error.text(), error.span());
        let count = |part: Option<&str>| part.map_or(0, |part| part.chars().count()) as u64;
        ErrorPlace {
            start: count(text.get(..span.start)),
            length: count(text.get(span.start..span.end)),
            text: text.to_owned(),
            message: error.message().to_owned(),
            suggestion: error.suggestion().map(str::to_owned),
        }
    }
}

/// The body of every answer that is an error.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, in words.
    #[schema(example = "there is no run 0198f0c2")]
    pub error: String,
    /// What kind of failure it is; the same in the library and on the command line.
    pub code: ErrorCode,
    /// What to do about it.
    pub hint: Option<String>,
    /// The request, as it stands in the server's log.
    pub request_id: String,
    /// Which part of a filter or an order is wrong; absent in other errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<ErrorPlace>,
}

/// Makes the enumeration of the codes, so that the document lists each.
macro_rules! error_codes {
    ($($name:ident),+) => {
        /// What kind of failure it is.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
        pub enum ErrorCode { $($name),+ }

        impl ErrorCode {
            /// The code of the library as it stands in a body.
            pub fn of(code: Code) -> ErrorCode {
                match code.name() {
                    $(stringify!($name) => ErrorCode::$name,)+
                    _ => ErrorCode::INTERNAL_ERROR,
                }
            }
        }
    };
}

error_codes!(
    VALIDATION_ERROR,
    SERIALIZATION_ERROR,
    TOML_PARSE_ERROR,
    NOT_FOUND,
    BUSY,
    PORT_BUSY,
    CORRUPT,
    ARTIFACT_MISMATCH,
    UNAUTHORIZED,
    NETWORK,
    COMMAND_FAILED,
    PARTIAL,
    INVALID_STATE,
    CONFLICT,
    HISTORY_FLOOR,
    ARTIFACT_TOO_LARGE,
    DISK_FULL,
    IO_ERROR,
    UNSUPPORTED,
    STORAGE_ERROR,
    INTERNAL_ERROR
);

impl Fault {
    /// A failure of this kind.
    pub fn new(code: Code, message: impl Into<String>) -> Fault {
        let status = StatusCode::from_u16(code.http_status());
        Fault {
            code,
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            message: message.into(),
            hint: None,
            place: None,
        }
    }

    /// A value that cannot be used.
    pub fn invalid(message: impl Into<String>) -> Fault {
        Fault::new(Code::ValidationError, message)
    }

    /// Something that is not there.
    pub fn missing(message: impl Into<String>) -> Fault {
        Fault::new(Code::NotFound, message)
    }

    /// With another status than the code's usual one.
    pub fn status(mut self, status: StatusCode) -> Fault {
        self.status = status;
        self
    }

    /// With what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    /// Without names that only the whole store knows of, for who is told of a part of it.
    pub fn without_suggestions(mut self) -> Fault {
        if let Some(place) = &mut self.place {
            place.suggestion = None;
            self.message.clone_from(&place.message);
        }
        self
    }

    /// What an answer without a body means.
    pub fn of_status(status: StatusCode) -> Fault {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => (Code::NotFound, "there is nothing under this path"),
            StatusCode::METHOD_NOT_ALLOWED => (
                Code::ValidationError,
                "this path does not take this method; the header Allow names those it takes",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => (Code::ValidationError, "the body is too large"),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                (Code::Unauthorized, "who asks may not do this")
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                (Code::Busy, "the server has too much to do")
            }
            other if other.is_client_error() => {
                (Code::ValidationError, "the request cannot be read")
            }
            _ => (Code::InternalError, "the server failed"),
        };
        Fault::new(code, message)
            .status(status)
            .hint("GET /api/v1/openapi.json lists every path")
    }

    /// The body, for the request of this id.
    pub fn body(self, request_id: &str) -> ErrorBody {
        ErrorBody {
            error: self.message,
            code: ErrorCode::of(self.code),
            hint: self.hint,
            request_id: request_id.to_owned(),
            place: self.place.map(|place| *place),
        }
    }
}

impl From<mltrack::Error> for Fault {
    fn from(error: mltrack::Error) -> Fault {
        let hint = error.hint().map(str::to_owned);
        let message = format!("{error:#}");
        let source = std::error::Error::source(&error);
        let place = source.and_then(|source| source.downcast_ref::<mltrack::FilterError>());
        Fault {
            hint,
            place: place.map(|error| Box::new(ErrorPlace::of(error))),
            ..Fault::new(error.code(), message)
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The errors that every path can answer with, for the document.
pub struct Faults;

/// Each status with what it says.
const STATUSES: [(&str, &str); 18] = [
    (
        "400",
        "a value, name, filter, cursor or body that cannot be used",
    ),
    ("401", "a key is needed, or it is not valid"),
    (
        "403",
        "the caller may not do this, or the server is read-only",
    ),
    ("404", "there is no such thing"),
    ("405", "the path does not take this method"),
    (
        "409",
        "the state of things does not allow it, or somebody was first",
    ),
    ("410", "the moment asked about was purged"),
    ("412", "what If-Match names is not the newest any more"),
    ("413", "the body, or the answer, is larger than allowed"),
    ("415", "the body is not of a type that can be read"),
    ("416", "the range lies outside of the bytes"),
    (
        "422",
        "the Idempotency-Key came with another request before",
    ),
    ("429", "too many requests"),
    ("500", "damaged data, or the server failed"),
    ("502", "another machine did not answer"),
    ("503", "busy; the same call can succeed later"),
    ("504", "the answer was not there in time"),
    ("507", "the disk is full"),
];

impl IntoResponses for Faults {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::response::Response>> {
        let named = |status: &str| RefOr::Ref(Ref::from_response_name(format!("Error{status}")));
        let statuses = STATUSES.iter();
        statuses
            .map(|(status, _)| ((*status).to_owned(), named(status)))
            .collect()
    }
}

/// Each of these errors, for the document, under the name that paths refer to it by.
pub fn described() -> impl Iterator<Item = (String, utoipa::openapi::response::Response)> {
    STATUSES.iter().map(|(status, text)| {
        let schema = Ref::from_schema_name("ErrorBody");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(*text)
            .content("application/json", content);
        (format!("Error{status}"), response.build())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_library_has_its_name_in_a_body() {
        for code in Code::ALL {
            let body = serde_json::to_value(ErrorCode::of(*code)).unwrap();
            assert_eq!(body, code.name());
        }
    }
}
