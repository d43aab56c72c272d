//! What becomes of requests under way: when the server is asked to stop, and when nobody reads their answer.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use mltrack::{Level, Tracker};
use mltrack_server::Options;

use super::raw::{ask, authority, connect, rest, status};
use super::support::Served;

/// An upload of ten bytes of which half has come, to a server that has been asked to stop.
fn upload_of_a_stopping_server(served: &mut Served) -> TcpStream {
    let mut stream = connect(served);
    let host = authority(served);
    let path = "/api/2.0/mlflow-artifacts/artifacts/0/models/m/artifacts/a.bin";
    let head = format!("PUT {path} HTTP/1.1\r\nHost: {host}\r\n");
    // The answer to this says that the handler reads.
    let head = format!("{head}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"01234").unwrap();
    served.ask_to_stop();
    while TcpStream::connect(&host).is_ok() {}
    stream
}

#[test]
fn an_upload_that_is_under_way_ends_with_its_answer() {
    let mut served = Served::start();
    let mut stream = upload_of_a_stopping_server(&mut served);
    stream.write_all(b"56789").unwrap();
    let answer = rest(&mut stream);
    assert_eq!(status(&answer), 200, "{answer}");
    let folder = served.stop();
    let again = Served::on(folder, &Options::default());
    let path = "/api/2.0/mlflow-artifacts/artifacts/0/models/m/artifacts/a.bin";
    let (status, _, bytes) = again.raw(again.http().get(again.url(path)));
    assert_eq!((status, &bytes[..]), (200, &b"0123456789"[..]));
}

#[test]
fn an_upload_that_never_ends_is_cut_off_when_the_grace_is_over() {
    let mut served = Served::start_with(&Options {
        grace: Duration::from_millis(200),
        ..Options::default()
    });
    let mut stream = upload_of_a_stopping_server(&mut served);
    let answer = rest(&mut stream);
    assert_eq!(answer, "", "nothing is promised about half an upload");
    let folder = served.stop();
    let again = Served::on(folder, &Options::default());
    let path = "/api/2.0/mlflow-artifacts/artifacts/0/models/m/artifacts/a.bin";
    assert_eq!(again.get(path).0, 404);
}

#[test]
fn a_listener_that_never_reads_is_closed_when_nothing_goes_out_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    let options = Options {
        head_timeout: Duration::from_secs(1),
        ..Options::default()
    };
    let served = Served::over(folder, tracker.clone(), &options);
    let run = tracker.experiment("loud").unwrap().start_run().unwrap();
    let mut stream = connect(&served);
    let head = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n",
        authority(&served)
    );
    stream.write_all(head.as_bytes()).unwrap();
    served.wait_for_listeners(1);
    // What the system holds for a socket is a few megabytes: it lives until that is full, and a second more.
    let line = "x".repeat(15 << 10);
    let mut lines_count = 0;
    let host = format!("Host: {}", authority(&served));
    // Each time on a connection of its own: one that is kept may be closed between two questions.
    let is_there = || {
        let answer = ask(&served, &["GET /api/v1/store HTTP/1.1", &host], b"");
        answer.contains("\"listeners\":1")
    };
    while is_there() {
        assert!(lines_count < 20_000, "it is never closed");
        for _ in 0..20 {
            run.log_line(Level::Info, &line).unwrap();
            lines_count += 1;
        }
        tracker.flush().unwrap();
    }
    run.finish().unwrap();
    let answer = ask(&served, &["GET /health HTTP/1.1", &host], b"");
    assert_eq!(status(&answer), 200);
}
