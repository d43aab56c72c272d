//! `/api/v1/runs/bulk`: the same change to many runs, named one by one or by a filter.
//!
//! Invariants: all of them are changed or none, and one undo takes it back; a call that says how many it expects changes
//! nothing when there are others.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::State;
use mltrack::{Code, Lsn, RUNS_AT_ONCE_MAX, RunId, RunsChange, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Body;
use super::error::{Answer, Fault, Faults};
use super::named;
use super::page::lsn_number;
use super::run_form::RunStateName;
use super::runs::{DeletedAsk, RunsAsk, query};
use crate::blocking::blocking;
use crate::shared::Shared;

/// So many of the runs are told by name.
const NAMED_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(bulk))
}

/// Which runs are to be changed, and how.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkAsk {
    /// These runs: ids, beginnings of them, or names. Without it, those that the other members mean.
    pub runs: Vec<String>,
    /// Only runs of this experiment: its id or its name.
    pub experiment: Option<String>,
    /// Only runs that each of these filters admits.
    pub filter: Vec<String>,
    /// Only runs in these states.
    pub state: Vec<RunStateName>,
    /// Nothing but deleted runs, when they are to be restored.
    pub deleted: Option<DeletedAsk>,
    /// The changes.
    #[schema(required = true)]
    pub change: BulkChange,
    /// How many runs it has to be, as a dry run told: else nothing is changed, and the answer is 409.
    pub expected: Option<u64>,
    /// Only say what would happen.
    pub dry_run: bool,
}

/// Changes to runs; what is not named stays.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BulkChange {
    /// Tags: a text sets one, null removes it.
    pub tags: BTreeMap<String, Option<String>>,
    /// A note to add to each, in Markdown.
    pub note: Option<String>,
    /// Whether they are to be deleted, or, with false, to be brought back.
    pub deleted: Option<bool>,
}

/// What was done, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkForm {
    /// How many runs are meant.
    pub runs: u64,
    /// How many were changed; the others were so already. In a dry run null.
    pub changed: Option<u64>,
    /// The first of them.
    pub items: Vec<BulkRun>,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The last record of it, for an undo; null when nothing was done.
    pub lsn: Option<u64>,
    /// The last record that was taken into account.
    pub seen: u64,
}

/// A run that is meant.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkRun {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its experiment's name.
    pub experiment: String,
}

/// Change many runs
///
/// All of them or none, by one operation that one undo takes back.
#[utoipa::path(post, path = "/runs/bulk", tag = "runs", request_body = BulkAsk,
    responses((status = 200, description = "what was done", body = BulkForm), Faults))]
async fn bulk(State(shared): State<Shared>, Body(ask): Body<BulkAsk>) -> Answer<Json<BulkForm>> {
    blocking(move || changed(shared.tracker(), ask).map(Json)).await
}

fn changed(tracker: &Tracker, ask: BulkAsk) -> Answer<BulkForm> {
    let (change, dry_run, expected) = (change_of(ask.change), ask.dry_run, ask.expected);
    let is_narrowed = ask.experiment.is_some()
        || !ask.filter.is_empty()
        || !ask.state.is_empty()
        || matches!(ask.deleted, Some(DeletedAsk::Only));
    let (ids, seen) = if ask.runs.is_empty() {
        if !is_narrowed {
            return Err(Fault::invalid("nothing says which runs are to be changed")
                .hint("give runs, experiment or filter"));
        }
        let question = RunsAsk {
            experiment: ask.experiment,
            filter: ask.filter,
            state: ask.state,
            deleted: ask.deleted,
            ..RunsAsk::default()
        };
        let page = query(tracker, question)?
            .limit(RUNS_AT_ONCE_MAX + 1)
            .fetch_ids()?;
        if page.total > RUNS_AT_ONCE_MAX {
            return Err(too_many(page.total));
        }
        (page.items, lsn_number(page.lsn))
    } else {
        if is_narrowed {
            return Err(Fault::invalid(
                "runs and a filter are given, and only one of them can say which runs are meant",
            )
            .hint("leave one of them out"));
        }
        let ids = named::run_ids(tracker, &ask.runs, RUNS_AT_ONCE_MAX)?;
        // One that is named twice is one.
        let mut known = HashSet::new();
        let ids: Vec<RunId> = ids.into_iter().filter(|id| known.insert(*id)).collect();
        (ids, lsn_number(tracker.runs().limit(0).fetch_ids()?.lsn))
    };
    if let Some(expected) = expected.filter(|expected| *expected != ids.len() as u64) {
        let what = format!("{} runs are meant and not {expected}", ids.len());
        return Err(
            Fault::new(Code::Conflict, what).hint("look with dry_run which they are by now")
        );
    }
    let mut form = told(tracker, &ids, seen)?;
    if dry_run || ids.is_empty() {
        form.dry_run = dry_run;
        return Ok(form);
    }
    let done = tracker.change_runs(&ids, &change)?;
    form.changed = Some(done.changed as u64);
    form.lsn = done.lsn.map(Lsn::get);
    Ok(form)
}

fn too_many(count: usize) -> Fault {
    Fault::invalid(format!(
        "{count} runs are meant, and one call changes up to {RUNS_AT_ONCE_MAX}"
    ))
    .hint("narrow the filter, and change them in parts")
}

fn change_of(change: BulkChange) -> RunsChange {
    let (set, removed): (Vec<_>, Vec<_>) = change
        .tags
        .into_iter()
        .partition(|(_, value)| value.is_some());
    RunsChange {
        set: set
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect(),
        removed: removed.into_iter().map(|(key, _)| key).collect(),
        note: change.note,
        deleted: change.deleted,
    }
}

fn told(tracker: &Tracker, ids: &[RunId], seen: u64) -> Answer<BulkForm> {
    let first = &ids[..ids.len().min(NAMED_MAX)];
    let runs = tracker.run_summaries(first)?.into_iter();
    Ok(BulkForm {
        runs: ids.len() as u64,
        changed: None,
        items: runs
            .map(|run| BulkRun {
                id: run.id.to_string(),
                name: run.name,
                experiment: run.experiment_name,
            })
            .collect(),
        dry_run: false,
        lsn: None,
        seen,
    })
}
