//! A trace: what is kept of it in a document, and how both versions of the wire write it.
//!
//! Invariants: its spans and assessments are documents of their own, whose ids begin with its id and a slash; what
//! a client finished is not guessed again from spans that come later.

use std::collections::BTreeMap;

use mltrack::{Change, Document, ExperimentId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::moments::{duration_ms, duration_text, moment_ms, moment_text};
use super::{Answer, MlflowError, Reason, act};
use crate::shared::Shared;

/// The kind of documents that hold traces, by trace id.
pub const KIND: &str = "mlflow.trace";
/// The kind of documents that hold spans, by trace id and span id.
pub const SPAN_KIND: &str = "mlflow.span";
/// The kind of documents that hold assessments, by trace id and assessment id.
pub const ASSESSMENT_KIND: &str = "mlflow.assessment";

/// The tag that names a trace.
pub const NAME_TAG: &str = "mlflow.traceName";
/// The tag that says where a trace's files are.
pub const LOCATION_TAG: &str = "mlflow.artifactLocation";
/// The tag that says who has the spans.
pub const SPANS_TAG: &str = "mlflow.trace.spansLocation";
/// The metadata that names the run that a trace was made in.
pub const RUN_METADATA: &str = "mlflow.sourceRun";
/// The metadata that says that a client has finished the trace.
pub const FINISHED_METADATA: &str = "mlflow.trace.infoFinalized";

/// What is kept of a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub experiment_id: u64,
    pub request_time_ms: i64,
    pub execution_ms: Option<i64>,
    pub state: String,
    #[serde(default)]
    pub client_request_id: Option<String>,
    #[serde(default)]
    pub request_preview: Option<String>,
    #[serde(default)]
    pub response_preview: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Runs that it was linked to.
    #[serde(default)]
    pub runs: Vec<String>,
    /// Versions of prompts that it was linked to, as `name/version`.
    #[serde(default)]
    pub prompts: Vec<String>,
}

impl Trace {
    /// What a document holds.
    pub fn of(document: &Document) -> Answer<Trace> {
        serde_json::from_str(&document.body).map_err(|error| {
            let what = format!(
                "The document of trace {} cannot be read: {error}",
                document.id
            );
            MlflowError::new(Reason::InternalError, what)
        })
    }

