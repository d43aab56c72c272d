//! The roots of a store, opened: where bytes are put, and where they are found again.
//!
//! Invariants: new bytes go to the root in force, which stands in the store's list by then; bytes are looked for in every
//! root that ever was in force; every error of a root becomes a code here and nowhere else.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use mltrack_artifact::{BlobHash, BlobStore, ErrorKind, Options, Putting, StoreUrl, Stored};
use mltrack_event::{BlobId, Root};
use mltrack_log::door;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::roots::{RootPlace, Roots};
use crate::store::Store;

/// Small files are put beside each other by so many threads, where every one of them waits for another machine.
const PARALLEL_REMOTE: usize = 16;
const PARALLEL_LOCAL: usize = 2;

/// What a program said about artifacts.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArtifactSettings {
    pub roots: Arc<Roots>,
    /// The longest artifact, in bytes; what the blob store says where nothing is said.
    pub len_max: Option<u64>,
    /// For how many days artifacts of new runs are kept; for ever where nothing is said.
    pub retention_days: Option<u32>,
}

/// The roots of one store, for one process.
pub(crate) struct Depot {
    folder: PathBuf,
    roots: Arc<Roots>,
    len_max: u64,
    open: Mutex<HashMap<String, BlobStore>>,
}

/// Bytes that are stored, and stay at least until this is dropped.
pub(crate) struct Kept {
    pub blob: BlobId,
    pub len: u64,
    _guard: Putting,
}

impl Depot {
    pub fn new(folder: &Path, settings: &ArtifactSettings) -> Depot {
        Depot {
            folder: folder.to_owned(),
            roots: Arc::clone(&settings.roots),
            len_max: settings.len_max.unwrap_or(options(None).max_len),
            open: Mutex::default(),
        }
    }

    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// How many bytes an artifact has at most.
    pub fn len_max(&self) -> u64 {
        self.len_max
    }

    /// Refuses what is too long before anything of it is read.
    pub fn check_len(&self, what: &str, len: u64) -> Result<()> {
        if len <= self.len_max {
            return Ok(());
        }
        let what = format!(
            "{what} has {len} bytes, and an artifact has at most {}",
            self.len_max
        );
        Err(Error::new(Code::ArtifactTooLarge, what)
            .with_hint("allow more by Tracker::builder(..).artifact_size_max(..)"))
    }

    /// How many small files are worth putting beside each other.
    pub fn parallel(&self, root: Root) -> Result<usize> {
        let url = self.roots.current(root)?.url;
        Ok(if url.contains("://") {
            PARALLEL_REMOTE
        } else {
            PARALLEL_LOCAL
        })
    }

    pub fn put_bytes(&self, root: Root, bytes: &[u8]) -> Result<Kept> {
        let put = self.to_put(root)?.put_bytes(bytes);
        put.map(Kept::of).map_err(|error| failure(&error, None))
    }

    pub fn put_file(&self, root: Root, path: &Path) -> Result<Kept> {
        let put = self.to_put(root)?.put_file(path);
        put.map(Kept::of).map_err(|error| failure(&error, None))
    }

    pub fn put_reader(&self, root: Root, reader: impl Read) -> Result<Kept> {
        let put = self.to_put(root)?.put_reader(reader);
        put.map(Kept::of).map_err(|error| failure(&error, None))
    }

    /// The root in force, for writing.
    pub fn to_put(&self, root: Root) -> Result<BlobStore> {
        let RootPlace { url, .. } = self.roots.remember(root)?;
        self.open(&url)
    }

    /// Every root that may hold a blob of this one, most likely first.
    pub fn to_find(&self, root: Root) -> Result<Vec<BlobStore>> {
        let urls = self.roots.all(root)?;
        urls.iter().map(|url| self.open(url)).collect()
    }

    /// The root that holds a blob. Errors: `NOT_FOUND` with every place that was looked at.
    pub fn find(&self, blob: BlobId, root: Root) -> Result<BlobStore> {
        let hash = BlobHash(blob.to_bytes());
        let (mut unreachable, mut places) = (None, Vec::new());
        for store in self.to_find(root)? {
            match store.contains(&hash) {
                Ok(true) => return Ok(store),
                Ok(false) => places.push(store.place().to_owned()),
                // Another root may have it; if none does, this is why it is not known.
                Err(error) => unreachable = Some(failure(&error, None)),
            }
        }
        Err(unreachable.unwrap_or_else(|| {
            let what = format!("the bytes {blob} are not in {}", places.join(", nor in "));
            Error::new(Code::NotFound, what)
                .with_hint("mltrack verify --artifacts --repair URL  (of a root that has them)")
        }))
    }

