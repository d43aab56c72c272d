//! `runs/search`.
//!
//! Invariants: the store is asked which runs are meant before any of them is copied, and they are copied and written a
//! few at a time, so that a long page neither fills the memory nor holds up who logs meanwhile.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error as _;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use mltrack::{ExperimentId, FilterError, RunId, RunSummary};

use super::dataset_search::{INPUT, taken};
use super::endpoint;
use super::error::{Answer, MlflowError, Reason};
use super::inputs;
use super::message::Message;
use super::paging::{View, experiment_ids, offset, page_len, token, view};
use super::wire::{artifact_location, artifact_uri, run_json};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// So many runs are on a page when nobody says.
const PAGE_LEN: i64 = 1000;
/// The kind of the documents that keep models which runs took in or gave out.
const MODEL_IO: &str = "mlflow.model_io";
/// So many runs are copied and written at a time.
const CHUNK_LEN: usize = 100;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    endpoint(Router::new(), "/2.0/mlflow/runs/search", post(search))
}

async fn search(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let asked = Asked::of(&fields)?;
    let body = blocking(move || asked.answer(&shared)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// What is asked.
struct Asked {
    experiments: Vec<ExperimentId>,
    filter: String,
    orders: Vec<String>,
    view: View,
    offset: usize,
    limit: usize,
}

impl Asked {
    fn of(fields: &Fields) -> Answer<Asked> {
        let orders = fields.texts("order_by")?;
        Ok(Asked {
            experiments: experiment_ids(fields)?,
            filter: fields
                .optional_text("filter")?
                .unwrap_or_default()
                .to_owned(),
            orders: orders.into_iter().map(str::to_owned).collect(),
            view: view(fields, "run_view_type")?,
            offset: offset(fields)?,
            limit: page_len(fields, Some(PAGE_LEN))?,
        })
    }

    fn answer(self, shared: &Shared) -> Answer<Vec<u8>> {
        let tracker = shared.tracker();
        let (offset, limit) = (self.offset, self.limit);
        // Data sets are looked up only where they can be meant: a name that contains the word costs no more than time.
        let datasets = if self.filter.contains("dataset") {
            taken(tracker)?
        } else {
            Vec::new()
        };
        let mut query = tracker
            .runs()
            .mlflow_mode()
            .experiment_ids(self.experiments)
            .filter(self.filter)
            .datasets(datasets)
            .artifact_uris(uri)
            .offset(offset)
            .limit(limit);
        for order in self.orders {
            query = query.order_by(order);
        }
        query = match self.view {
            View::Active => query,
            View::Deleted => query.only_deleted(),
            View::All => query.with_deleted(),
        };
        let page = query.fetch_ids().map_err(refused)?;
        let end = offset.saturating_add(page.items.len());
        let next = (end < page.total).then(|| token(end));
        Page::new(shared)?.write(&page.items, next.as_deref())
    }
}

/// Where a run's artifacts are.
fn uri(run: RunId, experiment: ExperimentId, tags: &BTreeMap<String, String>) -> String {
    artifact_uri(&artifact_location(experiment, tags), &run.to_string())
}

/// An error of a search: what is wrong with the question, in the words that clients know, and nothing else.
pub fn refused(error: mltrack::Error) -> MlflowError {
    let Some(wrong) = error
        .source()
        .and_then(|source| source.downcast_ref::<FilterError>())
    else {
        return error.into();
    };
    let message = wrong.message();
    if message.ends_with("contains duplicate fields") {
        return MlflowError::new(Reason::InternalError, message);
    }
    MlflowError::invalid(message)
}

/// A page of runs that is being written.
struct Page<'a> {
    shared: &'a Shared,
    body: Vec<u8>,
    /// Whether any run took in or gave out something that is kept beside it. Mostly none did.
    has_io: bool,
    /// Where the artifacts of experiments are.
    locations: BTreeMap<ExperimentId, String>,
}

impl<'a> Page<'a> {
    fn new(shared: &'a Shared) -> Answer<Page<'a>> {
        let count = |kind| shared.tracker().documents(kind).count();
        Ok(Page {
            shared,
            body: Vec::new(),
            has_io: count(INPUT)? + count(MODEL_IO)? > 0,
            locations: BTreeMap::new(),
        })
    }

    fn write(mut self, ids: &[RunId], next: Option<&str>) -> Answer<Vec<u8>> {
        if ids.is_empty() {
            return Ok(b"{}".to_vec());
        }
        self.body.extend(b"{\"runs\":[");
        for chunk in ids.chunks(CHUNK_LEN) {
            for run in self.shared.tracker().run_summaries(chunk)? {
                self.run(&run)?;
            }
        }
        if self.body.last() == Some(&b',') {
            self.body.pop();
        }
        self.body.push(b']');
        if let Some(next) = next {
            self.body.extend(b",\"next_page_token\":\"");
            self.body.extend(next.as_bytes());
            self.body.push(b'"');
        }
        self.body.push(b'}');
        Ok(self.body)
    }

    fn run(&mut self, run: &RunSummary) -> Answer<()> {
        let location = match self.locations.entry(run.experiment) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let facts = self.shared.tracker().experiment_facts(run.experiment)?;
                place.insert(artifact_location(run.experiment, &facts.tags))
            }
        };
        let known = if self.has_io {
            inputs::of_run(self.shared, run.id)?
        } else {
            inputs::Known::default()
        };
        let run = run_json(run, location, known.io());
        serde_json::to_writer(&mut self.body, &run).expect("a run has a JSON form");
        self.body.push(b',');
        Ok(())
    }
}
