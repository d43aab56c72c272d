//! A run registers the model that it made.
//!
//! Invariant: the bytes of a version are stored, and its artifacts logged, before the version's event.

use std::path::Path;
use std::sync::Arc;

use mltrack_event::ArtifactKind;

use crate::error::{Error, Result};
use crate::model_add::NewModelVersion;
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
        self.log_model_with(name, path, |version| version)
    }

    /// The same, with more to say about the version: a description, metadata, another source than the path.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path().join("store"))?;
    /// # let weights = folder.path().join("weights.pt");
    /// # std::fs::write(&weights, [1, 2, 3]).unwrap();
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let version = run.log_model_with("resnet", &weights, |version| version.description("The first one."))?;
    /// assert_eq!(version.description, "The first one.");
    /// # run.finish()
    /// # }
    /// ```
    pub fn log_model_with(
        &self,
        name: &str,
        path: impl AsRef<Path>,
        describe: impl FnOnce(NewModelVersion) -> NewModelVersion,
    ) -> Result<ModelVersion> {
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
        describe(version.source(path.display().to_string())).add()
    }
}
