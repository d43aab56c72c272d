//! Models of a store: which there are, new versions of them, and their stages and aliases.
//!
//! Invariant: a version is a `dict` whose `selector` is what the other calls take.

use mltrack::{ModelSummary, ModelVersion, ModelVersionSummary};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::dict::{answered, dict, list, parsed};
use crate::moment::{At, at};
use crate::open::Store;

fn told<'py>(py: Python<'py>, model: &ModelSummary) -> PyResult<Bound<'py, PyAny>> {
    let versions = model.versions.iter();
    let versions = versions.filter(|version| version.removed.is_none());
    let dict = dict!(py, {
        "id": model.id.to_string(),
        "name": model.name.as_str(),
        "description": model.description.as_str(),
        "tags": &model.tags,
        "actor": model.actor.as_str(),
        "created_ns": model.created.time_ns,
        "updated_ns": model.updated_ns,
        "aliases": &model.aliases,
        "is_deleted": model.deleted.is_some(),
        "versions": list(py, versions, |py, version| Ok(facts(py, version)?.into_any()))?,
    });
    Ok(dict.into_any())
}

fn facts<'py>(py: Python<'py>, version: &ModelVersionSummary) -> PyResult<Bound<'py, PyDict>> {
    let artifacts: Vec<String> = version.artifacts.iter().map(ToString::to_string).collect();
    Ok(dict!(py, {
        "number": version.number,
        "version": version.version.as_deref(),
        "run": version.run.map(mltrack::RunKey::short),
        "artifacts": artifacts,
        "flavour": version.flavour.as_str(),
        "source": version.source.as_str(),
        "signature": parsed(py, &version.signature)?,
        "metadata": parsed(py, &version.metadata)?,
        "description": version.description.as_str(),
        "tags": &version.tags,
        "stage": version.stage.as_str(),
        "actor": version.actor.as_str(),
        "lsn": version.lsn.get(),
        "added_ns": version.time_ns,
    }))
}

/// A version of a model as a `dict`.
pub fn told_version<'py>(py: Python<'py>, version: &ModelVersion) -> PyResult<Bound<'py, PyAny>> {
    let dict = facts(py, version)?;
    dict.set_item("model", version.name())?;
    dict.set_item("selector", version.selector())?;
    Ok(dict.into_any())
}

#[pymethods]
impl Store {
    /// Every model that is not deleted, with its versions.
    #[pyo3(signature = (at=None, with_deleted=false))]
    fn models<'py>(
        &self,
        py: Python<'py>,
        at: Option<At>,
        with_deleted: bool,
    ) -> PyResult<Bound<'py, PyList>> {
        let page = answered(py.detach(|| at!(self.tracker().registry(), at).models()))?;
        let meant = page.items.iter();
        let meant = meant.filter(|model| with_deleted || model.deleted.is_none());
        list(py, meant, told)
    }

    /// A version of a model: `resnet`, `resnet@v3`, `resnet@production`, an alias, a tag.
    fn model_version<'py>(&self, py: Python<'py>, selector: &str) -> PyResult<Bound<'py, PyAny>> {
        let version = py.detach(|| self.tracker().model_version(selector));
        told_version(py, &answered(version)?)
    }

    /// Moves a version to a stage.
    fn move_model(&self, py: Python<'_>, selector: &str, stage: &str) -> PyResult<()> {
        let moved = py.detach(|| self.tracker().model_version(selector)?.move_to(stage));
        answered(moved).map(drop)
    }

    /// Lets an alias of a model lead to a version of it, or takes the alias away.
    #[pyo3(signature = (model, alias, number=None))]
    fn set_model_alias(
        &self,
        py: Python<'_>,
        model: &str,
        alias: &str,
        number: Option<u64>,
    ) -> PyResult<()> {
        let changed = py.detach(|| {
            let model = self.tracker().find_model(model)?;
            match number {
                Some(number) => model.set_alias(alias, number),
                None => model.remove_alias(alias),
            }
        });
        answered(changed).map(drop)
    }
}
