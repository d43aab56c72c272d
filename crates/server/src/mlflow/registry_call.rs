//! How a call of the registry is answered: on a thread that may wait, from the fields of the request.
//!
//! Invariant: the first look at a big store folds it, so no call of the registry is answered where waiting holds up
//! others.

use std::future::Future;
use std::pin::Pin;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::{Answer, Message};
use crate::blocking::blocking;
use crate::caller::Acting;
use crate::fields::Fields;
use crate::shared::Shared;

/// What answers a call.
pub type Work = fn(&Shared, &Fields) -> Answer<Value>;

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Whom the log names for what a client did that nobody knows.
pub const NOBODY: &str = "server";

/// A handler that does this work, in the name of whoever asks for it.
pub fn call(
    work: Work,
) -> impl Fn(State<Shared>, Method, OriginalUri, Message) -> Answering + Clone + Send + Sync {
    move |State(shared), method, OriginalUri(uri), Message(fields)| {
        let command = format!("{method} {}", uri.path());
        Box::pin(async move {
            let answer: Answer<Response> = blocking(move || {
                // Who showed a key is named by it already.
                let body = match Acting::current() {
                    Some(_) => work(&shared, &fields)?,
                    None => mltrack::acting(NOBODY, &command, || work(&shared, &fields))?,
                };
                Ok(Json(body).into_response())
            })
            .await;
            answer
        })
    }
}
