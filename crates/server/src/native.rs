//! Our own interface: `/api/v1`.
//!
//! Invariant: an answer is what the library says, in JSON; an error is one body, with the library's code.

use axum::Router;

use crate::shared::Shared;

/// The routes below `/api/v1`.
pub fn routes() -> Router<Shared> {
    Router::new()
}
