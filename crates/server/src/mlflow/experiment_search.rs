//! `experiments/search`.
//!
//! Invariant: how many runs an experiment has costs nothing here.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::endpoint;
use super::error::Answer;
use super::message::Message;
use super::paging::{View, offset, page_len, token, view};
use super::run_search::refused;
use super::wire::{answer, experiment_facts_json};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    let methods = get(search).post(search);
    endpoint(Router::new(), "/2.0/mlflow/experiments/search", methods)
}

async fn search(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || look(&shared, &fields)).await
}

#[derive(Serialize)]
struct Found<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    experiments: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

fn look(shared: &Shared, fields: &Fields) -> Answer<Response> {
    let view = view(fields, "view_type")?;
    let (offset, limit) = (offset(fields)?, page_len(fields, None, "experiments")?);
    let filter = fields.optional_text("filter")?.unwrap_or_default();
    let mut query = shared
        .tracker()
        .experiments()
        .mlflow_mode()
        .with_archived()
        .filter(filter)
        .offset(offset)
        .limit(limit);
    for order in fields.texts("order_by")? {
        query = query.order_by(order);
    }
    query = match view {
        View::Active => query,
        View::Deleted => query.only_deleted(),
        View::All => query.with_deleted(),
    };
    let page = query.fetch_facts().map_err(refused)?;
    let end = offset.saturating_add(page.items.len());
    let found = page.items.iter().map(experiment_facts_json);
    Ok(answer(&Found {
        experiments: found.collect(),
        next_page_token: (end < page.total).then(|| token(end)),
    }))
}
