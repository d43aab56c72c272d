//! How a call of the registry is answered: on a thread that may wait, from the fields of the request.
//!
//! Invariant: the first look at a big store folds it, so no call of the registry is answered where waiting holds up
//! others.

use std::future::Future;
use std::pin::Pin;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::{Answer, Message};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// What answers a call.
pub type Work = fn(&Shared, &Fields) -> Answer<Value>;

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A handler that does this work.
pub fn call(work: Work) -> impl Fn(State<Shared>, Message) -> Answering + Clone + Send + Sync {
    move |State(shared), Message(fields)| {
        Box::pin(async move {
            let answer: Answer<Response> = blocking(move || {
                let body = work(&shared, &fields)?;
                Ok(Json(body).into_response())
            })
            .await;
            answer
        })
    }
}
