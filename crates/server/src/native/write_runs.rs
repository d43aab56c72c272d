//! Making, logging to and changing runs, for clients elsewhere: such runs are detached and have no owner.
//!
//! Invariant: a call is done whole or not at all; what it answers is in the log.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{
    EndState, Lsn, ParamValue, RemotePoint, RemoteState, RemoteUpdate, RemoteWrite, Tracker,
    WallTime, door,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{if_match, with_etag};
use super::moment::{Moment, time_of};
use super::named;
use super::number::Number;
use super::page::record_of;
use super::run_form::Run;
use super::write_experiments::{Deletion, DryAsk, precondition};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(edit, delete))
        .routes(routes!(log))
        .routes(routes!(end))
        .routes(routes!(restore))
        .routes(routes!(undo))
}

/// A new run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewRun {
    /// Its experiment: its id or its name.
    #[schema(required = true)]
    pub experiment: String,
    /// Its name; one is made up when absent.
    pub name: Option<String>,
    /// When it started: a time, or a length before now. Now when absent.
    pub started: Option<String>,
    /// Whether it waits for a machine.
    pub queued: bool,
    /// The run it is a part of.
    pub parent: Option<String>,
    /// Its parameters.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Changes to a run; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunChange {
    /// Its name.
    pub name: Option<String>,
    /// Tags: a text sets one, null removes it.
    pub tags: BTreeMap<String, Option<String>>,
    /// A note to add, in Markdown.
    pub note: Option<String>,
    /// The note to remove, by the record that added it.
    pub remove_note: Option<u64>,
}

/// Something to log.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogBatch {
    /// Points.
    pub points: Vec<NewPoint>,
    /// Parameters. One that has another value already is a conflict.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A value of a metric.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPoint {
    /// The metric's name.
    pub metric: String,
    /// The value.
    pub value: Number,
    /// The step; 0 when absent.
    #[serde(default)]
    pub step: i64,
    /// When it happened, in ms since 1970; now when absent.
    pub time_ms: Option<f64>,
}

/// What was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct Written {
    /// The last record of it; null when there was nothing to write.
    pub lsn: Option<u64>,
}

/// How a run ends.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RunEnd {
    /// How; `completed` when absent.
    pub state: EndName,
    /// When: a time, or a length before now. Now when absent.
    pub time: Option<String>,
}

/// How a run can end.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndName {
    /// Well.
    #[default]
    Completed,
    /// With an error.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// What to take back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UndoAsk {
    /// A record of the operation; the last operation when absent.
    pub lsn: Option<u64>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoneForm {
    /// The operation: its first record.
    pub operation: u64,
    /// What was done, in words.
    pub what: String,
    /// What could not be taken back, or is worth knowing.
    pub remarks: Vec<String>,
    /// The record that says so; null when nothing was done.
    pub lsn: Option<u64>,
}

/// Make a run
#[utoipa::path(post, path = "/runs", tag = "runs", request_body = NewRun,
    responses((status = 201, description = "it is made", body = Run), Faults))]
async fn create(State(shared): State<Shared>, Body(asked): Body<NewRun>) -> Answer<Response> {
    blocking(move || {
        let tracker = shared.tracker();
        let experiment = named::experiment(tracker, &asked.experiment)?;
        let mut new = tracker.new_remote_run(experiment.id()).queued(asked.queued);
        if let Some(name) = asked.name {
            new = new.name(name);
        }
        if let Some(time) = &asked.started {
            new = new.started(time_of(time)?);
        }
        if let Some(parent) = &asked.parent {
            new = new.parent(named::run_id(tracker, parent)?);
        }
        for (name, value) in asked.params {
            new = new.param(name, ParamValue::from_json(&value));
        }
        for (key, value) in asked.tags {
            new = new.tag(key, value);
        }
        let id = new.create()?.id();
        Ok((StatusCode::CREATED, told(tracker, &id.to_string())?).into_response())
    })
    .await
}

/// Log points, parameters and tags
#[utoipa::path(post, path = "/runs/{run}/log", tag = "runs", request_body = LogBatch,
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "all of it is in the log", body = Written), Faults))]
async fn log(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Body(batch): Body<LogBatch>,
) -> Answer<Json<Written>> {
    blocking(move || {
        let tracker = shared.tracker();
        let run = tracker.remote_run(named::run_id(tracker, &name)?)?;
        let lsn = write(&run, batch)?;
        Ok(Json(Written {
            lsn: lsn.map(Lsn::get),
        }))
    })
    .await
}

