//! `/api/v1/views`: what somebody wants to see again, such as a table of runs with its filter and columns.
//!
//! Invariants: a view is a document of the store, so it has a history and an undo; what it holds means nothing to the
//! server; with `If-Match` it is changed only while nobody else has changed it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use mltrack::{Change, Code, Document, Documents, Lsn, Tracker, WallTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::etag::{if_match, outdated, with_etag};
use super::moment::{Moment, time_text};
use super::page::{Page, answer, limit_of, lsn_number};
use super::registry::{AtAsk, ListAsk};
use super::registry_change::Removal;
use super::write_experiments::DryAsk;
use crate::blocking::blocking;
use crate::shared::Shared;

const KIND: &str = "view";
const NAME_LEN_MAX: usize = 256;
/// So many former versions are told of.
const EARLIER_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, delete))
}

/// What a view is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewView {
    /// What people call it.
    #[schema(required = true, min_length = 1, max_length = 256)]
    pub name: String,
    /// What it shows, in a form of the client's own.
    #[schema(value_type = Object)]
    pub content: Map<String, Value>,
}

/// A view.
#[derive(Debug, Serialize, ToSchema)]
pub struct View {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it shows, in a form of the client's own.
    #[schema(value_type = Object)]
    pub content: Map<String, Value>,
    /// Who made it.
    pub author: String,
    /// When.
    #[schema(format = DateTime)]
    pub created: String,
    /// Who changed it last.
    pub actor: String,
    /// When.
    #[schema(format = DateTime)]
    pub updated: String,
    /// The record that did: what `If-Match` compares.
    pub lsn: u64,
    /// What it was before, oldest first: `?at=` with a record shows it. The oldest of more than a hundred are not told.
    pub earlier: Vec<Version>,
}

/// What a view was at a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ViewVersion)]
pub struct Version {
    /// The record that made it so.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// Who did.
    pub actor: String,
}

/// What is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    schema: u32,
    name: String,
    content: Map<String, Value>,
    /// None while it is as it was made.
    author: Option<String>,
    earlier: Vec<Version>,
}

/// The views
#[utoipa::path(get, path = "/views", tag = "views", params(ListAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<View> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn list(State(shared): State<Shared>, Ask(ask): Ask<ListAsk>) -> Answer {
    blocking(move || {
        let limit = limit_of(ask.limit)?;
        let (views, lsn) = documents(shared.tracker(), ask.at.as_deref())?;
        let after = ask.cursor.as_deref();
        let mut found = views.list("", after, limit + 1)?;
        let is_more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().map(|view| view.id.to_string());
        let page = Page {
            next: last.filter(|_| is_more),
            items: found.iter().map(View::of).collect::<Answer<Vec<_>>>()?,
            total: views.count()? as u64,
            lsn: lsn_number(lsn),
            notes: Vec::new(),
        };
        answer(&page, &ask.fields)
    })
    .await
}

/// Make a view
#[utoipa::path(post, path = "/views", tag = "views", request_body = NewView,
    responses((status = 201, description = "it is made", body = View), Faults))]
async fn create(State(shared): State<Shared>, Body(asked): Body<NewView>) -> Answer {
    blocking(move || {
        check(&asked.name)?;
        let views = shared.tracker().documents(KIND);
        let id = format!("{:016x}", mltrack::door::random_u64());
        let stored = Stored {
            schema: 1,
            name: asked.name,
            content: asked.content,
            ..Stored::default()
        };
        views.put_if(&id, &text_of(&stored)?, mltrack::Expected::Absent)?;
        Ok((StatusCode::CREATED, told(&views, &id)?).into_response())
    })
    .await
}

/// A view
#[utoipa::path(get, path = "/views/{view}", tag = "views",
    params(("view" = String, Path, description = "its id"), AtAsk),
    responses((status = 200, description = "what it shows", body = View,
        headers(("etag", description = "the last record about it"))), Faults))]
async fn get(State(shared): State<Shared>, Path(id): Path<String>, Ask(ask): Ask<AtAsk>) -> Answer {
    blocking(move || {
        let (views, _) = documents(shared.tracker(), ask.at.as_deref())?;
        told(&views, &id)
    })
    .await
}

/// Make a view something else
#[utoipa::path(put, path = "/views/{view}", tag = "views", request_body = NewView,
    params(("view" = String, Path, description = "its id"),
        ("If-Match" = Option<String>, Header, description = "only while this is its ETag")),
    responses((status = 200, description = "as it is now", body = View), Faults))]
