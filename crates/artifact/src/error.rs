//! What can go wrong with blobs, each with what its caller does next.

use std::io;
use std::path::{Path, PathBuf};

use crate::hash::BlobHash;
use crate::mismatch::Mismatch;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done. [`Error::kind`] says which of a few cases it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such blob.
    #[error("no blob {id} in {place}: store it again, or copy it from a root that has it")]
    Missing {
        /// The blob.
        id: BlobHash,
        /// The root.
        place: String,
    },
    /// Bytes are not what their name says, or are gone.
    #[error(transparent)]
    Damaged(Box<Mismatch>),
    /// The content is longer than the limit.
    #[error(
        "{what} has {}{len} bytes and the limit is {max}: raise the limit or store less",
        if *is_at_least { "at least " } else { "" }
    )]
    TooLarge {
        /// A path, or what else was stored.
        what: String,
        /// How long it is, or how much of it was read.
        len: u64,
        /// The limit.
        max: u64,
        /// Whether it may be longer than `len`.
        is_at_least: bool,
    },
    /// The file was written to while it was read.
    #[error(
        "{} changed while it was stored ({what}): store it when its writer has closed it, or store a copy",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What changed.
        what: String,
    },
    /// The URL names no root.
    #[error("cannot use {url:?} as a place for blobs: {why}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong and what to write instead.
        why: String,
    },
    /// A name that could leave its folder or means different things on different machines.
    #[error("refusing the name {name:?}: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file or folder of this machine.
    #[error("cannot {doing} {}: {source}{}", path.display(), hint(source))]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The reader that the content came from failed; nothing was stored.
    #[error("reading the content failed after {read_len} bytes: {source}; nothing was stored")]
    Reader {
        /// How much had been read.
        read_len: u64,
        /// What the reader said.
        source: io::Error,
    },
    /// The remote root did not answer, or answered with an error.
    #[error("cannot {doing} {key} in {place}: {}{}", source, remote_hint(source))]
    Remote {
        /// What was tried.
        doing: &'static str,
        /// The object.
        key: String,
        /// The root.
        place: String,
        /// What the client said.
        source: Box<object_store::Error>,
    },
    /// The remote root refused the credentials, or there were none.
    #[error(
        "{place} refused to {doing} {key}: {source}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_PROFILE for a profile of ~/.aws, and check that they may use this bucket"
    )]
    Unauthorised {
        /// What was tried.
        doing: &'static str,
        /// The object.
        key: String,
        /// The root.
        place: String,
        /// What the client said.
        source: Box<object_store::Error>,
    },
    /// The bucket of the root does not exist.
    #[error(
        "cannot {doing} {key} in {place}: there is no such bucket; create it, or correct its name"
    )]
    NoBucket {
        /// What was tried.
        doing: &'static str,
        /// The object.
        key: String,
        /// The root.
        place: String,
    },
    /// This kind of root cannot do it.
    #[error("{place} cannot {what}: {next}")]
    Unsupported {
        /// The root.
        place: String,
        /// What was wanted.
        what: &'static str,
        /// What to do instead.
        next: &'static str,
    },
    /// Other stores keep blobs in this root, and what they need is not known here.
    #[error(
        "{place} also holds blobs of other stores ({others}): nothing is freed there; give each store a prefix of its own"
    )]
    Shared {
        /// The root.
        place: String,
        /// The stores that wrote there.
        others: String,
    },
    /// Others hold the lock.
    #[error("{}: held by others for {waited_ms} ms; try again when no upload is under way", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long it was waited for.
        waited_ms: u64,
    },
    /// A range outside of the blob.
    #[error("bytes {start}..{end} of blob {id} do not exist: it has {len}")]
    Range {
        /// The blob.
        id: BlobHash,
        /// First byte wanted.
        start: u64,
        /// Behind the last byte wanted.
        end: u64,
        /// How long the blob is.
        len: u64,
    },
}

