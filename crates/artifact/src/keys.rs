//! The keys of objects in a root: `blobs/ab/<hex>`, `manifests/ab/<hex>`, `chunks/ab/<hex>`, `links/..`, `owners/..`.
//!
//! Invariant: a key is made of a hash or of other hexadecimal digits, so it never leaves its folder.

use crate::hash::BlobHash;

pub(crate) const BLOBS: &str = "blobs";
pub(crate) const MANIFESTS: &str = "manifests";
pub(crate) const CHUNKS: &str = "chunks";
pub(crate) const LINKS: &str = "links";
pub(crate) const OWNERS: &str = "owners";

fn hashed(folder: &str, id: &BlobHash) -> String {
    let hex = id.to_string();
    format!("{folder}/{}/{hex}", &hex[..2])
}

pub(crate) fn blob(id: &BlobHash) -> String {
    hashed(BLOBS, id)
}

pub(crate) fn manifest(id: &BlobHash) -> String {
    hashed(MANIFESTS, id)
}

pub(crate) fn chunk(id: &BlobHash) -> String {
    hashed(CHUNKS, id)
}

/// The copy that a link names. The time at which the link ends stands first, so that gc sees it from the name.
pub(crate) fn link(expires_ns: i64, id: &BlobHash, nonce: [u8; 16]) -> String {
    let nonce = u128::from_be_bytes(nonce);
    format!("{LINKS}/{expires_ns:020}-{id}-{nonce:032x}")
}

/// When the link that this key is for ends.
pub(crate) fn link_expires_ns(key: &str) -> Option<i64> {
    let name = key.strip_prefix(LINKS)?.strip_prefix('/')?;
    name.split('-').next()?.parse().ok()
}

pub(crate) fn owner(name: &str) -> String {
    format!("{OWNERS}/{name}")
}

/// The hash in a key of this folder; `None` for what somebody else put there.
pub(crate) fn hash_of(folder: &str, key: &str) -> Option<BlobHash> {
    let rest = key.strip_prefix(folder)?.strip_prefix('/')?;
    let (prefix, hex) = rest.split_once('/')?;
    (hex.len() == 64 && hex.starts_with(prefix) && prefix.len() == 2)
        .then(|| hex.parse().ok())
        .flatten()
}
