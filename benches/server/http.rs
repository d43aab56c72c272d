//! A small HTTP/1.1 client that keeps its connections: one thread drives all of them, so that most of two processors is
//! left to the server.
//!
//! Invariant: a connection has one request under way at most, so a reply belongs to the last request sent on it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use mltrack_log::door;
use rustix::event::epoll;

use crate::times::{Times, nanoseconds};

const READ_LEN: usize = 1 << 18;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A POST to `MLflow`'s interface.
pub fn post(path: &str, body: &str) -> Vec<u8> {
    request("POST", &format!("/api/2.0/mlflow/{path}"), body.as_bytes())
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    /// Its first `filled` bytes have come; the rest is room that is made once.
    received: Vec<u8>,
    filled: usize,
    sent: Instant,
}

/// What a drive of many requests showed.
pub struct Drive {
    pub per_second: f64,
    pub times: Times,
}

impl Connection {
    pub fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).context("connect to the server")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(2)))?;
        let sent = door::monotonic();
        Ok(Connection {
            stream,
            received: vec![0; READ_LEN],
            filled: 0,
            sent,
        })
    }

    /// Sends and waits; answers with the body of a reply that is a success.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        self.send(request)?;
        loop {
            if let Some(body) = self.reply()? {
                return Ok(body);
            }
            self.read()?;
        }
    }

    /// Sends and reads a body of a length that is known into memory that is there already.
    pub fn fetch(&mut self, request: &[u8], into: &mut [u8]) -> Result<()> {
        self.send(request)?;
        let head_len = loop {
            if let Some(at) = find(&self.received[..self.filled], HEAD_END) {
                break at + HEAD_END.len();
            }
            self.read()?;
        };
        let head = str::from_utf8(&self.received[..head_len])?.to_ascii_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "{head}");
        let first = self.received[head_len..self.filled].to_vec();
        if field(&head, "content-length:").is_some() {
            into[..first.len()].copy_from_slice(&first);
            return Ok(self.stream.read_exact(&mut into[first.len()..])?);
        }
        let body = loop {
            match self.reply()? {
                Some(body) => break body,
                None => self.read()?,
            }
        };
        into.copy_from_slice(&body);
        Ok(())
    }

    fn send(&mut self, request: &[u8]) -> Result<()> {
        self.filled = 0;
        self.sent = door::monotonic();
        Ok(self.stream.write_all(request)?)
    }

    /// Takes what has come, as much as there is room for.
    fn read(&mut self) -> Result<()> {
        if self.filled == self.received.len() {
            self.received.resize(2 * self.filled, 0);
        }
        let count = self.stream.read(&mut self.received[self.filled..])?;
        self.filled += count;
        ensure!(count > 0, "the server closed a connection that is kept");
        Ok(())
    }

    /// The body of the reply once all of it is there.
    fn reply(&self) -> Result<Option<Vec<u8>>> {
        let received = &self.received[..self.filled];
        let Some(head_len) = find(received, HEAD_END) else {
            return Ok(None);
        };
        let head = str::from_utf8(&received[..head_len])?.to_ascii_lowercase();
        let body = &received[head_len + HEAD_END.len()..];
        let body = if let Some(length) = field(&head, "content-length:") {
            let length: usize = length.parse()?;
            if body.len() < length {
                return Ok(None);
            }
            body[..length].to_vec()
        } else {
            ensure!(
                field(&head, "transfer-encoding:") == Some("chunked"),
                "a reply says how long it is: {head}"
            );
            // Taking the chunks apart once, and not at every piece that comes.
            if !body.ends_with(b"0\r\n\r\n") {
                return Ok(None);
            }
            match chunks(body)? {
                Some(body) => body,
                None => return Ok(None),
            }
        };
        if !head.starts_with("http/1.1 200") {
            let body = String::from_utf8_lossy(&body);
            bail!("{}: {body}", head.lines().next().unwrap_or_default());
        }
        Ok(Some(body))
    }
}

/// Sends `count` requests over `connections` at once, each as soon as its connection's last reply is there.
pub fn drive(
    address: SocketAddr,
    connections: usize,
    count: u64,
    request: impl Fn(u64) -> Vec<u8>,
) -> Result<Drive> {
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut open = Vec::new();
    for number in 0..connections {
        let connection = Connection::open(address)?;
        let data = epoll::EventData::new_u64(number as u64);
        epoll::add(&poll, &connection.stream, data, epoll::EventFlags::IN)?;
        open.push(connection);
    }
    // Made before the clock starts: what is measured is the server.
    let requests: Vec<Vec<u8>> = (0..count).map(request).collect();
    let mut requests = requests.iter();
    let start = door::monotonic();
    let mut done = 0;
    for (connection, request) in open.iter_mut().zip(requests.by_ref()) {
        connection.send(request)?;
    }
    let mut times_ns = Vec::with_capacity(count as usize);
    let mut events = Vec::with_capacity(connections);
    while done < count {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let connection = &mut open[event.data.u64() as usize];
            connection.read()?;
            if connection.reply()?.is_none() {
                continue;
            }
            times_ns.push(nanoseconds(door::monotonic() - connection.sent));
            done += 1;
            if let Some(request) = requests.next() {
                connection.send(request)?;
            }
        }
    }
    let seconds = (door::monotonic() - start).as_secs_f64();
    Ok(Drive {
        per_second: count as f64 / seconds,
        times: Times::new(times_ns),
    })
}

/// The text that a field of JSON holds, for the ids that replies name.
pub fn text_of(body: &[u8], name: &str) -> Result<String> {
    let value: serde_json::Value = serde_json::from_slice(body)?;
    let text = value.pointer(name).and_then(serde_json::Value::as_str);
    Ok(text
        .with_context(|| format!("a reply without {name}: {value}"))?
        .to_owned())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

/// The body that chunks carry, once the last one is there.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(line_len) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let line = str::from_utf8(&rest[..line_len])?;
        let length = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16)?;
        let start = line_len + 2;
        if rest.len() < start + length + 2 {
            return Ok(None);
        }
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(&rest[start..start + length]);
        rest = &rest[start + length + 2..];
    }
}
