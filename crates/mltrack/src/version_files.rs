//! The files that a version of a dataset or of a model keeps itself: one list of them lies in a root, and the version's
//! event says its hash.
//!
//! Invariant: the list and every byte of the files are checked against their hashes whenever they are read.

use std::sync::Arc;

use mltrack_artifact::{BlobReader, Tree};
use mltrack_event::{BlobId, Root};

use crate::artifact_depot::failure;
use crate::artifact_read::hash;
use crate::checkout::Wanted;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::Store;

/// A file that a version of a dataset or of a model keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path, with `/` between its parts.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its content.
    pub blob: BlobId,
}

/// The list of a version's files, read.
pub(crate) struct VersionFiles {
    store: Arc<Store>,
    root: Root,
    selector: String,
    pub tree: Tree,
}

impl VersionFiles {
    /// Errors: `NOT_FOUND` when the list is in none of the roots, `ARTIFACT_MISMATCH` when it is damaged.
    pub fn read(
        store: &Arc<Store>,
        (root, content): (Root, BlobId),
        selector: String,
    ) -> Result<VersionFiles> {
        let blobs = store.depot()?.find(content, root)?;
        let tree = blobs.read_tree(&hash(content));
        Ok(VersionFiles {
            tree: tree.map_err(|error| failure(&error, Some(&selector)))?,
            store: Arc::clone(store),
            root,
            selector,
        })
    }

    /// Sorted by path.
    pub fn list(self) -> Vec<StoredFile> {
        let files = self.tree.files.into_iter();
        let stored = files.map(|file| StoredFile {
            path: file.path,
            len: file.len,
            blob: BlobId::from_bytes(file.blob.into()),
        });
        stored.collect()
    }

    /// The files, to be written under their paths.
    pub fn wanted(&self) -> Vec<Wanted> {
        let files = self.tree.files.iter();
        let wanted = files.map(|file| Wanted {
            path: file.path.clone(),
            len: file.len,
            blob: BlobId::from_bytes(file.blob.into()),
            root: self.root,
            whose: format!("{}, {}", self.selector, file.path),
            name: String::new(),
        });
        wanted.collect()
    }

    pub fn open(&self, path: &str) -> Result<BlobReader> {
        let file = self.tree.files.iter().find(|file| file.path == path);
        let file = file.ok_or_else(|| {
            let kind = match self.root {
                Root::Data => "dataset",
                Root::Artifacts => "model",
            };
            let what = format!("{} keeps no file {path:?}", self.selector);
            Error::new(Code::NotFound, what)
                .with_hint(format!("mltrack {kind} get {} --dry-run", self.selector))
        })?;
        let blob = BlobId::from_bytes(file.blob.into());
        let blobs = self.store.depot()?.find(blob, self.root)?;
        let opened = blobs.open_blob(&file.blob);
        opened.map_err(|error| failure(&error, Some(&file.path)))
    }
}
