//! Runs and experiments as `MLflow`'s wire writes them.
//!
//! Invariants: what stands here borrows from the library's answers and is written once, straight into the body; tags that
//! begin with [`HIDDEN`] are ours and never leave; a number that JSON has no form for is written as `MLflow` does.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use mltrack::{
    ExperimentFacts, ExperimentId, MetricSummary, ParamValue, Point, RunState, RunSummary, WallTime,
};
use serde::ser::{SerializeSeq as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

/// Tags with this beginning are notes of this server to itself.
pub const HIDDEN: &str = "mltrack.mlflow.";
/// The experiment tag that keeps a place for artifacts which a client chose.
pub const ARTIFACT_LOCATION: &str = "mltrack.mlflow.artifact_location";

/// A JSON answer with status 200, as `MLflow` writes it.
pub fn answer(body: &impl Serialize) -> Response {
    // These bodies are maps with text keys and numbers: they always have a JSON form.
    let bytes = serde_json::to_vec(body).expect("an answer has a JSON form");
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    (kind, bytes).into_response()
}

/// The answer of a call that only does something.
pub fn nothing() -> Response {
    let kind = [(axum::http::header::CONTENT_TYPE, "application/json")];
    (kind, "{}").into_response()
}

/// A number as the wire has it: `NaN` is a text, and what is infinite is the largest number there is.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_nan() {
            return serializer.serialize_str("NaN");
        }
        serializer.serialize_f64(self.0.clamp(f64::MIN, f64::MAX))
    }
}

/// A moment as the wire has it: whole milliseconds since 1970.
#[must_use]
pub fn milliseconds(time: WallTime) -> i64 {
    time.0.div_euclid(1_000_000)
}

/// A moment that the wire gave in milliseconds; what is out of reach is the nearest there is.
#[must_use]
pub fn moment(time_ms: i64) -> WallTime {
    WallTime(time_ms.saturating_mul(1_000_000))
}

/// A run's state as the wire has it.
#[must_use]
pub fn status(state: RunState) -> &'static str {
    match state {
        RunState::Pending | RunState::Queued => "SCHEDULED",
        RunState::Running => "RUNNING",
        RunState::Completed => "FINISHED",
        RunState::Failed | RunState::TimedOut | RunState::Lost => "FAILED",
        RunState::Cancelled => "KILLED",
    }
}

/// `active` or `deleted`.
#[must_use]
pub fn lifecycle_stage(is_deleted: bool) -> &'static str {
    if is_deleted { "deleted" } else { "active" }
}

/// Where an experiment's artifacts are: where its tags say, else behind this server.
#[must_use]
pub fn artifact_location(experiment: ExperimentId, tags: &BTreeMap<String, String>) -> String {
    match tags.get(ARTIFACT_LOCATION) {
        Some(chosen) => chosen.clone(),
        None => format!("mlflow-artifacts:/{experiment}"),
    }
}

/// A run, whole: what `runs/get` and `runs/search` answer. `location` is its experiment's
/// [`artifact_location`]; `io` is what it takes in and gives out.
#[must_use]
pub fn run_json<'a>(run: &'a RunSummary, location: &'a str, io: RunIo<'a>) -> RunJson<'a> {
    RunJson {
        info: run_info(run, location),
        data: RunData(run),
        inputs: io.inputs,
        outputs: io.outputs,
        is_new: io.is_new,
    }
}

/// The part of a run that says what it is.
#[must_use]
pub fn run_info<'a>(run: &'a RunSummary, location: &'a str) -> RunInfo<'a> {
    RunInfo { run, location }
}

/// An experiment without the numbers of its runs.
#[must_use]
pub fn experiment_facts_json(known: &ExperimentFacts) -> impl Serialize + use<> {
    ExperimentJson {
        experiment_id: known.id.to_string(),
        name: known.name.clone(),
        artifact_location: artifact_location(known.id, &known.tags),
        lifecycle_stage: lifecycle_stage(known.is_deleted),
        creation_time: milliseconds(known.created),
        last_update_time: milliseconds(known.updated),
        tags: tags(&known.tags),
    }
}

/// A pair, as tags and params are written.
#[derive(Debug, Serialize)]
pub struct Pair {
    key: String,
    value: String,
}

/// The tags that clients may see.
#[must_use]
pub fn tags(tags: &BTreeMap<String, String>) -> Vec<Pair> {
    let seen = tags.iter().filter(|(key, _)| !key.starts_with(HIDDEN));
    let pair = |(key, value): (&String, &String)| Pair {
        key: key.clone(),
        value: value.clone(),
    };
    seen.map(pair).collect()
}

#[derive(Serialize)]
struct ExperimentJson {
    experiment_id: String,
    name: String,
    artifact_location: String,
    lifecycle_stage: &'static str,
    last_update_time: i64,
    creation_time: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Pair>,
}