    /// A root by its address, opened once.
    pub fn open(&self, url: &str) -> Result<BlobStore> {
        let mut open = guard(&self.open);
        if let Some(known) = open.get(url) {
            return Ok(known.clone());
        }
        let store = open_blobs(url, Some(self))?;
        // One that was opened before the store had an owner would take the store's own bytes for somebody else's.
        if store.options().owner.is_some() || url.starts_with("memory:") {
            open.insert(url.to_owned(), store.clone());
        }
        Ok(store)
    }
}

/// A root by its address: one of the store's, or one that it is repaired from.
pub(crate) fn open_blobs(url: &str, depot: Option<&Depot>) -> Result<BlobStore> {
    let parsed = StoreUrl::parse(url).map_err(|error| failure(&error, None))?;
    let mut options = options(depot.map(|depot| depot.folder.as_path()));
    if let Some(depot) = depot {
        options.max_len = depot.len_max;
        options.owner = depot.roots.owner()?;
    }
    BlobStore::open(&parsed, options).map_err(|error| failure(&error, None))
}

fn options(locks: Option<&Path>) -> Options {
    Options {
        locks: locks.map(Path::to_owned),
        ..Options::new(door::random_bytes::<16>, door::wall_time_ns)
    }
}

impl Kept {
    fn of(stored: Stored) -> Kept {
        Kept {
            blob: BlobId::from_bytes(stored.id.into()),
            len: stored.len,
            _guard: stored.guard,
        }
    }
}

/// What an error of a root means to the caller, and whose bytes it is about.
pub(crate) fn failure(error: &mltrack_artifact::Error, about: Option<&str>) -> Error {
    let (code, hint) = match error.kind() {
        ErrorKind::Missing => (
            Code::NotFound,
            "mltrack verify --artifacts --repair URL  (of a root that has them)",
        ),
        ErrorKind::Damaged => (
            Code::ArtifactMismatch,
            "mltrack verify --artifacts --repair URL  (of a root that has them)",
        ),
        ErrorKind::TooLarge => (
            Code::ArtifactTooLarge,
            "allow more by Tracker::builder(..).artifact_size_max(..)",
        ),
        ErrorKind::Changed => (
            Code::Conflict,
            "write to another name and rename, or log it with artifact(..).snapshot(true).file(..)",
        ),
        ErrorKind::Invalid => (
            Code::ValidationError,
            "a root is a folder, s3://BUCKET/PREFIX or file:///PATH",
        ),
        ErrorKind::DiskFull => (Code::DiskFull, "free some space and repeat"),
        ErrorKind::Network => (
            Code::Network,
            "repeat it when the other machine answers; what was sent is not sent again",
        ),
        ErrorKind::Unauthorised => (
            Code::Unauthorized,
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ),
        ErrorKind::NoRoot => (Code::NotFound, "create the bucket, or correct its name"),
        ErrorKind::Unsupported => (Code::Unsupported, "use a root in S3 for that"),
        ErrorKind::Shared => (Code::InvalidState, "give each store a root of its own"),
        ErrorKind::Busy => (Code::Busy, "repeat it when no upload is under way"),
        _ => (
            Code::IoError,
            "see whether the place is there and may be used",
        ),
    };
    let message = match about {
        Some(about) => format!("{about}: {error}"),
        None => error.to_string(),
    };
    Error::new(code, message).with_hint(hint)
}

impl Store {
    /// The roots, for this process.
    pub fn depot(&self) -> Result<&Arc<Depot>> {
        let make = || Ok(Arc::new(Depot::new(&self.path, &self.artifact_settings)));
        self.depots.get_or_make(self.writer()?, make)
    }

    pub fn check_len(&self, what: &str, len: u64) -> Result<()> {
        self.depot()?.check_len(what, len)
    }
}
