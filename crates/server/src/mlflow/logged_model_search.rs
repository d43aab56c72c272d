//! Searching logged models: filters, scopes of datasets, orders, pages.
//!
//! Invariants: models without what is ordered by come last in both directions; a page token is of one question.

use std::cmp::Ordering;

use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::clause::{Clause, Operand, clauses};
use super::logged_model::{KIND, LoggedModel, ModelPoint, points};
use super::pattern::Matcher;
use super::wire::answer;
use super::{Answer, Message, MlflowError, experiments};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// Models of one page, unless the request says otherwise.
const RESULTS_DEFAULT: usize = 100;
/// No page has more.
const RESULTS_MAX: usize = 1000;

pub(super) async fn search(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || Question::of(&fields)?.answer(&shared)).await
}

/// A model that is asked about, with its metrics.
struct Candidate {
    id: String,
    model: LoggedModel,
    points: Vec<ModelPoint>,
}

struct Question {
    experiments: Vec<u64>,
    clauses: Vec<Clause>,
    datasets: Vec<Scope>,
    orders: Vec<Order>,
    limit: usize,
    offset: usize,
    /// What a page token must be of.
    identity: Value,
}

/// A dataset that metrics were measured on.
#[derive(Default)]
struct Scope {
    name: Option<String>,
    digest: Option<String>,
}

impl Scope {
    fn of(value: &Value) -> Scope {
        let text = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Scope {
            name: text("dataset_name"),
            digest: text("dataset_digest"),
        }
    }

    fn admits(&self, point: &ModelPoint) -> bool {
        self.name
            .as_ref()
            .is_none_or(|name| *name == point.dataset_name)
            && self
                .digest
                .as_ref()
                .is_none_or(|digest| *digest == point.dataset_digest)
    }
}

struct Order {
    by: By,
    is_ascending: bool,
}

enum By {
    Attribute(Attribute),
    Metric(String, Scope),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Name,
    Id,
    Type,
    Status,
    SourceRun,
    Experiment,
    Created,
    Updated,
}

impl Attribute {
    fn named(name: &str) -> Option<Attribute> {
        Some(match name {
            "name" => Attribute::Name,
            "model_id" => Attribute::Id,
            "model_type" => Attribute::Type,
            "status" => Attribute::Status,
            "source_run_id" => Attribute::SourceRun,
            "experiment_id" => Attribute::Experiment,
            "creation_timestamp" | "creation_time" | "creation_timestamp_ms" => Attribute::Created,
            "last_updated_timestamp" | "last_updated_time" | "last_updated_timestamp_ms" => {
                Attribute::Updated
            }
            _ => return None,
        })
    }

    /// The attribute as a number; `None` for those that are texts.
    fn number(self, model: &LoggedModel) -> Option<i64> {
        match self {
            Attribute::Created => Some(model.created_ms),
            Attribute::Updated => Some(model.updated_ms),
            Attribute::Experiment => i64::try_from(model.experiment_id).ok(),
            _ => None,
        }
    }

    fn text(self, candidate: &Candidate) -> &str {
        match self {
            Attribute::Name => &candidate.model.name,
            Attribute::Id => &candidate.id,
            Attribute::Type => &candidate.model.model_type,
            Attribute::Status => candidate.model.status.name(),
            Attribute::SourceRun => &candidate.model.source_run_id,
            _ => "",
        }
    }
}

impl Question {
    fn of(fields: &Fields) -> Answer<Question> {
        // An empty list is an answer to where, and nothing is there; no list is none.
        if fields.get("experiment_ids").is_none() {
            return Err(MlflowError::required("experiment_ids"));
        }
        let asked = fields.texts("experiment_ids")?;
        let filter = fields.optional_text("filter")?.unwrap_or_default();
        let datasets: Vec<Scope> = fields
            .list("datasets")?
            .into_iter()
            .map(Scope::of)
            .collect();
        if datasets.iter().any(|scope| scope.name.is_none()) {
            return Err(MlflowError::invalid(
                "`dataset_name` in the `datasets` clause must be specified.",
            ));
        }
        let orders = fields.list("order_by")?;
        let limit = fields.optional_integer("max_results")?.unwrap_or(0);
        let limit = match usize::try_from(limit) {
            Ok(0) => RESULTS_DEFAULT,
            Ok(limit) if limit <= RESULTS_MAX => limit,
            _ => {
                return Err(MlflowError::invalid(format!(
                    "Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer of at most {RESULTS_MAX}"
                )));
            }
        };
        let identity = json!({
            "experiment_ids": asked,
            "filter_string": filter,
            "order_by": orders,
        });
        let token = fields
            .optional_text("page_token")?
            .filter(|token| !token.is_empty());
        let offset = token.map_or(Ok(0), |token| offset(token, &identity))?;
        let ids = asked.iter().map(|id| Ok(experiments::parse_id(id)?.0));
        Ok(Question {
            experiments: ids.collect::<Answer<_>>()?,
            clauses: clauses(filter).map_err(|_| bad_filter(filter))?,
            datasets,
            orders: orders.into_iter().map(order).collect::<Answer<_>>()?,
            limit,
            offset,
            identity,
        })
    }

