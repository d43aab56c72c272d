//! A server that answers `{}` to everything: what the generator and the client cost by themselves.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::child::{self, Child, Order};

const REPLY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// Starts it as a process of its own; it ends with what is returned.
pub fn start(row: &str) -> Result<(Child, SocketAddr)> {
    let mut child = Child::spawn(row, "floor", Path::new("."), &[])?;
    let port = *child
        .numbers()?
        .first()
        .context("the floor says its port")?;
    Ok((child, SocketAddr::from(([127, 0, 0, 1], port as u16))))
}

/// The process.
pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    ensure!(order.role == "floor", "the role is known");
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    child::say(&[f64::from(listener.local_addr()?.port())]);
    for stream in listener.incoming() {
        let stream = stream?;
        // A connection that breaks ends its own thread alone.
        std::thread::spawn(move || serve(stream).ok());
    }
    Ok(())
}

fn serve(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut to = stream.try_clone()?;
    let mut from = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if from.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let field = line.trim_end();
            if field.is_empty() {
                break;
            }
            if let Some((name, value)) = field.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        body.resize(length, 0);
        from.read_exact(&mut body)?;
        to.write_all(REPLY)?;
    }
}
