//! What a store of blobs is opened with.

use std::path::PathBuf;
use std::time::Duration;

/// How a blob store behaves. The clock and randomness are given in, so that tests can hold them.
#[derive(Debug, Clone)]
pub struct Options {
    /// 128 random bits: names of temporary files and links.
    pub nonce: fn() -> [u8; 16],
    /// Nanoseconds since 1970: when links end, and how old objects are.
    pub wall_ns: fn() -> i64,
    /// The longest content that is stored, in bytes. 10 GB when nothing is said.
    pub max_len: u64,
    /// How many chunks are written or fetched at once. Four for a folder, 16 for a remote root when nothing is said.
    pub parallel: Option<usize>,
    /// What survives a power cut when a put has returned.
    pub sync: Sync,
    /// A folder of this machine whose lock files keep puts and garbage collection apart. Without one nothing does.
    pub locks: Option<PathBuf>,
    /// How long garbage collection waits for puts that are under way.
    pub lock_wait: Duration,
    /// Who stores here: letters, digits and `-`. A root that several owners use is never swept.
    pub owner: Option<String>,
    /// How often a request to a remote root is repeated.
    pub retries: usize,
    /// For how long a request to a remote root is repeated.
    pub retry_timeout: Duration,
    /// How long one request to a remote root may take.
    pub request_timeout: Duration,
    /// Instead of those that the environment and `~/.aws` give.
    pub credentials: Option<Credentials>,
}

/// Whether bytes are on the disk, and not only in the system's cache, when a put returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// The system writes them when it likes: they survive a killed process and not a power cut.
    None,
    /// Chunks before the manifest that names them, everything before the put returns.
    #[default]
    Data,
}

/// A key for an S3-compatible root.
#[derive(Clone)]
pub struct Credentials {
    /// As in `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// As in `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// As in `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// 10 GB.
pub(crate) const LEN_MAX_DEFAULT: u64 = 10_000_000_000;

impl Options {
    /// The usual behaviour with this randomness and this clock.
    pub fn new(nonce: fn() -> [u8; 16], wall_ns: fn() -> i64) -> Options {
        Options {
            nonce,
            wall_ns,
            max_len: LEN_MAX_DEFAULT,
            parallel: None,
            sync: Sync::Data,
            locks: None,
            lock_wait: Duration::from_secs(30),
            owner: None,
            retries: 6,
            retry_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_mins(1),
            credentials: None,
        }
    }
}
