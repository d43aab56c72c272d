//! Assessments of traces: feedback and expectations, made, looked at, changed, deleted.
//!
//! Invariants: one that another one overrides is no longer valid, and is valid again when that one goes; source and
//! span of one never change.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use mltrack::{Change, Document, Expected};
use serde_json::{Value, json};

use super::logged_models::{now_ms, random_hex};
use super::moments::moment_text;
use super::span::dumped;
use super::trace::{self, ASSESSMENT_KIND};
use super::wire::{answer, nothing};
use super::{Answer, Message, MlflowError, Reason, act, endpoint};
use crate::blocking::blocking;
use crate::shared::Shared;

/// The fields that hold what was assessed: one of them is there.
const VALUES: [&str; 3] = ["feedback", "expectation", "issue"];

/// Their endpoints.
pub fn routes() -> Router<Shared> {
    let all = "/3.0/mlflow/traces/{trace_id}/assessments";
    let router = endpoint(Router::new(), all, post(create));
    let one = get(look).patch(update).delete(remove);
    endpoint(router, &format!("{all}/{{assessment_id}}"), one)
}

/// The assessments of a trace, in the order in which they were made.
pub fn of_trace(shared: &Shared, trace: &str) -> Answer<Vec<Value>> {
    let documents = shared.tracker().documents(ASSESSMENT_KIND);
    let mut found = documents.list(&format!("{trace}/"), None, usize::MAX)?;
    found.sort_by_key(|document| document.created_lsn);
    found.iter().map(parse).collect()
}

/// What was assessed: the value of a feedback or an expectation.
pub fn value(assessment: &Value) -> Value {
    if let Some(feedback) = assessment.get("feedback") {
        return feedback["value"].clone();
    }
    let expectation = &assessment["expectation"];
    match expectation["serialized_value"]["value"].as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        None => expectation["value"].clone(),
    }
}

/// A part of an assessment as it is kept: an expectation of more than one value is a text of JSON.
fn kept(part: &str, told: &Value) -> Value {
    match &told["value"] {
        value @ (Value::Object(_) | Value::Array(_)) if part == "expectation" => json!({
            "serialized_value": {"serialization_format": "JSON_FORMAT", "value": dumped(value)},
        }),
        _ => told.clone(),
    }
}

fn parse(document: &Document) -> Answer<Value> {
    serde_json::from_str(&document.body).map_err(|error| {
        let what = format!(
            "The document of assessment {} cannot be read: {error}",
            document.id
        );
        MlflowError::new(Reason::InternalError, what)
    })
}

fn id_of(trace: &str, assessment: &str) -> String {
    format!("{trace}/{assessment}")
}

fn not_found(trace: &str, assessment: &str) -> MlflowError {
    MlflowError::missing(format!(
        "Assessment with ID '{assessment}' not found for trace '{trace}'"
    ))
}

async fn create(
    State(shared): State<Shared>,
    Path(trace): Path<String>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let told = fields
            .get("assessment")
            .ok_or_else(|| MlflowError::required("assessment"))?;
        trace::find(&shared, &trace)?;
        let made = add(&shared, &trace, told)?;
        Ok(answer(&json!({ "assessment": made })))
    })
    .await
}

/// Keeps an assessment of a trace that is there.
pub fn add(shared: &Shared, trace: &str, told: &Value) -> Answer<Value> {
    let kind = VALUES.iter().find(|name| told.get(**name).is_some());
    let Some(kind) = kind else {
        return Err(MlflowError::invalid("Unknown assessment type: None"));
    };
    let now = moment_text(now_ms());
    let id = told["assessment_id"].as_str().filter(|id| !id.is_empty());
    let id = id.map_or_else(|| format!("a-{}", random_hex()), str::to_owned);
    let mut made = json!({
        "assessment_id": id,
        "assessment_name": told["assessment_name"].as_str().unwrap_or_default(),
        "trace_id": trace,
        "source": told.get("source").cloned().unwrap_or_else(|| json!({})),
        "create_time": told["create_time"].as_str().unwrap_or(&now),
        "last_update_time": told["last_update_time"].as_str().unwrap_or(&now),
        "valid": true,
    });
    made[*kind] = kept(kind, &told[*kind]);
    for name in ["span_id", "rationale", "metadata", "overrides"] {
        if let Some(value) = told.get(name).filter(|value| **value != "") {
            made[name] = value.clone();
        }
    }
    let command = "POST traces/assessments";
    if let Some(overridden) = made["overrides"].as_str() {
        set_valid(shared, trace, overridden, false, command)?
            .ok_or_else(|| not_found(trace, overridden))?;
    }
    let documents = act::documents(shared, ASSESSMENT_KIND, command);
    let made_id = id_of(trace, &id);
    documents.put_if(&made_id, &made.to_string(), Expected::Absent)?;
    Ok(made)
}

