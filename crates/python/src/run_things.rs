//! What a run leaves behind and takes in: artifacts, datasets, models.
//!
//! Invariants: what is stored goes on in the background, and whoever must know waits for the `Upload`; a file that is
//! logged is read later, unless it is copied aside first.

use std::path::PathBuf;

use mltrack::{ArtifactKind, NewArtifact, NewModelVersion, Split};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::datasets::told_use;
use crate::dict::answered;
use crate::models;
use crate::open::Store;
use crate::run::Run;
use crate::upload::Upload;
use crate::value::json;

/// Where the bytes of an artifact come from.
enum Source {
    Bytes(Vec<u8>),
    Path(PathBuf),
}

impl<'py> FromPyObject<'_, 'py> for Source {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Source> {
        let py = object.py();
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Source::Bytes(bytes.as_bytes().to_vec()));
        }
        if let Ok(bytes) = object.cast::<PyByteArray>() {
            return Ok(Source::Bytes(bytes.to_vec()));
        }
        if object.hasattr(intern!(py, "tobytes"))? {
            let bytes = object.call_method0(intern!(py, "tobytes"))?;
            return Ok(Source::Bytes(bytes.extract()?));
        }
        object.extract().map(Source::Path)
    }
}

#[pymethods]
impl Run {
    /// Stores a file, every file of a folder, or bytes, under a name. Goes on in the background.
    #[pyo3(signature = (name, source, kind=None, media_type=None, step=None, metadata=None, is_data=false, is_snapshot=false))]
    fn log_artifact(
        &self,
        py: Python<'_>,
        name: &str,
        source: Source,
        kind: Option<&str>,
        media_type: Option<&str>,
        step: Option<i64>,
        metadata: Option<&Bound<'_, PyAny>>,
        is_data: bool,
        is_snapshot: bool,
    ) -> PyResult<Upload> {
        let mut artifact = self.inner().artifact(name).snapshot(is_snapshot);
        if let Some(kind) = kind {
            artifact = artifact.kind(ArtifactKind::from(kind));
        }
        if let Some(media_type) = media_type {
            artifact = artifact.media_type(media_type);
        }
        if let Some(step) = step {
            artifact = artifact.step(step);
        }
        if let Some(metadata) = metadata {
            artifact = artifact.metadata(&json(metadata)?);
        }
        if is_data {
            artifact = artifact.data();
        }
        answered(py.detach(|| stored(artifact, source))).map(Upload::of)
    }

    /// Says that this run took in an artifact, mostly one of another run.
    fn use_artifact(&self, py: Python<'_>, store: &Store, id: &str) -> PyResult<()> {
        let used = py.detach(|| self.inner().use_artifact(&store.artifact_of(id)?));
        answered(used).map(drop)
    }

    /// Takes in a version of a dataset: `digits`, `digits@v3`, `digits@^1.2`. Says which version that is, and, of a
    /// version whose files the store holds, where they lie.
    #[pyo3(signature = (selector, split="train"))]
    fn use_dataset<'py>(
        &self,
        py: Python<'py>,
        selector: &str,
        split: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let used = py.detach(|| self.inner().use_dataset(selector, Split::from(split)));
        told_use(py, &answered(used)?)
    }

    /// Takes in a version of a model, and says which one that is.
    fn use_model<'py>(&self, py: Python<'py>, selector: &str) -> PyResult<Bound<'py, PyAny>> {
        let used = answered(py.detach(|| self.inner().use_model(selector)))?;
        models::told_version(py, used.version())
    }

    /// Stores a file or a folder as the next version of a model that this run made.
    #[pyo3(signature = (name, path, description=None, metadata=None, source=None))]
    fn log_model<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        path: PathBuf,
        description: Option<&str>,
        metadata: Option<&Bound<'_, PyAny>>,
        source: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let metadata = metadata.map(json).transpose()?;
        let described = |mut version: NewModelVersion| {
            if let Some(description) = description {
                version = version.description(description);
            }
            if let Some(metadata) = &metadata {
                version = version.metadata(metadata);
            }
            match source {
                Some(source) => version.source(source),
                None => version,
            }
        };
        let logged = py.detach(|| self.inner().log_model_with(name, path, described));
        models::told_version(py, &answered(logged)?)
    }
}

fn stored(artifact: NewArtifact, source: Source) -> mltrack::Result<mltrack::Upload> {
    match source {
        Source::Bytes(bytes) => artifact.bytes(bytes),
        Source::Path(path) if path.is_dir() => artifact.folder(path),
        Source::Path(path) => artifact.file(path),
    }
}
