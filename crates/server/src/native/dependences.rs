//! What runs took in and made, and links between things that people know of.
//!
//! Invariant: what a run took in is a fact of its history, so nothing here takes it back; a link can be.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mltrack::{EdgeKind, Link, RunId, Split, Tracker, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::artifacts::ArtifactForm;
use super::ask::{Ask, Body};
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, time_text};
use super::named;
use super::page::{LIMIT_MAX, Page, answer, limit_of};
use super::registry::ListAsk;
use super::registry_form::UseForm;
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(inputs, take_in))
        .routes(routes!(outputs))
        .routes(routes!(links, link, unlink))
}

/// What a run took in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inputs {
    /// The run.
    pub run: String,
    /// Versions of datasets, in the order of the log.
    pub datasets: Vec<UseForm>,
    /// Versions of models.
    pub models: Vec<UseForm>,
}

/// What a run is to have taken in: a version of a dataset or of a model.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewInput {
    /// A version of a dataset, such as `digits@v2`.
    pub dataset: Option<String>,
    /// What the run did with the dataset: `train`, `validation`, `test` or a word of its own; `train` when absent.
    pub split: Option<String>,
    /// A version of a model, such as `resnet@champion`.
    pub model: Option<String>,
}

/// What a run made.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outputs {
    /// The run.
    pub run: String,
    /// Its artifacts, at most a thousand; `GET /runs/{run}/artifacts` pages through all of them.
    pub artifacts: Vec<ArtifactForm>,
    /// How many artifacts it has.
    pub artifacts_total: u64,
    /// Versions of datasets, such as `digits@v2`.
    pub datasets: Vec<String>,
    /// Versions of models, such as `resnet@v7`.
    pub models: Vec<String>,
}

/// Something depends on something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkForm {
    /// Where data comes from.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// How.
    #[schema(value_type = EdgeName)]
    pub kind: EdgeKind,
    /// When it was linked.
    #[schema(format = DateTime)]
    pub time: String,
    /// The record that says so.
    pub lsn: u64,
    /// Who said so.
    pub actor: String,
}

/// Two things and how the second depends on the first.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LinkAsk {
    /// Where data comes from: `run:NAME`, `dataset:NAME@v3`, .., or `external:URI` of something outside of the store.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// How.
    #[param(inline)]
    pub kind: EdgeName,
}

/// How one thing depends on another.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = EdgeKind)]
#[serde(rename_all = "snake_case")]
pub enum EdgeName {
    /// The first holds the second.
    Contains,
    /// A dataset's version went into a run.
    UsesDataset,
    /// A model's version went into a run.
    UsesModel,
    /// An artifact went into a run.
    UsesArtifact,
    /// A run made the second.
    Produces,
    /// The second was made of the first.
    DerivedFrom,
    /// The second judges the first.
    Evaluates,
    /// The first is a step that made the second.
    Transforms,
    /// The second is the first run again.
    Reproduces,
}

/// What became of a link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Linked {
    /// Whether anything was done: a link that stands is not made again.
    pub changed: bool,
}

/// What a run took in
#[utoipa::path(get, path = "/runs/{run}/inputs", tag = "lineage",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "datasets and models", body = Inputs), Faults))]
async fn inputs(State(shared): State<Shared>, Path(name): Path<String>) -> Answer<Json<Inputs>> {
    blocking(move || {
        let (run, _) = named::run_at(shared.tracker(), &name, Moment::Now)?;
        inputs_of(shared.tracker(), run.id).map(Json)
    })
    .await
}

fn inputs_of(tracker: &Tracker, run: RunId) -> Answer<Inputs> {
    let datasets = tracker.datasets_of_run(run.key())?;
    let models = tracker.models_of_run(run.key())?;
    Ok(Inputs {
        run: run.to_string(),
        datasets: datasets.into_iter().map(UseForm::of_dataset).collect(),
        models: models.into_iter().map(UseForm::of_model).collect(),
    })
}

/// Say that a run took in a dataset or a model
#[utoipa::path(post, path = "/runs/{run}/inputs", tag = "lineage", request_body = NewInput,
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 201, description = "all that it took in", body = Inputs), Faults))]
async fn take_in(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Body(asked): Body<NewInput>,
) -> Answer<(StatusCode, Json<Inputs>)> {
    blocking(move || {
        let tracker = shared.tracker();
        let run = named::run_id(tracker, &name)?;
        match (asked.dataset, asked.model) {
            (Some(dataset), None) => {
                let split = asked.split.as_deref().unwrap_or("train");
                let split = Split::from(split);
                tracker.use_dataset(run, &dataset, &split)?;
            }
            (None, Some(model)) if asked.split.is_none() => {
                tracker.use_model(run, &model)?;
            }
            _ => {
                let what = "a run takes in a dataset, with a split, or a model";
                return Err(Fault::invalid(what).hint("send one call for each of them"));
            }
        }
        Ok((StatusCode::CREATED, Json(inputs_of(tracker, run)?)))
    })
    .await
}