    /// The document's body.
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("a trace has a JSON form")
    }

    /// The id of the experiment that a `trace_info` of version 3 names.
    pub fn experiment_of(info: &Value) -> Answer<&str> {
        let id = &info["trace_location"]["mlflow_experiment"]["experiment_id"];
        id.as_str()
            .ok_or_else(|| MlflowError::required("trace.trace_info.trace_location"))
    }

    /// A `trace_info` of version 3, as a client wrote it.
    pub fn from_info(info: &Value, experiment: ExperimentId) -> Answer<Trace> {
        let text = |name: &str| info[name].as_str().map(str::to_owned);
        let bad = |name: &str| {
            MlflowError::invalid(format!(
                "Invalid value {} for parameter '{name}' supplied.",
                info[name]
            ))
        };
        let request_time = info["request_time"]
            .as_str()
            .unwrap_or("1970-01-01T00:00:00Z");
        let execution = info["execution_duration"].as_str();
        let state = match &info["state"] {
            Value::Null => "STATE_UNSPECIFIED",
            Value::String(state) => state,
            _ => return Err(bad("state")),
        };
        Ok(Trace {
            experiment_id: experiment.0,
            request_time_ms: moment_ms(request_time).ok_or_else(|| bad("request_time"))?,
            execution_ms: match execution {
                Some(text) => Some(duration_ms(text).ok_or_else(|| bad("execution_duration"))?),
                None => None,
            },
            state: state.to_owned(),
            client_request_id: text("client_request_id"),
            request_preview: text("request_preview"),
            response_preview: text("response_preview"),
            metadata: act::texts(info.get("trace_metadata")).into_iter().collect(),
            tags: act::texts(info.get("tags")).into_iter().collect(),
            ..Trace::default()
        })
    }

    /// As version 3 of the wire writes it, with its assessments.
    pub fn info(&self, id: &str, assessments: Vec<Value>) -> Value {
        let experiment = json!({ "experiment_id": self.experiment_id.to_string() });
        let mut info = json!({
            "trace_id": id,
            "trace_location": { "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": experiment },
            "request_time": moment_text(self.request_time_ms),
            "state": self.state,
            "trace_metadata": self.metadata,
            "tags": self.tags,
        });
        if let Some(duration) = self.execution_ms {
            info["execution_duration"] = json!(duration_text(duration));
        }
        let texts = [
            ("client_request_id", &self.client_request_id),
            ("request_preview", &self.request_preview),
            ("response_preview", &self.response_preview),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                info[name] = json!(text);
            }
        }
        if !assessments.is_empty() {
            info["assessments"] = Value::Array(assessments);
        }
        info
    }

    /// As version 2 of the wire writes it.
    pub fn info_v2(&self, id: &str) -> Value {
        let pairs = |map: &BTreeMap<String, String>| -> Value {
            map.iter()
                .map(|(key, value)| json!({ "key": key, "value": value }))
                .collect()
        };
        let mut info = json!({
            "request_id": id,
            "experiment_id": self.experiment_id.to_string(),
            "timestamp_ms": self.request_time_ms,
            "status": self.state,
            "request_metadata": pairs(&self.metadata),
            "tags": pairs(&self.tags),
        });
        if let Some(duration) = self.execution_ms {
            info["execution_time_ms"] = json!(duration);
        }
        info
    }

    /// How many spans the client said there are.
    pub fn span_count(&self) -> Option<u64> {
        let sizes: Value =
            serde_json::from_str(self.metadata.get("mlflow.trace.sizeStats")?).ok()?;
        sizes["num_spans"].as_u64()
    }

    /// Takes over what a client says of a trace that spans have made already.
    pub fn finish(&mut self, told: Trace) {
        let kept = std::mem::take(self);
        *self = told;
        self.request_preview = self.request_preview.take().or(kept.request_preview);
        self.response_preview = self.response_preview.take().or(kept.response_preview);
        (self.runs, self.prompts) = (kept.runs, kept.prompts);
        for (key, value) in kept.metadata {
            self.metadata.entry(key).or_insert(value);
        }
        for (key, value) in kept.tags {
            self.tags.entry(key).or_insert(value);
        }
    }
}

/// A trace that is there.
pub fn find(shared: &Shared, id: &str) -> Answer<Trace> {
    match shared.tracker().documents(KIND).get(id)? {
        Some(document) => Trace::of(&document),
        None => Err(not_found(id)),
    }
}

/// Changes a trace that is there, and says what it is then.
pub fn edit(
    shared: &Shared,
    id: &str,
    command: &str,
    mut change: impl FnMut(&mut Trace) -> Answer<()>,
) -> Answer<Trace> {
    let mut outcome = Err(not_found(id));
    act::documents(shared, KIND, command).update(id, |known| {
        outcome = match known {
            None => Err(not_found(id)),
            Some(known) => Trace::of(known).and_then(|before| {
                let mut trace = before.clone();
                change(&mut trace)?;
                Ok((trace != before, trace))
            }),
        };
        Ok(match &outcome {
            Ok((true, trace)) => Change::Put(trace.body()),
            _ => Change::Keep,
        })
    })?;
    outcome.map(|(_, trace)| trace)
}

/// The error for a trace that is not there.
pub fn not_found(id: &str) -> MlflowError {
    MlflowError::missing(format!("Trace with ID '{id}' not found."))
}

/// Where the files of a trace are.
pub fn location(experiment_location: &str, id: &str) -> String {
    format!(
        "{}/traces/{id}/artifacts",
        experiment_location.trim_end_matches('/')
    )
}
