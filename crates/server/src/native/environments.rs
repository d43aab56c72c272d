//! What a run ran on, in what two runs differ there, and what was done to the store.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{Operation, RunId, Tracker, environment_diff};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::moment::{time_of, time_text};
use super::named;
use super::page::{limit_of, lsn_number, token_of};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(environment))
        .routes(routes!(difference))
        .routes(routes!(operations))
}

/// What was recorded of the machine and the code of a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentForm {
    /// The run.
    pub run: String,
    /// The record that says so.
    pub lsn: u64,
    /// When it was captured.
    #[schema(format = DateTime)]
    pub captured: String,
    /// How well the run can be run again.
    pub reproducible: &'static str,
    /// The most telling facts.
    pub summary: BTreeMap<String, String>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// Everything that was recorded.
    pub document: Option<Value>,
    /// The packages.
    pub dependencies: Option<Value>,
}

/// Which two runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DifferenceAsk {
    /// One run.
    pub before: String,
    /// The other.
    pub after: String,
}

/// In what the environments of two runs differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct Differences {
    /// The differences, in a fixed order.
    pub items: Vec<DifferenceForm>,
}

/// A difference.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceForm {
    /// What it belongs to: `os`, `python`, `git`, ..
    pub group: String,
    /// The key within it.
    pub key: String,
    /// What the one says; null when nothing.
    pub before: Option<String>,
    /// What the other says.
    pub after: Option<String>,
}

/// Which operations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OperationsAsk {
    /// Only those on this run.
    pub run: Option<String>,
    /// Only those on this experiment and its runs.
    pub experiment: Option<String>,
    /// Only those since then: a time, or a length before now such as `-2h`.
    pub since: Option<String>,
    /// Without what runs do by themselves, such as starting and ending.
    pub without_runs: bool,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
}

/// What was done to the store.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operations {
    /// The newest first.
    pub items: Vec<OperationForm>,
    /// The last record that the answer takes into account; 0 in an empty store.
    pub lsn: u64,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub struct OperationForm {
    /// Its first record: what undoing takes.
    pub lsn: u64,
    /// Its last record.
    pub last: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// Who did it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
    /// What kind of thing.
    pub kind: &'static str,
    /// What, in words.
    pub what: String,
    /// The run it is about.
    pub run: Option<String>,
    /// The experiment it is about.
    pub experiment_id: Option<u64>,
    /// The operation it took back.
    pub undoes: Option<u64>,
    /// The operation that took it back.
    pub undone_by: Option<u64>,
}

/// What a run ran on
#[utoipa::path(get, path = "/runs/{run}/environment", tag = "runs",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "what was recorded", body = EnvironmentForm), Faults))]
async fn environment(
    State(shared): State<Shared>,
    Path(name): Path<String>,
) -> Answer<Json<EnvironmentForm>> {
    blocking(move || {
        let tracker = shared.tracker();
        let known = captured(tracker, named::run_id(tracker, &name)?)?;
        Ok(Json(EnvironmentForm {
            run: known.run.to_string(),
            lsn: known.lsn.get(),
            captured: time_text(known.captured),
            reproducible: known.reproducible.name(),
            document: tracker.environment_document(&known)?,
            dependencies: tracker.environment_dependencies(&known)?,
            summary: known.summary,
            left_out: known.left_out,
        }))
    })
    .await
}

/// In what the environments of two runs differ
#[utoipa::path(get, path = "/environment/diff", tag = "runs", params(DifferenceAsk),
    responses((status = 200, description = "the differences", body = Differences), Faults))]
async fn difference(
    State(shared): State<Shared>,
    Ask(ask): Ask<DifferenceAsk>,
) -> Answer<Json<Differences>> {
    blocking(move || {
        let tracker = shared.tracker();
        let documents = |name: &str| -> Answer<[Value; 2]> {
            let known = captured(tracker, named::run_id(tracker, name)?)?;
            let document = tracker.environment_document(&known)?.unwrap_or_default();
            let packages = tracker
                .environment_dependencies(&known)?
                .unwrap_or_default();
            Ok([document, packages])
        };
        let (before, after) = (documents(&ask.before)?, documents(&ask.after)?);
        let pairs = before.iter().zip(&after);
        let found = pairs.flat_map(|(before, after)| environment_diff(before, after));
        let items = found.map(|difference| DifferenceForm {
            group: difference.group,
            key: difference.key,
            before: difference.before,
            after: difference.after,
        });
        let items = items.collect();
        Ok(Json(Differences { items }))
    })
    .await
}

fn captured(tracker: &Tracker, run: RunId) -> Answer<mltrack::Environment> {
    tracker.environment(run)?.ok_or_else(|| {
        Fault::missing(format!("the run {} recorded no environment", run.short()))
            .hint("it was started elsewhere, or with MLTRACK_CAPTURE=off")
    })
}

/// What was done to the store
#[utoipa::path(get, path = "/operations", tag = "store", params(OperationsAsk),
    responses((status = 200, description = "the newest first", body = Operations), Faults))]
async fn operations(
    State(shared): State<Shared>,
    Ask(ask): Ask<OperationsAsk>,
) -> Answer<Json<Operations>> {
    blocking(move || {
        let tracker = shared.tracker();
        let mut query = tracker.operations().limit(limit_of(ask.limit)?);
        if let Some(run) = &ask.run {
            query = query.run(named::run_id(tracker, run)?);
        }
        if let Some(name) = &ask.experiment {
            query = query.experiment(named::experiment(tracker, name)?.name());
        }
        if let Some(since) = &ask.since {
            query = query.since(time_of(since)?);
        }
        if ask.without_runs {
            query = query.without_runs();
        }
        if let Some(cursor) = &ask.cursor {
            query = query.page(token_of(cursor)?);
        }
        let page = query.fetch_page()?;
        Ok(Json(Operations {
            lsn: lsn_number(page.lsn),
            next: page.next.map(|token| token.to_string()),
            items: page.items.into_iter().map(OperationForm::from).collect(),
        }))
    })
    .await
}

impl From<Operation> for OperationForm {
    fn from(done: Operation) -> OperationForm {
        OperationForm {
            lsn: done.first.get(),
            last: done.last.get(),
            time: time_text(done.time),
            actor: done.actor,
            command: done.command,
            kind: done.kind,
            what: done.what,
            run: done.run.map(|run| run.to_string()),
            experiment_id: done.experiment.map(|id| id.0),
            undoes: done.undoes.map(mltrack::Lsn::get),
            undone_by: done.undone_by.map(mltrack::Lsn::get),
        }
    }
}
