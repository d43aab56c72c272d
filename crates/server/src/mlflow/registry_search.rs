//! Searches for registered models and their versions.
//!
//! Invariants: prompts are found only by a filter that asks for them; the order is total, so that pages neither miss nor
//! repeat a row of what does not change; what is removed is never found.

use std::cmp::Ordering;

use axum::Router;
use axum::routing::get;
use mltrack::{ModelShelf, ModelSummary, ModelVersionSummary};
use serde_json::Value;

use super::model_place::{Told, source};
use super::registry_call::call;
use super::registry_filter::order;
use super::registry_match::{Filter, is_prompt};
use super::registry_wire::{model_json, version_json, versions};
use super::{Answer, MlflowError, Reason, endpoint, paging};
use crate::fields::Fields;
use crate::shared::Shared;

const MODELS_DEFAULT: i64 = 100;
const MODELS_MAX: i64 = 1000;
const VERSIONS_DEFAULT: i64 = 10_000;
const VERSIONS_MAX: i64 = 200_000;

/// The endpoints.
pub fn routes() -> Router<Shared> {
    let router = endpoint(
        Router::new(),
        "/2.0/mlflow/registered-models/search",
        get(call(models)),
    );
    endpoint(
        router,
        "/2.0/mlflow/model-versions/search",
        get(call(all_versions)),
    )
}

/// Which rows of a result are asked for.
struct Asked {
    offset: usize,
    count: usize,
}

impl Asked {
    fn of(fields: &Fields, default: i64, max: i64) -> Answer<Asked> {
        let count = fields.optional_integer("max_results")?.unwrap_or(default);
        if count > max {
            return Err(MlflowError::invalid(format!(
                "Invalid value \"{count}\" for parameter 'max_results' supplied:  Hint: Value was of type 'str'. See the API docs for more information about request parameters."
            )));
        }
        if count < 1 {
            return Err(MlflowError::invalid(format!(
                "Invalid value for max_results. It must be a positive integer, but got {count}"
            )));
        }
        Ok(Asked {
            offset: paging::offset(fields)?,
            count: count as usize,
        })
    }

    /// The rows of this page, and the token of the next.
    fn page<T>(&self, rows: Vec<T>) -> (Vec<T>, Option<String>) {
        let end = self.offset.saturating_add(self.count);
        let token = (rows.len() > end).then(|| paging::token(end));
        let page = rows.into_iter().skip(self.offset).take(self.count);
        (page.collect(), token)
    }
}

fn models(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let asked = Asked::of(fields, MODELS_DEFAULT, MODELS_MAX)?;
    let filter = fields.optional_text("filter")?.unwrap_or_default();
    let filter = Filter::of(filter, &["name"], &["name"], &[])?;
    let orders = orders(fields, &["name"])?;
    shared
        .tracker()
        .with_models(|shelf| {
            let is_found = |model: &&ModelSummary| {
                let attribute = |_: &str| Some(model.name.clone());
                filter.admits(is_prompt(&model.tags), &model.tags, attribute, |_| None)
            };
            let mut found: Vec<_> = shelf.models().filter(is_found).collect();
            found.sort_by(|left, right| {
                let by = orders.iter().map(|(key, is_upwards)| {
                    let order = match key.as_str() {
                        "name" => left.name.cmp(&right.name),
                        _ => milliseconds(left.updated_ns).cmp(&milliseconds(right.updated_ns)),
                    };
                    directed(order, *is_upwards)
                });
                first(by).then_with(|| left.name.cmp(&right.name))
            });
            let (page, token) = asked.page(found);
            let page = page.into_iter().map(|model| model_json(shelf, model));
            answered("registered_models", page.collect(), token)
        })
        .map_err(MlflowError::from)
}

/// A version and its model.
type Row<'a> = (&'a ModelSummary, &'a ModelVersionSummary);

const VERSION_ATTRIBUTES: [&str; 4] = ["name", "version_number", "run_id", "source_path"];

