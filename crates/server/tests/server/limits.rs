//! What one client can cost: bodies, heads, time, connections.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use mltrack_server::Options;

use super::raw::{ask, authority, connect, rest, status};
use super::support::Served;

const SEARCH: &str = "POST /api/2.0/mlflow/runs/create HTTP/1.1";
const NATIVE: &str = "POST /api/v1/runs/search HTTP/1.1";

fn small() -> Served {
    Served::start_with(&Options {
        body_len_max: 1000,
        head_timeout: Duration::from_millis(300),
        request_timeout: Duration::from_millis(500),
        ..Options::default()
    })
}

#[test]
fn a_body_that_says_it_is_too_long_is_refused_before_it_is_read() {
    let served = small();
    let host = format!("Host: {}", authority(&served));
    let answer = ask(&served, &[SEARCH, &host, "Content-Length: 1001"], b"");
    assert_eq!(status(&answer), 413);
    assert!(
        answer.contains("\"error_code\":\"BAD_REQUEST\""),
        "{answer}"
    );
    let answer = ask(&served, &[NATIVE, &host, "Content-Length: 1001"], b"");
    assert_eq!(status(&answer), 413);
    assert!(answer.contains("\"code\":\"VALIDATION_ERROR\""), "{answer}");
}

#[test]
fn an_unpacked_bomb_is_stopped_at_the_limit() {
    let served = small();
    let host = format!("Host: {}", authority(&served));
    let zeros = vec![b' '; 10 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&zeros[..200_000]).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::bulk::compress(&zeros, 1).unwrap();
    let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflate.write_all(&zeros[..200_000]).unwrap();
    let deflate = deflate.finish().unwrap();
    for (coding, packed) in [("gzip", gzip), ("zstd", zstd), ("deflate", deflate)] {
        assert!(packed.len() <= 1000, "{coding} {}", packed.len());
        let len = format!("Content-Length: {}", packed.len());
        let coding = format!("Content-Encoding: {coding}");
        let kind = "Content-Type: application/json";
        let answer = ask(&served, &[SEARCH, &host, kind, &len, &coding], &packed);
        assert_eq!(status(&answer), 413, "{coding}");
    }
}

#[test]
fn a_coding_that_is_unknown_or_a_lie_is_refused() {
    let served = small();
    let host = format!("Host: {}", authority(&served));
    let lines = [SEARCH, &host, "Content-Length: 4", "Content-Encoding: br"];
    assert_eq!(status(&ask(&served, &lines, b"abcd")), 415);
    let lines = [SEARCH, &host, "Content-Length: 4", "Content-Encoding: gzip"];
    assert_eq!(status(&ask(&served, &lines, b"abcd")), 400);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let served = small();
    let host = format!("Host: {}", authority(&served));
    let large = format!("X-Large: {}", "x".repeat(300 << 10));
    assert_eq!(
        status(&ask(&served, &["GET /health HTTP/1.1", &host, &large], b"")),
        431
    );
    let several: Vec<String> = (0..200).map(|number| format!("X-{number}: a")).collect();
    let mut lines = vec!["GET /health HTTP/1.1", &host];
    lines.extend(several.iter().map(String::as_str));
    assert_eq!(status(&ask(&served, &lines, b"")), 431);
    let long = format!("GET /health?{} HTTP/1.1", "a".repeat(70_000));
    assert_eq!(status(&ask(&served, &[&long, &host], b"")), 414);
}

#[test]
fn a_connection_that_says_nothing_or_says_it_slowly_is_closed() {
    let served = small();
    for beginning in [
        "",
        "P",
        "PRI * HTTP/2.0",
        "GET /health HTTP/1.1\r\nHost: local",
    ] {
        let mut stream = connect(&served);
        stream.write_all(beginning.as_bytes()).unwrap();
        let said = rest(&mut stream);
        assert!(!said.contains("200 OK"), "{beginning:?}: {said}");
    }
}

#[test]
fn a_head_that_trickles_is_cut_off_though_it_never_stops() {
    let served = small();
    let mut stream = connect(&served);
    let host = authority(&served);
    stream
        .write_all(format!("GET /health HTTP/1.1\r\nHost: {host}\r\n").as_bytes())
        .unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let mut lines_count = 0;
    let mut byte = [0];
    loop {
        lines_count += 1;
        assert!(lines_count < 1000, "the connection is never closed");
        let sent = stream.write_all(format!("X-{lines_count}: a\r\n").as_bytes());
        let is_over = match stream.read(&mut byte) {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), std::io::ErrorKind::WouldBlock),
        };
        if sent.is_err() || is_over {
            break;
        }
    }
}

#[test]
fn a_body_that_never_comes_is_answered_when_its_time_is_over() {
    let served = small();
    let host = authority(&served);
    let mut stream = connect(&served);
    let head = format!(
        "POST /api/2.0/mlflow/runs/create HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 504");
}

#[test]
fn a_connection_too_many_is_told_to_come_again() {
    let served = Served::start_with(&Options {
        connections_max: 1,
        ..Options::default()
    });
    let mut first = connect(&served);
    let host = authority(&served);
    let head = format!("GET /health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    first.write_all(head.as_bytes()).unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).unwrap();
    let answer = rest(&mut connect(&served));
    assert_eq!(status(&answer), 503);
    assert!(answer.contains("Retry-After: 1"), "{answer}");
}

#[test]
fn requests_too_many_are_told_to_come_again() {
    let served = Served::start_with(&Options {
        requests_max: 0,
        ..Options::default()
    });
    let host = format!("Host: {}", authority(&served));
    let answer = ask(&served, &[SEARCH, &host, "Content-Length: 0"], b"");
    assert_eq!(status(&answer), 503);
    assert!(answer.contains("retry-after: 1"), "{answer}");
    assert!(answer.contains("TEMPORARILY_UNAVAILABLE"), "{answer}");
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let served = small();
    let authority = authority(&served);
    let path = "/api/2.0/mlflow-artifacts/artifacts/kept/large.bin";
    let put = reqwest::Client::new().put(served.url(path));
    let (status, _) = served.send(put.body(vec![7; 32 << 20]));
    assert_eq!(status, 200);
    let mut stream = connect(&served);
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes())
        .unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    let host = format!("Host: {authority}");
    let is_alone = || {
        let figures = ask(&served, &["GET /metrics HTTP/1.1", &host], b"");
        figures.contains("\nmltrack_connections 1\n")
    };
    let begun = mltrack::door::monotonic();
    while !is_alone() {
        assert!(
            begun.elapsed() < super::raw::PATIENCE,
            "it is never given up"
        );
    }
    assert!(rest(&mut stream).len() < 32 << 20);
}