    fn answer(self, shared: &Shared) -> Answer {
        let tests: Vec<Test> = self.clauses.iter().map(Test::of).collect::<Answer<_>>()?;
        let has_metric = tests.iter().any(|test| matches!(test, Test::Metric(..)));
        let needs_points = has_metric
            || !self.datasets.is_empty()
            || self
                .orders
                .iter()
                .any(|order| matches!(order.by, By::Metric(..)));
        let mut found = Vec::new();
        for document in shared
            .tracker()
            .documents(KIND)
            .list("", None, usize::MAX)?
        {
            let model = LoggedModel::of(&document)?;
            if model.is_deleted || !self.experiments.contains(&model.experiment_id) {
                continue;
            }
            let id = document.id.to_string();
            let points = if needs_points {
                points(shared, &id)?
            } else {
                Vec::new()
            };
            let candidate = Candidate { id, model, points };
            let is_measured = has_metric
                || self.datasets.is_empty()
                || candidate.points.iter().any(|point| self.is_in_scope(point));
            let holds = |test: &Test| test.holds(&candidate, |point| self.is_in_scope(point));
            if is_measured && tests.iter().all(holds) {
                found.push(candidate);
            }
        }
        found.sort_by(|one, two| self.compare(one, two));
        let end = self.offset.saturating_add(self.limit);
        let is_more = found.len() > end;
        let mut models = Vec::new();
        for candidate in found.iter().take(end).skip(self.offset) {
            let points = if needs_points {
                candidate.points.clone()
            } else {
                points(shared, &candidate.id)?
            };
            models.push(candidate.model.wire(&candidate.id, &points));
        }
        let mut body = json!({});
        if !models.is_empty() {
            body["models"] = Value::Array(models);
        }
        if is_more {
            let mut token = self.identity;
            token["offset"] = json!(end);
            body["next_page_token"] = json!(BASE64_STANDARD.encode(token.to_string()));
        }
        Ok(answer(&body))
    }

    fn is_in_scope(&self, point: &ModelPoint) -> bool {
        self.datasets.is_empty() || self.datasets.iter().any(|scope| scope.admits(point))
    }

    fn compare(&self, one: &Candidate, two: &Candidate) -> Ordering {
        let mut ordering = Ordering::Equal;
        for order in &self.orders {
            ordering = ordering.then_with(|| order.compare(one, two));
        }
        ordering
            .then_with(|| two.model.created_ms.cmp(&one.model.created_ms))
            .then_with(|| one.id.cmp(&two.id))
    }
}

impl Order {
    fn compare(&self, one: &Candidate, two: &Candidate) -> Ordering {
        let ordering = match &self.by {
            By::Attribute(by) => match by.number(&one.model).zip(by.number(&two.model)) {
                Some((one, two)) => one.cmp(&two),
                None => by.text(one).cmp(by.text(two)),
            },
            By::Metric(key, scope) => {
                let newest = |candidate: &Candidate| {
                    let points = candidate.points.iter();
                    let points = points.filter(|point| point.key == *key && scope.admits(point));
                    points
                        .max_by_key(|point| (point.timestamp, point.step))
                        .map(|point| point.value)
                };
                match (newest(one), newest(two)) {
                    (Some(one), Some(two)) => one.total_cmp(&two),
                    // Who lacks it comes last in both directions.
                    (one, two) => return one.is_none().cmp(&two.is_none()),
                }
            }
        };
        if self.is_ascending {
            ordering
        } else {
            ordering.reverse()
        }
    }
}

