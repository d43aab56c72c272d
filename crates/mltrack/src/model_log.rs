//! A run registers the model that it made, and a version's files are read again.
//!
//! Invariant: the bytes of a version are stored, and its artifacts logged, before the version's event.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mltrack_event::ArtifactKind;

use crate::artifact::Artifact;
use crate::code::Code;
use crate::error::{Error, Result};
use crate::model_use::UsedModel;
use crate::model_version::ModelVersion;
use crate::run::Run;
use crate::tracker::Tracker;

impl Run {
    /// Logs a file, or every file of a folder, as artifacts below `models/NAME/`, and adds a version made of them to the
    /// model of this name, which is made when there is none. Waits until every byte is stored; to go on meanwhile, log
    /// the artifacts and add the version when their upload is done.
    ///
    /// Errors: those of [`log_artifact`](Run::log_artifact) and of [`NewModelVersion::add`](crate::NewModelVersion::add).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path().join("store"))?;
    /// # let weights = folder.path().join("weights.pt");
    /// # std::fs::write(&weights, [1, 2, 3]).unwrap();
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let version = run.log_model("resnet", &weights)?;
    /// assert_eq!((version.number, version.run), (1, Some(run.id().key())));
    /// assert_eq!(version.files()?[0].path, "models/resnet/weights.pt");
    /// # run.finish()
    /// # }
    /// ```
    pub fn log_model(&self, name: &str, path: impl AsRef<Path>) -> Result<ModelVersion> {
        let path = path.as_ref();
        let Some(inner) = self.inner() else {
            return Ok(ModelVersion::disabled());
        };
        let folder = format!("models/{name}");
        let upload = if path.is_dir() {
            let artifact = self.artifact(folder).kind(ArtifactKind::Model);
            artifact.folder(path)?
        } else {
            let file = path.file_name().and_then(|file| file.to_str());
            let name = format!("{folder}/{}", file.unwrap_or("model"));
            self.artifact(name).kind(ArtifactKind::Model).file(path)?
        };
        let artifacts = upload.wait()?;
        if artifacts.is_empty() {
            let what = format!("the folder {} has no files", path.display());
            return Err(Error::validation(what));
        }
        let tracker = Tracker::of(Arc::clone(&inner.store));
        let mut version = tracker.model(name)?.version().run(self);
        for artifact in &artifacts {
            version = version.artifact(artifact.id);
        }
        version.source(path.display().to_string()).add()
    }
}

impl ModelVersion {
    /// The artifacts that it is made of, those left out that were purged. Empty when it lies elsewhere.
    pub fn files(&self) -> Result<Vec<Artifact>> {
        match &self.store {
            Some(store) => store.artifacts_by_id(&self.artifacts),
            None => Ok(Vec::new()),
        }
    }

    /// Writes its files below a folder, each under its artifact's path, and answers with them. Every byte is checked.
    ///
    /// Errors: `INVALID_STATE` for a version that lies elsewhere, `NOT_FOUND` when an artifact was purged, and those of
    /// [`download_all`](Tracker::download_all).
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        let Some(store) = &self.store else {
            return Ok(Vec::new());
        };
        if self.artifacts.is_empty() {
            let what = format!(
                "the store keeps no bytes of {}: they are at {}",
                self.selector(),
                self.source
            );
            return Err(Error::new(Code::InvalidState, what)
                .with_hint("add a version of artifacts to keep them"));
        }
        let files = self.files()?;
        if files.len() < self.artifacts.len() {
            let gone = self.artifacts.len() - files.len();
            let what = format!("{gone} of the artifacts of {} were purged", self.selector());
            return Err(Error::new(Code::NotFound, what).with_hint("mltrack model show NAME"));
        }
        Tracker::of(Arc::clone(store)).download_all(&files, folder, &|_, _| {})
    }
}

impl UsedModel {
    /// The artifacts that it is made of; see [`ModelVersion::files`].
    pub fn files(&self) -> Result<Vec<Artifact>> {
        self.version().files()
    }

    /// Writes its files below a folder; see [`ModelVersion::get_to`].
    pub fn get_to(&self, folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
        self.version().get_to(folder)
    }
}
