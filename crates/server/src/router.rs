//! All routes of the server, put together.
//!
//! Invariant: each part names its own routes; nothing else is reachable.

use axum::Router;

use crate::shared::Shared;
use crate::{mlflow, native};

/// Everything that is served over a store.
pub fn router(shared: Shared) -> Router {
    Router::new()
        .merge(mlflow::routes())
        .merge(native::routes())
        .with_state(shared)
}