/// What a clause asks of a model.
enum Test<'a> {
    Number(Attribute, &'a Clause, f64),
    Text(Attribute, Matcher),
    Metric(&'a Clause, f64),
    Param(&'a str, Matcher),
    Tag(&'a str, Matcher),
}

impl Test<'_> {
    fn of(clause: &Clause) -> Answer<Test<'_>> {
        let number = match &clause.value {
            Operand::Number(_, number) => Some(*number),
            _ => None,
        };
        let matcher = Matcher::of(clause)?;
        let entity = clause.entity.as_deref().unwrap_or("attributes");
        let bad = || bad_operator(entity, clause);
        match entity {
            "attribute" | "attributes" => {
                let attribute = Attribute::named(&clause.key).ok_or_else(|| {
                    MlflowError::invalid(format!(
                        "Invalid attribute key '{}' specified.",
                        clause.key
                    ))
                })?;
                match (number, matcher) {
                    (Some(number), _)
                        if matches!(attribute, Attribute::Created | Attribute::Updated) =>
                    {
                        Ok(Test::Number(attribute, clause, number))
                    }
                    (None, Some(matcher))
                        if !matches!(attribute, Attribute::Created | Attribute::Updated) =>
                    {
                        Ok(Test::Text(attribute, matcher))
                    }
                    _ => Err(bad()),
                }
            }
            "metric" | "metrics" => Ok(Test::Metric(clause, number.ok_or_else(bad)?)),
            "param" | "params" => Ok(Test::Param(&clause.key, matcher.ok_or_else(bad)?)),
            "tag" | "tags" => Ok(Test::Tag(&clause.key, matcher.ok_or_else(bad)?)),
            other => Err(MlflowError::invalid(format!(
                "Invalid entity type: '{other}'. Expected one of ('attributes', 'metrics', 'params', 'tags')."
            ))),
        }
    }

    fn holds(&self, candidate: &Candidate, is_in_scope: impl Fn(&ModelPoint) -> bool) -> bool {
        match self {
            Test::Number(by, clause, number) => {
                let value = by.number(&candidate.model);
                value.is_some_and(|value| clause.operator.holds(value as f64, *number))
            }
            Test::Text(Attribute::Status, matcher) => {
                // The clients' word is the wire's without its beginning.
                let name = candidate.model.status.name();
                let short = name.trim_start_matches("LOGGED_MODEL_");
                matcher.matches(name) || matcher.matches(short)
            }
            Test::Text(by, matcher) => matcher.matches(by.text(candidate)),
            Test::Metric(clause, number) => candidate.points.iter().any(|point| {
                point.key == clause.key
                    && is_in_scope(point)
                    && clause.operator.holds(point.value, *number)
            }),
            Test::Param(key, matcher) => candidate
                .model
                .params
                .get(*key)
                .is_some_and(|value| matcher.matches(value)),
            Test::Tag(key, matcher) => candidate
                .model
                .tags
                .get(*key)
                .is_some_and(|value| matcher.matches(value)),
        }
    }
}

fn order(value: &Value) -> Answer<Order> {
    let field = value
        .get("field_name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_ascending = value
        .get("ascending")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    let by = match field.split_once('.') {
        Some(("metrics", key)) => By::Metric(key.to_owned(), Scope::of(value)),
        Some(_) => {
            return Err(MlflowError::invalid(format!(
                "Invalid order by field name: {field}. Only metrics are supported."
            )));
        }
        None => By::Attribute(Attribute::named(field).ok_or_else(|| {
            MlflowError::invalid(format!("Invalid order by field name: {field}"))
        })?),
    };
    Ok(Order { by, is_ascending })
}

/// Where a page begins, from the token of the page before it.
fn offset(token: &str, identity: &Value) -> Answer<usize> {
    let bad = || MlflowError::invalid(format!("Invalid page token: {token}"));
    let bytes = BASE64_STANDARD.decode(token).map_err(|_| bad())?;
    let known: Value = serde_json::from_slice(&bytes).map_err(|_| bad())?;
    let names = [
        ("experiment_ids", "Experiment IDs"),
        ("filter_string", "Filter string"),
        ("order_by", "Order by"),
    ];
    for (name, words) in names {
        if known[name] != identity[name] {
            return Err(MlflowError::invalid(format!(
                "{words} in the page token does not match the requested one. Expected: {}. Found: {}",
                identity[name], known[name]
            )));
        }
    }
    let offset = known["offset"].as_u64().ok_or_else(bad)?;
    usize::try_from(offset).map_err(|_| bad())
}

fn bad_filter(filter: &str) -> MlflowError {
    MlflowError::invalid(format!(
        "Invalid filter string: '{filter}'. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01')."
    ))
}

fn bad_operator(entity: &str, clause: &Clause) -> MlflowError {
    let expected = match entity {
        "metric" | "metrics" => "('>', '>=', '!=', '=', '<', '<=') and a number",
        _ => {
            "('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN') and a quoted text, or a number for times"
        }
    };
    MlflowError::invalid(format!(
        "Invalid comparison operator for {entity}.{}: '{}'. Expected one of {expected}.",
        clause.key,
        clause.operator.name()
    ))
}
