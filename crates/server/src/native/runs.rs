//! `/api/v1/runs`: which runs there are, in which order, with which columns.

use axum::extract::{Path, State};
use axum::response::Response;
use mltrack::{RunSummary, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::column;
use super::error::{Answer, Faults};
use super::etag::with_etag;
use super::experiments::OneAsk;
use super::moment::{Moment, at};
use super::named;
use super::page::{self, Page, answer, answer_one, limit_of, token_of};
use super::run_form::{Run, RunStateName};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(search))
        .routes(routes!(get))
}

/// Which runs, and what of them.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = RunsQuestion)]
pub struct RunsAsk {
    /// Only runs of this experiment: its id or its name.
    pub experiment: Option<String>,
    /// Only runs that each of these filters admits, such as `acc > 0.9 and params.opt in ('adam', 'sgd')`.
    pub filter: Vec<String>,
    /// Columns to sort by: `loss`, `loss.min`, `=lr`, `.started`, with `-` before it the largest first.
    pub sort: Vec<String>,
    /// Only runs in these states.
    #[param(inline)]
    pub state: Vec<RunStateName>,
    /// Only the parts of this run.
    pub parent: Option<String>,
    /// Deleted runs too, or nothing but them.
    #[param(inline)]
    pub deleted: Option<DeletedAsk>,
    /// Columns whose values each run is to have under `columns`: `loss`, `loss.min@step`, `=lr`, `tags.paper`, `.took`.
    pub columns: Vec<String>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    #[schema(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
    /// Only these members of each, with commas between them.
    pub fields: Vec<String>,
}

/// What is to be with deleted runs.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletedAsk {
    /// They are left out.
    Without,
    /// They are listed like others.
    With,
    /// Nothing else is listed.
    Only,
}

/// The runs, newest first
#[utoipa::path(
    get, path = "/runs", tag = "runs", params(RunsAsk),
    responses(
        (status = 200, description = "a page of them", content(
            (Page<Run> = "application/json"),
            (serde_json::Value = "application/vnd.mltrack.parts+json"),
        )),
        Faults,
    )
)]
async fn list(State(shared): State<Shared>, Ask(ask): Ask<RunsAsk>) -> Answer {
    blocking(move || find(shared.tracker(), ask)).await
}

/// The runs, for questions too long for an address
#[utoipa::path(
    post, path = "/runs/search", tag = "runs", request_body = RunsAsk,
    responses(
        (status = 200, description = "a page of them", content(
            (Page<Run> = "application/json"),
            (serde_json::Value = "application/vnd.mltrack.parts+json"),
        )),
        Faults,
    )
)]
async fn search(State(shared): State<Shared>, Body(ask): Body<RunsAsk>) -> Answer {
    blocking(move || find(shared.tracker(), ask)).await
}

/// A run
#[utoipa::path(
    get, path = "/runs/{run}", tag = "runs", params(
        ("run" = String, Path, description = "its id, the beginning of it, its name, or @last"), OneAsk),
    responses(
        (status = 200, description = "what is known of it", headers(("etag", description = "the last record about it")), content(
            (Run = "application/json"),
            (serde_json::Value = "application/vnd.mltrack.parts+json"),
        )),
        Faults,
    )
)]
async fn get(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<OneAsk>,
) -> Answer<Response> {
    blocking(move || {
        let moment = Moment::of(ask.at.as_deref())?;
        let (known, _) = named::run_at(shared.tracker(), &name, moment)?;
        let lsn = known.lsn;
        let answered = answer_one(&Run::from(known), &ask.fields)?;
        Ok(with_etag(answered, lsn))
    })
    .await
}

fn find(tracker: &Tracker, ask: RunsAsk) -> Answer {
    let columns = ask.columns.clone();
    let fields = ask.fields.clone();
    let page = query(tracker, ask)?.fetch()?;
    let form = |run: RunSummary| {
        let values = column::values(&run, &columns);
        let mut form = Run::from(run);
        form.columns = values;
        form
    };
    answer(&Page::of(page, form), &fields)
}

/// The question, as the library takes it.
pub fn query(tracker: &Tracker, ask: RunsAsk) -> Answer<mltrack::RunQuery> {
    let mut query = tracker.runs().limit(limit_of(ask.limit)?);
    if let Some(name) = &ask.experiment {
        query = query.experiment(named::experiment(tracker, name)?.name());
    }
    for filter in ask.filter {
        query = query.filter(filter);
    }
    for column in page::words(&ask.sort) {
        query = query.order_by(column);
    }
    for state in ask.state {
        query = query.state(state.into());
    }
    if let Some(parent) = &ask.parent {
        query = query.parent(named::run_id(tracker, parent)?);
    }
    query = match ask.deleted {
        None | Some(DeletedAsk::Without) => query,
        Some(DeletedAsk::With) => query.with_deleted(),
        Some(DeletedAsk::Only) => query.only_deleted(),
    };
    query = at!(query, Moment::of(ask.at.as_deref())?);
    match &ask.cursor {
        Some(cursor) => Ok(query.page(token_of(cursor)?)),
        None => Ok(query),
    }
}
