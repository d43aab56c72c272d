//! The bytes of a version of a dataset: how they are stored, as those of a model are, and how they are read again.
//!
//! Invariants: a version's digest is that of the list of its files, so the same files are the same version wherever they
//! lay; bytes are checked against their hashes whenever they are fetched; a folder that is handed out is whole.

use std::fs;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mltrack_artifact::{Putting, Tree, TreeFile};
use mltrack_event::{BlobId, Root};
use mltrack_log::door;

use crate::artifact_depot::failure;
use crate::artifact_folder::files_in;
use crate::artifact_new::{file_error, look_at};
use crate::artifact_path::normal;
use crate::checkout::Checkout;
use crate::code::Code;
use crate::dataset_use::UsedDataset;
use crate::dataset_version::DatasetVersion;
use crate::error::{Error, Result};
use crate::profile::{Profile, column_of, of_file, of_reader};
use crate::store::Store;
use crate::version_files::{StoredFile, VersionFiles};

/// A file that becomes part of a version.
pub(crate) enum Piece {
    File { name: String, path: PathBuf },
    Bytes { name: String, bytes: Vec<u8> },
}

/// Files that are stored, until their event is appended.
pub(crate) struct StoredTree {
    pub blob: BlobId,
    pub len: u64,
    pub profile: Option<Profile>,
    /// Keeps collection away.
    pub _guard: Putting,
}

