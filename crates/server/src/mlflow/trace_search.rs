//! Searching traces, in both versions of the wire.
//!
//! Invariants: what lacks what is ordered by comes last in both directions; then the newest first, then by id; a search
//! that asks nothing of the traces reads those of its page only.

use std::cmp::Ordering;
use std::sync::Arc;

use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mltrack::Document;
use serde_json::{Value, json};

use super::trace::{KIND, NAME_TAG, RUN_METADATA, Trace};
use super::trace_filter::TraceFilter;
use super::trace_table::Listed;
use super::wire::answer;
use super::{Answer, Message, MlflowError, Reason, assessment, experiments};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// Traces of one page, unless the request says otherwise.
const RESULTS_DEFAULT: i64 = 100;
/// No page has more.
const RESULTS_MAX: i64 = 500;
/// So many documents are read at once.
const CHUNK_COUNT: usize = 512;

pub(super) async fn search_v3(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let locations = fields
            .get("locations")
            .ok_or_else(|| MlflowError::required("locations"))?;
        let locations = locations.as_array().into_iter().flatten();
        let ids = locations
            .filter_map(|location| location["mlflow_experiment"]["experiment_id"].as_str());
        let page = page(&shared, &fields, &ids.collect::<Vec<_>>())?;
        let mut traces = Vec::new();
        for (id, trace) in &page.traces {
            traces.push(trace.info(id, assessment::of_trace(&shared, id)?));
        }
        Ok(answer(&page.body(traces)))
    })
    .await
}

pub(super) async fn search_v2(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let ids = fields.texts("experiment_ids")?;
        if ids.is_empty() {
            return Err(MlflowError::required("experiment_ids"));
        }
        let page = page(&shared, &fields, &ids)?;
        let traces = page.traces.iter().map(|(id, trace)| trace.info_v2(id));
        Ok(answer(&page.body(traces.collect())))
    })
    .await
}

struct Page {
    traces: Vec<(Arc<str>, Trace)>,
    next: Option<usize>,
}

impl Page {
    fn body(&self, traces: Vec<Value>) -> Value {
        let mut body = json!({});
        if !traces.is_empty() {
            body["traces"] = Value::Array(traces);
        }
        if let Some(next) = self.next {
            let token = json!({ "offset": next }).to_string();
            body["next_page_token"] = json!(BASE64_STANDARD.encode(token));
        }
        body
    }
}

fn page(shared: &Shared, fields: &Fields, asked: &[&str]) -> Answer<Page> {
    let limit = fields
        .optional_integer("max_results")?
        .unwrap_or(RESULTS_DEFAULT);
    if limit > RESULTS_MAX {
        return Err(MlflowError::invalid(format!(
            "Invalid value {limit} for parameter 'max_results' supplied:  Hint: Value was of type 'int'. See the API docs for more information about request parameters."
        )));
    }
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).ok_or_else(|| {
        MlflowError::invalid(format!(
            "Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer"
        ))
    })?;
    let token = fields
        .optional_text("page_token")?
        .filter(|token| !token.is_empty());
    let offset = token.map_or(Ok(0), offset)?;
    let filter = TraceFilter::of(fields.optional_text("filter")?.unwrap_or_default())?;
    let orders = orders(&fields.texts("order_by")?)?;
    let ids = asked.iter().map(|id| Ok(experiments::parse_id(id)?.0));
    let ids = ids.collect::<Answer<Vec<u64>>>()?;
    let listed = shared.traces().list(shared.tracker(), &ids)?;
    let end = offset.saturating_add(limit);
    let mut found = matching(shared, listed, &filter, &orders, end.saturating_add(1))?;
    let next = (found.len() > end).then_some(end);
    found.truncate(end);
    let wanted: Vec<&str> = found.iter().skip(offset).map(|id| &**id).collect();
    let read = shared.tracker().documents(KIND).get_many(&wanted)?;
    let traces = read
        .iter()
        .map(|document| Ok((Arc::clone(&document.id), Trace::of(document)?)));
    Ok(Page {
        traces: traces.collect::<Answer<_>>()?,
        next,
    })
}

/// The ids of the first `count` traces that are asked for, in order.
fn matching(
    shared: &Shared,
    listed: Vec<Listed>,
    filter: &TraceFilter,
    orders: &[Order],
    count: usize,
) -> Answer<Vec<Arc<str>>> {
    if filter.is_empty() && orders.is_empty() {
        return Ok(listed
            .into_iter()
            .take(count)
            .map(|listed| listed.id)
            .collect());
    }
    let documents = shared.tracker().documents(KIND);
    let mut found: Vec<(Vec<Option<Key>>, Arc<str>)> = Vec::new();
    for part in listed.chunks(CHUNK_COUNT) {
        let ids: Vec<&str> = part.iter().map(|listed| &*listed.id).collect();
        for document in documents.get_many(&ids)? {
            let trace = Trace::of(&document)?;
            if filter.holds(shared, &document.id, &trace)? {
                let keys = orders.iter().map(|order| order.key(&document, &trace));
                found.push((keys.collect(), document.id));
            }
        }
        if orders.is_empty() && found.len() >= count {
            break;
        }
    }
    // The list was in the order that decides between equals, and this sort keeps it.
    found.sort_by(|(one, _), (two, _)| {
        let pairs = orders.iter().zip(one.iter().zip(two));
        pairs.fold(Ordering::Equal, |ordering, (order, (one, two))| {
            ordering.then_with(|| order.compare(one.as_ref(), two.as_ref()))
        })
    });
    Ok(found.into_iter().take(count).map(|(_, id)| id).collect())
}

