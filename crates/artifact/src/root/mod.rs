//! Where objects lie: a folder, or anything that `object_store` speaks to. A root knows keys and bytes, not blobs.
//!
//! Invariants: an object that can be found is whole; what is put replaces what was there in one step.

mod direct;
pub(crate) mod folder;
pub(crate) mod profile;
pub(crate) mod remote;
pub(crate) mod runtime;
pub(crate) mod s3;

use std::time::Duration;

use bytes::Bytes;

use crate::error::Result;

/// An object in a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub key: String,
    pub len: u64,
    pub time_ns: i64,
}

/// How much a put promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is whole when it is found. [`Root::settle`] makes it durable.
    Whole,
    /// And it is durable when the put returns, as far as the options want that.
    Durable,
}

/// Keys and bytes.
pub(crate) trait Root: Send + Sync {
    /// Its name in errors.
    fn place(&self) -> &str;

    /// Whether a request takes long and many at once do not.
    fn is_remote(&self) -> bool;

    /// Puts an object made of these parts.
    fn put(&self, key: &str, parts: &[Bytes], promise: Promise) -> Result<()>;

    /// Puts an object unless one is there. Whether it was put.
    fn put_new(&self, key: &str, content: Bytes) -> Result<bool>;

    /// All of an object.
    fn get(&self, key: &str) -> Result<Option<Bytes>>;

    /// The beginning of an object, and what is known of it.
    fn head(&self, key: &str) -> Result<Option<Found>>;

    /// What stands at the beginning of an object, where reading that costs as little as asking for its length.
    fn peek(&self, key: &str) -> Result<Option<Peeked>>;

    /// Takes an object away. Whether it was there.
    fn delete(&self, key: &str) -> Result<bool>;

    /// Every object whose key begins with this folder, in any order.
    fn list(&self, folder: &str, each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()>;

    /// Makes this object durable, or everything that was put by anybody, as far as the options want that.
    fn settle(&self, key: Option<&str>) -> Result<()>;

    /// Takes away what puts that were killed left behind. The bytes that were freed.
    fn sweep_drafts(&self) -> Result<u64>;

    /// A link to an object that anybody can read for so long.
    fn sign(&self, key: &str, expires: Duration) -> Result<String>;

    /// Puts a long object from a reader, with bounded memory.
    fn put_stream(&self, key: &str, content: &mut dyn std::io::Read) -> Result<()>;
}

/// What [`Root::peek`] says: the object's length and, from a folder, its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peeked {
    pub len: u64,
    pub header: Option<[u8; crate::object::HEADER_LEN]>,
}
