//! What a run is started with.
//!
//! Invariant: everything is known before the run is made, so that it is one record: nobody sees a run without its
//! parameters.

use std::time::Duration;

use mltrack::{Experiment, Lsn, RunBuilder};
use pyo3::prelude::*;
use serde_json::Value;

use crate::value::json;

/// What a run is started with, as Python says it.
#[derive(FromPyObject)]
pub struct Started {
    #[pyo3(item)]
    name: Option<String>,
    #[pyo3(item)]
    params: Params,
    #[pyo3(item)]
    tags: Vec<(String, String)>,
    #[pyo3(item)]
    parent: Option<String>,
    #[pyo3(item)]
    seed: Option<u64>,
    #[pyo3(item)]
    detached: bool,
    #[pyo3(item)]
    timeout_s: Option<u64>,
    /// A tag of the run that no other one may have that was made since a record.
    #[pyo3(item, default)]
    unique_tag: Option<(String, String, u64)>,
}

/// Parameters in their JSON form.
pub struct Params(pub Value);

impl<'py> FromPyObject<'_, 'py> for Params {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Params> {
        json(&object).map(Params)
    }
}

/// A run of this experiment, ready to be started.
pub fn builder_of(experiment: &Experiment, started: Started) -> mltrack::Result<RunBuilder> {
    let mut builder = experiment.run().detached(started.detached);
    if let Value::Object(_) = started.params.0 {
        builder = builder.params(&started.params.0);
    }
    if let Some(name) = started.name {
        builder = builder.name(name);
    }
    for (key, value) in started.tags {
        builder = builder.tag(key, value);
    }
    if let Some((key, value, since)) = started.unique_tag {
        builder = builder.unique_tag(key, value, Lsn::new(since).unwrap_or(Lsn::FIRST));
    }
    if let Some(parent) = started.parent {
        builder = builder.parent_id(parent.parse()?);
    }
    if let Some(seed) = started.seed {
        builder = builder.seed(seed);
    }
    if let Some(timeout_s) = started.timeout_s {
        builder = builder.timeout(Duration::from_secs(timeout_s));
    }
    Ok(builder)
}
