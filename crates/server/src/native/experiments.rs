//! `/api/v1/experiments`: which there are, and what is known of each.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Faults};
use super::etag::with_etag;
use super::experiment_form::Experiment;
use super::moment::{Moment, at};
use super::named;
use super::page::{self, Page, answer, answer_one, limit_of, token_of};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
}

/// Which experiments.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExperimentsAsk {
    /// Only those that a filter admits, such as `name like 'res%' and runs > 3`.
    pub filter: Option<String>,
    /// Columns to sort by, such as `-created`; later ones decide between equals.
    pub sort: Vec<String>,
    /// Archived ones too.
    pub archived: bool,
    /// Deleted ones too.
    pub deleted: bool,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
    /// Only these members of each, with commas between them.
    pub fields: Vec<String>,
}

/// How to look at one thing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OneAsk {
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// Only these members, with commas between them.
    pub fields: Vec<String>,
}

/// The experiments
#[utoipa::path(
    get, path = "/experiments", tag = "experiments", params(ExperimentsAsk),
    responses(
        (status = 200, description = "a page of them", content(
            (Page<Experiment> = "application/json"),
            (serde_json::Value = "application/vnd.mltrack.parts+json"),
        )),
        Faults,
    )
)]
async fn list(
    State(shared): State<Shared>,
    caller: Caller,
    Ask(ask): Ask<ExperimentsAsk>,
) -> Answer {
    let page = blocking(move || -> Answer<_> {
        let mut query = shared.tracker().experiments();
        query = query.limit(limit_of(ask.limit)?);
        if ask.archived {
            query = query.with_archived();
        }
        if ask.deleted {
            query = query.with_deleted();
        }
        if let Some(scope) = &caller.scope {
            query = query.names(scope.iter().cloned());
        }
        if let Some(filter) = ask.filter {
            query = query.filter(filter);
        }
        for column in page::words(&ask.sort) {
            query = query.order_by(column);
        }
        query = at!(query, Moment::of(ask.at.as_deref())?);
        if let Some(cursor) = &ask.cursor {
            query = query.page(token_of(cursor)?);
        }
        answer(&Page::of(query.fetch()?, Experiment::from), &ask.fields)
    });
    page.await
}

/// An experiment
#[utoipa::path(
    get, path = "/experiments/{experiment}", tag = "experiments", params(
        ("experiment" = String, Path, description = "its id or its name"), OneAsk),
    responses(
        (status = 200, description = "what is known of it", headers(("etag", description = "the last record about it")), content(
            (Experiment = "application/json"),
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
        let (known, _) = named::experiment_at(shared.tracker(), &name, moment)?;
        let lsn = known.lsn;
        let answered = answer_one(&Experiment::from(known), &ask.fields)?;
        Ok(with_etag(answered, lsn))
    })
    .await
}