async fn replace(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<NewView>,
) -> Answer {
    let expected = if_match(&headers)?;
    blocking(move || {
        check(&asked.name)?;
        let views = shared.tracker().documents(KIND);
        let mut newest = None;
        let updated = views.update(&id, |known| {
            let known = known.ok_or_else(|| missing(&id))?;
            if expected.is_some_and(|expected| expected != known.lsn) {
                newest = Some(known.lsn);
                return Err(mltrack::Error::new(Code::Conflict, "it was changed"));
            }
            let mut stored = Stored::of(known)?;
            stored.author.get_or_insert_with(|| known.actor.to_string());
            stored.earlier.push(Version {
                lsn: known.lsn.get(),
                time: time_text(WallTime(known.time_ns)),
                actor: known.actor.to_string(),
            });
            let too_many = stored.earlier.len().saturating_sub(EARLIER_MAX);
            stored.earlier.drain(..too_many);
            stored.name.clone_from(&asked.name);
            stored.content.clone_from(&asked.content);
            Ok(Change::Put(text_of(&stored)?))
        });
        match (updated, newest) {
            (Err(_), Some(newest)) => Err(outdated(newest)),
            (updated, _) => {
                updated?;
                told(&views, &id)
            }
        }
    })
    .await
}

/// Remove a view
#[utoipa::path(delete, path = "/views/{view}", tag = "views",
    params(("view" = String, Path, description = "its id"), DryAsk),
    responses((status = 200, description = "what was done; undo takes it back", body = Removal), Faults))]
async fn delete(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    Ask(ask): Ask<DryAsk>,
) -> Answer<Json<Removal>> {
    blocking(move || {
        let views = shared.tracker().documents(KIND);
        views.get(&id)?.ok_or_else(|| missing(&id))?;
        Removal::of(id.clone(), ask.dry_run, || views.remove(&id)).map(Json)
    })
    .await
}

/// The views of a moment, and the record it is.
fn documents(tracker: &Tracker, at: Option<&str>) -> Answer<(Documents, Option<Lsn>)> {
    let views = tracker.documents(KIND);
    let moment = Moment::of(at)?;
    let lsn = super::moment::at!(tracker.experiments().limit(0), moment)
        .fetch()?
        .lsn;
    match (moment, lsn) {
        (Moment::Now, lsn) => Ok((views, lsn)),
        (_, Some(lsn)) => Ok((views.at(lsn), Some(lsn))),
        (_, None) => Err(Fault::missing("there was nothing in the store then")),
    }
}

fn check(name: &str) -> Answer<()> {
    let is_name = (1..=NAME_LEN_MAX).contains(&name.chars().count());
    if is_name && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "{name:?} is no name: a view's has 1 to {NAME_LEN_MAX} characters and no control characters"
    )))
}

fn missing(id: &str) -> mltrack::Error {
    mltrack::Error::new(Code::NotFound, format!("there is no view {id:?}"))
        .with_hint("GET /api/v1/views lists them")
}

fn text_of(stored: &Stored) -> mltrack::Result<String> {
    serde_json::to_string(stored)
        .map_err(|error| mltrack::Error::new(Code::InternalError, error.to_string()))
}

fn told(views: &Documents, id: &str) -> Answer<Response> {
    let known = views.get(id)?.ok_or_else(|| missing(id))?;
    let form = View::of(&known)?;
    Ok(with_etag(Json(form).into_response(), known.lsn))
}

impl Stored {
    fn of(known: &Document) -> mltrack::Result<Stored> {
        serde_json::from_str(&known.body).map_err(|error| {
            let what = format!(
                "the document {:?} of kind {KIND} is no view: {error}",
                known.id
            );
            mltrack::Error::new(Code::InvalidState, what).with_hint("remove it")
        })
    }
}

impl View {
    fn of(known: &Document) -> Answer<View> {
        let stored = Stored::of(known)?;
        let actor = known.actor.to_string();
        Ok(View {
            id: known.id.to_string(),
            name: stored.name,
            content: stored.content,
            author: stored.author.unwrap_or_else(|| actor.clone()),
            created: time_text(WallTime(known.created_time_ns)),
            actor,
            updated: time_text(WallTime(known.time_ns)),
            lsn: known.lsn.get(),
            earlier: stored.earlier,
        })
    }
}
