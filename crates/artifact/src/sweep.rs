//! What is in a root, and freeing what nothing references.
//!
//! Invariants: nothing is freed that a live blob needs, nor anything while a put is under way; a blob goes before its chunks, so
//! one that can be found is whole; what this crate did not put is not touched.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::keys;
use crate::root::Found;
use crate::store::{BlobStore, Inner};

/// A blob in a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The blob.
    pub id: BlobHash,
    /// Bytes of its own object: all of it, or the list of its chunks.
    pub stored_len: u64,
    /// Whether it is in chunks.
    pub is_chunked: bool,
    /// When it was stored, in nanoseconds since 1970.
    pub time_ns: i64,
}

/// What no live blob needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Garbage {
    /// Whole blobs.
    pub blobs: Vec<BlobHash>,
    /// Chunks, of those blobs and of uploads that were given up.
    pub chunks: Vec<BlobHash>,
    /// Copies behind links that have ended, by their keys.
    pub links: Vec<String>,
    /// Bytes of all of them.
    pub len: u64,
}

/// What a sweep freed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// What was taken away.
    pub garbage: Garbage,
    /// Bytes that the root has less, with what killed puts left behind.
    pub freed_len: u64,
}

/// How far a sweep is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweeping {
    /// It looks at what is there: so many objects until now.
    Looking(u64),
    /// It frees: so many objects, of so many.
    Freeing(u64, u64),
}

/// Who is told how far a sweep is.
pub type OnSweeping<'a> = &'a dyn Fn(Sweeping);

impl BlobStore {
    /// Every blob of the root, by its id.
    pub fn list(&self) -> Result<impl Iterator<Item = Listed>> {
        let mut listed = Vec::new();
        for (folder, is_chunked) in [(keys::BLOBS, false), (keys::MANIFESTS, true)] {
            self.inner.hashed(folder, &mut |id, found| {
                listed.push(Listed {
                    id,
                    stored_len: found.len,
                    is_chunked,
                    time_ns: found.time_ns,
                });
                Ok(())
            })?;
        }
        listed.sort_unstable_by_key(|listed| listed.id);
        Ok(listed.into_iter())
    }

    /// What none of these blobs needs. While puts are under way their chunks are among it, so this is for showing;
    /// [`BlobStore::sweep`] frees.
    pub fn garbage(&self, live: &HashSet<BlobHash>) -> Result<Garbage> {
        self.garbage_with(live, &|_| {})
    }

    /// The same, and tells how far it is.
    pub fn garbage_with(&self, live: &HashSet<BlobHash>, told: OnSweeping<'_>) -> Result<Garbage> {
        self.inner.garbage(live, told)
    }

    /// Frees what no live blob needs. `live` is asked when no put is under way any more and none can begin, so what it
    /// answers is complete when ids are written down before [`Stored::guard`](crate::Stored::guard) is dropped.
    pub fn sweep(&self, live: impl FnOnce() -> Result<HashSet<BlobHash>>) -> Result<Swept> {
        self.sweep_with(live, &|_| {})
    }

    /// The same, and tells how far it is.
    pub fn sweep_with(
        &self,
        live: impl FnOnce() -> Result<HashSet<BlobHash>>,
        told: OnSweeping<'_>,
    ) -> Result<Swept> {
        let options = &self.inner.options;
        let _sweeping = crate::lock::sweep(options.locks.as_deref(), options.lock_wait)?;
        self.inner.check_owner()?;
        let garbage = self.inner.garbage(&live()?, told)?;
        let mut freed_len = self.inner.root.sweep_drafts()?;
        let blobs = garbage.blobs.iter();
        let blobs = blobs.map(|id| vec![keys::manifest(id), keys::blob(id)]);
        let chunks = garbage.chunks.iter().map(|id| vec![keys::chunk(id)]);
        let links = garbage.links.iter().map(|key| vec![key.clone()]);
        let all = garbage.blobs.len() + garbage.chunks.len() + garbage.links.len();
        for (done, keys) in blobs.chain(chunks).chain(links).enumerate() {
            for key in keys {
                self.inner.root.delete(&key)?;
            }
            told(Sweeping::Freeing(done as u64 + 1, all as u64));
        }
        freed_len += garbage.len;
        Ok(Swept { garbage, freed_len })
    }

