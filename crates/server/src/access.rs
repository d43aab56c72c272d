//! What a call needs: the one table that rights, reading-only servers and limits of bodies go by.
//!
//! Invariants: the table is asked with the same bytes of the path that the router is, so no spelling of a path is
//! one thing here and another there; what stands in no row and is no plain reading counts as a change.

use axum::http::Method;

/// What the caller must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing: answered to anybody.
    Nothing,
    /// To look.
    Look,
    /// To change runs, experiments, models, artifacts.
    Change,
    /// To change what reaches beyond the store, or who may use it.
    Manage,
}

/// Answered to anybody: who asks whether and what the server is has shown no token yet.
const OPEN: &[&str] = &[
    "/health",
    "/version",
    "/api/3.0/mlflow/server-info",
    "/ajax-api/3.0/mlflow/server-info",
];

/// Questions that `MLflow`'s clients post, below `/api/2.0/mlflow/` and its like.
const QUESTIONS: &[&str] = &[
    "artifacts/presigned-download-url",
    "datasets/search",
    "experiments/search",
    "experiments/search-datasets",
    "logged-models/search",
    "model-versions/search",
    "registered-models/get-latest-versions",
    "registered-models/search",
    "runs/search",
    "traces/batchGetInfos",
    "traces/calculate-filter-correlation",
    "traces/metrics",
    "traces/search",
];

/// Questions that are posted to our own interface, below `/api/v1/`.
const NATIVE_QUESTIONS: &[&str] = &[
    "activity",
    "command",
    "experiments/search",
    "history",
    "history/groups",
    "metrics/search",
    "runs/compare",
    "runs/search",
    "search",
];

/// What a call needs.
pub fn need(method: &Method, path: &str) -> Need {
    if OPEN.contains(&path) {
        return Need::Nothing;
    }
    // A link is its own credential: what it leads to checks it before anything else.
    if is_at(path, crate::mlflow::SIGNED) {
        return Need::Nothing;
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Need::Look;
    }
    if *method == Method::POST && is_question(path) {
        return Need::Look;
    }
    let is_managed = below_mlflow(path).is_some_and(|rest| is_at(rest, "webhooks"))
        || path
            .strip_prefix("/api/v1/")
            .is_some_and(|rest| is_at(rest, "keys") || is_at(rest, "webhooks"));
    if is_managed {
        Need::Manage
    } else {
        Need::Change
    }
}

/// Whether a call's body goes to artifacts or into the log piece by piece, however long it is.
pub fn is_upload(method: &Method, path: &str) -> bool {
    let carries = matches!(*method, Method::PUT | Method::POST | Method::PATCH);
    carries
        && (path.starts_with("/api/2.0/mlflow-artifacts/artifacts/")
            || path.starts_with("/ajax-api/2.0/mlflow-artifacts/artifacts/")
            || is_at(path, crate::mlflow::SIGNED)
            || path == "/ajax-api/2.0/mlflow/upload-artifact"
            || path == "/api/v1/ingest"
            || is_native_artifact(method, path))
}

/// Whether a call puts an artifact into a run of our interface.
fn is_native_artifact(method: &Method, path: &str) -> bool {
    let rest = path.strip_prefix("/api/v1/runs/");
    *method == Method::PUT && rest.is_some_and(|rest| rest.ends_with("/artifacts"))
}

/// Whether a path belongs to our own interface, so that an error has its form.
pub fn is_native(path: &str) -> bool {
    is_at(path, "/api/v1")
}

/// Whether a path is `place` or lies below it.
fn is_at(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_question(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix("/api/v1/") {
        return NATIVE_QUESTIONS.contains(&rest) || is_check(rest);
    }
    below_mlflow(path).is_some_and(|rest| QUESTIONS.contains(&rest))
}

/// Whether a path asks to read stored bytes and say whether they are what the log says.
fn is_check(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('/').collect();
    matches!(
        parts[..],
        ["artifacts", _, "check"] | ["datasets" | "models", _, "versions", _, "check"]
    )
}

/// What follows `/api/2.0/mlflow/` and its like.
fn below_mlflow(path: &str) -> Option<&str> {
    let rest = path
        .strip_prefix("/api/")
        .or_else(|| path.strip_prefix("/ajax-api/"))?;
    rest.strip_prefix("2.0/mlflow/")
        .or_else(|| rest.strip_prefix("3.0/mlflow/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_row_is_a_change_unless_it_is_fetched() {
        let needs = [
            (Method::GET, "/health", Need::Nothing),
            (Method::GET, "/metrics", Need::Look),
            (Method::GET, "/api/2.0/mlflow/runs/get", Need::Look),
            (Method::POST, "/api/2.0/mlflow/runs/search", Need::Look),
            (Method::POST, "/ajax-api/2.0/mlflow/runs/search", Need::Look),
            (Method::POST, "/api/2.0/mlflow/runs/%73earch", Need::Change),
            (Method::POST, "/api/2.0/mlflow/runs/search/", Need::Change),
            (Method::POST, "/api/2.0/mlflow/runs/create", Need::Change),
            (Method::DELETE, "/api/2.0/mlflow/runs/search", Need::Change),
            (
                Method::PUT,
                "/api/2.0/mlflow-artifacts/artifacts/a/search",
                Need::Change,
            ),
            (
                Method::POST,
                "/api/2.0/mlflow-artifacts/mpu/create/runs/search",
                Need::Change,
            ),
            (
                Method::PUT,
                "/api/2.0/mlflow-artifacts/signed/part/a/1",
                Need::Nothing,
            ),
            (Method::GET, "/api/2.0/mlflow-artifacts/signedx", Need::Look),
            (Method::POST, "/v1/traces", Need::Change),
            (Method::POST, "/api/v1/artifacts/a/check", Need::Look),
            (Method::POST, "/api/v1/history/groups", Need::Look),
            (Method::POST, "/api/v1/artifacts/a/b/check", Need::Change),
            (
                Method::POST,
                "/api/v1/datasets/d/versions/1/check",
                Need::Look,
            ),
            (
                Method::POST,
                "/api/v1/models/m/versions/1/check",
                Need::Look,
            ),
            (
                Method::POST,
                "/api/v1/models/m/versions/1/restore",
                Need::Change,
            ),
            (Method::DELETE, "/api/v1/artifacts/a/check", Need::Change),
            (Method::POST, "/api/2.0/mlflow/webhooks", Need::Manage),
            (Method::PATCH, "/api/2.0/mlflow/webhooks/7", Need::Manage),
            (Method::GET, "/api/2.0/mlflow/webhooks", Need::Look),
            (Method::DELETE, "/api/v1/keys/ci", Need::Manage),
            (Method::POST, "/api/v1/runs/search", Need::Look),
        ];
        for (method, path, expected) in needs {
            assert_eq!(need(&method, path), expected, "{method} {path}");
        }
    }
}
