//! What every answer has, and what a server tells about itself.

use mltrack_server::{Compression, Options};
use serde_json::json;

use super::raw::{ask, authority, status};
use super::support::Served;

fn text(served: &Served, path: &str) -> String {
    let host = format!("Host: {}", authority(served));
    ask(served, &[&format!("GET {path} HTTP/1.1"), &host], b"")
}

#[test]
fn health_and_version_are_told_to_anybody() {
    let served = Served::start();
    assert!(text(&served, "/health").ends_with("\r\n\r\nOK"));
    let version = text(&served, "/version");
    assert!(version.contains("\r\n\r\n3."), "{version}");
    for path in [
        "/api/3.0/mlflow/server-info",
        "/ajax-api/3.0/mlflow/server-info",
    ] {
        assert_eq!(served.get(path).1["store_type"], "SqlStore");
    }
}

#[test]
fn a_request_id_is_kept_or_made_and_stands_in_errors() {
    let served = Served::start();
    let host = format!("Host: {}", authority(&served));
    let lines = [
        "GET /api/v1/nothing HTTP/1.1",
        &host,
        "X-Request-Id: trial-7",
    ];
    let answer = ask(&served, &lines, b"");
    assert_eq!(status(&answer), 404);
    assert!(answer.contains("x-request-id: trial-7\r\n"), "{answer}");
    assert!(answer.contains("\"request_id\":\"trial-7\""), "{answer}");
    let lines = ["GET /health HTTP/1.1", &host, "X-Request-Id: <script>"];
    let answer = ask(&served, &lines, b"");
    assert!(
        answer.contains("x-request-id: ") && !answer.contains("script"),
        "{answer}"
    );
}

#[test]
fn an_error_has_the_form_of_the_interface_that_was_addressed() {
    let served = Served::start();
    let (code, body) = served.post("/api/2.0/mlflow/no/such", &json!({}));
    assert_eq!(
        (code, &body["error_code"]),
        (404, &json!("ENDPOINT_NOT_FOUND"))
    );
    let (code, body) = served.post("/api/v1/no/such", &json!({}));
    assert_eq!((code, &body["code"]), (404, &json!("NOT_FOUND")));
    let (code, _) = served.post("/health", &json!({}));
    assert_eq!(code, 405);
}

/// The first page as a browser asks for it.
fn page(served: &Served) -> String {
    let host = format!("Host: {}", authority(served));
    ask(
        served,
        &["GET / HTTP/1.1", &host, "Accept: text/html,*/*"],
        b"",
    )
}

#[test]
fn the_first_page_can_be_read_and_runs_nothing() {
    let served = Served::start();
    let page = page(&served);
    assert_eq!(status(&page), 200);
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    for line in [
        "content-type: text/html",
        "export MLFLOW_TRACKING_URI=http://127.0.0.1:",
        "mltrack -C http://127.0.0.1:",
        ">Default</a>",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!page.contains("<script>") && !page.contains(" more: "));
}

#[test]
fn the_first_page_escapes_what_the_store_and_the_client_say() {
    let served = Served::start();
    let tracker = mltrack::Tracker::open(served.folder.path()).unwrap();
    tracker.experiment("<img src=x onerror=alert(1)>").unwrap();
    let page = page(&served);
    assert!(page.contains("&lt;img src=x"), "{page}");
    assert!(!page.contains("<img"));
}

#[test]
fn the_first_page_is_plain_text_for_who_has_no_browser() {
    let served = Served::start();
    let tracker = mltrack::Tracker::open(served.folder.path()).unwrap();
    for number in 0..60 {
        tracker.experiment(&format!("e{number}")).unwrap();
    }
    let text = text(&served, "/");
    assert!(text.contains("content-type: text/plain"), "{text}");
    let connect = "\nConnect\n  export MLFLOW_TRACKING_URI=http://127.0.0.1:";
    assert!(text.contains(connect), "{text}");
    assert!(
        text.contains("\n  11 more: mltrack -C http://127.0.0.1:"),
        "{text}"
    );
    assert!(!text.contains('<'), "{text}");
}

#[test]
fn figures_are_by_route_and_never_by_what_clients_send() {
    let served = Served::start();
    for path in ["/health", "/nothing/secret-1", "/nothing/secret-2"] {
        served.get(path);
    }
    let figures = text(&served, "/metrics");
    let count = "mltrack_requests_total{route=\"/health\",method=\"GET\",status=\"200\"} 1";
    assert!(figures.contains(count), "{figures}");
    let count = "mltrack_requests_total{route=\"none\",method=\"GET\",status=\"404\"} 2";
    assert!(figures.contains(count), "{figures}");
    assert!(figures.contains("mltrack_request_seconds_count{route=\"/health\"} 1"));
    for name in [
        "mltrack_log_next_lsn",
        "mltrack_log_bytes",
        "mltrack_connections",
        "process_resident_memory_bytes",
        "mltrack_received_bytes_total",
    ] {
        assert!(figures.contains(&format!("\n{name} ")), "{name}");
    }
    assert!(!figures.contains("secret"));
}

#[test]
fn answers_are_compressed_when_they_are_worth_it_and_asked_for() {
    let options = Options {
        compression: Compression::Always,
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let host = format!("Host: {}", authority(&served));
    let asked = |path: &str, accepted: &str| {
        let accepted = format!("Accept-Encoding: {accepted}");
        let answer = ask(
            &served,
            &[&format!("GET {path} HTTP/1.1"), &host, &accepted],
            b"",
        );
        let line = answer
            .lines()
            .find(|line| line.starts_with("content-encoding: "));
        line.map(|line| line["content-encoding: ".len()..].to_owned())
    };
    assert_eq!(asked("/metrics", "gzip").as_deref(), Some("gzip"));
    assert_eq!(asked("/metrics", "gzip, zstd").as_deref(), Some("zstd"));
    assert_eq!(asked("/metrics", "identity"), None);
    // Less than a packet.
    assert_eq!(asked("/health", "gzip"), None);
    let near = Served::start();
    let host = format!("Host: {}", authority(&near));
    let answer = ask(
        &near,
        &["GET /metrics HTTP/1.1", &host, "Accept-Encoding: gzip"],
        b"",
    );
    assert!(!answer.contains("content-encoding"), "{answer}");
}

#[test]
fn a_server_that_only_reads_refuses_changes_and_answers_questions() {
    let options = Options {
        is_read_only: true,
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let (code, body) = served.post("/api/2.0/mlflow/runs/create", &json!({}));
    assert_eq!(
        (code, &body["error_code"]),
        (403, &json!("PERMISSION_DENIED"))
    );
    assert_ne!(
        served.post("/api/2.0/mlflow/runs/search", &json!({})).0,
        403
    );
    assert_eq!(served.get("/health").0, 200);
}

#[test]
fn the_first_page_names_the_address_that_its_reader_has_behind_a_proxy_that_encrypts() {
    let served = Served::start();
    let host = format!("Host: {}", authority(&served));
    let head = ["GET / HTTP/1.1", &host, "X-Forwarded-Proto: https"];
    let text = ask(&served, &head, b"");
    assert!(
        text.contains("MLFLOW_TRACKING_URI=https://127.0.0.1:"),
        "{text}"
    );
}
