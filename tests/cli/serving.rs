//! `serve`: what it prints, who it is refused to, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::Folder;

/// A server that has said where it listens.
pub struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    lines: Vec<String>,
}

impl Serving {
    pub fn start(folder: &Folder, words: &[&str]) -> Serving {
        let words = [&["serve", "--bind", "127.0.0.1:0"], words].concat();
        let mut child = folder.spawn_fed(&words);
        let stdout = child.stdout.take().unwrap();
        let mut serving = Serving {
            child,
            stdout: BufReader::new(stdout),
            lines: Vec::new(),
        };
        let count = if words.contains(&"--json") { 1 } else { 3 };
        for _ in 0..count {
            let mut line = String::new();
            serving.stdout.read_line(&mut line).unwrap();
            serving.lines.push(line.trim_end().to_owned());
        }
        serving
    }

    /// What a client of it is given.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> &str {
        self.lines[1].rsplit("http://").next().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as a person does, and answers how it ended.
    pub fn stop(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.child.wait().unwrap().code()
    }
}

/// The status line and everything after it.
fn ask(address: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{head} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn serve_prints_three_lines_answers_and_ends_with_zero_when_asked_to() {
    let folder = Folder::empty();
    let serving = Serving::start(&folder, &[]);
    assert!(
        serving.lines[0].ends_with(".mltrack (0 events)"),
        "{:?}",
        serving.lines
    );
    let tracking = format!("mlflow  MLFLOW_TRACKING_URI=http://{}", serving.address());
    assert_eq!(serving.lines[2], tracking);
    assert!(ask(serving.address(), "GET /nothing/here").starts_with("HTTP/1.1 404"));
    assert!(folder.path().join(".mltrack/FORMAT").is_file());
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn serve_says_where_it_listens_as_json_and_ends_by_ctrl_c() {
    let folder = Folder::with_store();
    let serving = Serving::start(&folder, &["--json", "--store", ".mltrack"]);
    let told: Value = serde_json::from_str(&serving.lines[0]).unwrap();
    assert!(
        told["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(told["schema"], 1);
    assert_eq!(serving.stop(Signal::INT), Some(0));
}

#[test]
fn serve_for_reading_makes_no_store() {
    let folder = Folder::empty();
    let said = folder.run(&["serve", "--read-only", "--bind", "127.0.0.1:0"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(!folder.path().join(".mltrack").exists());
}

#[test]
fn several_servers_read_a_store_that_another_writes() {
    let folder = Folder::with_store();
    let writing = Serving::start(&folder, &[]);
    let reading = Serving::start(&folder, &["--read-only"]);
    assert!(ask(reading.address(), "GET /nothing/here").starts_with("HTTP/1.1 404"));
    assert_eq!(reading.stop(Signal::TERM), Some(0));
    assert_eq!(writing.stop(Signal::TERM), Some(0));
}

#[test]
fn a_port_that_is_taken_is_refused_with_an_exit_code_for_trying_again() {
    let folder = Folder::with_store();
    let serving = Serving::start(&folder, &[]);
    let address = serving.address().to_owned();
    let said = folder.run(&["serve", "--bind", &address]);
    assert_eq!(said.code, 4);
    let pid = serving.child.id();
    let expected =
        format!("error[PORT_BUSY]: {address} is taken by pid {pid} (mltrack serve, same store)");
    assert!(said.stderr.contains(&expected), "{}", said.stderr);
    assert!(said.stderr.contains("mltrack serve --bind 127.0.0.1:0"));
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn a_public_address_needs_tokens_or_somebody_who_wants_it_without() {
    let folder = Folder::with_store();
    let said = folder.run(&["serve", "--host", "0.0.0.0", "--port", "0"]);
    assert_eq!(said.code, 2);
    for word in [
        "--auth token",
        "--allow-public-without-auth",
        "mltrack key new",
    ] {
        assert!(said.stderr.contains(word), "{}", said.stderr);
    }
}

#[test]
fn a_key_is_made_listed_and_revoked_for_good() {
    let folder = Folder::with_store();
    let token = folder.ok(&["key", "new", "ci", "--expires", "30d", "-q"]);
    assert!(
        token.starts_with("mlt_") && token.trim().len() == 68,
        "{token}"
    );
    let listed = folder.json(&["key", "ls", "--json"]);
    let key = &listed["items"][0];
    assert_eq!(
        (&key["name"], &key["state"]),
        (&"ci".into(), &"active".into())
    );
    assert!(key["expires"].as_str().is_some());
    assert!(!listed.to_string().contains(token.trim()));
    assert_eq!(folder.run(&["key", "new", "ci"]).code, 8);
    assert_eq!(folder.run(&["key", "new", "ci", "--role", "king"]).code, 2);
    assert_eq!(folder.run(&["key", "rm", "nobody"]).code, 3);
    folder.ok(&["key", "rm", "ci", "--dry-run"]);
    let said = folder.run(&["key", "rm", "ci"]);
    assert!(
        said.stderr.contains("no undo brings it back"),
        "{}",
        said.stderr
    );
    let listed = folder.json(&["key", "ls", "--json=state"]);
    assert_eq!(listed["items"][0]["state"], "revoked");
}

#[test]
fn a_server_with_tokens_lets_in_who_has_one_made_while_it_runs() {
    let folder = Folder::with_store();
    let serving = Serving::start(&folder, &["--auth", "token"]);
    let token = folder.ok(&["key", "new", "eye", "--role", "viewer", "-q"]);
    let address = serving.address();
    assert!(ask(address, "GET /metrics").starts_with("HTTP/1.1 401"));
    let head = format!(
        "GET /metrics HTTP/1.1\r\nAuthorization: Bearer {}\r\nX-A:",
        token.trim()
    );
    assert!(ask(address, &head).starts_with("HTTP/1.1 200"));
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}
