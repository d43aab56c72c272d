//! The server as its clients meet it: over sockets, on a store of its own.
//!
//! Invariant: every test has its own folder and its own port, and what it started ends with it.

#[path = "server/api_activity.rs"]
mod api_activity;
#[path = "server/api_bounds.rs"]
mod api_bounds;
#[path = "server/api_checks.rs"]
mod api_checks;
#[path = "server/api_compare.rs"]
mod api_compare;
#[path = "server/api_lines.rs"]
mod api_lines;
#[path = "server/api_log.rs"]
mod api_log;
#[path = "server/api_looking.rs"]
mod api_looking;
#[path = "server/api_pages.rs"]
mod api_pages;
#[path = "server/api_registry.rs"]
mod api_registry;
#[path = "server/api_tables.rs"]
mod api_tables;
#[path = "server/api_values.rs"]
mod api_values;
#[path = "server/api_views.rs"]
mod api_views;
#[path = "server/api_writing.rs"]
mod api_writing;
#[path = "server/artifact_paths.rs"]
mod artifact_paths;
#[path = "server/auth.rs"]
mod auth;
#[path = "server/auth_native.rs"]
mod auth_native;
#[path = "server/batches.rs"]
mod batches;
#[path = "server/ending.rs"]
mod ending;
#[path = "server/endpoints.rs"]
mod endpoints;
#[path = "server/experiment_search.rs"]
mod experiment_search;
#[path = "server/experiments.rs"]
mod experiments;
#[path = "server/front.rs"]
mod front;
#[path = "server/history.rs"]
mod history;
#[path = "server/host.rs"]
mod host;
#[path = "server/idempotency.rs"]
mod idempotency;
#[path = "server/in_process.rs"]
mod in_process;
#[path = "server/ingest.rs"]
mod ingest;
#[path = "server/limits.rs"]
mod limits;
#[path = "server/live.rs"]
mod live;
#[path = "server/logged_models.rs"]
mod logged_models;
#[path = "server/made.rs"]
mod made;
#[path = "server/multipart.rs"]
mod multipart;
#[path = "server/origin.rs"]
mod origin;
#[path = "server/otlp.rs"]
mod otlp;
#[path = "server/page.rs"]
mod page;
#[path = "server/prompts.rs"]
mod prompts;
#[path = "server/proxy.rs"]
mod proxy;
#[path = "server/raw.rs"]
mod raw;
#[path = "server/registry.rs"]
mod registry;
#[path = "server/registry_sources.rs"]
mod registry_sources;
#[path = "server/run_search.rs"]
mod run_search;
#[path = "server/runs.rs"]
mod runs;
#[path = "server/support.rs"]
mod support;
#[path = "server/tls.rs"]
mod tls;
#[path = "server/traces.rs"]
mod traces;
#[path = "server/webhooks.rs"]
mod webhooks;
#[path = "server/writing.rs"]
mod writing;

use serde_json::json;

#[test]
fn an_unknown_path_is_not_found() {
    let served = support::Served::start();
    assert_eq!(served.get("/nothing/here").0, 404);
}

#[test]
fn a_server_answers_under_the_address_it_names() {
    let served = support::Served::start();
    let (status, _) = served.post("/api/2.0/mlflow/nothing/here", &json!({}));
    assert!(status >= 400);
}
