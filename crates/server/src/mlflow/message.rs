//! A request as `MLflow`'s server reads it: fields from a JSON body, or from the query of a GET.
//!
//! Invariant: unknown fields are ignored; a body that is not JSON is an empty message, so that the first required field
//! is what the error names.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Map;

use super::error::MlflowError;
use crate::fields::Fields;
use crate::shared::Shared;

/// The fields of a request to `MLflow`'s interface.
#[derive(Debug)]
pub struct Message(pub Fields);

impl FromRequest<Shared> for Message {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Message, Response> {
        if request.method() == Method::GET {
            let query = request.uri().query().unwrap_or_default();
            return Ok(Message(Fields::of_query(query)));
        }
        let kind = request.headers().get(header::CONTENT_TYPE).cloned();
        let bytes = Bytes::from_request(request, shared).await;
        let bytes = bytes.map_err(axum::response::IntoResponse::into_response)?;
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| kind.split(';').next() == Some("application/json"));
        if !is_json && !bytes.is_empty() {
            let text = "Bad Request. Content-Type must be one of ['application/json'].";
            return Err(MlflowError::invalid(text).into_response());
        }
        let fields = serde_json::from_slice(&bytes).unwrap_or_else(|_| Map::new());
        Ok(Message(Fields::new(fields)))
    }
}