/// Makes one valid or not; `None` when it is not there.
fn set_valid(
    shared: &Shared,
    trace: &str,
    assessment: &str,
    is_valid: bool,
    command: &str,
) -> Answer<Option<Value>> {
    edit(shared, &id_of(trace, assessment), command, |known| {
        known["valid"] = json!(is_valid);
        Ok(())
    })
}

/// Changes one, and says what it is then; `None` when it is not there.
fn edit(
    shared: &Shared,
    id: &str,
    command: &str,
    mut change: impl FnMut(&mut Value) -> Answer<()>,
) -> Answer<Option<Value>> {
    let mut outcome = Ok(None);
    act::documents(shared, ASSESSMENT_KIND, command).update(id, |known| {
        outcome = match known {
            None => Ok(None),
            Some(known) => parse(known).and_then(|mut value| {
                change(&mut value)?;
                Ok(Some(value))
            }),
        };
        Ok(match &outcome {
            Ok(Some(value)) => Change::Put(value.to_string()),
            _ => Change::Keep,
        })
    })?;
    outcome
}

async fn look(
    State(shared): State<Shared>,
    Path((trace, assessment)): Path<(String, String)>,
) -> Answer {
    blocking(move || {
        let documents = shared.tracker().documents(ASSESSMENT_KIND);
        let Some(found) = documents.get(&id_of(&trace, &assessment))? else {
            trace::find(&shared, &trace)?;
            return Err(not_found(&trace, &assessment));
        };
        Ok(answer(&json!({ "assessment": parse(&found)? })))
    })
    .await
}

async fn update(
    State(shared): State<Shared>,
    Path((trace, assessment)): Path<(String, String)>,
    Message(fields): Message,
) -> Answer {
    blocking(move || {
        let told = fields
            .get("assessment")
            .ok_or_else(|| MlflowError::required("assessment"))?;
        let mask = fields
            .get("update_mask")
            .ok_or_else(|| MlflowError::required("update_mask"))?;
        let paths = paths(mask);
        let changed = edit(
            &shared,
            &id_of(&trace, &assessment),
            "PATCH traces/assessments",
            |known| {
                for path in &paths {
                    apply(known, told, path)?;
                }
                known["last_update_time"] = json!(moment_text(now_ms()));
                Ok(())
            },
        )?;
        let Some(changed) = changed else {
            trace::find(&shared, &trace)?;
            return Err(not_found(&trace, &assessment));
        };
        Ok(answer(&json!({ "assessment": changed })))
    })
    .await
}

/// The fields that a mask names, in either of the forms that clients write.
fn paths(mask: &Value) -> Vec<String> {
    let snake = |name: &str| {
        let letters = name.trim().chars();
        letters.fold(String::new(), |mut snake, letter| {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
            snake
        })
    };
    match mask {
        Value::String(text) => text.split(',').map(snake).collect(),
        mask => {
            let list = mask["paths"].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(snake).collect()
        }
    }
}

fn apply(known: &mut Value, told: &Value, path: &str) -> Answer<()> {
    let words = [("expectation", "Feedback"), ("feedback", "Expectation")];
    if let Some((_, other)) = words.iter().find(|(name, _)| *name == path)
        && known.get(path).is_none()
    {
        let article = if *other == "Expectation" { "an" } else { "a" };
        return Err(MlflowError::invalid(format!(
            "Cannot update {path} value on {article} {other} assessment."
        )));
    }
    match path {
        "assessment_name" | "expectation" | "feedback" | "rationale" => {
            known[path] = told
                .get(path)
                .map_or_else(|| json!(""), |value| kept(path, value));
        }
        "metadata" => {
            if !known["metadata"].is_object() {
                known["metadata"] = json!({});
            }
            for (key, value) in act::texts(told.get("metadata")) {
                known["metadata"][key] = json!(value);
            }
        }
        _ => {}
    }
    Ok(())
}

async fn remove(
    State(shared): State<Shared>,
    Path((trace, assessment)): Path<(String, String)>,
) -> Answer {
    blocking(move || {
        trace::find(&shared, &trace)?;
        let command = "DELETE traces/assessments";
        let documents = act::documents(&shared, ASSESSMENT_KIND, command);
        let id = id_of(&trace, &assessment);
        if let Some(found) = documents.get(&id)? {
            if let Some(overridden) = parse(&found)?["overrides"].as_str() {
                set_valid(&shared, &trace, overridden, true, command)?;
            }
            documents.remove(&id)?;
        }
        Ok(nothing())
    })
    .await
}