    /// Takes one blob away at once, with the chunks that no other blob of the root has: for what must not be kept.
    /// The answer is the number of bytes that the root has less.
    pub fn purge(&self, id: &BlobHash) -> Result<u64> {
        let options = &self.inner.options;
        let _sweeping = crate::lock::sweep(options.locks.as_deref(), options.lock_wait)?;
        self.inner.check_owner()?;
        let mut others = HashSet::new();
        let mut mine = HashSet::new();
        for listed in self.list()?.filter(|listed| listed.is_chunked) {
            let chunks = if listed.id == *id {
                &mut mine
            } else {
                &mut others
            };
            if let Some(manifest) = self.inner.manifest(&listed.id)? {
                chunks.extend(manifest.chunks.iter().map(|chunk| chunk.id));
            }
        }
        let keys = [keys::manifest(id), keys::blob(id)];
        let chunks = mine.difference(&others).map(keys::chunk);
        let mut freed_len = 0;
        for key in keys.into_iter().chain(chunks) {
            let len = self.inner.root.head(&key)?.map_or(0, |found| found.len);
            if self.inner.root.delete(&key)? {
                freed_len += len;
            }
        }
        Ok(freed_len)
    }
}

impl Inner {
    fn garbage(&self, live: &HashSet<BlobHash>, told: OnSweeping<'_>) -> Result<Garbage> {
        let mut looked = 0;
        let mut look = || {
            looked += 1;
            told(Sweeping::Looking(looked));
        };
        let mut garbage = Garbage::default();
        let mut needed = HashSet::new();
        self.hashed(keys::BLOBS, &mut |id, found| {
            look();
            if !live.contains(&id) {
                garbage.blobs.push(id);
                garbage.len += found.len;
            }
            Ok(())
        })?;
        let mut dead = HashMap::new();
        let mut kept = Vec::new();
        self.hashed(keys::MANIFESTS, &mut |id, found| {
            look();
            if live.contains(&id) {
                kept.push(id);
            } else {
                dead.insert(id, found.len);
            }
            Ok(())
        })?;
        for id in kept {
            look();
            // One that cannot be read is an error here: its chunks could not be told from garbage.
            let manifest = self.manifest(&id)?;
            needed.extend(
                manifest
                    .into_iter()
                    .flat_map(|manifest| manifest.chunks)
                    .map(|chunk| chunk.id),
            );
        }
        garbage.len += dead.values().sum::<u64>();
        garbage.blobs.extend(dead.into_keys());
        self.hashed(keys::CHUNKS, &mut |id, found| {
            look();
            if !needed.contains(&id) {
                garbage.chunks.push(id);
                garbage.len += found.len;
            }
            Ok(())
        })?;
        let now_ns = (self.options.wall_ns)();
        self.root.list(keys::LINKS, &mut |found| {
            if keys::link_expires_ns(&found.key).is_some_and(|expires_ns| expires_ns < now_ns) {
                garbage.len += found.len;
                garbage.links.push(found.key);
            }
            Ok(())
        })?;
        garbage.blobs.sort_unstable();
        garbage.blobs.dedup();
        garbage.chunks.sort_unstable();
        garbage.links.sort_unstable();
        Ok(garbage)
    }

    /// Every object of a folder that is named by a hash.
    fn hashed(
        &self,
        folder: &str,
        each: &mut dyn FnMut(BlobHash, Found) -> Result<()>,
    ) -> Result<()> {
        self.root.list(
            folder,
            &mut |found| match keys::hash_of(folder, &found.key) {
                Some(id) => each(id, found),
                None => Ok(()),
            },
        )
    }

    /// Refuses a root in which another store wrote: what that one needs is not known here.
    fn check_owner(&self) -> Result<()> {
        let mine = self.options.owner.as_deref().map(keys::owner);
        let mut others = Vec::new();
        self.root.list(keys::OWNERS, &mut |found| {
            if Some(&found.key) != mine.as_ref() {
                let name = found.key.rsplit('/').next().unwrap_or_default();
                others.push(name.to_owned());
            }
            Ok(())
        })?;
        if others.is_empty() {
            return Ok(());
        }
        others.sort();
        Err(Error::Shared {
            place: self.root.place().to_owned(),
            others: others.join(", "),
        })
    }
}
