//! The store of blobs: a root with options. Cloning it is cheap, and all clones are the same store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use object_store::ObjectStore;
use object_store::memory::InMemory;

use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::lock::Putting;
use crate::manifest::Manifest;
use crate::mismatch::{Flaw, Mismatch, Part};
use crate::options::Options;
use crate::root::folder::Folder;
use crate::root::remote::{Client, Remote};
use crate::root::{Root, s3};
use crate::url::{Place, StoreUrl};
use crate::{keys, lock, object};

/// Content up to this long is one object; longer content is cut into chunks.
pub(crate) const WHOLE_LEN_MAX: usize = 4 << 20;

/// At once to a folder: two hash while two wait for the disk.
const PARALLEL_LOCAL: usize = 4;
/// At once to a remote root: enough to hide that each request takes long.
const PARALLEL_REMOTE: usize = 16;

/// Blobs in one root.
#[derive(Clone)]
pub struct BlobStore {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub root: Box<dyn Root>,
    pub options: Options,
    is_owned: AtomicBool,
}

/// What is known of a blob without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Length of its content in bytes.
    pub len: u64,
    /// Bytes that its objects take in the root; chunks that others share are counted.
    pub stored_len: u64,
    /// How many chunks it has; 0 for a blob in one object.
    pub chunks: usize,
    /// When it was stored, in nanoseconds since 1970.
    pub created_ns: i64,
}

/// A blob as it lies in the root.
pub(crate) enum Layout {
    Whole(Bytes),
    Chunked(Arc<Manifest>),
}

impl BlobStore {
    /// Opens the root at this place. Nothing is made, and no request sent, before something is put or read.
    pub fn open(url: &StoreUrl, options: Options) -> Result<BlobStore> {
        let root: Box<dyn Root> = match &url.place {
            Place::Folder(path) => Box::new(Folder::new(path, &options)),
            Place::Memory(name) => {
                Box::new(over(memory(name.as_deref()), &url.to_string(), false)?)
            }
            Place::S3(place) => Box::new(s3::open(url, place, &options)?),
        };
        Ok(BlobStore::new(root, options))
    }

    /// Blobs in any root that `object_store` speaks to, under this name in errors. It gives no links.
    pub fn over(client: Arc<dyn ObjectStore>, name: &str, options: Options) -> Result<BlobStore> {
        Ok(BlobStore::new(Box::new(over(client, name, true)?), options))
    }

    fn new(root: Box<dyn Root>, options: Options) -> BlobStore {
        BlobStore {
            inner: Arc::new(Inner {
                root,
                options,
                is_owned: AtomicBool::new(false),
            }),
        }
    }

    /// Its root as errors name it.
    pub fn place(&self) -> &str {
        self.inner.root.place()
    }

    /// What it was opened with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Keeps garbage collection away until it and its clones are dropped; hand it to [`BlobStore::put`].
    pub fn putting(&self) -> Result<Putting> {
        lock::put(self.inner.options.locks.as_deref())
    }

    /// Whether the blob is there. That its bytes are right is for [`BlobStore::verify`] to say.
    pub fn contains(&self, id: &BlobHash) -> Result<bool> {
        let root = &self.inner.root;
        Ok(root.head(&keys::blob(id))?.is_some() || root.head(&keys::manifest(id))?.is_some())
    }

    /// What is known of the blob.
    pub fn metadata(&self, id: &BlobHash) -> Result<Metadata> {
        let root = &self.inner.root;
        if let Some(found) = root.head(&keys::blob(id))? {
            let Layout::Whole(content) = self.inner.layout(id)? else {
                return Err(self.inner.missing(id));
            };
            return Ok(Metadata {
                len: content.len() as u64,
                stored_len: found.len,
                chunks: 0,
                created_ns: found.time_ns,
            });
        }
        let Some(found) = root.head(&keys::manifest(id))? else {
            return Err(self.inner.missing(id));
        };
        let manifest = self
            .inner
            .manifest(id)?
            .ok_or_else(|| self.inner.missing(id))?;
        let mut stored_len = found.len;
        let mut seen = std::collections::HashSet::new();
        for chunk in manifest.chunks.iter().filter(|chunk| seen.insert(chunk.id)) {
            let found = root.head(&keys::chunk(&chunk.id))?;
            stored_len += found.map_or(0, |found| found.len);
        }
        Ok(Metadata {
            len: manifest.len,
            stored_len,
            chunks: manifest.chunks.len(),
            created_ns: found.time_ns,
        })
    }

