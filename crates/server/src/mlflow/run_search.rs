//! `runs/search`.
//!
//! Invariants: the store is asked which runs are meant before any of them is copied, and they are copied and written a
//! few at a time, so that a long page neither fills the memory nor holds up who logs meanwhile.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error as _;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::post;
use futures_util::{StreamExt as _, stream};
use mltrack::{ExperimentId, FilterError, RunId, RunSummary};

use super::dataset_search::taken;
use super::endpoint;
use super::error::{Answer, MlflowError, Reason};
use super::inputs::{self, INPUT, MODEL_IO};
use super::message::Message;
use super::paging::{View, experiment_ids, offset, page_len, token, view};
use super::wire::{artifact_location, artifact_uri, run_json};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// So many runs are on a page when nobody says.
const PAGE_LEN: i64 = 1000;
/// So many runs are answered at once; longer pages are written while they are sent.
const WHOLE_MAX: usize = 1000;
/// So many runs are copied and written at a time.
const CHUNK_LEN: usize = 100;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    endpoint(Router::new(), "/2.0/mlflow/runs/search", post(search))
}

async fn search(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let asked = Asked::of(&fields)?;
    let (first, page) = blocking(move || {
        let mut page = asked.answer(&shared)?;
        Answer::Ok((page.piece(WHOLE_MAX)?, page))
    })
    .await?;
    let kind = [(CONTENT_TYPE, "application/json")];
    if page.is_done() {
        return Ok((kind, first).into_response());
    }
    let first = stream::once(async { Ok(Bytes::from(first)) });
    let rest = stream::unfold(page, |mut page| async {
        if page.is_done() {
            return None;
        }
        let (piece, page) = blocking(move || (page.piece(CHUNK_LEN), page)).await;
        // The answer has begun, so all that can be said of an error now is that it broke off.
        let piece = piece.map(Bytes::from).map_err(|_| "the list broke off");
        Some((piece, page))
    });
    Ok((kind, Body::from_stream(first.chain(rest))).into_response())
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
            limit: page_len(fields, Some(PAGE_LEN), "runs")?,
        })
    }

    fn answer(self, shared: &Shared) -> Answer<Page> {
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
        Page::new(shared, page.items, next)
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
    if message.starts_with("`order_by` contains duplicate fields") {
        return MlflowError::new(Reason::InternalError, message);
    }
    MlflowError::invalid(message)
}

/// A page of runs that is being written.
struct Page {
    shared: Shared,
    ids: Vec<RunId>,
    /// How many of them are written.
    done: usize,
    next: Option<String>,
    text: Vec<u8>,
    /// Whether any run took in or gave out something that is kept beside it. Mostly none did.
    has_io: bool,
    /// Where the artifacts of experiments are.
    locations: BTreeMap<ExperimentId, String>,
}

impl Page {
    fn new(shared: &Shared, ids: Vec<RunId>, next: Option<String>) -> Answer<Page> {
        let count = |kind| shared.tracker().documents(kind).count();
        Ok(Page {
            ids,
            done: 0,
            next,
            text: Vec::new(),
            has_io: count(INPUT)? + count(MODEL_IO)? > 0,
            locations: BTreeMap::new(),
            shared: shared.clone(),
        })
    }

    fn is_done(&self) -> bool {
        self.done == self.ids.len()
    }

    /// The text of so many further runs, with what stands before the first and behind the last.
    fn piece(&mut self, count: usize) -> Answer<Vec<u8>> {
        if self.ids.is_empty() {
            return Ok(b"{}".to_vec());
        }
        let mut is_first = self.done == 0;
        if is_first {
            self.text.extend(b"{\"runs\":[");
        }
        let end = self.done.saturating_add(count).min(self.ids.len());
        while self.done < end {
            let chunk = self.done..end.min(self.done + CHUNK_LEN);
            self.done = chunk.end;
            for run in self.shared.tracker().run_summaries(&self.ids[chunk])? {
                if !std::mem::take(&mut is_first) {
                    self.text.push(b',');
                }
                self.run(&run)?;
            }
        }
        if self.is_done() {
            self.text.push(b']');
            if let Some(next) = &self.next {
                self.text.extend(b",\"next_page_token\":\"");
                self.text.extend(next.as_bytes());
                self.text.push(b'"');
            }
            self.text.push(b'}');
        }
        Ok(std::mem::take(&mut self.text))
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
            inputs::of_run(&self.shared, run.id)?
        } else {
            inputs::Known::default()
        };
        let run = run_json(run, location, known.io());
        serde_json::to_writer(&mut self.text, &run).expect("a run has a JSON form");
        Ok(())
    }
}
