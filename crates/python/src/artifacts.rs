//! The artifacts of a store: which there are, their bytes, and taking them away.
//!
//! Invariants: an artifact is a `dict` whose `id` is what the other calls take; bytes are checked on their way out.

use std::path::PathBuf;

use mltrack::{Artifact, ArtifactKind, Page};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::dict::{answered, dict, list, parsed};
use crate::moment::{At, at};
use crate::open::Store;

/// An artifact as a `dict`.
pub fn told<'py>(py: Python<'py>, artifact: &Artifact) -> PyResult<Bound<'py, PyAny>> {
    let removed = artifact.removed.as_ref();
    let dict = dict!(py, {
        "id": artifact.id.to_string(),
        "run": artifact.run.to_string(),
        "run_name": &*artifact.run_name,
        "path": artifact.path.as_str(),
        "version": artifact.version,
        "kind": artifact.kind.name(),
        "media_type": &*artifact.media_type,
        "len": artifact.len,
        "blob": artifact.blob.to_string(),
        "root": artifact.root.to_string(),
        "step": artifact.step,
        "metadata": parsed(py, &artifact.metadata)?,
        "lsn": artifact.lsn.get(),
        "logged_ns": artifact.logged.0,
        "removed": removed.map(|removed| removed.why.as_str()),
    });
    Ok(dict.into_any())
}

#[pymethods]
impl Store {
    /// The artifacts of a run, of an experiment, or of all: the newest version of each, unless all are asked for.
    #[pyo3(signature = (run=None, experiment=None, kind=None, path=None, all_versions=false, with_removed=false, limit=None, offset=0, at=None))]
    fn artifacts<'py>(
        &self,
        py: Python<'py>,
        run: Option<&str>,
        experiment: Option<&str>,
        kind: Option<&str>,
        path: Option<&str>,
        all_versions: bool,
        with_removed: bool,
        limit: Option<usize>,
        offset: usize,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyList>> {
        let page: mltrack::Result<Page<Artifact>> = py.detach(|| {
            let mut query = at!(self.tracker().artifacts().offset(offset), at);
            if let Some(run) = run {
                query = query.run(self.run_id(run)?);
            }
            if let Some(experiment) = experiment {
                query = query.experiment(experiment);
            }
            if let Some(kind) = kind {
                query = query.kind(ArtifactKind::from(kind));
            }
            if let Some(path) = path {
                query = query.path(path);
            }
            if all_versions {
                query = query.all_versions();
            }
            if with_removed {
                query = query.with_removed();
            }
            query.limit(limit.unwrap_or(usize::MAX)).fetch()
        });
        list(py, &answered(page)?.items, told)
    }

    /// The artifact that a run has under a name: `model.pt`, `model.pt@v2`.
    fn artifact<'py>(&self, py: Python<'py>, run: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let found = py.detach(|| self.tracker().artifact(self.run_id(run)?, name));
        told(py, &answered(found)?)
    }

    /// All bytes of an artifact, which is not larger than 1 GiB.
    fn artifact_bytes<'py>(&self, py: Python<'py>, id: &str) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.tracker().artifact_bytes(&self.artifact_of(id)?));
        Ok(PyBytes::new(py, &answered(bytes)?))
    }

    /// Writes an artifact to a file, or into a folder under its own name, and says which file that is.
    fn download(&self, py: Python<'_>, id: &str, to: PathBuf) -> PyResult<PathBuf> {
        answered(py.detach(|| self.tracker().download(&self.artifact_of(id)?, to)))
    }

    /// Writes artifacts below a folder, each under its path, several at once: the files, in the same order.
    fn download_all(
        &self,
        py: Python<'_>,
        ids: Vec<String>,
        folder: PathBuf,
    ) -> PyResult<Vec<PathBuf>> {
        answered(py.detach(|| {
            let artifacts = self.artifacts_of(&ids)?;
            self.tracker().download_all(&artifacts, folder, &|_, _| {})
        }))
    }

    /// Removes artifacts. Their bytes stay until `mltrack gc`.
    fn remove_artifacts(&self, py: Python<'_>, ids: Vec<String>) -> PyResult<()> {
        let removed = py.detach(|| self.tracker().remove_artifacts(&self.artifacts_of(&ids)?));
        answered(removed).map(drop)
    }

    /// Brings removed artifacts back.
    fn restore_artifacts(&self, py: Python<'_>, ids: Vec<String>) -> PyResult<()> {
        let restored = py.detach(|| self.tracker().restore_artifacts(&self.artifacts_of(&ids)?));
        answered(restored).map(drop)
    }
}

impl Store {
    /// The artifact with this id.
    pub fn artifact_of(&self, id: &str) -> mltrack::Result<Artifact> {
        self.tracker().artifact_by_id(id.parse()?)
    }

    fn artifacts_of(&self, ids: &[String]) -> mltrack::Result<Vec<Artifact>> {
        ids.iter().map(|id| self.artifact_of(id)).collect()
    }
}