/// What a run made
#[utoipa::path(get, path = "/runs/{run}/outputs", tag = "lineage",
    params(("run" = String, Path, description = "its id, the beginning of it, its name, or @last")),
    responses((status = 200, description = "artifacts, and versions of datasets and models", body = Outputs), Faults))]
async fn outputs(State(shared): State<Shared>, Path(name): Path<String>) -> Answer<Json<Outputs>> {
    blocking(move || {
        let tracker = shared.tracker();
        let (run, _) = named::run_at(tracker, &name, Moment::Now)?;
        let key = run.id.key();
        let artifacts = tracker.artifacts().run(run.id).limit(LIMIT_MAX as usize);
        let artifacts = artifacts.fetch()?;
        let mut datasets = Vec::new();
        for dataset in tracker.registry().datasets()?.items {
            let made = dataset.versions.iter().filter(|row| row.run == Some(key));
            datasets.extend(made.map(|row| format!("{}@v{}", dataset.name, row.number)));
        }
        let mut models = Vec::new();
        for model in tracker.registry().models()?.items {
            let made = model.versions.iter().filter(|row| row.run == Some(key));
            models.extend(made.map(|row| format!("{}@v{}", model.name, row.number)));
        }
        Ok(Json(Outputs {
            run: run.id.to_string(),
            artifacts_total: artifacts.total as u64,
            artifacts: artifacts
                .items
                .into_iter()
                .map(ArtifactForm::from)
                .collect(),
            datasets,
            models,
        }))
    })
    .await
}

/// The links that people made
#[utoipa::path(get, path = "/links", tag = "lineage", params(ListAsk),
    responses((status = 200, description = "a page of them", content(
        (Page<LinkForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn links(State(shared): State<Shared>, Ask(ask): Ask<ListAsk>) -> Answer {
    blocking(move || {
        let limit = limit_of(ask.limit)?;
        let tracker = shared.tracker();
        let moment = Moment::of(ask.at.as_deref())?;
        // The list tells which record it is as of, which a link's own moment cannot.
        let known = super::moment::at!(tracker.registry(), moment).datasets()?;
        let links = tracker.links(known.lsn)?;
        let place = (ask.cursor.as_deref(), limit);
        let page = Page::cut(links, LinkForm::from, known.lsn, place)?;
        answer(&page, &ask.fields)
    })
    .await
}

/// Say that something depends on something
#[utoipa::path(post, path = "/links", tag = "lineage", request_body = LinkAsk,
    responses((status = 200, description = "it stands", body = Linked), Faults))]
async fn link(State(shared): State<Shared>, Body(asked): Body<LinkAsk>) -> Answer<Json<Linked>> {
    blocking(move || {
        let tracker = shared.tracker();
        let (from, to) = (
            tracker.find_node(&asked.from)?,
            tracker.find_node(&asked.to)?,
        );
        let changed = tracker.link(&from, &to, asked.kind.into())?;
        Ok(Json(Linked { changed }))
    })
    .await
}

/// Take back that something depends on something
#[utoipa::path(delete, path = "/links", tag = "lineage", params(LinkAsk),
    responses((status = 200, description = "it does not stand; undo brings it back", body = Linked), Faults))]
async fn unlink(State(shared): State<Shared>, Ask(asked): Ask<LinkAsk>) -> Answer<Json<Linked>> {
    blocking(move || {
        let tracker = shared.tracker();
        let (from, to) = (
            tracker.find_node(&asked.from)?,
            tracker.find_node(&asked.to)?,
        );
        let changed = tracker.unlink(&from, &to, asked.kind.into())?;
        Ok(Json(Linked { changed }))
    })
    .await
}

impl From<Link> for LinkForm {
    fn from(link: Link) -> LinkForm {
        LinkForm {
            from: link.from.to_string(),
            to: link.to.to_string(),
            kind: link.kind,
            time: time_text(WallTime(link.at.time_ns)),
            lsn: link.at.lsn.get(),
            actor: link.actor,
        }
    }
}

impl From<EdgeName> for EdgeKind {
    fn from(name: EdgeName) -> EdgeKind {
        match name {
            EdgeName::Contains => EdgeKind::Contains,
            EdgeName::UsesDataset => EdgeKind::UsesDataset,
            EdgeName::UsesModel => EdgeKind::UsesModel,
            EdgeName::UsesArtifact => EdgeKind::UsesArtifact,
            EdgeName::Produces => EdgeKind::Produces,
            EdgeName::DerivedFrom => EdgeKind::DerivedFrom,
            EdgeName::Evaluates => EdgeKind::Evaluates,
            EdgeName::Transforms => EdgeKind::Transforms,
            EdgeName::Reproduces => EdgeKind::Reproduces,
        }
    }
}
