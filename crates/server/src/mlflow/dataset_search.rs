//! `experiments/search-datasets`, and what filters of runs look at: the data sets that runs took in.
//!
//! Invariant: what a client said about an input is what it finds, word for word.

use std::collections::{BTreeSet, HashSet};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use mltrack::{ExperimentId, RunId, TakenDataset, Tracker};
use serde::{Deserialize, Serialize};

use super::endpoint;
use super::error::{Answer, MlflowError};
use super::inputs::{CONTEXT, INPUT};
use super::message::Message;
use super::paging::experiment_ids;
use super::wire::answer;
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// So many documents are looked at before the next are fetched: each can be megabytes long.
const CHUNK_LEN: usize = 256;
const EXPERIMENTS_MAX: usize = 20;
const FOUND_MAX: usize = 1000;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    endpoint(
        Router::new(),
        "/2.0/mlflow/experiments/search-datasets",
        post(search),
    )
}

async fn search(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || look(shared.tracker(), &fields)).await
}

#[derive(Deserialize)]
struct Input {
    dataset: Dataset,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Dataset {
    name: String,
    #[serde(default)]
    digest: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

/// Every data set that a client said some run takes in, in the order of the runs' ids.
pub fn taken(tracker: &Tracker) -> Answer<Vec<TakenDataset>> {
    let documents = tracker.documents(INPUT);
    let (mut taken, mut last) = (Vec::new(), None::<String>);
    loop {
        let found = documents.list("", last.as_deref(), CHUNK_LEN)?;
        let Some(end) = found.last().map(|document| document.id.to_string()) else {
            return Ok(taken);
        };
        taken.extend(found.iter().filter_map(|document| {
            let run = document.id.split('/').next()?.parse().ok()?;
            let input: Input = serde_json::from_str(&document.body).ok()?;
            let mut tags = input.tags.into_iter();
            let context = tags.find(|tag| tag.key == CONTEXT);
            Some(TakenDataset {
                run,
                name: input.dataset.name,
                digest: input.dataset.digest,
                context: context.map(|tag| tag.value).unwrap_or_default(),
            })
        }));
        last = Some(end);
    }
}

#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_summaries: Vec<Summary>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Summary {
    experiment_id: String,
    name: String,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
}

fn look(tracker: &Tracker, fields: &Fields) -> Answer<Response> {
    let asked = fields.texts("experiment_ids")?.len();
    if asked == 0 {
        let what = "SearchDatasets request must specify at least one experiment_id.";
        return Err(MlflowError::invalid(what));
    }
    if asked > EXPERIMENTS_MAX {
        return Err(MlflowError::invalid(format!(
            "SearchDatasets request cannot specify more than {EXPERIMENTS_MAX} experiment_ids. Received {asked} experiment_ids."
        )));
    }
    let mut found: BTreeSet<Summary> = BTreeSet::new();
    let said = taken(tracker)?;
    for experiment in experiment_ids(fields)? {
        let runs = tracker.runs().experiment_ids([experiment]).with_deleted();
        let runs: HashSet<RunId> = runs.fetch_ids()?.items.into_iter().collect();
        let here = said.iter().filter(|taken| runs.contains(&taken.run));
        found.extend(here.map(|taken| summary(experiment, taken)));
    }
    Ok(answer(&Found {
        dataset_summaries: found.into_iter().take(FOUND_MAX).collect(),
    }))
}

fn summary(experiment: ExperimentId, taken: &TakenDataset) -> Summary {
    Summary {
        experiment_id: experiment.to_string(),
        name: taken.name.clone(),
        digest: taken.digest.clone(),
        context: Some(taken.context.clone()).filter(|context| !context.is_empty()),
    }
}