/// The files at a path: those of a folder, or the one that it is.
pub(crate) fn pieces_at(path: &Path) -> Result<Vec<Piece>> {
    let meta = fs::metadata(path).map_err(|error| file_error(path, "cannot be read", error))?;
    if meta.is_dir() {
        let found = files_in(path, "")?.into_iter();
        let pieces: Vec<Piece> = found
            .map(|found| Piece::File {
                name: found.path,
                path: found.file,
            })
            .collect();
        if pieces.is_empty() {
            let what = format!("the folder {} has no files", path.display());
            return Err(Error::validation(what));
        }
        return Ok(pieces);
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let name = normal(name.unwrap_or_default())?;
    let (path, _) = look_at(path)?;
    Ok(vec![Piece::File { name, path }])
}

/// Stores files and the list of them in a root. Only data is profiled.
pub(crate) fn store_pieces(store: &Store, root: Root, pieces: &[Piece]) -> Result<StoredTree> {
    let blobs = store.depot()?.to_put(root)?;
    let guard = blobs.putting().map_err(|error| failure(&error, None))?;
    let is_data = root == Root::Data;
    let (mut files, mut profiles) = (Vec::new(), Vec::new());
    for piece in pieces {
        let put = blobs.put().guard(&guard);
        let (name, stored) = match piece {
            Piece::File { name, path } => {
                profiles.push(is_data.then(|| of_file(path)).flatten());
                (name, put.file(path))
            }
            Piece::Bytes { name, bytes } => {
                let profile = is_data.then(|| of_reader(name, bytes.as_slice()));
                profiles.push(profile.flatten());
                (name, put.bytes(bytes))
            }
        };
        let stored = stored.map_err(|error| failure(&error, Some(name)))?;
        files.push(TreeFile {
            path: name.clone(),
            blob: stored.id,
            len: stored.len,
        });
    }
    let tree = Tree::new(files).map_err(|error| failure(&error, None))?;
    let stored = blobs.put().guard(&guard).bytes(&tree.encode());
    let stored = stored.map_err(|error| failure(&error, None))?;
    Ok(StoredTree {
        blob: BlobId::from_bytes(stored.id.into()),
        len: tree.len(),
        profile: merged(profiles),
        _guard: guard,
    })
}

/// One profile for all files; `None` where one has none or other columns.
fn merged(profiles: Vec<Option<Profile>>) -> Option<Profile> {
    let mut profiles = profiles.into_iter();
    let mut first = profiles.next()??;
    for profile in profiles {
        if !first.add(&profile?) {
            return None;
        }
    }
    Some(first)
}

impl DatasetVersion {
    /// Its files, sorted by path. Errors: `INVALID_STATE` for a version whose content the store does not keep.
    pub fn files(&self) -> Result<Vec<StoredFile>> {
        let kept = self.kept()?;
        Ok(kept.map(VersionFiles::list).unwrap_or_default())
    }

    /// Opens one of its files for reading. Every byte that is read was checked.
    ///
    /// Errors: `NOT_FOUND` for the file, `ARTIFACT_MISMATCH` for bytes that are not what they were.
    pub fn open(&self, path: &str) -> Result<impl Read + Seek + use<>> {
        self.kept()?.ok_or_else(disabled)?.open(path)
    }

    /// Its files, to be written to a place. A version of one file becomes the file `to`, unless `to` is a folder, ends in
    /// `/`, or is no name for a file: it has no extension, and the version was not added as this file. Other versions go
    /// below the folder `to`.
    ///
    /// Errors: `INVALID_STATE` for a version whose content the store does not keep.
    pub fn checkout(&self, to: impl AsRef<Path>) -> Result<Checkout> {
        let (store, kept) = self.stored()?;
        Checkout::named(store, (to.as_ref(), &self.source), kept.wanted())
    }

    /// Its files, to be written below a folder. Errors: those of [`checkout`](DatasetVersion::checkout).
    pub fn checkout_below(&self, folder: impl AsRef<Path>) -> Result<Checkout> {
        let (store, kept) = self.stored()?;
        Checkout::below(store, folder.as_ref(), kept.wanted())
    }

    /// Writes its files below a folder. Every byte is checked, and a file appears when it is whole.
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<()> {
        if self.store.is_none() {
            return Ok(());
        }
        self.checkout_below(folder)?.write(&|_, _| {}).map(drop)
    }

    /// A folder that holds its files, made at the first call and kept in the store's cache. Do not change what is in it.
    pub fn path(&self) -> Result<PathBuf> {
        let (Some(VersionFiles { tree, .. }), Some(content)) = (self.kept()?, self.content) else {
            return Ok(PathBuf::new());
        };
        let cache = self
            .store
            .as_ref()
            .ok_or_else(disabled)?
            .path
            .join("cache")
            .join("datasets");
        let folder = cache.join(content.to_string());
        if is_whole(&folder, &tree) {
            return Ok(folder);
        }
        let made = |error| file_error(&cache, "cannot be made", error);
        fs::create_dir_all(&cache).map_err(made)?;
        // Written aside and renamed, so that whoever finds the folder finds all of it.
        let aside = cache.join(format!("{content}.{:016x}.part", door::random_u64()));
        let written = self.get_to(&aside);
        if written.is_ok() && fs::rename(&aside, &folder).is_err() && !is_whole(&folder, &tree) {
            // What somebody changed goes away; what another process put there meanwhile stays.
            let broken = cache.join(format!("{content}.{:016x}.part", door::random_u64()));
            fs::rename(&folder, &broken).ok();
            fs::rename(&aside, &folder).ok();
            fs::remove_dir_all(&broken).ok();
        }
        fs::remove_dir_all(&aside).ok();
        written?;
        if is_whole(&folder, &tree) {
            return Ok(folder);
        }
        let what = format!("{} cannot be written whole", folder.display());
        Err(Error::new(Code::IoError, what).with_hint("see whether somebody changes its files"))
    }

    /// The values of a column, one for each row, of all its files in their order.
    pub(crate) fn column(&self, column: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        for file in self.files()? {
            let reader = BufReader::new(self.open(&file.path)?);
            let more = column_of(&file.path, reader, column).ok_or_else(|| {
                let what = format!(
                    "{} of {} has no column {column:?}",
                    file.path,
                    self.selector()
                );
                Error::validation(what).with_hint("pass the group of each row: groups(..)")
            })?;
            values.extend(more);
        }
        Ok(values)
    }

    /// What it keeps; `None` when the tracker is disabled.
    fn kept(&self) -> Result<Option<VersionFiles>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let content = self.content.ok_or_else(|| self.kept_elsewhere())?;
        VersionFiles::read(store, (Root::Data, content), self.selector()).map(Some)
    }

    /// What is said of a version that is only pointed to.
    pub(crate) fn kept_elsewhere(&self) -> Error {
        let what = format!(
            "the store keeps no bytes of {}: they are at {}",
            self.selector(),
            self.source
        );
        Error::new(Code::InvalidState, what).with_hint("add a version by its path to keep them")
    }

    fn stored(&self) -> Result<(&Arc<Store>, VersionFiles)> {
        let kept = self.kept()?.ok_or_else(disabled)?;
        Ok((self.store.as_ref().ok_or_else(disabled)?, kept))
    }
}

fn disabled() -> Error {
    Error::new(Code::InvalidState, "the tracker is disabled")
}

/// Whether a folder has every file with its length.
fn is_whole(folder: &Path, tree: &Tree) -> bool {
    let mut files = tree.files.iter();
    files.all(|file| {
        let found = fs::metadata(folder.join(&file.path));
        found.is_ok_and(|found| found.is_file() && found.len() == file.len)
    })
}

impl UsedDataset {
    /// A folder that holds its files; see [`DatasetVersion::path`].
    pub fn path(&self) -> Result<PathBuf> {
        self.version().path()
    }

    /// Its files; see [`DatasetVersion::files`].
    pub fn files(&self) -> Result<Vec<StoredFile>> {
        self.version().files()
    }

    /// Opens one of its files; see [`DatasetVersion::open`].
    pub fn open(&self, path: &str) -> Result<impl Read + Seek + use<>> {
        self.version().open(path)
    }
}
