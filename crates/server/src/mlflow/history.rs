//! `metrics/get-history`: every point of a metric, or a page of them.
//!
//! Invariants: a run that is not there has no points, which is no error; a long answer is written piece by piece while it
//! is sent, so that its text is never in memory as a whole.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use mltrack::RunId;

use super::endpoint;
use super::error::{Answer, MlflowError};
use super::kept_histories::Page;
use super::message::Message;
use super::paging::{offset, token};
use super::points::{WirePoint, points};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// Points that are written at a time: about a megabyte of text.
const PIECE_LEN: usize = 12_000;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    endpoint(
        Router::new(),
        "/2.0/mlflow/metrics/get-history",
        get(history),
    )
}

async fn history(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let run = run_id(&fields)?.to_owned();
    let key = fields.text("metric_key")?.to_owned();
    let limit = match fields.optional_integer("max_results")? {
        Some(asked) if asked <= 0 => {
            return Err(MlflowError::invalid(format!(
                "Invalid value {asked} for parameter 'max_results' supplied. It must be a positive integer."
            )));
        }
        asked => asked.map_or(usize::MAX, |asked| asked as usize),
    };
    let offset = offset(&fields)?;
    let Ok(run) = run.parse::<RunId>() else {
        return Ok(body(Vec::new(), &key, None));
    };
    let name = key.clone();
    let page = blocking(move || page(&shared, (run, &name), (offset, limit))).await?;
    Ok(body(page.points, &key, page.next.map(token)))
}

/// All points at once are read and written once; who reads pages comes again.
fn page(shared: &Shared, of: (RunId, &str), (offset, limit): (usize, usize)) -> Answer<Page> {
    if (offset, limit) != (0, usize::MAX) {
        let kept = shared.histories();
        return kept.page(shared.tracker(), of, (offset, limit));
    }
    Ok(Page {
        points: points(shared.tracker(), of.0, of.1, WirePoint::by_time)?,
        next: None,
    })
}

/// The run that is asked for, by either of the names the field has.
pub fn run_id(fields: &Fields) -> Answer<&str> {
    for name in ["run_id", "run_uuid"] {
        if let Some(run) = fields.optional_text(name)?.filter(|run| !run.is_empty()) {
            return Ok(run);
        }
    }
    Err(MlflowError::required("run_id"))
}

/// The answer with these points.
fn body(points: Vec<WirePoint>, key: &str, next: Option<String>) -> Response {
    let kind = [(CONTENT_TYPE, "application/json")];
    if points.is_empty() {
        return (kind, "{}").into_response();
    }
    let lead = lead(key);
    if points.len() <= PIECE_LEN {
        let mut text = b"{\"metrics\":[".to_vec();
        write_points(&mut text, &points, &lead, b"");
        close(&mut text, next.as_deref());
        return (kind, text).into_response();
    }
    let mut begun = 0;
    let pieces = std::iter::from_fn(move || {
        if begun >= points.len() {
            return None;
        }
        let end = (begun + PIECE_LEN).min(points.len());
        let mut text = Vec::with_capacity((end - begun) * (lead.len() + 64));
        text.extend_from_slice(if begun == 0 { b"{\"metrics\":[" } else { b"," });
        write_points(&mut text, &points[begun..end], &lead, b"");
        if end == points.len() {
            close(&mut text, next.as_deref());
        }
        begun = end;
        Some(Ok::<Bytes, std::convert::Infallible>(text.into()))
    });
    (kind, Body::from_stream(stream::iter(pieces))).into_response()
}

/// What stands before each value of a metric.
pub fn lead(key: &str) -> Vec<u8> {
    let mut lead = b"{\"key\":".to_vec();
    serde_json::to_writer(&mut lead, key).expect("a text has a JSON form");
    lead.extend(b",\"value\":");
    lead
}

fn close(text: &mut Vec<u8>, next: Option<&str>) {
    text.push(b']');
    if let Some(next) = next {
        text.extend(b",\"next_page_token\":\"");
        text.extend(next.as_bytes());
        text.push(b'"');
    }
    text.push(b'}');
}

/// Appends points, with commas between them, and `tail` at the end of each.
pub fn write_points(text: &mut Vec<u8>, points: &[WirePoint], lead: &[u8], tail: &[u8]) {
    for (at, point) in points.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        text.extend_from_slice(lead);
        if point.value.is_nan() {
            text.extend_from_slice(b"\"NaN\"");
        } else {
            number(text, &point.value);
        }
        text.extend_from_slice(b",\"timestamp\":");
        number(text, &point.time_ms);
        text.extend_from_slice(b",\"step\":");
        number(text, &point.step);
        text.extend_from_slice(tail);
        text.push(b'}');
    }
}

fn number(text: &mut Vec<u8>, number: &impl serde::Serialize) {
    serde_json::to_writer(text, number).expect("a number has a JSON form");
}
