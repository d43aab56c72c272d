//! Bringing a blob over from another root, and repairing one from there.
//!
//! Invariant: nothing is taken over that was not checked against its hash; what is right here is not fetched.

use bytes::Bytes;

use crate::error::Result;
use crate::hash::BlobHash;
use crate::manifest::Manifest;
use crate::pack::Packer;
use crate::put::Stored;
use crate::root::Promise;
use crate::store::{BlobStore, Inner};
use crate::{keys, object};

/// What a repair did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Objects that were missing or wrong and are right now.
    pub objects: usize,
    /// Their bytes.
    pub new_bytes: u64,
}

impl BlobStore {
    /// Copies a blob from another root. Objects that are here already, and look whole, are kept.
    pub fn copy_from(&self, other: &BlobStore, id: &BlobHash) -> Result<Stored> {
        let guard = self.putting()?;
        self.inner.own()?;
        let was_there = self.contains(id)?;
        let mut repaired = Repaired::default();
        let (len, chunks) = self.take(other, id, false, &mut repaired)?;
        Ok(Stored {
            id: *id,
            len,
            new_bytes: repaired.new_bytes,
            chunks,
            was_there,
            guard,
        })
    }

    /// Checks every byte of a blob, and replaces what is missing or wrong by what another root has.
    pub fn repair(&self, other: &BlobStore, id: &BlobHash) -> Result<Repaired> {
        let _guard = self.putting()?;
        self.inner.own()?;
        let mut repaired = Repaired::default();
        self.take(other, id, true, &mut repaired)?;
        self.verify(id)?;
        Ok(repaired)
    }

    /// The blob's length and how many chunks it has.
    fn take(
        &self,
        other: &BlobStore,
        id: &BlobHash,
        is_checked: bool,
        repaired: &mut Repaired,
    ) -> Result<(u64, usize)> {
        if let Some(manifest) = self.inner.manifest_from(&other.inner, id)? {
            for index in 0..manifest.chunks.len() {
                self.take_chunk(other, &manifest, index, is_checked, repaired)?;
            }
            if !matches!(self.inner.manifest(id), Ok(Some(_))) {
                self.inner.root.settle(None)?;
                let bytes = Bytes::from(manifest.encode());
                repaired.add(bytes.len());
                self.inner
                    .root
                    .put(&keys::manifest(id), &[bytes], Promise::Durable)?;
            } else if repaired.objects > 0 {
                self.inner.root.settle(None)?;
            }
            self.drop_wrong_whole(id)?;
            return Ok((manifest.len, manifest.chunks.len()));
        }
        if let Ok(Some(content)) = self.inner.whole(id) {
            return Ok((content.len() as u64, 0));
        }
        let content = other
            .inner
            .whole(id)?
            .ok_or_else(|| other.inner.missing(id))?;
        let len = content.len() as u64;
        self.inner
            .replace(&keys::blob(id), content, Promise::Durable, repaired)?;
        Ok((len, 0))
    }

    /// The content of a chunk, also from a root that cut the blob in other places.
    fn chunk_of(&self, manifest: &Manifest, index: usize) -> Result<Bytes> {
        let chunk = &manifest.chunks[index];
        match self.inner.chunk(manifest, index) {
            Err(error) if error.is_damaged() => {
                let range = chunk.offset..chunk.offset + u64::from(chunk.len);
                match self.get_range(&manifest.id, range) {
                    Ok(content) if BlobHash::of(&content) == chunk.id => Ok(content),
                    _ => Err(error),
                }
            }
            other => other,
        }
    }

    fn take_chunk(
        &self,
        other: &BlobStore,
        manifest: &Manifest,
        index: usize,
        is_checked: bool,
        repaired: &mut Repaired,
    ) -> Result<()> {
        let chunk = &manifest.chunks[index];
        let key = keys::chunk(&chunk.id);
        let is_right = if is_checked {
            match self.inner.chunk(manifest, index) {
                Ok(_) => true,
                Err(error) if error.is_damaged() => false,
                Err(error) => return Err(error),
            }
        } else {
            self.inner.has_object(&key, chunk.len as usize)?
        };
        if is_right {
            return Ok(());
        }
        let content = other.chunk_of(manifest, index)?;
        self.inner.replace(&key, content, Promise::Whole, repaired)
    }

    /// A blob that is right in chunks needs no object of its own, and a wrong one would be read first.
    fn drop_wrong_whole(&self, id: &BlobHash) -> Result<()> {
        match self.inner.whole(id) {
            Err(error) if error.is_damaged() => self.inner.root.delete(&keys::blob(id)).map(drop),
            other => other.map(drop),
        }
    }
}

impl Repaired {
    fn add(&mut self, len: usize) {
        self.objects += 1;
        self.new_bytes += len as u64;
    }
}

impl Inner {
    /// The list of chunks that both sides go by: the one here when it is right, else the other root's.
    fn manifest_from(&self, other: &Inner, id: &BlobHash) -> Result<Option<Manifest>> {
        if let Ok(Some(manifest)) = self.manifest(id) {
            return Ok(Some(manifest));
        }
        other.manifest(id)
    }

    fn replace(
        &self,
        key: &str,
        content: Bytes,
        promise: Promise,
        repaired: &mut Repaired,
    ) -> Result<()> {
        let packed = Packer::new(&content).pack(&content);
        let parts = object::seal(content, packed);
        repaired.add(parts.iter().map(Bytes::len).sum());
        self.root.put(key, &parts, promise)
    }
}
