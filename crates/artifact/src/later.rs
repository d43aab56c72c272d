//! The same functions for callers that must not block: each runs on a thread of this crate's own runtime.
//!
//! Invariant: they can be awaited in any executor.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;

use crate::error::Result;
use crate::hash::BlobHash;
use crate::link::Link;
use crate::put::Stored;
use crate::root::runtime;
use crate::store::{BlobStore, Metadata};

async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let ended = runtime::handle().spawn_blocking(work).await;
    ended.expect("the work ends by itself: nothing in it panics")
}

impl BlobStore {
    /// [`BlobStore::put_bytes`].
    pub async fn put_bytes_async(&self, content: Bytes) -> Result<Stored> {
        let store = self.clone();
        elsewhere(move || store.put_bytes(&content)).await
    }

    /// [`BlobStore::put_file`].
    pub async fn put_file_async(&self, path: PathBuf) -> Result<Stored> {
        let store = self.clone();
        elsewhere(move || store.put_file(&path)).await
    }

    /// [`BlobStore::contains`].
    pub async fn contains_async(&self, id: BlobHash) -> Result<bool> {
        let store = self.clone();
        elsewhere(move || store.contains(&id)).await
    }

    /// [`BlobStore::metadata`].
    pub async fn metadata_async(&self, id: BlobHash) -> Result<Metadata> {
        let store = self.clone();
        elsewhere(move || store.metadata(&id)).await
    }

    /// [`BlobStore::get_bytes`].
    pub async fn get_bytes_async(&self, id: BlobHash) -> Result<Bytes> {
        let store = self.clone();
        elsewhere(move || store.get_bytes(&id)).await
    }

    /// [`BlobStore::get_range`].
    pub async fn get_range_async(&self, id: BlobHash, range: Range<u64>) -> Result<Bytes> {
        let store = self.clone();
        elsewhere(move || store.get_range(&id, range)).await
    }

    /// [`BlobStore::get_to_file`].
    pub async fn get_to_file_async(&self, id: BlobHash, path: PathBuf) -> Result<u64> {
        let store = self.clone();
        elsewhere(move || store.get_to_file(&id, &path)).await
    }

    /// [`BlobStore::verify`].
    pub async fn verify_async(&self, id: BlobHash) -> Result<u64> {
        let store = self.clone();
        elsewhere(move || store.verify(&id)).await
    }

    /// [`BlobStore::link`].
    pub async fn link_async(&self, id: BlobHash, expires: Duration) -> Result<Link> {
        let store = self.clone();
        elsewhere(move || store.link(&id, expires)).await
    }
}
