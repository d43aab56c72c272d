//! A logged model: what is kept of it in a document, and how the wire writes it.
//!
//! Invariants: its metrics are documents of their own, one for each point, so that logging one writes that point only;
//! deleting a model hides it and keeps its document.

use std::collections::BTreeMap;

use mltrack::{BlobId, Document, ExperimentId, Tracker};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::Number;
use super::{Answer, MlflowError, act};
use crate::shared::Shared;

/// The kind of documents that hold logged models, by model id.
pub const KIND: &str = "mlflow.logged_model";
/// The kind of documents that hold points of their metrics, by model id and a hash of the point.
pub const METRIC_KIND: &str = "mlflow.model_metric";

/// What is kept of a logged model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LoggedModel {
    pub experiment_id: u64,
    pub name: String,
    pub artifact_uri: String,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub status: Status,
    pub model_type: String,
    pub source_run_id: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    #[serde(default)]
    pub is_deleted: bool,
}

/// How far a logged model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Its files are being written.
    #[default]
    Pending,
    /// It can be loaded.
    Ready,
    /// Writing its files failed.
    Failed,
}

impl Status {
    /// As the wire writes it.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pending => "LOGGED_MODEL_PENDING",
            Status::Ready => "LOGGED_MODEL_READY",
            Status::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }

    /// The status that a request names, by its name or its number.
    pub fn of(value: &Value) -> Option<Status> {
        let all = [
            (1, Status::Pending),
            (2, Status::Ready),
            (3, Status::Failed),
        ];
        let is_it = |(number, status): &(i64, Status)| match value {
            Value::String(text) => text == status.name() || text.parse() == Ok(*number),
            value => value.as_i64() == Some(*number),
        };
        all.into_iter().find(is_it).map(|(_, status)| status)
    }
}

/// A point of a metric of a logged model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelPoint {
    pub key: String,
    /// `NaN` and the infinities are texts.
    #[serde(with = "value")]
    pub value: f64,
    pub timestamp: i64,
    pub step: i64,
    pub run_id: String,
    #[serde(default)]
    pub dataset_name: String,
    #[serde(default)]
    pub dataset_digest: String,
}

mod value {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl LoggedModel {
    /// What a document holds.
    pub fn of(document: &Document) -> Answer<LoggedModel> {
        serde_json::from_str(&document.body).map_err(|error| damaged(&document.id, &error))
    }

    /// The document's body.
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("a model has a JSON form")
    }

    /// As the wire writes it.
    pub fn wire(&self, id: &str, points: &[ModelPoint]) -> Value {
        let mut info = json!({
            "model_id": id,
            "experiment_id": self.experiment_id.to_string(),
            "name": self.name,
            "creation_timestamp_ms": self.created_ms,
            "last_updated_timestamp_ms": self.updated_ms,
            "artifact_uri": self.artifact_uri,
            "status": self.status.name(),
            "model_type": self.model_type,
            "source_run_id": self.source_run_id,
        });
        if !self.tags.is_empty() {
            info["tags"] = pairs(&self.tags);
        }
        let mut data = json!({});
        if !self.params.is_empty() {
            data["params"] = pairs(&self.params);
        }
        if !points.is_empty() {
            data["metrics"] = points.iter().map(|point| point.wire(id)).collect();
        }
        json!({ "info": info, "data": data })
    }
}

fn pairs(map: &BTreeMap<String, String>) -> Value {
    let pair = |(key, value): (&String, &String)| json!({ "key": key, "value": value });
    map.iter().map(pair).collect()
}

impl ModelPoint {
    fn wire(&self, model: &str) -> Value {
        let mut wire = json!({
            "key": self.key,
            "value": Number(self.value),
            "timestamp": self.timestamp,
            "step": self.step,
            "model_id": model,
            "run_id": self.run_id,
        });
        if !self.dataset_name.is_empty() {
            wire["dataset_name"] = json!(self.dataset_name);
        }
        if !self.dataset_digest.is_empty() {
            wire["dataset_digest"] = json!(self.dataset_digest);
        }
        wire
    }

    /// The id of its document: the same point has one id.
    fn id(&self, model: &str) -> String {
        let identity = format!(
            "{}\0{}\0{}\0{}\0{}\0{}",
            self.key,
            self.run_id,
            self.timestamp,
            self.step,
            self.dataset_name,
            self.dataset_digest
        );
        let hash = BlobId::of(identity.as_bytes()).to_string();
        format!("{model}/{}", &hash[..24])
    }
}

/// The experiment that a logged model is of; `None` for one that is not there.
pub fn experiment_of_model(tracker: &Tracker, id: &str) -> Option<ExperimentId> {
    let document = tracker.documents(KIND).get(id).ok()??;
    let model = LoggedModel::of(&document).ok()?;
    Some(ExperimentId(model.experiment_id))
}

/// Keeps points of metrics with the logged models that they are about. Errors: `RESOURCE_DOES_NOT_EXIST` for a model
/// that is not there.
pub fn record_metrics(shared: &Shared, points: &[(String, ModelPoint)]) -> Answer<()> {
    let models = shared.tracker().documents(KIND);
    let mut documents = Vec::with_capacity(points.len());
    let mut known: Option<&str> = None;
    for (model, point) in points {
        if known != Some(model) {
            let found = models.ids(model, None, 1)?;
            if found.first().is_none_or(|(id, _)| **id != **model) {
                return Err(not_found(model));
            }
            known = Some(model);
        }
        let body = serde_json::to_string(point).expect("a point has a JSON form");
        documents.push((point.id(model), body));
    }
    act::documents(shared, METRIC_KIND, "log metrics of a logged model").put_many(documents)?;
    Ok(())
}

/// The points of a logged model's metrics, in the order in which they were logged.
pub fn points(shared: &Shared, model: &str) -> Answer<Vec<ModelPoint>> {
    let metrics = shared.tracker().documents(METRIC_KIND);
    let mut found = metrics.list(&format!("{model}/"), None, usize::MAX)?;
    found.sort_by_key(|document| document.created_lsn);
    let point = |document: &Document| {
        serde_json::from_str(&document.body).map_err(|error| damaged(&document.id, &error))
    };
    found.iter().map(point).collect()
}

/// The error for a model that is not there.
pub fn not_found(id: &str) -> MlflowError {
    MlflowError::missing(format!("Logged model with ID '{id}' not found."))
}

fn damaged(id: &str, error: &serde_json::Error) -> MlflowError {
    let what = format!("The document {id} of a logged model cannot be read: {error}");
    MlflowError::new(super::Reason::InternalError, what)
}
