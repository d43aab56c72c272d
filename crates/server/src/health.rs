//! What a server says about itself to anybody: that it is there, and what it speaks.
//!
//! Invariant: none of it is about the store's contents.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::mlflow::endpoint;
use crate::shared::Shared;

/// The version of `MLflow` whose interface this is: clients ask before they use what older servers lack.
pub const MLFLOW_VERSION: &str = "3.17.2";

/// The routes.
pub fn routes() -> Router<Shared> {
    let router = Router::new()
        .route("/health", get(|| async { plain("OK") }))
        .route("/version", get(|| async { plain(MLFLOW_VERSION) }));
    endpoint(
        router,
        "/3.0/mlflow/server-info",
        get(|| async { server_info() }),
    )
}

fn plain(text: &'static str) -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// What clients of `MLflow` decide by.
fn server_info() -> Response {
    let body = json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        // Both are served, and clients that are told to use them do. Here they take longer than one request does,
        // because the parts come to this server too, so none is told to.
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": true,
        "presigned_upload_model_id_supported": true,
        "features_enabled": {"gateway": false},
    });
    Json(body).into_response()
}
