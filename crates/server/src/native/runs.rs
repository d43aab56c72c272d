//! `/api/v1/runs`: which runs there are, in which order, with which columns.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use mltrack::{RunSummary, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::column;
use super::error::{Answer, Fault, Faults};
use super::etag::with_etag;
use super::experiments::OneAsk;
use super::moment::{Moment, at};
use super::named;
use super::page::{self, Page, answer, answer_one, at_most, limit_of, token_of};
use super::run_form::{Run, RunStateName};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// The most filters, states, or columns to sort by.
const FILTERS_MAX: usize = 100;
/// The most bytes of all filters together: room for some thousands of ids.
const FILTER_LEN_MAX: usize = 256 << 10;
/// The most columns of each run.
const COLUMNS_MAX: usize = 2_000;

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
    /// Leaves out so many from the beginning: any part of the list as it is now. Not with `cursor`.
    pub offset: Option<u64>,
    /// Only these members of each, with commas between them.
    pub fields: Vec<String>,
    /// The experiments that the caller's key is for: nothing else is told.
    #[serde(skip)]
    #[param(ignore)]
    #[schema(ignore)]
    pub scope: Scope,
}

/// The experiments that a caller's key is for, by name; all when there is none.
pub type Scope = Option<Arc<[String]>>;

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
async fn list(State(shared): State<Shared>, caller: Caller, Ask(mut ask): Ask<RunsAsk>) -> Answer {
    ask.scope = caller.scope;
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
async fn search(
    State(shared): State<Shared>,
    caller: Caller,
    Body(mut ask): Body<RunsAsk>,
) -> Answer {
    ask.scope = caller.scope;
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
    let is_scoped = ask.scope.is_some();
    let mut page = query(tracker, ask)?.fetch()?;
    if is_scoped {
        // They may name what other experiments have.
        page.notes.clear();
    }
    let form = |run: RunSummary| {
        let values = column::values(&run, &columns);
        let mut form = Run::from(run);
        form.columns = values;
        form
    };
    answer(&Page::of(page, form), &fields)
}

/// Refuses lists that are longer than any question needs: each filter is tried on every run, and each column told of
/// every run that is answered.
fn check(ask: &RunsAsk) -> Answer<()> {
    at_most("states", ask.state.len(), FILTERS_MAX)?;
    at_most("columns", ask.columns.len(), COLUMNS_MAX)?;
    at_most("fields", page::words(&ask.fields).len(), COLUMNS_MAX)?;
    at_most(
        "columns to sort by",
        page::words(&ask.sort).len(),
        FILTERS_MAX,
    )?;
    check_filters(&ask.filter)
}

/// Refuses filters that are longer than anybody writes.
pub fn check_filters(filters: &[String]) -> Answer<()> {
    at_most("filters", filters.len(), FILTERS_MAX)?;
    let len: usize = filters.iter().map(String::len).sum();
    if len <= FILTER_LEN_MAX {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "the filter has {len} bytes, and {FILTER_LEN_MAX} are the most"
    ))
    .hint("compare a column with fewer values, or ask in several calls"))
}

/// The question, as the library takes it.
pub fn query(tracker: &Tracker, ask: RunsAsk) -> Answer<mltrack::RunQuery> {
    check(&ask)?;
    let mut query = tracker.runs().limit(limit_of(ask.limit)?);
    if let Some(name) = &ask.experiment {
        query = query.experiment(named::experiment(tracker, name)?.name());
    }
    if let Some(scope) = &ask.scope {
        let known = scope
            .iter()
            .filter_map(|name| tracker.find_experiment(name).ok());
        query = query.experiment_ids(known.map(|known| known.id()));
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
    match (&ask.cursor, ask.offset) {
        (Some(_), Some(_)) => Err(Fault::invalid("cursor and offset say both where to begin")
            .hint("give cursor for the page behind another, or offset for any part of the list")),
        (Some(cursor), None) => Ok(query.page(token_of(cursor)?)),
        (None, Some(offset)) => Ok(query.offset(skipped(offset)?)),
        (None, None) => Ok(query),
    }
}

/// As the document describes it: a whole number of 64 bits with a sign.
fn skipped(offset: u64) -> Answer<usize> {
    let skipped = i64::try_from(offset)
        .ok()
        .and_then(|offset| usize::try_from(offset).ok());
    skipped.ok_or_else(|| {
        Fault::invalid(format!("offset is {offset}: no list is as long"))
            .hint("give what `total` of the list says, or less")
    })
}
