//! What a host decides about a server.
//!
//! Invariant: every option has a default that is safe on a machine others share.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::command::CommandHost;

/// How a server listens and what it allows.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whether every call that would change the store is refused.
    pub is_read_only: bool,
    /// The most bytes a body other than an artifact may have, also when it came compressed.
    pub body_len_max: usize,
    /// Where clients keep artifacts themselves, such as `s3://bucket/runs`: new experiments have their place below
    /// it. Without, clients send artifacts to the server.
    pub artifact_root: Option<String>,
    /// Whether webhooks may be sent to private addresses and without TLS. Without, only to public ones by HTTPS, so that
    /// nobody who may make a webhook reaches what only this machine reaches.
    pub webhook_allow_private: bool,
    /// How long a request may take until its answer begins. Artifacts on their way up are not counted; they may pause
    /// no longer than this.
    pub request_timeout: Duration,
    /// How long a connection may be open without a complete head of a request, at first and between two requests.
    pub head_timeout: Duration,
    /// How long requests under way may take to finish after the word to stop.
    pub grace: Duration,
    /// The most connections at once.
    pub connections_max: usize,
    /// The most requests that are worked on at once.
    pub requests_max: usize,
    /// When answers are compressed.
    pub compression: Compression,
    /// Encrypts connections.
    pub tls: Option<TlsFiles>,
    /// Whether callers must show the token of a key.
    pub is_token_needed: bool,
    /// Names by which the server is reached, besides `localhost` and addresses in digits; `*` is every name.
    pub hosts_allowed: Vec<String>,
    /// Sites whose pages may use the server, such as `https://notebooks.example`.
    pub origins_allowed: Vec<String>,
    /// How commands are run that clients ask for with `mltrack -C http://..`; none refuses them.
    pub commands: Option<CommandHost>,
}

/// When answers are compressed for clients that accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// For clients on other machines: on this one it costs more time than it saves.
    Remote,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The files of a certificate, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            bind: SocketAddr::from(([127, 0, 0, 1], 5000)),
            is_read_only: false,
            body_len_max: 32 << 20,
            artifact_root: None,
            webhook_allow_private: false,
            request_timeout: Duration::from_mins(1),
            head_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
            connections_max: 4096,
            requests_max: 1024,
            compression: Compression::Remote,
            tls: None,
            is_token_needed: false,
            hosts_allowed: Vec::new(),
            origins_allowed: Vec::new(),
            commands: None,
        }
    }
}
