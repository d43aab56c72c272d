//! What a host decides about a server.
//!
//! Invariant: every option has a default that is safe on a machine others share.

use std::net::SocketAddr;

/// How a server listens and what it allows.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whether every call that would change the store is refused.
    pub is_read_only: bool,
    /// The most bytes a body other than an artifact may have.
    pub body_len_max: usize,
    /// Where clients keep artifacts themselves, such as `s3://bucket/runs`: new experiments have their place below
    /// it. Without, clients send artifacts to the server.
    pub artifact_root: Option<String>,
    /// Whether webhooks may be sent to private addresses and without TLS. Without, only to public ones by HTTPS, so that
    /// nobody who may make a webhook reaches what only this machine reaches.
    pub webhook_allow_private: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            bind: SocketAddr::from(([127, 0, 0, 1], 5000)),
            is_read_only: false,
            body_len_max: 32 << 20,
            artifact_root: None,
            webhook_allow_private: false,
        }
    }
}
