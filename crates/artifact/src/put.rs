//! Putting content: from memory, a file or any reader.
//!
//! Invariants: a blob can be found only when all its bytes are stored; what is stored already is not stored again.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::lock::Putting;
use crate::pack::Packer;
use crate::pieces::Pieces;
use crate::root::Promise;
use crate::root::folder::modified_ns;
use crate::store::{BlobStore, Inner, WHOLE_LEN_MAX};
use crate::{keys, object, pipeline};

/// What a put did.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The blob.
    pub id: BlobHash,
    /// Length of the content in bytes.
    pub len: u64,
    /// Bytes that the root has more than before.
    pub new_bytes: u64,
    /// How many chunks the blob has; 0 for one object.
    pub chunks: usize,
    /// Whether the blob was there before.
    pub was_there: bool,
    /// Keeps garbage collection away until the blob's id is written down where garbage collection looks.
    pub guard: Putting,
}

/// A put with more to say than the content: see [`BlobStore::put`].
pub struct Put<'a> {
    store: &'a BlobStore,
    guard: Option<Putting>,
    progress: Option<&'a mut dyn FnMut(u64)>,
}

impl BlobStore {
    /// Stores bytes.
    pub fn put_bytes(&self, content: &[u8]) -> Result<Stored> {
        self.put().bytes(content)
    }

    /// Stores a file. One that is written to meanwhile is an error, and nothing can be found then.
    pub fn put_file(&self, path: &Path) -> Result<Stored> {
        self.put().file(path)
    }

    /// Stores what a reader gives, however long, with bounded memory.
    pub fn put_reader(&self, reader: impl Read) -> Result<Stored> {
        self.put().reader(reader)
    }

    /// A put that shares a guard or reports progress.
    ///
    /// ```
    /// # use mltrack_artifact::{BlobStore, Options, StoreUrl};
    /// # let store = BlobStore::open(&StoreUrl::parse("memory:")?, Options::new(|| [7; 16], || 0))?;
    /// let guard = store.putting()?;
    /// let mut done_len = 0;
    /// let stored = store.put().guard(&guard).progress(&mut |len| done_len = len).bytes(b"abc")?;
    /// assert_eq!((stored.len, done_len), (3, 3));
    /// # Ok::<(), mltrack_artifact::Error>(())
    /// ```
    pub fn put(&self) -> Put<'_> {
        Put {
            store: self,
            guard: None,
            progress: None,
        }
    }
}

