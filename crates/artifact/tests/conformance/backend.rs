//! The kinds of roots, each with a way around the blob store to look at its objects and to damage them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use mltrack_artifact::{BlobStore, Options, StoreUrl};
use mltrack_log::door;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

/// An empty root.
pub struct Backend {
    /// The objects themselves.
    pub raw: Arc<dyn ObjectStore>,
    open: Box<dyn Fn(Options) -> BlobStore>,
    /// Lock files of puts and garbage collection.
    pub locks: tempfile::TempDir,
    keep: Box<dyn Any>,
}

impl Backend {
    pub fn new(
        raw: Arc<dyn ObjectStore>,
        open: impl Fn(Options) -> BlobStore + 'static,
    ) -> Backend {
        Backend {
            raw,
            open: Box::new(open),
            locks: tempfile::tempdir().expect("a temporary folder"),
            keep: Box::new(()),
        }
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
        options.locks = Some(self.locks.path().to_owned());
        options.lock_wait = Duration::from_secs(20);
        options.owner = Some("store-one".to_owned());
        options
    }

    pub fn store(&self) -> BlobStore {
        self.store_with(self.options())
    }

    pub fn store_with(&self, options: Options) -> BlobStore {
        (self.open)(options)
    }

    /// Every key below a folder, sorted.
    pub fn keys(&self, folder: &str) -> Vec<String> {
        let (raw, folder) = (self.raw.clone(), Path::from(folder));
        let found = wait(async move { raw.list(Some(&folder)).try_collect::<Vec<_>>().await });
        let mut keys: Vec<String> = found
            .expect("the root lists")
            .into_iter()
            .map(|meta| meta.location.to_string())
            .collect();
        keys.sort();
        keys
    }

    /// Bytes of every object of blobs.
    pub fn stored_len(&self) -> u64 {
        let raw = self.raw.clone();
        let found = wait(async move { raw.list(None).try_collect::<Vec<_>>().await });
        let found = found.expect("the root lists").into_iter();
        found
            .filter(|meta| !meta.location.as_ref().starts_with("owners"))
            .map(|meta| meta.size)
            .sum()
    }

    pub fn get(&self, key: &str) -> Vec<u8> {
        let (raw, path) = (self.raw.clone(), Path::from(key));
        wait(async move { raw.get(&path).await?.bytes().await })
            .expect("the object is there")
            .to_vec()
    }

    pub fn put(&self, key: &str, content: Vec<u8>) {
        let (raw, path) = (self.raw.clone(), Path::from(key));
        wait(async move { raw.put(&path, Bytes::from(content).into()).await })
            .expect("the root takes an object");
    }

    pub fn delete(&self, key: &str) {
        let (raw, path) = (self.raw.clone(), Path::from(key));
        wait(async move { raw.delete(&path).await }).expect("the object goes");
    }
}

/// Runs it on a runtime of the test.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

pub fn folder() -> Backend {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = StoreUrl::folder(folder.path());
    let raw = LocalFileSystem::new_with_prefix(folder.path()).expect("the folder is there");
    let mut backend = Backend::new(Arc::new(raw), move |options| {
        BlobStore::open(&url, options).expect("a folder opens")
    });
    backend.keep = Box::new(folder);
    backend
}

pub fn memory() -> Backend {
    let raw = Arc::new(InMemory::new());
    let client: Arc<dyn ObjectStore> = raw.clone();
    Backend::new(raw, move |options| {
        BlobStore::over(client.clone(), "memory:", options).expect("memory opens")
    })
}

pub use crate::server::s3;

/// Bytes that do not compress, another stream for each seed.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
