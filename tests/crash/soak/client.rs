//! A client that logs a run's points in order, one by one and in batches, and counts what was acknowledged.
//!
//! Invariant: a request is sent again until it is answered with 200, and nothing after it is sent before.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use mltrack_log::door;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Points in a batch.
pub const BATCH: u64 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(5);
const PAGE: u64 = 20_000;

/// A page of a history.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Page {
    metrics: Vec<Point>,
    next_page_token: String,
}

#[derive(Deserialize)]
struct Point {
    step: u64,
    value: f64,
}

pub struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    run: String,
    /// How long the last answer took, without the tries before it that nobody answered.
    took: Duration,
    pub acknowledged: u64,
}

/// What a client logs at a step.
pub fn value_at(step: u64) -> f64 {
    step as f64 / 8.0
}

impl Client {
    /// A client with a run of its own.
    pub fn new(address: SocketAddr) -> Client {
        let mut client = Client {
            address,
            stream: None,
            run: String::new(),
            took: Duration::ZERO,
            acknowledged: 0,
        };
        let body = json!({"experiment_id": "0", "start_time": 1});
        let reply: Value = client.ask_until_answered("POST", "runs/create", &body.to_string());
        let run = reply["run"]["info"]["run_id"].as_str();
        run.expect("a run has an id").clone_into(&mut client.run);
        client
    }

    pub fn run(&self) -> &str {
        &self.run
    }

    /// Logs with as long a pause after each request as it took: about half of what the server takes.
    pub fn log_until(mut self, stop: &AtomicBool) -> Client {
        while !stop.load(SeqCst) {
            let first = self.acknowledged;
            // Every eleventh request is a batch.
            if first.is_multiple_of(11) {
                let points: Vec<Value> = (first..first + BATCH).map(point).collect();
                let body = json!({"run_id": self.run, "metrics": points});
                self.ask_until_answered::<Value>("POST", "runs/log-batch", &body.to_string());
                self.acknowledged += BATCH;
            } else {
                let mut body = point(first);
                body["run_id"] = self.run.clone().into();
                self.ask_until_answered::<Value>("POST", "runs/log-metric", &body.to_string());
                self.acknowledged += 1;
            }
            std::thread::park_timeout(self.took);
        }
        self.stream = None;
        self
    }

    /// Steps and values of the whole history.
    pub fn history(&self) -> Vec<(u64, f64)> {
        let mut reader = Client {
            address: self.address,
            stream: None,
            run: self.run.clone(),
            took: Duration::ZERO,
            acknowledged: 0,
        };
        let (mut points, mut token) = (Vec::new(), String::new());
        loop {
            let path = format!(
                "metrics/get-history?run_id={}&metric_key=m&max_results={PAGE}&page_token={token}",
                self.run
            );
            let page: Page = reader.ask_until_answered("GET", &path, "");
            points.extend(page.metrics.iter().map(|point| (point.step, point.value)));
            if page.next_page_token.is_empty() {
                return points;
            }
            token = percent_encoded(&page.next_page_token);
        }
    }

    fn ask_until_answered<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> T {
        loop {
            let start = door::monotonic();
            if let Ok(reply) = self.ask(method, path, body) {
                self.took = start.elapsed();
                return reply;
            }
            self.stream = None;
            std::thread::park_timeout(RETRY_AFTER);
        }
    }

    fn ask<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> std::io::Result<T> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(30)))?;
                none.insert(stream)
            }
        };
        let request = format!(
            "{method} /api/2.0/mlflow/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let (status, reply) = read_reply(stream)?;
        // A refusal is no accident of a kill: sending it again would go on for ever.
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&reply));
        Ok(serde_json::from_slice(&reply)?)
    }
}

fn point(step: u64) -> Value {
    json!({"key": "m", "value": value_at(step), "timestamp": step, "step": step})
}

fn percent_encoded(token: &str) -> String {
    token
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

/// Status and body of a reply that says its length or comes in chunks.
fn read_reply(stream: &mut TcpStream) -> std::io::Result<(u16, Vec<u8>)> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        more(stream, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_len]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let length = head.lines().find_map(|line| {
        line.strip_prefix("content-length:")?
            .trim()
            .parse::<usize>()
            .ok()
    });
    let mut body = bytes.split_off(head_len + 4);
    if let Some(length) = length {
        while body.len() < length {
            more(stream, &mut body)?;
        }
    } else {
        while !body.ends_with(b"0\r\n\r\n") {
            more(stream, &mut body)?;
        }
        body = without_chunks(&body);
    }
    Ok((status.unwrap_or_default(), body))
}

fn without_chunks(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let line = String::from_utf8_lossy(&rest[..at]);
        let length = usize::from_str_radix(line.trim(), 16).expect("a chunk says its length");
        if length == 0 {
            break;
        }
        body.extend_from_slice(&rest[at + 2..at + 2 + length]);
        rest = &rest[at + 2 + length + 2..];
    }
    body
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let start = bytes.len();
    bytes.resize(start + (1 << 16), 0);
    let count = stream.read(&mut bytes[start..])?;
    bytes.truncate(start + count);
    if count == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
