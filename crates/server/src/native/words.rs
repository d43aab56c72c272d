//! `/api/v1/search`: where in the store some words are, whatever they are written on.
//!
//! Invariant: what is found is what `mltrack search` finds, in the same order.

use axum::extract::State;
use mltrack::{WordHit, WordHitKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Faults};
use super::moment::{Moment, at};
use super::page::{Page, answer, limit_of};
use crate::blocking::blocking;
use crate::shared::Shared;

/// So many runs are named of what many have.
const RUNS_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Which words.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordsAsk {
    /// Words that all have to be there, with blanks between them, in any case.
    pub words: String,
    /// Only things of these kinds.
    #[serde(default)]
    #[param(inline)]
    pub kind: Vec<KindName>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// The next page: what the page before named as `next`.
    pub cursor: Option<String>,
    /// Only these members of each, with commas between them.
    #[serde(default)]
    pub fields: Vec<String>,
}

/// What can be found.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindName {
    /// An experiment.
    Experiment,
    /// A run.
    Run,
    /// A parameter, whichever runs have it.
    Param,
    /// A tag, whichever runs have it.
    Tag,
    /// A metric, whichever runs have it.
    Metric,
    /// A note on a run.
    Note,
    /// A dataset.
    Dataset,
    /// A model.
    Model,
    /// An artifact of a run, in its newest version.
    Artifact,
}

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Found)]
pub struct FoundForm {
    /// What it is.
    pub kind: KindName,
    /// Of the thing itself, and of a note its run's; parameters, tags and metrics have none.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// What more is said of it: a value, a description, a state, a note's text, which version.
    pub value: Option<String>,
    /// The experiment it belongs to, or is.
    pub experiment: Option<String>,
    /// How many runs have it, took it in, are in it, or are it.
    pub run_count: u64,
    /// The first hundred of those runs, newest first.
    pub runs: Vec<String>,
}

/// Find words in experiments, runs, parameters, tags, metrics, notes, datasets, models and artifacts
#[utoipa::path(get, path = "/search", tag = "store", params(WordsAsk),
    responses((status = 200, description = "by kind, and by name", content(
        (Page<FoundForm> = "application/json"),
        (serde_json::Value = "application/vnd.mltrack.parts+json"),
    )), Faults))]
async fn search(State(shared): State<Shared>, Ask(ask): Ask<WordsAsk>) -> Answer {
    blocking(move || {
        let limit = limit_of(ask.limit)?;
        let mut query = shared.tracker().find_words(&ask.words);
        if !ask.kind.is_empty() {
            query = query.kinds(ask.kind.iter().map(|kind| WordHitKind::from(*kind)));
        }
        let found = at!(query, Moment::of(ask.at.as_deref())?).fetch()?;
        let place = (ask.cursor.as_deref(), limit);
        let page = Page::cut(found.items, FoundForm::from, found.lsn, place)?;
        answer(&page, &ask.fields)
    })
    .await
}

impl From<KindName> for WordHitKind {
    fn from(name: KindName) -> WordHitKind {
        match name {
            KindName::Experiment => WordHitKind::Experiment,
            KindName::Run => WordHitKind::Run,
            KindName::Param => WordHitKind::Param,
            KindName::Tag => WordHitKind::Tag,
            KindName::Metric => WordHitKind::Metric,
            KindName::Note => WordHitKind::Note,
            KindName::Dataset => WordHitKind::Dataset,
            KindName::Model => WordHitKind::Model,
            KindName::Artifact => WordHitKind::Artifact,
        }
    }
}

impl From<WordHitKind> for KindName {
    fn from(kind: WordHitKind) -> KindName {
        match kind {
            WordHitKind::Experiment => KindName::Experiment,
            WordHitKind::Run => KindName::Run,
            WordHitKind::Param => KindName::Param,
            WordHitKind::Tag => KindName::Tag,
            WordHitKind::Metric => KindName::Metric,
            WordHitKind::Note => KindName::Note,
            WordHitKind::Dataset => KindName::Dataset,
            WordHitKind::Model => KindName::Model,
            WordHitKind::Artifact => KindName::Artifact,
        }
    }
}

impl From<WordHit> for FoundForm {
    fn from(found: WordHit) -> FoundForm {
        let runs = found.runs.iter().take(RUNS_MAX);
        FoundForm {
            kind: found.kind.into(),
            id: found.id,
            name: found.name,
            value: found.value,
            experiment: found.experiment,
            run_count: found.runs.len() as u64,
            runs: runs.map(ToString::to_string).collect(),
        }
    }
}