    /// The list of the blob's chunks; `None` for a blob in one object.
    pub fn manifest(&self, id: &BlobHash) -> Result<Option<Manifest>> {
        match self.inner.layout(id)? {
            Layout::Whole(_) => Ok(None),
            Layout::Chunked(manifest) => Ok(Some(Arc::unwrap_or_clone(manifest))),
        }
    }
}

impl std::fmt::Debug for BlobStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlobStore({})", self.place())
    }
}

impl Inner {
    pub fn parallel(&self) -> usize {
        let usual = if self.root.is_remote() {
            PARALLEL_REMOTE
        } else {
            PARALLEL_LOCAL
        };
        self.options.parallel.unwrap_or(usual).max(1)
    }

    /// Where the blob's bytes are. A blob in one object is read and checked here.
    pub fn layout(&self, id: &BlobHash) -> Result<Layout> {
        if let Some(content) = self.whole(id)? {
            return Ok(Layout::Whole(content));
        }
        match self.manifest(id)? {
            Some(manifest) => Ok(Layout::Chunked(Arc::new(manifest))),
            None => Err(self.missing(id)),
        }
    }

    /// The checked content of a blob in one object.
    pub fn whole(&self, id: &BlobHash) -> Result<Option<Bytes>> {
        let key = keys::blob(id);
        let Some(object) = self.root.get(&key)? else {
            return Ok(None);
        };
        match checked(&object, id) {
            Ok(content) => Ok(Some(content)),
            Err(flaw) => Err(self.mismatch(id, key, Part::Whole, flaw).into()),
        }
    }

    pub fn manifest(&self, id: &BlobHash) -> Result<Option<Manifest>> {
        let key = keys::manifest(id);
        let Some(bytes) = self.root.get(&key)? else {
            return Ok(None);
        };
        let flaw = match Manifest::decode(&bytes) {
            Ok(manifest) if manifest.id == *id => return Ok(Some(manifest)),
            Ok(manifest) => Flaw::Hash(manifest.id),
            Err(flaw) => flaw,
        };
        Err(self.mismatch(id, key, Part::Manifest, flaw).into())
    }

    pub fn missing(&self, id: &BlobHash) -> Error {
        Error::Missing {
            id: *id,
            place: self.root.place().to_owned(),
        }
    }

    pub fn mismatch(&self, id: &BlobHash, key: String, part: Part, flaw: Flaw) -> Mismatch {
        Mismatch {
            id: *id,
            place: self.root.place().to_owned(),
            key,
            part,
            flaw,
        }
    }

    /// Writes down that this owner stores here, once for each open store.
    pub fn own(&self) -> Result<()> {
        let Some(owner) = &self.options.owner else {
            return Ok(());
        };
        if self.is_owned.load(Ordering::Relaxed) {
            return Ok(());
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if owner.is_empty() || owner.len() > 64 || !owner.bytes().all(is_name) {
            return Err(Error::Name {
                name: owner.clone(),
                why: "an owner is named by 1 to 64 letters, digits and `-`".to_owned(),
            });
        }
        self.root
            .put_new(&keys::owner(owner), Bytes::from(format!("{owner}\n")))?;
        self.is_owned.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// The content of an object that this hash names.
pub(crate) fn checked(object: &Bytes, id: &BlobHash) -> Result<Bytes, Flaw> {
    let content = object::open(object)?;
    let found = BlobHash::of(&content);
    if found == *id {
        Ok(content)
    } else {
        Err(Flaw::Hash(found))
    }
}

fn over(client: Arc<dyn ObjectStore>, name: &str, is_remote: bool) -> Result<Remote> {
    let client = Client {
        store: client,
        signer: None,
    };
    Remote::new(name.to_owned(), String::new(), is_remote, move || {
        Ok(client.clone())
    })
}

/// The memory of this name, or new memory.
fn memory(name: Option<&str>) -> Arc<dyn ObjectStore> {
    static NAMED: OnceLock<Mutex<HashMap<String, Arc<InMemory>>>> = OnceLock::new();
    let Some(name) = name else {
        return Arc::new(InMemory::new());
    };
    let mut named = NAMED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    named.entry(name.to_owned()).or_default().clone()
}