impl<'a> Put<'a> {
    /// Uses a guard that the caller holds already.
    #[must_use]
    pub fn guard(mut self, guard: &Putting) -> Put<'a> {
        self.guard = Some(guard.clone());
        self
    }

    /// Tells, on the caller's thread, how many bytes of the content are read and stored so far.
    #[must_use]
    pub fn progress(mut self, progress: &'a mut dyn FnMut(u64)) -> Put<'a> {
        self.progress = Some(progress);
        self
    }

    /// Stores bytes.
    pub fn bytes(self, content: &[u8]) -> Result<Stored> {
        self.check_len("the content", content.len() as u64)?;
        if content.len() > WHOLE_LEN_MAX {
            return self.from("the content", content);
        }
        let guard = self.begin()?;
        let stored = self.store.inner.put_whole(content, guard)?;
        if let Some(progress) = self.progress {
            progress(stored.len);
        }
        Ok(stored)
    }

    /// Stores a file.
    pub fn file(self, path: &Path) -> Result<Stored> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let before = file.metadata().map_err(Error::io("look at", path))?;
        if before.is_dir() {
            let error = std::io::ErrorKind::IsADirectory.into();
            return Err(Error::io("store as one file", path)(error));
        }
        let what = path.display().to_string();
        self.check_len(&what, before.len())?;
        let mut check = |read_len: u64| -> Result<()> {
            let after = file.metadata().map_err(Error::io("look at", path))?;
            let changed = |what: String| Error::Changed {
                path: path.to_owned(),
                what,
            };
            if before.is_file() && after.len() != before.len() {
                let (before, after) = (before.len(), after.len());
                return Err(changed(format!("it had {before} bytes and has {after}")));
            }
            if before.is_file() && read_len != before.len() {
                let before = before.len();
                return Err(changed(format!(
                    "it had {before} bytes and gave {read_len}"
                )));
            }
            if modified_ns(&after) != modified_ns(&before) {
                return Err(changed("it was written to".to_owned()));
            }
            Ok(())
        };
        self.run(&what, &file, &mut check)
    }

    /// Stores what a reader gives.
    pub fn reader(self, reader: impl Read) -> Result<Stored> {
        self.from("the content", reader)
    }

    fn begin(&self) -> Result<Putting> {
        let guard = match &self.guard {
            Some(guard) => guard.clone(),
            None => self.store.putting()?,
        };
        self.store.inner.own()?;
        Ok(guard)
    }

    fn from(self, what: &str, reader: impl Read) -> Result<Stored> {
        self.run(what, reader, &mut |_| Ok(()))
    }

    fn check_len(&self, what: &str, len: u64) -> Result<()> {
        let max = self.store.inner.options.max_len;
        if len <= max {
            return Ok(());
        }
        Err(Error::TooLarge {
            what: what.to_owned(),
            len,
            max,
            is_at_least: false,
        })
    }

    /// `check` is asked when everything was read and before the blob can be found.
    fn run(
        self,
        what: &str,
        reader: impl Read,
        check: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<Stored> {
        let inner = &self.store.inner;
        let guard = self.begin()?;
        let mut progress = self.progress;
        let mut progress = |len: u64| {
            if let Some(progress) = progress.as_mut() {
                progress(len);
            }
        };
        let mut pieces = Pieces::new(reader, pipeline::BLOCKS);
        let read_len = pieces.read_len;
        let look = pieces.look(WHOLE_LEN_MAX);
        let failed = |source| Error::Reader { read_len, source };
        if let Some(content) = look.map_err(failed)? {
            let max = inner.options.max_len;
            if content.len() as u64 > max {
                return Err(too_large(what, content.len() as u64, max));
            }
            check(content.len() as u64)?;
            let stored = inner.put_whole(content, guard)?;
            progress(stored.len);
            return Ok(stored);
        }
        pipeline::put(inner, what, pieces, guard, check, &mut progress)
    }
}

pub(crate) fn too_large(what: &str, len: u64, max: u64) -> Error {
    Error::TooLarge {
        what: what.to_owned(),
        len,
        max,
        is_at_least: true,
    }
}

impl Inner {
    /// Stores a content that fits into one object.
    pub fn put_whole(&self, content: &[u8], guard: Putting) -> Result<Stored> {
        let id = BlobHash::of(content);
        let key = keys::blob(&id);
        let was_there = self.has_object(&key, content.len())?;
        let mut new_bytes = 0;
        if was_there {
            // Whoever put it may not have come to this.
            self.root.settle(Some(&key))?;
        } else {
            let packed = Packer::new(content).pack(content);
            let parts = object::seal(Bytes::copy_from_slice(content), packed);
            new_bytes = parts.iter().map(|part| part.len() as u64).sum();
            self.root.put(&key, &parts, Promise::Durable)?;
        }
        Ok(Stored {
            id,
            len: content.len() as u64,
            new_bytes,
            chunks: 0,
            was_there,
            guard,
        })
    }

    /// Whether an object for a content of this length is there and, as far as a look at its beginning tells, whole.
    /// One that a power cut left short is not, and is stored again.
    pub fn has_object(&self, key: &str, content_len: usize) -> Result<bool> {
        let Some(found) = self.root.peek(key)? else {
            return Ok(false);
        };
        let Some(header) = found.header else {
            return Ok(found.len <= (object::HEADER_LEN + content_len) as u64
                && found.len >= object::HEADER_LEN as u64);
        };
        Ok(object::Header::decode(&header).is_ok_and(|header| {
            header.content_len as usize == content_len && header.object_len() == found.len
        }))
    }
}
