//! Datasets, models, and what depends on what.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{LineageEdge, LineageGraph, LineageNode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::etag::{tag_of, with_tag};
use super::moment::{Moment, at, time_text};
use super::page::{Page, answer, limit_of, limit_within, lsn_number};
use super::registry_form::{DatasetForm, ModelForm, UseForm, WithUses};
use crate::blocking::blocking;
use crate::shared::Shared;

/// How many steps of a lineage are told when the question does not say.
const NODES_USUAL: u32 = 1_000;
const NODES_MAX: u32 = 10_000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(datasets))
        .routes(routes!(dataset))
        .routes(routes!(models))
        .routes(routes!(model))
        .routes(routes!(lineage))
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAsk {
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

/// As of when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtAsk {
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Which way, and how far.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LineageAsk {
    /// What it was made of, what was made of it, or both.
    #[param(inline)]
    pub direction: Option<LineageDirection>,
    /// At most so many steps away.
    #[param(maximum = 10_000)]
    pub depth: Option<u32>,
    /// At most so many things.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    pub limit: Option<u32>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
}

/// Which way to go.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineageDirection {
    /// What it was made of.
    Up,
    /// What was made of it.
    Down,
    /// Both.
    #[default]
    Both,
}

/// Things and what depends on what.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lineage {
    /// The things; the first is the one that was asked about.
    pub nodes: Vec<Node>,
    /// What depends on what, by places in `nodes`, in the direction in which data goes.
    pub edges: Vec<Edge>,
    /// Whether there is more than was told.
    pub is_cut: bool,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// A thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Node {
    /// Its name in questions.
    #[serde(rename = "node")]
    pub reference: String,
    /// What it is: `run`, `dataset_version`, ..
    pub kind: &'static str,
    /// Its name for people.
    pub name: String,
    /// Whether it is `present`, `deleted`, `removed` or `gone`.
    pub state: &'static str,
    /// When it came to be; null where nobody knows.
    #[schema(format = DateTime)]
    pub created: Option<String>,
    /// How many steps away it is.
    pub depth: u32,
}

/// One thing depends on another.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edge {
    /// The place of what data comes from.
    pub from: usize,
    /// The place of where it goes.
    pub to: usize,
    /// How: `uses_dataset`, `produces`, ..
    pub kind: &'static str,
    /// More about it.
    pub note: String,
}

/// The datasets
#[utoipa::path(get, path = "/datasets", tag = "datasets", params(ListAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<DatasetForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn datasets(State(shared): State<Shared>, Ask(ask): Ask<ListAsk>) -> Answer {
    blocking(move || {
        let registry = at!(shared.tracker().registry(), Moment::of(ask.at.as_deref())?);
        let page = registry.datasets()?;
        let place = (ask.cursor.as_deref(), limit_of(ask.limit)?);
        let page = Page::cut(page.items, DatasetForm::new, page.lsn, place)?;
        answer(&page, &ask.fields)
    })
    .await
}

/// A dataset
#[utoipa::path(get, path = "/datasets/{dataset}", tag = "datasets",
    params(("dataset" = String, Path, description = "its name, or a version such as digits@v2"), AtAsk),
    responses((status = 200, description = "with who took it in", body = WithUses<DatasetForm>,
        headers(("etag", description = "what is told of it, as If-Match compares it"))), Faults))]
async fn dataset(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<AtAsk>,
) -> Answer {
    blocking(move || {
        let registry = at!(shared.tracker().registry(), Moment::of(ask.at.as_deref())?);
        let found = registry.dataset(&name)?;
        let item = DatasetForm::new(found.item);
        let tag = tag_of(&item);
        let answer = WithUses {
            item,
            picked: found.picked,
            uses: found.uses.into_iter().map(UseForm::of_dataset).collect(),
            lsn: lsn_number(found.lsn),
        };
        Ok(with_tag(&answer, &tag))
    })
    .await
}

/// The models
#[utoipa::path(get, path = "/models", tag = "models", params(ListAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<ModelForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn models(State(shared): State<Shared>, Ask(ask): Ask<ListAsk>) -> Answer {
    blocking(move || {
        let registry = at!(shared.tracker().registry(), Moment::of(ask.at.as_deref())?);
        let page = registry.models()?;
        let place = (ask.cursor.as_deref(), limit_of(ask.limit)?);
        let page = Page::cut(page.items, ModelForm::new, page.lsn, place)?;
        answer(&page, &ask.fields)
    })
    .await
}

/// A model
#[utoipa::path(get, path = "/models/{model}", tag = "models",
    params(("model" = String, Path, description = "its name, or a version such as resnet@champion"), AtAsk),
    responses((status = 200, description = "with who took it in", body = WithUses<ModelForm>,
        headers(("etag", description = "what is told of it, as If-Match compares it"))), Faults))]
async fn model(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Ask(ask): Ask<AtAsk>,
) -> Answer {
    blocking(move || {
        let registry = at!(shared.tracker().registry(), Moment::of(ask.at.as_deref())?);
        let found = registry.model(&name)?;
        let item = ModelForm::new(found.item);
        let tag = tag_of(&item);
        let answer = WithUses {
            item,
            picked: found.picked,
            uses: found.uses.into_iter().map(UseForm::of_model).collect(),
            lsn: lsn_number(found.lsn),
        };
        Ok(with_tag(&answer, &tag))
    })
    .await
}

/// What a thing was made of, and what was made of it
#[utoipa::path(get, path = "/lineage/{node}", tag = "lineage",
    params(("node" = String, Path, description = "run:NAME, dataset:NAME@v3, model:NAME@ALIAS, exp:NAME, .."), LineageAsk),
    responses((status = 200, description = "things, and what depends on what", body = Lineage), Faults))]
async fn lineage(
    State(shared): State<Shared>,
    Path(node): Path<String>,
    Ask(ask): Ask<LineageAsk>,
) -> Answer<Json<Lineage>> {
    blocking(move || {
        let limit = limit_within(ask.limit.unwrap_or(NODES_USUAL), NODES_MAX)?;
        let mut query = shared.tracker().lineage(&node)?.limit(limit);
        query = match ask.direction.unwrap_or_default() {
            LineageDirection::Up => query.up(),
            LineageDirection::Down => query.down(),
            LineageDirection::Both => query.up().down(),
        };
        if let Some(depth) = ask.depth {
            if depth > NODES_MAX {
                let text = format!("depth is {depth}, and {NODES_MAX} is the most");
                return Err(Fault::invalid(text).hint("leave it out for all there is"));
            }
            query = query.depth(depth);
        }
        Ok(Json(
            at!(query, Moment::of(ask.at.as_deref())?).fetch()?.into(),
        ))
    })
    .await
}

impl From<LineageGraph> for Lineage {
    fn from(graph: LineageGraph) -> Lineage {
        Lineage {
            nodes: graph.nodes.into_iter().map(Node::from).collect(),
            edges: graph.edges.into_iter().map(Edge::from).collect(),
            is_cut: graph.is_cut,
            lsn: lsn_number(graph.lsn),
        }
    }
}

impl From<LineageNode> for Node {
    fn from(node: LineageNode) -> Node {
        Node {
            reference: node.node.to_string(),
            kind: node.kind.name(),
            name: node.name,
            state: node.state.name(),
            created: node.created.map(time_text),
            depth: node.depth,
        }
    }
}

impl From<LineageEdge> for Edge {
    fn from(edge: LineageEdge) -> Edge {
        Edge {
            from: edge.from,
            to: edge.to,
            kind: edge.kind.name(),
            note: edge.note,
        }
    }
}
