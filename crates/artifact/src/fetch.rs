//! Getting the chunks of a blob in order, several at once, each checked against its hash.
//!
//! Invariant: at most two chunks for each thread are held, however long the blob is.

use std::ops::Range;
use std::sync::mpsc::sync_channel;

use bytes::Bytes;

use crate::error::Result;
use crate::hash::BlobHash;
use crate::keys;
use crate::manifest::Manifest;
use crate::mismatch::{Flaw, Part};
use crate::store::{Inner, checked};

impl Inner {
    /// Calls `each` with the content of these chunks of the blob, in order.
    pub fn each_chunk(
        &self,
        manifest: &Manifest,
        chunks: Range<usize>,
        mut each: impl FnMut(Bytes) -> Result<()>,
    ) -> Result<()> {
        let threads = self.parallel().min(chunks.len());
        if threads <= 1 {
            for index in chunks {
                each(self.chunk(manifest, index)?)?;
            }
            return Ok(());
        }
        std::thread::scope(|scope| {
            let mut receivers = Vec::with_capacity(threads);
            for thread in 0..threads {
                let (sender, receiver) = sync_channel(1);
                receivers.push(receiver);
                let mine = (chunks.start + thread..chunks.end).step_by(threads);
                scope.spawn(move || {
                    for index in mine {
                        let chunk = self.chunk(manifest, index);
                        let is_failed = chunk.is_err();
                        if sender.send(chunk).is_err() || is_failed {
                            return;
                        }
                    }
                });
            }
            for at in 0..chunks.len() {
                let chunk = receivers[at % threads].recv();
                each(chunk.expect("a thread ends after its last chunk or an error")?)?;
            }
            Ok(())
        })
    }

    /// The content of one chunk.
    pub fn chunk(&self, manifest: &Manifest, index: usize) -> Result<Bytes> {
        let chunk = &manifest.chunks[index];
        let key = keys::chunk(&chunk.id);
        let flaw = match self.root.get(&key)? {
            None => Flaw::Missing,
            Some(object) => match checked(&object, &chunk.id) {
                Ok(content) if content.len() == chunk.len as usize => return Ok(content),
                Ok(content) => Flaw::Length {
                    expected: u64::from(chunk.len),
                    found: content.len() as u64,
                },
                Err(flaw) => flaw,
            },
        };
        let part = Part::Chunk {
            index,
            count: manifest.chunks.len(),
            offset: chunk.offset,
            len: u64::from(chunk.len),
        };
        Err(self.mismatch(&manifest.id, key, part, flaw).into())
    }

    /// Calls `each` with the whole content in order and compares its hash with the blob's name at the end.
    pub fn each_piece(
        &self,
        manifest: &Manifest,
        mut each: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut whole = blake3::Hasher::new();
        self.each_chunk(manifest, 0..manifest.chunks.len(), |content| {
            whole.update(&content);
            each(&content)
        })?;
        self.compare(&manifest.id, &whole)
    }

    /// Whether chunks that are right one by one are the blob together.
    pub fn compare(&self, id: &BlobHash, whole: &blake3::Hasher) -> Result<()> {
        let found = BlobHash(*whole.finalize().as_bytes());
        if found == *id {
            return Ok(());
        }
        let key = keys::manifest(id);
        Err(self
            .mismatch(id, key, Part::Together, Flaw::Hash(found))
            .into())
    }
}