/// What a run takes in and gives out, ready to be written.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunIo<'a> {
    /// Datasets and models, as `inputs`.
    pub inputs: Option<&'a serde_json::Value>,
    /// Models, as `outputs`.
    pub outputs: Option<&'a serde_json::Value>,
    /// Whether the run was made just now: then nothing is said about outputs.
    pub is_new: bool,
}

/// See [`run_json`].
#[derive(Debug)]
pub struct RunJson<'a> {
    info: RunInfo<'a>,
    data: RunData<'a>,
    inputs: Option<&'a serde_json::Value>,
    outputs: Option<&'a serde_json::Value>,
    is_new: bool,
}

impl Serialize for RunJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Run", 4)?;
        body.serialize_field("info", &self.info)?;
        body.serialize_field("data", &self.data)?;
        let empty = serde_json::Map::new();
        match self.inputs {
            Some(inputs) => body.serialize_field("inputs", inputs)?,
            None => body.serialize_field("inputs", &empty)?,
        }
        match self.outputs {
            Some(outputs) => body.serialize_field("outputs", outputs)?,
            None if self.is_new => {}
            None => body.serialize_field("outputs", &empty)?,
        }
        body.end()
    }
}

/// See [`run_info`].
#[derive(Clone, Copy, Debug)]
pub struct RunInfo<'a> {
    run: &'a RunSummary,
    location: &'a str,
}

impl Serialize for RunInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (run, id) = (self.run, self.run.id.to_string());
        let mut body = serializer.serialize_struct("RunInfo", 10)?;
        body.serialize_field("run_uuid", &id)?;
        body.serialize_field("experiment_id", &run.experiment.to_string())?;
        body.serialize_field("run_name", &run.name)?;
        body.serialize_field("user_id", &run.actor)?;
        body.serialize_field("status", status(run.state))?;
        let started = run.started.unwrap_or(run.created);
        body.serialize_field("start_time", &milliseconds(started))?;
        if let Some(ended) = run.ended {
            body.serialize_field("end_time", &milliseconds(ended))?;
        }
        let uri = artifact_uri(self.location, &id);
        body.serialize_field("artifact_uri", &uri)?;
        body.serialize_field("lifecycle_stage", lifecycle_stage(run.is_deleted))?;
        body.serialize_field("run_id", &id)?;
        body.end()
    }
}

/// Where a run's artifacts are, given where its experiment's are.
#[must_use]
pub fn artifact_uri(location: &str, run_id: &str) -> String {
    format!("{}/{run_id}/artifacts", location.trim_end_matches('/'))
}

/// What was logged to a run, in short.
#[derive(Debug)]
struct RunData<'a>(&'a RunSummary);

impl Serialize for RunData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = self.0;
        let mut body = serializer.serialize_struct("RunData", 3)?;
        if !run.metrics.is_empty() {
            body.serialize_field("metrics", &Metrics(&run.metrics))?;
        }
        if !run.params.is_empty() {
            body.serialize_field("params", &Params(&run.params))?;
        }
        if run.tags.keys().any(|key| !key.starts_with(HIDDEN)) {
            body.serialize_field("tags", &Tags(&run.tags))?;
        }
        body.end()
    }
}

struct Metrics<'a>(&'a BTreeMap<String, MetricSummary>);

impl Serialize for Metrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let latest = self.0.iter();
        serializer.collect_seq(latest.map(|(key, summary)| metric(key, &summary.last)))
    }
}

/// A point of a metric.
#[must_use]
pub fn metric<'a>(key: &'a str, point: &Point) -> MetricJson<'a> {
    MetricJson {
        key,
        value: Number(point.value),
        timestamp: milliseconds(WallTime(point.time_ns)),
        step: point.step,
    }
}

/// See [`metric`].
#[derive(Debug, Serialize)]
pub struct MetricJson<'a> {
    /// The metric's name.
    pub key: &'a str,
    /// Its value.
    pub value: Number,
    /// When, in milliseconds since 1970.
    pub timestamp: i64,
    /// At which step.
    pub step: i64,
}

#[derive(Serialize)]
struct BorrowedPair<'a, V: Serialize> {
    key: &'a str,
    value: V,
}

struct Params<'a>(&'a BTreeMap<String, ParamValue>);

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (key, value) in self.0 {
            match value {
                ParamValue::Text(value) | ParamValue::Json(value) => {
                    list.serialize_element(&BorrowedPair { key, value })?;
                }
                other => {
                    let value = other.to_string();
                    list.serialize_element(&BorrowedPair { key, value })?;
                }
            }
        }
        list.end()
    }
}

struct Tags<'a>(&'a BTreeMap<String, String>);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seen = self.0.iter().filter(|(key, _)| !key.starts_with(HIDDEN));
        serializer.collect_seq(seen.map(|(key, value)| BorrowedPair { key, value }))
    }
}
