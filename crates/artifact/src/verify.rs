//! Proving that every stored byte of a blob is what its name says.

use crate::error::Result;
use crate::hash::BlobHash;
use crate::keys;
use crate::mismatch::{Mismatch, Part};
use crate::store::{BlobStore, Layout};

impl BlobStore {
    /// Reads and hashes the blob: each chunk, and all of it. The answer is the length of its content; what does not match is
    /// [`Error::Damaged`](crate::Error::Damaged), which names the chunk.
    pub fn verify(&self, id: &BlobHash) -> Result<u64> {
        match self.inner.layout(id)? {
            Layout::Whole(content) => Ok(content.len() as u64),
            Layout::Chunked(manifest) => {
                self.inner.each_piece(&manifest, |_| Ok(()))?;
                Ok(manifest.len)
            }
        }
    }

    /// Takes an object away that [`BlobStore::verify`] found wrong, and first the blob's own one, so that a blob that can be
    /// found is whole. Who has the content may put it again then; what else of it is right is kept.
    pub fn remove_damaged(&self, mismatch: &Mismatch) -> Result<()> {
        let root = &self.inner.root;
        root.delete(&keys::manifest(&mismatch.id))?;
        root.delete(&keys::blob(&mismatch.id))?;
        if matches!(mismatch.part, Part::Chunk { .. }) {
            root.delete(&mismatch.key)?;
        }
        Ok(())
    }
}
