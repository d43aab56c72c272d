//! Datasets of a store: which there are, and new versions of them.
//!
//! Invariants: a version is a `dict` whose `selector` is what the other calls take; a version that the dataset has
//! already is the answer to adding it again, and its `is_new` is false.

use std::path::PathBuf;

use mltrack::{
    Bump, DatasetSummary, DatasetVersion, DatasetVersionSummary, NewDatasetVersion, UsedDataset,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::dict::{answered, dict, list, parsed};
use crate::moment::{At, at};
use crate::open::Store;
use crate::run::Run;
use crate::start::Params;

fn told<'py>(py: Python<'py>, dataset: &DatasetSummary) -> PyResult<Bound<'py, PyAny>> {
    let versions = dataset.versions.iter();
    let versions = versions.filter(|version| version.removed.is_none());
    let dict = dict!(py, {
        "id": dataset.id.to_string(),
        "name": dataset.name.as_str(),
        "description": dataset.description.as_str(),
        "tags": &dataset.tags,
        "actor": dataset.actor.as_str(),
        "created_ns": dataset.created.time_ns,
        "is_deleted": dataset.deleted.is_some(),
        "versions": list(py, versions, |py, version| Ok(facts(py, version)?.into_any()))?,
    });
    Ok(dict.into_any())
}

fn facts<'py>(py: Python<'py>, version: &DatasetVersionSummary) -> PyResult<Bound<'py, PyDict>> {
    Ok(dict!(py, {
        "number": version.number,
        "version": version.version.as_deref(),
        "digest": version.digest.as_str(),
        "source": version.source.as_str(),
        "is_stored": version.content.is_some(),
        "len": version.len,
        "rows": version.rows,
        "schema": parsed(py, &version.schema)?,
        "profile": parsed(py, &version.profile)?,
        "transformation": version.transformation.as_deref(),
        "run": version.run.map(mltrack::RunKey::short),
        "tags": &version.tags,
        "actor": version.actor.as_str(),
        "lsn": version.lsn.get(),
        "added_ns": version.time_ns,
    }))
}

/// A version of a dataset as a `dict`.
pub fn told_version<'py>(
    py: Python<'py>,
    version: &DatasetVersion,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = facts(py, version)?;
    dict.set_item("dataset", version.name())?;
    dict.set_item("selector", version.selector())?;
    dict.set_item("is_new", version.is_new())?;
    Ok(dict)
}

/// A version that a run took in as a `dict`.
pub fn told_use<'py>(py: Python<'py>, used: &UsedDataset) -> PyResult<Bound<'py, PyAny>> {
    let dict = told_version(py, used.version())?;
    dict.set_item("split", used.split().name())?;
    Ok(dict.into_any())
}

/// What a new version is made of. One of several kinds of content: files, bytes, or a digest of what lies elsewhere.
#[derive(FromPyObject)]
struct Content {
    #[pyo3(item)]
    path: Option<PathBuf>,
    #[pyo3(item)]
    files: Vec<(String, PathBuf)>,
    #[pyo3(item)]
    bytes: Vec<(String, Vec<u8>)>,
    #[pyo3(item)]
    digest: Option<String>,
    #[pyo3(item)]
    source: Option<String>,
    #[pyo3(item)]
    len: Option<u64>,
}

/// What is said of a new version.
#[derive(FromPyObject)]
struct Described {
    #[pyo3(item)]
    version: Option<String>,
    #[pyo3(item)]
    bump: Option<String>,
    #[pyo3(item)]
    rows: Option<u64>,
    #[pyo3(item)]
    schema: Option<Params>,
    #[pyo3(item)]
    profile: Option<Params>,
    #[pyo3(item)]
    tags: Vec<(String, String)>,
    #[pyo3(item)]
    derived_from: Vec<String>,
    #[pyo3(item)]
    transformation: Option<String>,
}

#[pymethods]
impl Store {
    /// Every dataset that is not deleted, with its versions.
    #[pyo3(signature = (at=None, with_deleted=false))]
    fn datasets<'py>(
        &self,
        py: Python<'py>,
        at: Option<At>,
        with_deleted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let page = answered(py.detach(|| at!(self.tracker().registry(), at).datasets()))?;
        let meant = page.items.iter();
        let meant = meant.filter(|dataset| with_deleted || dataset.deleted.is_none());
        list(py, meant, told)
    }

    /// A version of a dataset: `digits`, `digits@v3`, `digits@^1.2`, a tag, a digest.
    fn dataset_version<'py>(
        &self,
        py: Python<'py>,
        selector: &str,
    ) -> PyResult<Bound<'py, PyDict>> {
        let version = py.detach(|| self.tracker().dataset_version(selector));
        told_version(py, &answered(version)?)
    }

    /// Adds a version to a dataset, which is made when there is none.
    #[pyo3(signature = (name, content, described, run=None))]
    fn add_dataset_version<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        content: Content,
        described: Described,
        run: Option<&Run>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let added = py.detach(|| {
            let new = self.tracker().dataset(name)?.version();
            let new = self.described(with_content(new, content), described)?;
            let new = run
                .into_iter()
                .fold(new, |new, run| new.made_by(run.inner()));
            new.add()
        });
        told_version(py, &answered(added)?)
    }

    /// The files of a version: each with its path, its length and the hash of its bytes.
    fn dataset_files<'py>(&self, py: Python<'py>, selector: &str) -> PyResult<Bound<'py, PyList>> {
        let files = py.detach(|| self.tracker().dataset_version(selector)?.files());
        list(py, &answered(files)?, |py, file| {
            let dict = dict!(py, {
                "path": file.path.as_str(),
                "len": file.len,
                "blob": file.blob.to_string(),
            });
            Ok(dict.into_any())
        })
    }

    /// Writes the files of a version below a folder.
    fn dataset_to(&self, py: Python<'_>, selector: &str, folder: PathBuf) -> PyResult<()> {
        answered(py.detach(|| self.tracker().dataset_version(selector)?.get_to(folder)))
    }
}

fn with_content(mut new: NewDatasetVersion, content: Content) -> NewDatasetVersion {
    if let Some(path) = content.path {
        new = new.path(path);
    }
    if !content.files.is_empty() {
        new = new.files(content.files);
    }
    for (name, bytes) in content.bytes {
        new = new.bytes(&name, bytes);
    }
    if let Some(len) = content.len {
        new = new.len(len);
    }
    match (content.source, content.digest) {
        (source, Some(digest)) => new.reference(source.unwrap_or_default(), digest),
        (Some(source), None) => new.source(source),
        (None, None) => new,
    }
}

impl Store {
    fn described(
        &self,
        mut new: NewDatasetVersion,
        described: Described,
    ) -> mltrack::Result<NewDatasetVersion> {
        if let Some(version) = described.version {
            new = new.version_name(&version);
        }
        if let Some(bump) = described.bump {
            new = new.bump(bump.parse::<Bump>()?);
        }
        if let Some(rows) = described.rows {
            new = new.rows(rows);
        }
        if let Some(schema) = described.schema {
            new = new.schema(&schema.0);
        }
        if let Some(profile) = described.profile {
            new = new.profile(&profile.0);
        }
        for (key, value) in described.tags {
            new = new.tag(key, value);
        }
        for parent in described.derived_from {
            new = new.derived_from(&self.tracker().dataset_version(&parent)?);
        }
        Ok(match described.transformation {
            Some(name) => new.transformation(name),
            None => new,
        })
    }
}
