//! Bytes over a socket, for requests that no well-behaved client sends.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::support::Served;

/// Longer than anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a server.
pub fn connect(served: &Served) -> TcpStream {
    let stream = TcpStream::connect(authority(served)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The address and port of a server.
pub fn authority(served: &Served) -> String {
    let url = served.url("");
    url.trim_start_matches("http://").to_owned()
}

/// Everything that comes until the server closes; what a broken connection swallowed is missing.
pub fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    drop(stream.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends these lines, `Connection: close` and an empty one, and reads the whole answer.
pub fn ask(served: &Served, lines: &[&str], body: &[u8]) -> String {
    let mut stream = connect(served);
    let head = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    // The server may answer and close before it has read all of it.
    drop(stream.write_all(&[head.as_bytes(), body].concat()));
    rest(&mut stream)
}

/// The status of an answer.
pub fn status(answer: &str) -> u16 {
    let word = answer.split(' ').nth(1).unwrap_or_default();
    word.parse()
        .unwrap_or_else(|_| panic!("no status in {answer:?}"))
}