fn all_versions(shared: &Shared, fields: &Fields) -> Answer<Value> {
    let asked = Asked::of(fields, VERSIONS_DEFAULT, VERSIONS_MAX)?;
    let text = fields.optional_text("filter")?.unwrap_or_default();
    let filter = Filter::of(
        text,
        &VERSION_ATTRIBUTES,
        &["name", "run_id"],
        &["version_number"],
    )?;
    let keys = [
        "name",
        "version_number",
        "creation_timestamp",
        "last_updated_timestamp",
    ];
    let mut orders = orders(fields, &keys)?;
    if orders.is_empty() {
        orders.push(("last_updated_timestamp".to_owned(), false));
    }
    shared
        .tracker()
        .with_models(|shelf| {
            let rows = shelf
                .models()
                .flat_map(|model| versions(model).map(move |row| (model, row)));
            let mut found: Vec<Row<'_>> =
                rows.filter(|row| is_found(shelf, &filter, *row)).collect();
            found.sort_by(|left, right| {
                let by = orders
                    .iter()
                    .map(|(key, is_upwards)| directed(compare(key, *left, *right), *is_upwards));
                let by_name = || compare("name", *left, *right);
                let newest_first = || compare("version_number", *right, *left);
                first(by).then_with(by_name).then_with(newest_first)
            });
            let (page, token) = asked.page(found);
            let page = page.into_iter();
            let page = page.map(|(model, row)| version_json(shelf, model, row, false));
            answered("model_versions", page.collect(), token)
        })
        .map_err(MlflowError::from)
}

fn is_found(shelf: ModelShelf<'_>, filter: &Filter, (model, row): Row<'_>) -> bool {
    let attribute = |key: &str| match key {
        "name" => Some(model.name.clone()),
        "source_path" => Some(source(shelf, row)),
        _ => {
            let run = row.run.and_then(|run| shelf.run(run));
            Some(run.map_or_else(|| Told::of(row).run_id, |(run, _)| run.to_string()))
        }
    };
    let is_prompt = is_prompt(&row.tags) || is_prompt(&model.tags);
    filter.admits(is_prompt, &row.tags, attribute, |key| {
        (key == "version_number").then_some(row.number as i64)
    })
}

fn compare(key: &str, left: Row<'_>, right: Row<'_>) -> Ordering {
    match key {
        "name" => left.0.name.cmp(&right.0.name),
        "version_number" => left.1.number.cmp(&right.1.number),
        "creation_timestamp" => milliseconds(left.1.time_ns).cmp(&milliseconds(right.1.time_ns)),
        _ => milliseconds(left.1.updated_ns).cmp(&milliseconds(right.1.updated_ns)),
    }
}

fn answered(name: &str, rows: Vec<Value>, token: Option<String>) -> Value {
    let mut answer = serde_json::Map::new();
    if !rows.is_empty() {
        answer.insert(name.to_owned(), Value::Array(rows));
    }
    if let Some(token) = token {
        answer.insert("next_page_token".to_owned(), token.into());
    }
    Value::Object(answer)
}

/// What by and which way; times may be called `timestamp`.
fn orders(fields: &Fields, keys: &[&str]) -> Answer<Vec<(String, bool)>> {
    let clauses = fields.texts("order_by")?;
    let is_of_models = keys == ["name"];
    let mut orders: Vec<(String, bool)> = Vec::new();
    for clause in &clauses {
        let (mut key, is_upwards) = order(clause)?;
        if is_of_models && key == "timestamp" {
            "last_updated_timestamp".clone_into(&mut key);
        }
        let is_time_of_model = is_of_models && key == "last_updated_timestamp";
        if !is_time_of_model && !keys.contains(&key.as_str()) {
            return Err(MlflowError::invalid(if is_of_models {
                format!(
                    "Invalid order by key '{key}' specified. Valid keys are '{{'name', 'timestamp'}}'"
                )
            } else {
                let valid = keys.join("', '");
                format!("Invalid attribute key '{key}' specified. Valid keys are '{{'{valid}'}}'")
            }));
        }
        if orders.iter().any(|(known, _)| *known == key) {
            let quoted: Vec<String> = clauses.iter().map(|clause| format!("'{clause}'")).collect();
            let text = format!(
                "`order_by` contains duplicate fields: [{}]",
                quoted.join(", ")
            );
            return Err(MlflowError::new(Reason::InternalError, text));
        }
        orders.push((key, is_upwards));
    }
    Ok(orders)
}

fn first(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    let decided = orders.find(|order| *order != Ordering::Equal);
    decided.unwrap_or(Ordering::Equal)
}

fn directed(order: Ordering, is_upwards: bool) -> Ordering {
    if is_upwards { order } else { order.reverse() }
}

fn milliseconds(time_ns: i64) -> i64 {
    time_ns.div_euclid(1_000_000)
}
