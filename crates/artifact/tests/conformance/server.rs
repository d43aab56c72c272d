//! The S3 server that cases use, and plain requests to it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use mltrack_artifact::BlobStore;
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;

use crate::backend::Backend;
pub use crate::seaweed::{BUCKET, Server, credentials, options, url};

/// The server that all cases share, each with a prefix of its own.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::new(true))
}

/// A prefix that no other test has.
pub fn prefix() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn s3() -> Backend {
    let (server, prefix) = (shared(), prefix());
    let client = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(server.endpoint())
        .with_allow_http(true)
        .with_access_key_id("key")
        .with_secret_access_key("secret")
        .build()
        .expect("a client");
    let url = url(&server.endpoint(), &prefix);
    let raw = Arc::new(PrefixStore::new(client, prefix));
    Backend::new(raw, move |mut options| {
        options.credentials = Some(credentials("secret"));
        BlobStore::open(&url, options).expect("a client")
    })
}

/// What a plain GET of this URL answers: the status and the content.
pub fn get(url: &str) -> (u16, Vec<u8>) {
    let rest = url
        .strip_prefix("http://")
        .expect("the server speaks plainly");
    let (address, path) = rest.split_at(rest.find('/').expect("a path"));
    let mut stream = TcpStream::connect(address).expect("the server listens");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("it listens");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let head_len = answer
        .windows(4)
        .position(|at| at == b"\r\n\r\n")
        .expect("a head")
        + 4;
    let head = String::from_utf8_lossy(&answer[..head_len]).into_owned();
    let status = head.split(' ').nth(1).expect("a status");
    (
        status.parse().expect("a number"),
        answer[head_len..].to_vec(),
    )
}
