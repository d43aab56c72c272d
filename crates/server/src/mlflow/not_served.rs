//! Endpoints of `MLflow` that this server does not serve: each says so, instead of looking like a wrong address.
//!
//! Invariant: what stands here is listed as not served in `docs/mlflow.md`, and nothing else is; a test compares both.

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, on};

use super::{MlflowError, Reason};
use crate::shared::Shared;

/// A method and a path on each line; a path below `/api` is below `/ajax-api` too.
const TABLE: &str = include_str!("not_served.txt");

/// All of them.
pub fn routes() -> Router<Shared> {
    let rows = TABLE.lines().filter_map(|line| line.split_once(' '));
    rows.fold(Router::new(), |router, (method, path)| {
        let method = method
            .parse()
            .ok()
            .and_then(|method: Method| MethodFilter::try_from(method).ok());
        let method = method.expect("the table names methods of HTTP");
        let router = router.route(path, on(method, refuse));
        match path.strip_prefix("/api/") {
            Some(rest) => router.route(&format!("/ajax-api/{rest}"), on(method, refuse)),
            None => router,
        }
    })
}

async fn refuse(method: Method, path: MatchedPath) -> Response {
    let path = path.as_str();
    let what = format!(
        "{method} {path} is not served by mltrack. docs/mlflow.md lists what is, and what is not."
    );
    MlflowError::new(Reason::NotImplemented, what).into_response()
}
