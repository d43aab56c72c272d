//! Lists as answers: a page of items, how many there are, and how to ask for the next page.
//!
//! Invariants: a page has a bounded number of items; all pages that the library cuts are of the same moment of the log,
//! and those that are cut here are when `at` says so; `fields` only leaves members out.

use std::str::FromStr;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{Answer, Fault};

/// Items of a page when the question does not say.
pub const LIMIT_USUAL: u32 = 100;
/// The most items of a page.
pub const LIMIT_MAX: u32 = 1_000;

/// The type of an answer that leaves members out.
pub const PARTS: &str = "application/vnd.mltrack.parts+json";

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// How many there are on all pages together.
    pub total: u64,
    /// The last record that the answer takes into account; 0 in an empty store.
    pub lsn: u64,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// What is not wrong and yet probably not meant, such as a name that no run has.
    pub notes: Vec<String>,
}

impl<T> Page<T> {
    /// A page of the library, with its items in the form of the wire.
    pub fn of<U>(page: mltrack::Page<U>, form: impl FnMut(U) -> T) -> Page<T> {
        Page {
            total: page.total as u64,
            lsn: lsn_number(page.lsn),
            next: page.next.map(|token| token.to_string()),
            notes: page.notes,
            items: page.items.into_iter().map(form).collect(),
        }
    }

    /// All there is, cut to the page that `cursor` (a count of items before it) and `limit` mean, with its items in the
    /// form of the wire.
    pub fn cut<U>(
        items: Vec<U>,
        form: impl FnMut(U) -> T,
        lsn: Option<mltrack::Lsn>,
        (cursor, limit): (Option<&str>, usize),
    ) -> Result<Page<T>, Fault> {
        let start: usize = match cursor {
            None => 0,
            Some(text) => text.parse().map_err(|_| no_cursor(text))?,
        };
        let total = items.len();
        let items = items.into_iter().skip(start).take(limit);
        let items: Vec<T> = items.map(form).collect();
        let end = start.saturating_add(items.len());
        Ok(Page {
            next: (end < total && !items.is_empty()).then(|| end.to_string()),
            items,
            total: total as u64,
            lsn: lsn_number(lsn),
            notes: Vec::new(),
        })
    }
}

/// A number of a record; 0 for none.
pub fn lsn_number(lsn: Option<mltrack::Lsn>) -> u64 {
    lsn.map_or(0, mltrack::Lsn::get)
}

/// How many items a page has.
pub fn limit_of(limit: Option<u32>) -> Result<usize, Fault> {
    limit_within(limit.unwrap_or(LIMIT_USUAL), LIMIT_MAX)
}

/// How many items an answer has that may have so many.
pub fn limit_within(limit: u32, max: u32) -> Result<usize, Fault> {
    if (1..=max).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(Fault::invalid(format!(
        "limit is {limit}, and an answer has from 1 to {max} items"
    ))
    .hint("ask for the next page with cursor=, which a page names as next, or a narrower question"))
}

/// Refuses a list that is longer than any question needs.
pub fn at_most(what: &str, count: usize, max: usize) -> Result<(), Fault> {
    if count <= max {
        return Ok(());
    }
    Err(Fault::invalid(format!(
        "{count} {what} are given, and {max} are the most of one question"
    ))
    .hint("ask in several calls"))
}

/// A record that a question names. The document knows no number beyond 2^63, and no log has that many records.
pub fn record_of(number: u64) -> Result<mltrack::Lsn, Fault> {
    let number = i64::try_from(number)
        .ok()
        .and_then(|_| mltrack::Lsn::new(number));
    number.ok_or_else(|| {
        Fault::invalid("no record has this number").hint("records are counted from 1")
    })
}

/// The place in a list that a cursor names.
pub fn token_of<T: FromStr>(cursor: &str) -> Result<T, Fault> {
    cursor.parse().map_err(|_| no_cursor(cursor))
}

fn no_cursor(text: &str) -> Fault {
    Fault::invalid(format!("{text:?} is no cursor"))
        .hint("give what the page before named as next, or leave cursor out")
}

/// Words of a list that stand behind one another with commas, or in several values.
pub fn words(values: &[String]) -> Vec<&str> {
    let words = values.iter().flat_map(|value| value.split(','));
    words
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect()
}

/// The page as an answer, whole or with only these members of its items.
pub fn answer<T: Serialize>(page: &Page<T>, fields: &[String]) -> Answer {
    let fields = words(fields);
    if fields.is_empty() {
        return Ok(Json(page).into_response());
    }
    let mut document = to_value(page)?;
    if let Some(items) = document.get_mut("items").and_then(Value::as_array_mut) {
        items
            .iter_mut()
            .try_for_each(|item| keep_only(item, &fields))?;
    }
    Ok(parts(&document))
}

/// One thing as an answer, whole or with only these members.
pub fn answer_one<T: Serialize>(item: &T, fields: &[String]) -> Answer {
    let fields = words(fields);
    if fields.is_empty() {
        return Ok(Json(item).into_response());
    }
    let mut document = to_value(item)?;
    keep_only(&mut document, &fields)?;
    Ok(parts(&document))
}

fn parts(document: &Value) -> Response {
    let mut response = Json(document).into_response();
    let kind = HeaderValue::from_static(PARTS);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn keep_only(item: &mut Value, fields: &[&str]) -> Result<(), Fault> {
    let Value::Object(members) = item else {
        return Ok(());
    };
    if let Some(unknown) = fields.iter().find(|field| !members.contains_key(**field)) {
        let known: Vec<&str> = members.keys().map(String::as_str).collect();
        let message = format!("there is no field {unknown:?}");
        return Err(Fault::invalid(message).hint(format!("there are {}", known.join(", "))));
    }
    members.retain(|name, _| fields.contains(&name.as_str()));
    Ok(())
}

fn to_value(value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(value)
        .map_err(|error| Fault::new(mltrack::Code::InternalError, error.to_string()))
}
