//! Logging many points, params and tags of a run at once.
//!
//! Invariants: a batch is written whole or not at all; it is checked whole before the run is asked for.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use mltrack::{ParamValue, ParamsDiffer, RemotePoint, RemoteUpdate, RemoteWrite, RunId};
use serde::Deserialize;
use serde_json::Value as Json;

use super::check::{self, about_run};
use super::error::{Answer, MlflowError};
use super::metrics::{self, Logged};
use super::raw::{self, Body, Integer, Text, Value};
use super::{endpoint, params, tags, wire};
use crate::fields::Fields;
use crate::shared::Shared;

const METRICS_MAX: usize = 1000;
const PARAMS_MAX: usize = 100;
const TAGS_MAX: usize = 100;
const ALL_MAX: usize = 1000;
const BODY_LEN_MAX: usize = 1_000_000;

/// The route of batches.
pub fn routes() -> Router<Shared> {
    endpoint(Router::new(), "/2.0/mlflow/runs/log-batch", post(log))
}

/// Points, params and tags of a run, as the wire has them.
#[derive(Debug, Default, Deserialize)]
pub struct Batch<'a> {
    #[serde(borrow, default)]
    pub run_id: Text<'a>,
    #[serde(borrow, default)]
    pub run_uuid: Text<'a>,
    #[serde(borrow, default)]
    pub metrics: Vec<Logged<'a>>,
    #[serde(borrow, default)]
    pub params: Vec<Pair<'a>>,
    #[serde(borrow, default)]
    pub tags: Vec<Pair<'a>>,
}

/// A param or a tag.
#[derive(Debug, Deserialize)]
pub struct Pair<'a> {
    #[serde(borrow)]
    pub key: Text<'a>,
    #[serde(borrow, default)]
    pub value: Text<'a>,
}

impl Batch<'_> {
    /// Whether nothing that must be there is missing.
    fn is_whole(&self) -> bool {
        let has_key = |pair: &Pair<'_>| !pair.key.0.is_empty();
        self.metrics.iter().all(|metric| !metric.key.0.is_empty())
            && self.params.iter().all(has_key)
            && self.tags.iter().all(has_key)
    }

    /// Refuses an entry without a key, in the words for one that a body has.
    pub fn check_keys(&self) -> Answer<()> {
        let pairs = |pairs: &[Pair<'_>]| pairs.iter().position(|pair| pair.key.0.is_empty());
        let mut metrics = self.metrics.iter();
        let lacking = [
            (
                "metrics",
                metrics.position(|metric| metric.key.0.is_empty()),
            ),
            ("params", pairs(&self.params)),
            ("tags", pairs(&self.tags)),
        ];
        for (list, at) in lacking {
            if let Some(at) = at {
                return Err(MlflowError::required(&format!("{list}[{at}].key")));
            }
        }
        Ok(())
    }
}

async fn log(State(shared): State<Shared>, body: Body) -> Answer {
    if body.0.len() > BODY_LEN_MAX {
        return Err(MlflowError::invalid(format!(
            "Batched logging API requests must be at most {BODY_LEN_MAX} bytes, got a request of size {}.",
            body.0.len()
        )));
    }
    match serde_json::from_slice::<Batch<'_>>(&body.0) {
        Ok(batch) if batch.is_whole() => write(&shared, &batch)?,
        _ => {
            let fields = body.fields();
            write(&shared, &of_fields(&fields)?)?;
        }
    }
    Ok(wire::nothing())
}

/// Checks and writes a batch whose entries have keys.
pub fn write(shared: &Shared, batch: &Batch<'_>) -> Answer<()> {
    let run = raw::named(&batch.run_id, &batch.run_uuid);
    if run.is_empty() {
        return Err(MlflowError::required("run_id"));
    }
    check::run_id_form(run)?;
    let points = points(&batch.metrics)?;
    let params = batch.params.iter().enumerate();
    let params = params.map(|(at, pair)| {
        params::param_of(&pair.key.0, &pair.value.0, || format!("params[{at}].key"))
    });
    let params: Vec<(String, ParamValue)> = params.collect::<Answer<_>>()?;
    let tags = batch.tags.iter().enumerate();
    let tags =
        tags.map(|(at, pair)| tags::tag_of(&pair.key.0, &pair.value.0, &format!("tags[{at}]")));
    let tags: Vec<(String, String)> = tags.collect::<Answer<_>>()?;
    check_limits(points.len(), params.len(), tags.len())?;
    check_unique(&params)?;
    let id = check::parse_run_id(run)?;
    let name = tags::new_name(&tags);
    let write = RemoteWrite {
        points: &points,
        params,
        tags,
        ..RemoteWrite::default()
    };
    params::write_to(shared, id, &write, |differ| conflict(id, differ))?;
    if let Some(name) = name {
        rename(shared, id, name)?;
    }
    metrics::record_models(shared, id, &batch.metrics)
}