/// The cases a caller tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such blob.
    Missing,
    /// Bytes are not what their name says: repair them from another root.
    Damaged,
    /// Over the limit.
    TooLarge,
    /// The source changed while it was read.
    Changed,
    /// A URL, name or range that cannot be used.
    Invalid,
    /// No space is left.
    DiskFull,
    /// The remote root could not be reached or did not answer properly: try again later.
    Network,
    /// Credentials are missing or refused.
    Unauthorised,
    /// The root itself does not exist: create it, or correct its name.
    NoRoot,
    /// This kind of root cannot do it.
    Unsupported,
    /// Other stores use the root.
    Shared,
    /// Somebody holds the lock: try again.
    Busy,
    /// Any other failure of a file or a reader.
    Io,
}

impl Error {
    /// Which case it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Missing { .. } => ErrorKind::Missing,
            Error::Damaged(_) => ErrorKind::Damaged,
            Error::TooLarge { .. } => ErrorKind::TooLarge,
            Error::Changed { .. } => ErrorKind::Changed,
            Error::Url { .. } | Error::Name { .. } | Error::Range { .. } => ErrorKind::Invalid,
            Error::Io { source, .. } => io_kind(source),
            Error::Reader { .. } => ErrorKind::Io,
            Error::Remote { source, .. } => match io_cause(source) {
                Some(cause) if is_full(cause) => ErrorKind::DiskFull,
                _ => ErrorKind::Network,
            },
            Error::Unauthorised { .. } => ErrorKind::Unauthorised,
            Error::NoBucket { .. } => ErrorKind::NoRoot,
            Error::Unsupported { .. } => ErrorKind::Unsupported,
            Error::Shared { .. } => ErrorKind::Shared,
            Error::Busy { .. } => ErrorKind::Busy,
        }
    }

    /// Whether the same call can succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Network | ErrorKind::Busy | ErrorKind::Changed
        )
    }

    /// Whether the remote root could not be reached or did not answer properly.
    pub fn is_network(&self) -> bool {
        self.kind() == ErrorKind::Network
    }

    /// Whether credentials are missing or refused.
    pub fn is_unauthorised(&self) -> bool {
        self.kind() == ErrorKind::Unauthorised
    }

    /// Whether the content is over the limit.
    pub fn is_too_large(&self) -> bool {
        self.kind() == ErrorKind::TooLarge
    }

    /// Whether stored bytes are not what their name says.
    pub fn is_damaged(&self) -> bool {
        self.kind() == ErrorKind::Damaged
    }

    /// Whether there is no such blob.
    pub fn is_missing(&self) -> bool {
        self.kind() == ErrorKind::Missing
    }

    /// Whether no space is left.
    pub fn is_disk_full(&self) -> bool {
        self.kind() == ErrorKind::DiskFull
    }

    /// What does not match, when that is the error.
    pub fn mismatch(&self) -> Option<&Mismatch> {
        match self {
            Error::Damaged(mismatch) => Some(mismatch),
            _ => None,
        }
    }

    /// Wraps what the system said: `map_err(Error::io("read", path))`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io {
            doing,
            path,
            source,
        }
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Error {
        Error::Damaged(Box::new(mismatch))
    }
}

fn io_kind(source: &io::Error) -> ErrorKind {
    if is_full(source) {
        ErrorKind::DiskFull
    } else {
        ErrorKind::Io
    }
}

fn is_full(source: &io::Error) -> bool {
    matches!(
        source.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The system's error at the bottom of a client's error, if there is one.
fn io_cause(error: &object_store::Error) -> Option<&io::Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<io::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        _ if is_full(source) => "; free space there, then store it again: what was stored counts",
        io::ErrorKind::PermissionDenied => "; check who owns it and who may write there",
        io::ErrorKind::ReadOnlyFilesystem => "; choose another root",
        _ => "",
    }
}

fn remote_hint(source: &object_store::Error) -> &'static str {
    match io_cause(source) {
        Some(cause) if is_full(cause) => {
            "; free space there, then store it again: what was stored counts"
        }
        _ => {
            "; check the endpoint and the network, then do it again: what was transferred is not sent twice"
        }
    }
}