/// What traces are ordered by.
#[derive(Debug, PartialEq)]
struct Order {
    by: By,
    is_ascending: bool,
}

#[derive(Debug, PartialEq)]
enum By {
    Begin,
    Duration,
    End,
    Experiment,
    Status,
    Id,
    Tag(String),
    Metadata(String),
}

#[derive(Debug, PartialEq, PartialOrd)]
enum Key {
    Number(i64),
    Text(String),
}

impl Order {
    fn key(&self, document: &Document, trace: &Trace) -> Option<Key> {
        let text = |text: &str| Some(Key::Text(text.to_owned()));
        match &self.by {
            By::Begin => Some(Key::Number(trace.request_time_ms)),
            By::Duration => trace.execution_ms.map(Key::Number),
            By::End => Some(Key::Number(
                trace.request_time_ms + trace.execution_ms.unwrap_or(0),
            )),
            By::Experiment => i64::try_from(trace.experiment_id).ok().map(Key::Number),
            By::Status => text(&trace.state),
            By::Id => text(&document.id),
            By::Tag(key) => trace.tags.get(key).and_then(|value| text(value)),
            By::Metadata(key) => trace.metadata.get(key).and_then(|value| text(value)),
        }
    }

    fn compare(&self, one: Option<&Key>, two: Option<&Key>) -> Ordering {
        match (one, two) {
            (Some(one), Some(two)) => {
                let ordering = one.partial_cmp(two).unwrap_or(Ordering::Equal);
                if self.is_ascending {
                    ordering
                } else {
                    ordering.reverse()
                }
            }
            (one, two) => one.is_none().cmp(&two.is_none()),
        }
    }
}

fn orders(texts: &[&str]) -> Answer<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for text in texts {
        let order = order(text)?;
        if orders.iter().any(|known| known.by == order.by) {
            let what = format!("`order_by` contains duplicate fields: {texts:?}");
            return Err(MlflowError::new(Reason::InternalError, what));
        }
        orders.push(order);
    }
    Ok(orders)
}

fn order(text: &str) -> Answer<Order> {
    let text = text.trim();
    let (field, is_ascending) = match text.rsplit_once(char::is_whitespace) {
        Some((field, way)) if way.eq_ignore_ascii_case("asc") => (field.trim(), true),
        Some((field, way)) if way.eq_ignore_ascii_case("desc") => (field.trim(), false),
        Some(_) if !text.contains('`') && !text.contains('"') => {
            return Err(MlflowError::invalid(format!(
                "Invalid order_by clause '{text}'. Could not be parsed."
            )));
        }
        _ => (text, true),
    };
    let (entity, key) = field.split_once('.').unwrap_or(("attribute", field));
    let key = key.trim_matches(['`', '"']);
    let by = match entity {
        "tag" | "tags" => By::Tag(key.to_owned()),
        "metadata" | "request_metadata" => By::Metadata(key.to_owned()),
        "attribute" | "attributes" | "trace" => attribute(key)?,
        other => {
            return Err(MlflowError::invalid(format!(
                "Invalid identifier type '{other}'"
            )));
        }
    };
    Ok(Order { by, is_ascending })
}

fn attribute(key: &str) -> Answer<By> {
    Ok(match key {
        "timestamp" | "timestamp_ms" => By::Begin,
        "execution_time" | "execution_time_ms" => By::Duration,
        "end_time" | "end_time_ms" => By::End,
        "experiment_id" => By::Experiment,
        "status" => By::Status,
        "request_id" => By::Id,
        "name" => By::Tag(NAME_TAG.to_owned()),
        "run_id" => By::Metadata(RUN_METADATA.to_owned()),
        other => {
            return Err(MlflowError::invalid(format!(
                "Invalid attribute key '{other}' specified. Valid keys are '{{'end_time', 'end_time_ms', 'execution_time', 'execution_time_ms', 'experiment_id', 'name', 'request_id', 'run_id', 'status', 'timestamp', 'timestamp_ms'}}'"
            )));
        }
    })
}

/// Where a page begins, from the token of the page before it.
fn offset(token: &str) -> Answer<usize> {
    let bad = |what: &str| MlflowError::invalid(format!("Invalid page token, {what}"));
    let bytes = BASE64_STANDARD
        .decode(token)
        .map_err(|_| bad("could not base64-decode"))?;
    let known: Value = serde_json::from_slice(&bytes).map_err(|_| bad("could not json-decode"))?;
    let offset = known["offset"]
        .as_u64()
        .ok_or_else(|| bad("it has no offset"))?;
    usize::try_from(offset).map_err(|_| bad("its offset is too large"))
}
