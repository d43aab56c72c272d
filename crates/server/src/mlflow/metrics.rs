//! Logging one value of a metric: the call that comes most often of all.
//!
//! Invariant: nothing is folded and nothing waits on the way from the body to the log.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mltrack::{RemotePoint, RunId};
use serde::Deserialize;
use serde_json::Value as Json;

use super::check::{self, about_run};
use super::error::{Answer, MlflowError};
use super::logged_model::{self, ModelPoint};
use super::raw::{self, Body, Integer, Text, Value};
use super::{endpoint, wire};
use crate::fields::Fields;
use crate::shared::Shared;

/// The route of one value.
pub fn routes() -> Router<Shared> {
    endpoint(Router::new(), "/2.0/mlflow/runs/log-metric", post(log))
}

/// One value of a metric, as the wire has it.
#[derive(Debug, Deserialize)]
pub struct Logged<'a> {
    #[serde(borrow)]
    pub key: Text<'a>,
    pub value: Value,
    pub timestamp: Integer,
    #[serde(default)]
    pub step: Integer,
    /// The logged model that the value is about, if any.
    #[serde(borrow, default)]
    pub model_id: Text<'a>,
    #[serde(borrow, default)]
    pub dataset_name: Text<'a>,
    #[serde(borrow, default)]
    pub dataset_digest: Text<'a>,
}

#[derive(Deserialize)]
struct LogMetric<'a> {
    #[serde(borrow, default)]
    run_id: Text<'a>,
    #[serde(borrow, default)]
    run_uuid: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    value: Value,
    timestamp: Integer,
    #[serde(default)]
    step: Integer,
    #[serde(borrow, default)]
    model_id: Text<'a>,
    #[serde(borrow, default)]
    dataset_name: Text<'a>,
    #[serde(borrow, default)]
    dataset_digest: Text<'a>,
}

async fn log(State(shared): State<Shared>, body: Body) -> Answer {
    let read = match serde_json::from_slice::<LogMetric<'_>>(&body.0) {
        Ok(read) if !read.key.0.is_empty() => read,
        _ => {
            log_fields(&shared, &body.fields())?;
            return Ok(wire::nothing());
        }
    };
    let run = raw::named(&read.run_id, &read.run_uuid);
    if run.is_empty() {
        return Err(MlflowError::required("run_id"));
    }
    let run = run.to_owned();
    let logged = Logged {
        key: read.key,
        value: read.value,
        timestamp: read.timestamp,
        step: read.step,
        model_id: read.model_id,
        dataset_name: read.dataset_name,
        dataset_digest: read.dataset_digest,
    };
    append(&shared, &run, &logged)?;
    Ok(wire::nothing())
}

/// The same, slowly, for a body that is wrong or in an unusual form.
fn log_fields(shared: &Shared, fields: &Fields) -> Answer<()> {
    check::run_id(fields)?;
    let key = fields.text("key")?;
    let value = fields
        .get("value")
        .ok_or_else(|| MlflowError::required("value"))?;
    let value = number(value).ok_or_else(|| check::wrong_type("value", value))?;
    let timestamp = fields.optional_integer("timestamp")?;
    let timestamp = timestamp.ok_or_else(|| MlflowError::required("timestamp"))?;
    let text = |name: &str| {
        let text = fields.optional_text(name)?.unwrap_or_default();
        Ok::<_, MlflowError>(Text(text.into()))
    };
    let logged = Logged {
        key: Text(key.into()),
        value: Value(value),
        timestamp: Integer(timestamp),
        step: Integer(fields.optional_integer("step")?.unwrap_or(0)),
        model_id: text("model_id")?,
        dataset_name: text("dataset_name")?,
        dataset_digest: text("dataset_digest")?,
    };
    append(shared, &check::run_id(fields)?.to_string(), &logged)
}

/// A number of a body, in any form that the wire has.
pub fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => raw::number(text),
        _ => None,
    }
}

/// Checks a value and appends it.
pub fn append(shared: &Shared, run: &str, logged: &Logged<'_>) -> Answer<()> {
    point_of(logged, || "name".into(), || "timestamp".into())?;
    let id = check::parse_run_id(run)?;
    let point = point_of(logged, String::new, String::new)?;
    append_points(shared, id, &[point])?;
    record_models(shared, id, std::slice::from_ref(logged))
}

/// Keeps values about logged models with those, too.
pub fn record_models(shared: &Shared, id: RunId, logged: &[Logged<'_>]) -> Answer<()> {
    let about = logged.iter().filter(|point| !point.model_id.0.is_empty());
    let points = about.map(|point| {
        let kept = ModelPoint {
            key: point.key.0.clone().into_owned(),
            value: point.value.0,
            timestamp: point.timestamp.0,
            step: point.step.0,
            run_id: id.to_string(),
            dataset_name: point.dataset_name.0.clone().into_owned(),
            dataset_digest: point.dataset_digest.0.clone().into_owned(),
        };
        (point.model_id.0.clone().into_owned(), kept)
    });
    let points: Vec<(String, ModelPoint)> = points.collect();
    if points.is_empty() {
        return Ok(());
    }
    logged_model::record_metrics(shared, &points)
}

/// Appends points to a run that is not deleted.
pub fn append_points(shared: &Shared, id: RunId, points: &[RemotePoint<'_>]) -> Answer<()> {
    let run = shared.tracker().remote_run(id);
    let logged = run.and_then(|run| run.log_points(points));
    logged.map_err(|error| about_run(id, error))?;
    Ok(())
}

/// The point, when it is one; the paths are how errors name its fields.
#[inline]
pub fn point_of<'a>(
    logged: &'a Logged<'_>,
    name_path: impl Fn() -> String,
    time_path: impl Fn() -> String,
) -> Answer<RemotePoint<'a>> {
    let (key, time_ms) = (&*logged.key.0, logged.timestamp.0);
    check::name(key, name_path)?;
    if time_ms < 0 {
        let value = logged.value.0;
        let why = format!(
            "metric '{key}' (value={value:?}). Timestamp must be a nonnegative long (64-bit integer) "
        );
        return Err(check::invalid(&time_path(), &Json::from(time_ms), &why));
    }
    check::length("Metric name", key, check::KEY_LEN_MAX)?;
    Ok(RemotePoint {
        name: key,
        value: logged.value.0,
        step: logged.step.0,
        time: wire::moment(time_ms),
    })
}
