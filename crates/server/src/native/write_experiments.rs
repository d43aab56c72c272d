//! Making and changing experiments.
//!
//! Invariant: what a change answers is what was in the log when it was done, and its lsn undoes it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{Code, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{self, if_match, with_etag};
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
        let move_on = change.state.map(move_of).transpose()?;
        let tags = change.tags.clone();
        match (edit_of(&known, change), expected) {
            (None, None) => {}
            (None, Some(lsn)) => {
                let (newest, _) =
                    named::experiment_at(tracker, &known.id().to_string(), Moment::Now)?;
                etag::check(Some(lsn), newest.lsn)?;
            }
            (Some(edit), None) => edit.save()?,
            (Some(edit), Some(lsn)) => {
                let saved = edit.based_on(lsn).save();
                saved.map_err(|error| precondition(error, true))?;
            }
        }
        for (key, value) in tags {
            match value {
                Some(value) => known.set_tag(&key, &value)?,
                None => known.remove_tag(&key)?,
            }
        }
        if let Some(move_on) = move_on {
            move_on(&known)?;
        }
        told(tracker, &known.id().to_string())
    })
    .await
}

/// What brings an experiment to a state.
type Moving = fn(&mltrack::Experiment) -> mltrack::Result<()>;

fn move_of(state: ExperimentStateName) -> Answer<Moving> {
    Ok(match state {
        ExperimentStateName::Active => mltrack::Experiment::activate,
        ExperimentStateName::Paused => mltrack::Experiment::pause,
        ExperimentStateName::Completed => mltrack::Experiment::complete,
        ExperimentStateName::Failed => mltrack::Experiment::fail,
        ExperimentStateName::Archived => mltrack::Experiment::archive,
        ExperimentStateName::Draft => {
            let what = "nothing becomes a draft again";
            return Err(Fault::new(Code::InvalidState, what));
        }
    })
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
type SetText = fn(mltrack::ExperimentEdit, String) -> mltrack::ExperimentEdit;

/// The changes of fields; `None` when there are none.
fn edit_of(
    known: &mltrack::Experiment,
    change: ExperimentChange,
) -> Option<mltrack::ExperimentEdit> {
    let mut edit = known.edit();
    let mut is_empty = true;
    let fields: [(Option<String>, SetText); 4] = [
        (change.name, |edit, text| edit.name(text)),
        (change.description, |edit, text| edit.description(text)),
        (change.hypothesis, |edit, text| edit.hypothesis(text)),
        (change.owner, |edit, text| edit.owner(text)),
    ];
    for (text, set) in fields {
        if let Some(text) = text {
            edit = set(edit, text);
            is_empty = false;
        }
    }
    if let Some(names) = change.collaborators {
        edit = edit.collaborators(names);
        is_empty = false;
    }
    if let Some(goal) = change.goal {
        edit = edit.goal(goal.metric, goal.direction.into());
        is_empty = false;
    } else if change.no_goal {
        edit = edit.no_goal();
        is_empty = false;
    }
    (!is_empty).then_some(edit)
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