fn points<'a>(metrics: &'a [Logged<'_>]) -> Answer<Vec<RemotePoint<'a>>> {
    let metrics = metrics.iter().enumerate();
    let points = metrics.map(|(at, logged)| {
        let (name, time) = (
            || format!("metrics[{at}].name"),
            || format!("metrics[{at}].timestamp"),
        );
        metrics::point_of(logged, name, time)
    });
    points.collect()
}

fn rename(shared: &Shared, id: RunId, name: String) -> Answer<()> {
    let update = RemoteUpdate {
        name: Some(name),
        ..RemoteUpdate::default()
    };
    let run = shared.tracker().remote_run(id);
    let renamed = run.and_then(|run| run.update(&update));
    renamed.map_err(|error| about_run(id, error))?;
    Ok(())
}

fn check_limits(metrics: usize, params: usize, tags: usize) -> Answer<()> {
    let rows = [
        ("metrics", metrics, METRICS_MAX),
        ("params", params, PARAMS_MAX),
        ("tags", tags, TAGS_MAX),
        (
            "metrics, params, and tags",
            metrics + params + tags,
            ALL_MAX,
        ),
    ];
    for (what, count, max) in rows {
        if count > max {
            return Err(MlflowError::invalid(format!(
                "A batch logging request can contain at most {max} {what}. Got {count} {what}. Please split up {what} across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

fn check_unique(params: &[(String, ParamValue)]) -> Answer<()> {
    let is_double = |at: usize| params[..at].iter().any(|(key, _)| *key == params[at].0);
    let doubles = (1..params.len()).filter(|at| is_double(*at));
    let doubles: Vec<String> = doubles.map(|at| format!("'{}'", params[at].0)).collect();
    if doubles.is_empty() {
        return Ok(());
    }
    Err(MlflowError::invalid(format!(
        "Duplicate parameter keys have been submitted: [{}]. Please ensure the request contains only one param value per param key.",
        doubles.join(", ")
    )))
}

fn conflict(id: RunId, differ: &ParamsDiffer) -> String {
    let differing = differ.0.iter().map(|differs| {
        let (name, old, new) = (&differs.name, &differs.old, &differs.new);
        format!("{{'key': '{name}', 'old_value': '{old}', 'new_value': '{new}'}}")
    });
    let differing: Vec<String> = differing.collect();
    format!(
        "Changing param values is not allowed. Params were already logged='[{}]' for run ID='{id}'.",
        differing.join(", ")
    )
}

/// A batch in an unusual form, or the error about what is wrong with it.
fn of_fields(fields: &Fields) -> Answer<Batch<'_>> {
    let run = check::run_id_text(fields)?;
    let metrics = fields.list("metrics")?.into_iter().enumerate();
    let metrics = metrics.map(|(at, entry)| metric_of(at, entry));
    let pairs = |list: &'static str| {
        let pairs = check::pairs(fields, list)?.into_iter();
        let pairs = pairs.map(|(key, value)| Pair {
            key: Text(key.into()),
            value: Text(value.into()),
        });
        Ok::<_, MlflowError>(pairs.collect())
    };
    Ok(Batch {
        run_id: Text(run.into()),
        run_uuid: Text::default(),
        metrics: metrics.collect::<Answer<_>>()?,
        params: pairs("params")?,
        tags: pairs("tags")?,
    })
}

fn metric_of(at: usize, entry: &Json) -> Answer<Logged<'_>> {
    let key = check::entry_key("metrics", at, entry)?;
    let path = |name: &str| format!("metrics[{at}].{name}");
    let given = |name: &str| {
        let value = entry.get(name).filter(|value| !value.is_null());
        value.ok_or_else(|| MlflowError::required(&path(name)))
    };
    let value = given("value")?;
    let value = metrics::number(value).ok_or_else(|| check::wrong_type(&path("value"), value))?;
    let whole = |name: &str, value: &Json| {
        let read = serde_json::from_value::<Integer>(value.clone());
        read.map_err(|_| check::wrong_type(&path(name), value))
    };
    let timestamp = whole("timestamp", given("timestamp")?)?;
    let step = match entry.get("step") {
        None | Some(Json::Null) => Integer(0),
        Some(step) => whole("step", step)?,
    };
    let text = |name: &str| {
        let text = entry.get(name).and_then(Json::as_str);
        Text(text.unwrap_or_default().into())
    };
    Ok(Logged {
        key: Text(key.into()),
        value: Value(value),
        timestamp,
        step,
        model_id: text("model_id"),
        dataset_name: text("dataset_name"),
        dataset_digest: text("dataset_digest"),
    })
}
