//! Where a store's artifacts and data lie, as far as backups care.

use std::path::PathBuf;

/// A root of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// A folder or an address.
    pub url: String,
    /// The folder, when it is one of this machine: its blobs are copied. Others are only named.
    pub folder: Option<PathBuf>,
}

impl Root {
    /// Whether there is something to copy.
    pub(crate) fn is_there(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.is_dir())
    }
}