/// Writes a batch.
pub fn write(run: &mltrack::RemoteRun, batch: LogBatch) -> Answer<Option<Lsn>> {
    let now = WallTime(door::wall_time_ns());
    let time =
        |time_ms: Option<f64>| time_ms.map_or(now, |time_ms| WallTime((time_ms * 1e6) as i64));
    let points = batch.points.iter().map(|point| RemotePoint {
        name: &point.metric,
        value: point.value.0,
        step: point.step,
        time: time(point.time_ms),
    });
    let points: Vec<RemotePoint<'_>> = points.collect();
    let params = batch.params.into_iter();
    let written = run.write(&RemoteWrite {
        points: &points,
        params: params
            .map(|(name, value)| (name, ParamValue::from_json(&value)))
            .collect(),
        tags: batch.tags.into_iter().collect(),
        tags_removed: Vec::new(),
    })?;
    Ok(written.lsn())
}

/// Change a run
///
/// All of the changes are made, or none.
#[utoipa::path(patch, path = "/runs/{run}", tag = "runs", request_body = RunChange,
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"),
        ("If-Match" = Option<String>, Header, description = "only while this is its ETag")),
    responses((status = 200, description = "as it is now", body = Run), Faults))]
async fn edit(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(change): Body<RunChange>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    blocking(move || {
        let tracker = shared.tracker();
        let id = named::run_id(tracker, &name)?;
        let mut edit = tracker.edit_run(id);
        if let Some(name) = change.name {
            edit = edit.name(name);
        }
        for (key, value) in change.tags {
            edit = match value {
                Some(value) => edit.set_tag(key, value),
                None => edit.remove_tag(key),
            };
        }
        if let Some(text) = change.note {
            edit = edit.note(text);
        }
        if let Some(note) = change.remove_note {
            edit = edit.remove_note(record_of(note)?);
        }
        if let Some(lsn) = expected {
            edit = edit.based_on(lsn);
        }
        edit.save()
            .map_err(|error| precondition(error, expected.is_some()))?;
        told(tracker, &id.to_string())
    })
    .await
}

/// End a run
#[utoipa::path(post, path = "/runs/{run}/end", tag = "runs", request_body = RunEnd,
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "as it is now", body = Run), Faults))]
async fn end(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Body(asked): Body<RunEnd>,
) -> Answer<Response> {
    blocking(move || {
        let tracker = shared.tracker();
        let id = named::run_id(tracker, &name)?;
        let state = match asked.state {
            EndName::Completed => EndState::Completed,
            EndName::Failed => EndState::Failed,
            EndName::Cancelled => EndState::Cancelled,
        };
        let update = RemoteUpdate {
            state: Some(RemoteState::Ended(state)),
            time: asked.time.as_deref().map(time_of).transpose()?,
            ..RemoteUpdate::default()
        };
        tracker.remote_run(id)?.update(&update)?;
        told(tracker, &id.to_string())
    })
    .await
}

/// Delete a run
#[utoipa::path(delete, path = "/runs/{run}", tag = "runs",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Deletion), Faults))]
async fn delete(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Deletion>> {
    blocking(move || {
        let tracker = shared.tracker();
        let id = tracker.run_summary(named::run_id(tracker, &name)?)?.id;
        let mut lsn = None;
        if !ask.dry_run {
            lsn = tracker.delete_run(id)?.lsn().map(Lsn::get);
        }
        Ok(Json(Deletion {
            id: id.to_string(),
            runs: 1,
            dry_run: ask.dry_run,
            lsn,
        }))
    })
    .await
}

/// Take a run back from its deletion
#[utoipa::path(post, path = "/runs/{run}/restore", tag = "runs",
    params(("run" = String, Path, description = "its id")),
    responses((status = 200, description = "as it is now", body = Run), Faults))]
async fn restore(State(shared): State<Shared>, Path(name): Path<String>) -> Answer<Response> {
    blocking(move || {
        let id = named::run_id(shared.tracker(), &name)?;
        shared.tracker().restore_run(id)?;
        told(shared.tracker(), &id.to_string())
    })
    .await
}

/// Take something back
#[utoipa::path(post, path = "/undo", tag = "store", request_body = UndoAsk,
    responses((status = 200, description = "what was taken back", body = UndoneForm), Faults))]
async fn undo(
    State(shared): State<Shared>,
    Body(asked): Body<UndoAsk>,
) -> Answer<Json<UndoneForm>> {
    blocking(move || {
        let tracker = shared.tracker();
        let undo = match asked.lsn {
            None => tracker.undo_last(),
            Some(lsn) => tracker.undo(record_of(lsn)?),
        };
        let undone = undo.dry_run(asked.dry_run).apply()?;
        let undone = undone.ok_or_else(|| Fault::missing("there is nothing to undo"))?;
        Ok(Json(UndoneForm {
            operation: undone.operation.first.get(),
            what: undone.what,
            remarks: undone.remarks,
            lsn: undone.lsn.map(Lsn::get),
        }))
    })
    .await
}

fn told(tracker: &Tracker, id: &str) -> Answer<Response> {
    let (known, _) = named::run_at(tracker, id, Moment::Now)?;
    let lsn = known.lsn;
    Ok(with_etag(Json(Run::from(known)).into_response(), lsn))
}
