//! Every endpoint of `MLflow`: served, or refused with a body that says so, as `docs/mlflow.md` tells.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::Served;

/// What `MLflow` has: a method and a path on each line, below `/api` unless the path begins with a slash.
const ALL: &str = include_str!("endpoints.txt");
const PAGE: &str = include_str!("../../../../docs/mlflow.md");

/// The endpoints that the page tells about, and what it tells.
fn told() -> BTreeMap<&'static str, &'static str> {
    let mut told = BTreeMap::new();
    for line in PAGE.lines() {
        let row = line
            .strip_prefix("| ")
            .and_then(|row| row.strip_suffix(" |"));
        let Some((endpoint, what)) = row.and_then(|row| row.split_once(" | ")) else {
            continue;
        };
        assert_eq!(
            told.insert(endpoint, what),
            None,
            "{endpoint} stands there twice"
        );
    }
    told
}

fn is_refused(what: &str) -> bool {
    what.starts_with("not served")
}

/// The status and the body of a call of an endpoint, with `0` for each part of its path that is a name.
fn call(served: &Served, endpoint: &str) -> (u16, Value) {
    let (method, path) = endpoint.split_once(' ').expect("a method and a path");
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/api/{path}")
    };
    let parts = path
        .split('/')
        .map(|part| if part.starts_with('{') { "0" } else { part });
    let path: Vec<&str> = parts.collect();
    let url = served.url(&path.join("/"));
    let request = reqwest::Client::new().request(method.parse().unwrap(), url);
    served.send(
        request
            .header("content-type", "application/json")
            .body("{}"),
    )
}

#[test]
fn the_page_tells_of_every_endpoint_and_of_nothing_else() {
    let told = told();
    let all: BTreeSet<&str> = ALL.lines().collect();
    let known: BTreeSet<&str> = told.keys().copied().collect();
    assert_eq!(known, all);
    for (endpoint, what) in told {
        let words = ["served", "deviates: ", "not served: "];
        assert!(
            words.iter().any(|word| what.starts_with(word)),
            "{endpoint}: {what}"
        );
    }
}

#[test]
fn what_the_page_calls_not_served_says_so_itself() {
    let served = Served::start();
    for (endpoint, what) in told().into_iter().filter(|(_, what)| is_refused(what)) {
        let (status, body) = call(&served, endpoint);
        let message = body["message"].as_str().unwrap_or_default();
        let is_told = body["error_code"] == "NOT_IMPLEMENTED" && message.contains("docs/mlflow.md");
        assert!(
            status == 501 && is_told,
            "{endpoint} ({what}): {status} {body}"
        );
    }
}

#[test]
fn what_the_page_calls_served_is_there() {
    let served = Served::start();
    for (endpoint, what) in told().into_iter().filter(|(_, what)| !is_refused(what)) {
        let (status, body) = call(&served, endpoint);
        let message = body["message"].as_str().unwrap_or_default();
        let is_missing = status == 405
            || (status == 404 && body.is_null())
            || message.contains("docs/mlflow.md");
        assert!(!is_missing, "{endpoint} ({what}): {status} {body}");
    }
}
