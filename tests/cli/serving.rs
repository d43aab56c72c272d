//! `serve`: what it prints, who it is refused to, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::Folder;

/// A server that has said where it listens.
struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    lines: Vec<String>,
}

impl Serving {
    fn start(folder: &Folder, words: &[&str]) -> Serving {
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

    fn address(&self) -> &str {
        self.lines[1].rsplit("http://").next().unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it as a person does, and answers how it ended.
    fn stop(mut self, signal: Signal) -> Option<i32> {
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
    let expected = format!("error[PORT_BUSY]: {address} is taken");
    assert!(said.stderr.contains(&expected), "{}", said.stderr);
    assert!(said.stderr.contains("mltrack serve --bind 127.0.0.1:0"));
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}
