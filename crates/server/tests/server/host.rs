//! Under which names a server answers: a foreign site cannot have its own name mean this machine.

use mltrack_server::Options;

use super::raw::{ask, authority, status};
use super::support::Served;

fn status_for(served: &Served, host: &str) -> u16 {
    let host = format!("Host: {host}");
    status(&ask(served, &["GET /version HTTP/1.1", &host], b""))
}

#[test]
fn a_foreign_name_is_refused_and_the_answer_says_what_to_set() {
    let served = Served::start();
    let port = authority(&served).rsplit(':').next().unwrap().to_owned();
    for host in [
        "evil.example".to_owned(),
        format!("rebound.evil.example:{port}"),
    ] {
        assert_eq!(status_for(&served, &host), 403, "{host}");
    }
    let answer = ask(
        &served,
        &["GET /version HTTP/1.1", "Host: evil.example"],
        b"",
    );
    assert!(answer.contains("--allow-host"), "{answer}");
    for host in [
        "localhost".to_owned(),
        format!("127.0.0.1:{port}"),
        "[::1]".to_owned(),
    ] {
        assert_eq!(status_for(&served, &host), 200, "{host}");
    }
}

#[test]
fn a_name_that_the_host_listed_is_answered() {
    let options = Options {
        hosts_allowed: vec!["tracker.example".to_owned()],
        ..Options::default()
    };
    let served = Served::start_with(&options);
    assert_eq!(status_for(&served, "tracker.example"), 200);
    assert_eq!(status_for(&served, "evil.example"), 403);
}

#[test]
fn a_request_without_a_host_or_with_two_is_refused() {
    let served = Served::start();
    assert_eq!(status(&ask(&served, &["GET /version HTTP/1.1"], b"")), 400);
    let lines = [
        "GET /version HTTP/1.1",
        "Host: localhost",
        "Host: evil.example",
    ];
    assert_eq!(status(&ask(&served, &lines, b"")), 400);
}

#[test]
fn no_header_can_be_smuggled_into_an_answer() {
    let served = Served::start();
    let host = format!("Host: {}", authority(&served));
    let lines = ["GET /api/v1/a%0d%0aSet-Cookie:%20a=b HTTP/1.1", &host];
    let answer = ask(&served, &lines, b"");
    let head = answer.split("\r\n\r\n").next().unwrap();
    assert!(!head.to_lowercase().contains("set-cookie"), "{head}");
    let lines = [
        "GET /health HTTP/1.1",
        &host,
        "X-Request-Id: a\rSet-Cookie: a=b",
    ];
    let answer = ask(&served, &lines, b"");
    let head = answer.split("\r\n\r\n").next().unwrap();
    assert!(!head.to_lowercase().contains("set-cookie"), "{head}");
}

#[test]
fn a_path_that_climbs_reaches_no_route_and_no_file() {
    let served = Served::start();
    let host = format!("Host: {}", authority(&served));
    for path in [
        "/../../../../etc/passwd",
        "/api/v1/../../health",
        "/api/v1/%2e%2e/%2e%2e/health",
        "/..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/health/../metrics",
    ] {
        let answer = ask(&served, &[&format!("GET {path} HTTP/1.1"), &host], b"");
        assert_eq!(status(&answer), 404, "{path}");
        assert!(!answer.contains("root:"), "{path}");
    }
}
