//! Making and changing experiments.
//!
//! Invariant: what a change answers is what was in the log when it was done, and its lsn undoes it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{Code, ExperimentEdit, ExperimentState, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{if_match, with_etag};
use super::experiment_form::{Experiment, ExperimentStateName, Goal};
use super::moment::Moment;
use super::named;
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(edit, delete))
        .routes(routes!(restore))
}

/// A new experiment.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewExperiment {
    /// Its name, which no other has.
    #[schema(required = true, min_length = 1, max_length = 256)]
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// What it is to show.
    pub hypothesis: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What its runs are after.
    pub goal: Option<Goal>,
}

/// Changes to an experiment; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExperimentChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// What it is to show.
    pub hypothesis: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Who else works on it.
    pub collaborators: Option<Vec<String>>,
    /// What its runs are after.
    pub goal: Option<Goal>,
    /// Takes its goal away.
    pub no_goal: bool,
    /// Tags: a text sets one, null removes it.
    pub tags: BTreeMap<String, Option<String>>,
    /// The state to move it to.
    pub state: Option<ExperimentStateName>,
}

/// Whether to only say what would happen.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryAsk {
    /// Only say what would happen.
    pub dry_run: bool,
}

/// What a deletion did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deletion {
    /// What is deleted: its id.
    pub id: String,
    /// How many runs go with it.
    pub runs: u64,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The record to undo.
    pub lsn: Option<u64>,
}

/// Make an experiment
#[utoipa::path(post, path = "/experiments", tag = "experiments", request_body = NewExperiment,
    responses((status = 201, description = "it is made", body = Experiment), Faults))]
async fn create(
    State(shared): State<Shared>,
    Body(asked): Body<NewExperiment>,
) -> Answer<Response> {
    blocking(move || {
        let mut new = shared.tracker().new_experiment(&asked.name);
        if let Some(text) = asked.description {
            new = new.description(text);
        }
        if let Some(text) = asked.hypothesis {
            new = new.hypothesis(text);
        }
        if let Some(owner) = asked.owner {
            new = new.owner(owner);
        }
        for (key, value) in asked.tags {
            new = new.tag(key, value);
        }
        if let Some(goal) = asked.goal {
            new = new.goal(goal.metric, goal.direction.into());
        }
        let id = new.create()?.id();
        let answered = told(shared.tracker(), &id.to_string())?;
        Ok((StatusCode::CREATED, answered).into_response())
    })
    .await
}

/// Change an experiment
///
/// All of the changes are made, or none. A new name and a new state in one call are two steps, the state last: both are
/// checked before the first, and the second fails only when somebody else moves the experiment in between.
#[utoipa::path(patch, path = "/experiments/{experiment}", tag = "experiments", request_body = ExperimentChange,
    params(("experiment" = String, Path, description = "its id or its name"),
        ("If-Match" = Option<String>, Header, description = "only while this is its ETag")),
    responses((status = 200, description = "as it is now", body = Experiment), Faults))]
async fn edit(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(change): Body<ExperimentChange>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    blocking(move || {
        let tracker = shared.tracker();
        let known = named::experiment(tracker, &name)?;
        let mut edit = edit_of(&known, change)?;
        if let Some(lsn) = expected {
            edit = edit.based_on(lsn);
        }
        edit.save()
            .map_err(|error| precondition(error, expected.is_some()))?;
        told(tracker, &known.id().to_string())
    })
    .await
}

/// Conflicts of a write that named what it is based on.
pub fn precondition(error: mltrack::Error, is_conditional: bool) -> Fault {
    let is_conflict = error.code() == Code::Conflict;
    let fault = Fault::from(error);
    if is_conditional && is_conflict {
        return fault.status(StatusCode::PRECONDITION_FAILED);
    }
    fault
}

/// Sets a field of an experiment that is a text.
type SetText = fn(ExperimentEdit, String) -> ExperimentEdit;

/// The edit that makes these changes.
fn edit_of(known: &mltrack::Experiment, change: ExperimentChange) -> Answer<ExperimentEdit> {
    let mut edit = known.edit();
    let fields: [(Option<String>, SetText); 4] = [
        (change.name, |edit, text| edit.name(text)),
        (change.description, |edit, text| edit.description(text)),
        (change.hypothesis, |edit, text| edit.hypothesis(text)),
        (change.owner, |edit, text| edit.owner(text)),
    ];
    for (text, set) in fields {
        if let Some(text) = text {
            edit = set(edit, text);
        }
    }
    if let Some(names) = change.collaborators {
        edit = edit.collaborators(names);
    }
    if let Some(goal) = change.goal {
        edit = edit.goal(goal.metric, goal.direction.into());
    } else if change.no_goal {
        edit = edit.no_goal();
    }
    for (key, value) in change.tags {
        edit = match value {
            Some(value) => edit.set_tag(key, value),
            None => edit.remove_tag(key),
        };
    }
    Ok(match change.state {
        None => edit,
        Some(state) => edit.state(moved_to(state)?),
    })
}

/// A state that an experiment can be moved to.
fn moved_to(name: ExperimentStateName) -> Answer<ExperimentState> {
    Ok(match name {
        ExperimentStateName::Active => ExperimentState::Active,
        ExperimentStateName::Paused => ExperimentState::Paused,
        ExperimentStateName::Completed => ExperimentState::Completed,
        ExperimentStateName::Failed => ExperimentState::Failed,
        ExperimentStateName::Archived => ExperimentState::Archived,
        ExperimentStateName::Draft => {
            let what = "nothing becomes a draft again";
            return Err(Fault::new(Code::InvalidState, what));
        }
    })
}

/// Delete an experiment with its runs
#[utoipa::path(delete, path = "/experiments/{experiment}", tag = "experiments",
    params(("experiment" = String, Path, description = "its id or its name"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Deletion), Faults))]
async fn delete(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Deletion>> {
    blocking(move || {
        let tracker = shared.tracker();
        let (known, _) = named::experiment_at(tracker, &name, Moment::Now)?;
        let mut lsn = None;
        if !ask.dry_run {
            tracker.experiment_by_id(known.id)?.delete()?;
            lsn = Some(
                named::experiment_at(tracker, &known.id.to_string(), Moment::Now)?
                    .0
                    .lsn
                    .get(),
            );
        }
        Ok(Json(Deletion {
            id: known.id.to_string(),
            runs: known.run_count(),
            dry_run: ask.dry_run,
            lsn,
        }))
    })
    .await
}

/// Take an experiment out of the archive, or back from its deletion
#[utoipa::path(post, path = "/experiments/{experiment}/restore", tag = "experiments",
    params(("experiment" = String, Path, description = "its id or its name")),
    responses((status = 200, description = "as it is now", body = Experiment), Faults))]
async fn restore(State(shared): State<Shared>, Path(name): Path<String>) -> Answer<Response> {
    blocking(move || {
        let known = named::experiment(shared.tracker(), &name)?;
        known.restore()?;
        told(shared.tracker(), &known.id().to_string())
    })
    .await
}

fn told(tracker: &Tracker, id: &str) -> Answer<Response> {
    let (known, _) = named::experiment_at(tracker, id, Moment::Now)?;
    let lsn = known.lsn;
    Ok(with_etag(
        Json(Experiment::from(known)).into_response(),
        lsn,
    ))
}
