//! Pages of other sites: they change nothing and read nothing, unless the host listed them.

use mltrack_server::Options;

use super::raw::{ask, authority, status};
use super::support::Served;

const CREATE: &str = "POST /api/2.0/mlflow/runs/create HTTP/1.1";

fn with(served: &Served, line: &str, headers: &[&str]) -> String {
    let host = format!("Host: {}", authority(served));
    ask(
        served,
        &[&[line, &host, "Content-Length: 0"], headers].concat(),
        b"",
    )
}

#[test]
fn a_foreign_page_can_change_nothing_whatever_form_it_posts() {
    let served = Served::start();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json",
    ] {
        let kind = format!("Content-Type: {kind}");
        for origin in [
            "Origin: https://evil.example",
            "Origin: null",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ] {
            let answer = with(&served, CREATE, &[&kind, origin]);
            assert_eq!(status(&answer), 403, "{kind} {origin}");
        }
    }
}

#[test]
fn the_servers_own_pages_and_programs_are_not_hindered() {
    let served = Served::start();
    let own = format!("Origin: http://{}", authority(&served));
    for headers in [
        &[own.as_str(), "Sec-Fetch-Site: same-origin"][..],
        &["Sec-Fetch-Site: none"],
        &[],
    ] {
        assert_ne!(status(&with(&served, CREATE, headers)), 403, "{headers:?}");
    }
}

#[test]
fn no_page_may_read_an_answer_by_default() {
    let served = Served::start();
    let answer = with(
        &served,
        "GET /version HTTP/1.1",
        &["Origin: https://evil.example"],
    );
    assert_eq!(status(&answer), 200);
    assert!(!answer.contains("access-control"), "{answer}");
    let preflight = [
        "Origin: https://evil.example",
        "Access-Control-Request-Method: POST",
    ];
    let answer = with(&served, "OPTIONS /version HTTP/1.1", &preflight);
    assert_eq!(status(&answer), 403);
    assert!(!answer.contains("access-control"), "{answer}");
}

#[test]
fn a_page_that_the_host_listed_may_ask_and_read() {
    let options = Options {
        origins_allowed: vec!["https://notebooks.example".to_owned()],
        ..Options::default()
    };
    let served = Served::start_with(&options);
    let origin = "Origin: https://notebooks.example";
    let preflight = [origin, "Access-Control-Request-Method: POST"];
    let answer = with(
        &served,
        "OPTIONS /api/2.0/mlflow/runs/create HTTP/1.1",
        &preflight,
    );
    assert_eq!(status(&answer), 204);
    assert!(answer.contains("access-control-allow-origin: https://notebooks.example\r\n"));
    for header in [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
    ] {
        let mut lines = answer.lines();
        let allowed = lines.find(|line| line.starts_with("access-control-allow-headers"));
        assert!(allowed.unwrap().contains(header), "{header}: {answer}");
    }
    let answer = with(&served, CREATE, &[origin, "Sec-Fetch-Site: cross-site"]);
    assert_ne!(status(&answer), 403);
    assert!(answer.contains("access-control-allow-origin: https://notebooks.example\r\n"));
    let near = "Origin: https://notebooks.example.evil.example";
    assert_eq!(status(&with(&served, CREATE, &[near])), 403);
}
