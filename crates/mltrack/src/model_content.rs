//! The files of a version of a model: artifacts of runs, and files that were stored with the version itself.
//!
//! Invariants: what a version stores itself is one list of files, whose hash the version's event says; bytes are checked
//! against their hashes whenever they are fetched; of two files that would be written to one place neither is.

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mltrack_artifact::Tree;
use mltrack_event::{BlobId, Root};

use crate::artifact::Artifact;
use crate::artifact_depot::failure;
use crate::artifact_read::hash;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::model_use::UsedModel;
use crate::model_version::ModelVersion;
use crate::tracker::Tracker;

/// A file that was stored with a version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Its path, with `/` between its parts.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its content.
    pub blob: BlobId,
}

impl ModelVersion {
    /// The artifacts that it is made of, those left out that were purged. Empty when there are none.
    pub fn files(&self) -> Result<Vec<Artifact>> {
        match &self.store {
            Some(store) => store.artifacts_by_id(&self.artifacts),
            None => Ok(Vec::new()),
        }
    }

    /// The files that were stored with it by [`file`](crate::NewModelVersion::file) and
    /// [`folder`](crate::NewModelVersion::folder), sorted by path. Empty when there are none.
    pub fn stored_files(&self) -> Result<Vec<ModelFile>> {
        let Some((_, tree)) = self.tree()? else {
            return Ok(Vec::new());
        };
        let files = tree.files.into_iter().map(|file| ModelFile {
            path: file.path,
            len: file.len,
            blob: BlobId::from_bytes(file.blob.into()),
        });
        Ok(files.collect())
    }

    /// Opens one of the files that were stored with it for reading. Every byte that is read was checked.
    ///
    /// Errors: `NOT_FOUND` for the file, `ARTIFACT_MISMATCH` for bytes that are not what they were.
    pub fn open(&self, path: &str) -> Result<impl Read + Seek + use<>> {
        let files = self.stored_files()?;
        let file = files.into_iter().find(|file| file.path == path);
        let (Some(file), Some(store)) = (file, &self.store) else {
            let what = format!("{} has no file {path:?} of its own", self.selector());
            return Err(Error::new(Code::NotFound, what)
                .with_hint(format!("mltrack model get {} --dry-run", self.selector())));
        };
        let blobs = store.depot()?.find(file.blob, Root::Artifacts)?;
        let opened = blobs.open_blob(&hash(file.blob));
        opened.map_err(|error| failure(&error, Some(&file.path)))
    }

    /// Where [`get_to`](ModelVersion::get_to) writes its files, in its order. Nothing is written.
    ///
    /// Errors: those of [`get_to`](ModelVersion::get_to) that are known before a byte is fetched.
    pub fn files_below(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        let artifacts = self.whole_files()?;
        let artifacts = artifacts.into_iter().map(|artifact| artifact.path);
        let stored = self.stored_files()?.into_iter().map(|file| file.path);
        let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
        for path in artifacts.chain(stored) {
            files.push(folder.as_ref().join(&path));
            if let Some(path) = seen.replace(path) {
                let what = format!("two files of {} are {path:?}", self.selector());
                return Err(Error::validation(what)
                    .with_hint("fetch the artifacts one by one: mltrack artifact get"));
            }
        }
        Ok(files)
    }

    /// Writes its files below a folder, artifacts under their paths and others under their own, and answers with them.
    /// Every byte is checked, and a file appears when it is whole.
    ///
    /// Errors: `INVALID_STATE` for a version that lies elsewhere, `NOT_FOUND` when an artifact was purged,
    /// `VALIDATION_ERROR` when two files would be one, and those of [`download_all`](Tracker::download_all).
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        let folder = folder.as_ref();
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        let files = self.files_below(folder)?;
        let artifacts = self.whole_files()?;
        Tracker::of(Arc::clone(store)).download_all(&artifacts, folder, &|_, _| {})?;
        if let Some(content) = self.content {
            let blobs = store.depot()?.find(content, Root::Artifacts)?;
            let written = blobs.get_tree(&hash(content), folder);
            written.map_err(|error| failure(&error, Some(&self.selector())))?;
        }
        Ok(files)
    }

    /// Its artifacts, if the store has all of them.
    fn whole_files(&self) -> Result<Vec<Artifact>> {
        if self.store.is_some() && self.artifacts.is_empty() && self.content.is_none() {
            let what = format!(
                "the store keeps no bytes of {}: they are at {}",
                self.selector(),
                self.source
            );
            return Err(Error::new(Code::InvalidState, what)
                .with_hint("add a version of files or artifacts to keep them"));
        }
        let files = self.files()?;
        if files.len() < self.artifacts.len() {
            let gone = self.artifacts.len() - files.len();
            let what = format!("{gone} of the artifacts of {} were purged", self.selector());
            return Err(Error::new(Code::NotFound, what)
                .with_hint(format!("mltrack model show {}", self.name())));
        }
        Ok(files)
    }

    /// The list of the files that were stored with it.
    fn tree(&self) -> Result<Option<(BlobId, Tree)>> {
        let (Some(store), Some(content)) = (&self.store, self.content) else {
            return Ok(None);
        };
        let blobs = store.depot()?.find(content, Root::Artifacts)?;
        let tree = blobs.read_tree(&hash(content));
        let tree = tree.map_err(|error| failure(&error, Some(&self.selector())))?;
        Ok(Some((content, tree)))
    }
}

impl UsedModel {
    /// The artifacts that it is made of; see [`ModelVersion::files`].
    pub fn files(&self) -> Result<Vec<Artifact>> {
        self.version().files()
    }

    /// The files that were stored with it; see [`ModelVersion::stored_files`].
    pub fn stored_files(&self) -> Result<Vec<ModelFile>> {
        self.version().stored_files()
    }

    /// Writes its files below a folder; see [`ModelVersion::get_to`].
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        self.version().get_to(folder)
    }
}
