//! A TCP proxy that makes a server slow, or answers in its place with an error.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the proxy does to requests.
#[derive(Default)]
pub struct Faults {
    /// So many requests from now on get the status 500.
    pub errors_left: AtomicUsize,
    /// How many did.
    pub errors: AtomicUsize,
    /// Requests of this method only; all when it is false.
    pub only_puts: AtomicBool,
    /// Bytes of the server's answers go on so many at once, a millisecond apart; 0 is all at once.
    pub drip_len: AtomicUsize,
    /// Puts of objects below this folder get the status 500.
    refused: Mutex<Option<String>>,
    /// Requests that were seen.
    pub requests: AtomicUsize,
    /// Bytes that were sent to the server.
    pub sent_len: AtomicUsize,
    /// Requests are taken and never answered.
    pub is_silent: AtomicBool,
}

impl Faults {
    pub fn refuse_puts_below(&self, folder: &str) {
        *self.refused.lock().expect("nobody panics with it") = Some(folder.to_owned());
    }

    fn refuses(&self, head: &[u8]) -> bool {
        let line =
            String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or(head));
        let refused = self.refused.lock().expect("nobody panics with it");
        line.starts_with("PUT") && refused.as_ref().is_some_and(|folder| line.contains(folder))
    }
}

/// Starts a proxy to this address; the answer is where it listens.
pub fn start(server: String, faults: Arc<Faults>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port").to_string();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, faults) = (server.clone(), faults.clone());
            // A client or server that hangs up ends its connection only.
            std::thread::spawn(move || drop(serve(client, &server, &faults)));
        }
    });
    address
}

fn serve(mut client: TcpStream, server: &str, faults: &Arc<Faults>) -> io::Result<()> {
    let mut upstream = TcpStream::connect(server)?;
    let (mut answers, mut to_client) = (upstream.try_clone()?, client.try_clone()?);
    let dripping = faults.clone();
    std::thread::spawn(move || {
        drop(pass_answers(&mut answers, &mut to_client, &dripping));
        drop(to_client.shutdown(Shutdown::Both));
    });
    loop {
        let head = read_head(&mut client)?;
        faults.requests.fetch_add(1, Ordering::Relaxed);
        let body_len = content_len(&head);
        if is_refused(&head, faults) {
            io::copy(&mut (&mut client).take(body_len), &mut io::sink())?;
            client.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")?;
            continue;
        }
        if faults.is_silent.load(Ordering::Relaxed) {
            io::copy(&mut client, &mut io::sink())?;
        }
        upstream.write_all(&head)?;
        let sent = io::copy(&mut (&mut client).take(body_len), &mut upstream)?;
        faults.sent_len.fetch_add(sent as usize, Ordering::Relaxed);
    }
}

fn is_refused(head: &[u8], faults: &Faults) -> bool {
    if faults.only_puts.load(Ordering::Relaxed) && !head.starts_with(b"PUT") {
        return false;
    }
    if faults.refuses(head) {
        return true;
    }
    let one_less = |left: usize| left.checked_sub(1);
    let (order, failure) = (Ordering::Relaxed, Ordering::Relaxed);
    let is_refused = faults
        .errors_left
        .fetch_update(order, failure, one_less)
        .is_ok();
    faults
        .errors
        .fetch_add(usize::from(is_refused), Ordering::Relaxed);
    is_refused
}

fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

fn content_len(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    value.map_or(0, |value| value.trim().parse().expect("a length"))
}

fn pass_answers(from: &mut TcpStream, to: &mut TcpStream, faults: &Faults) -> io::Result<()> {
    let mut buffer = vec![0; 65_536];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let drip_len = match faults.drip_len.load(Ordering::Relaxed) {
            0 => count,
            len => len,
        };
        for part in buffer[..count].chunks(drip_len) {
            to.write_all(part)?;
            if drip_len != count {
                std::thread::park_timeout(Duration::from_millis(1));
            }
        }
    }
}
