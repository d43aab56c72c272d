//! The files of a version of a model: artifacts of runs, and files that were stored with the version itself.
//!
//! Invariants: what a version stores itself is one list of files, whose hash the version's event says; bytes are checked
//! against their hashes whenever they are fetched; of two files that would be written to one place neither is.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use mltrack_event::Root;

use crate::artifact::Artifact;
use crate::checkout::{Checkout, Wanted};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::model_use::UsedModel;
use crate::model_version::ModelVersion;
use crate::version_files::{StoredFile, VersionFiles};

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
    pub fn stored_files(&self) -> Result<Vec<StoredFile>> {
        let kept = self.kept()?;
        Ok(kept.map(VersionFiles::list).unwrap_or_default())
    }

    /// Opens one of the files that were stored with it for reading. Every byte that is read was checked.
    ///
    /// Errors: `NOT_FOUND` for the file, `ARTIFACT_MISMATCH` for bytes that are not what they were.
    pub fn open(&self, path: &str) -> Result<impl Read + Seek + use<>> {
        let kept = self.kept()?.ok_or_else(|| {
            let what = format!("{} keeps no files of its own", self.selector());
            Error::new(Code::NotFound, what)
                .with_hint(format!("mltrack model get {} --dry-run", self.selector()))
        })?;
        kept.open(path)
    }

    /// Its files, to be written below a folder: artifacts under their paths and others under their own.
    ///
    /// Errors: `INVALID_STATE` for a version that lies elsewhere, `NOT_FOUND` when an artifact was purged,
    /// `VALIDATION_ERROR` when two files would be one.
    pub fn checkout(&self, folder: impl AsRef<Path>) -> Result<Checkout> {
        let store = self.store.as_ref();
        let store = store.ok_or_else(|| Error::validation("the tracker is disabled"))?;
        let artifacts = self.whole_files()?;
        let mut wanted: Vec<Wanted> = artifacts.iter().map(Wanted::artifact).collect();
        wanted.extend(self.kept()?.iter().flat_map(VersionFiles::wanted));
        Checkout::below(store, folder.as_ref(), wanted)
    }

    /// Writes its files below a folder, as [`checkout`](ModelVersion::checkout) says, and answers with them.
    ///
    /// Errors: those of [`checkout`](ModelVersion::checkout) and of [`Checkout::write`].
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        if self.store.is_none() {
            return Ok(Vec::new());
        }
        self.checkout(folder)?.write(&|_, _| {})
    }

    /// Its artifacts, if the store has all of them.
    pub(crate) fn whole_files(&self) -> Result<Vec<Artifact>> {
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

    /// The files that were stored with it.
    fn kept(&self) -> Result<Option<VersionFiles>> {
        let (Some(store), Some(content)) = (&self.store, self.content) else {
            return Ok(None);
        };
        VersionFiles::read(store, (Root::Artifacts, content), self.selector()).map(Some)
    }
}

impl UsedModel {
    /// The artifacts that it is made of; see [`ModelVersion::files`].
    pub fn files(&self) -> Result<Vec<Artifact>> {
        self.version().files()
    }

    /// The files that were stored with it; see [`ModelVersion::stored_files`].
    pub fn stored_files(&self) -> Result<Vec<StoredFile>> {
        self.version().stored_files()
    }

    /// Writes its files below a folder; see [`ModelVersion::get_to`].
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        self.version().get_to(folder)
    }
}
