//! What a filter asks of a trace: of itself, of its tags and metadata, of its spans, of its assessments.
//!
//! Invariants: everything that is asked of spans must hold of one span together; spans and assessments are read only
//! for traces of which the rest holds.

use serde_json::Value;

use super::clause::{Clause, Operand, Operator, clauses};
use super::pattern::Matcher;
use super::span::{attribute, content, dumped, spans, status};
use super::trace::{NAME_TAG, RUN_METADATA, Trace};
use super::{Answer, MlflowError, assessment};
use crate::shared::Shared;

/// Attributes that a filter may name.
const ATTRIBUTES: &str = "{'client_request_id', 'end_time', 'end_time_ms', 'execution_time', 'execution_time_ms', \
                          'name', 'prompt', 'request_id', 'run_id', 'status', 'text', 'timestamp', 'timestamp_ms'}";

/// What a filter asks.
#[derive(Debug, Default)]
pub struct TraceFilter {
    own: Vec<Test>,
    of_spans: Vec<SpanTest>,
    of_assessments: Vec<AssessmentTest>,
}

#[derive(Debug)]
enum Test {
    Number(Number, Operator, f64),
    Id(Matcher),
    Status(Matcher),
    ClientId(Matcher),
    Tag(String, Presence),
    Metadata(String, Presence),
    Run(String),
    Prompt(String),
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Begin,
    Duration,
    End,
}

/// What is asked of something that may be missing.
#[derive(Debug)]
enum Presence {
    Missing,
    There,
    Is(Matcher),
}

impl Presence {
    fn of(clause: &Clause) -> Answer<Option<Presence>> {
        Ok(match clause.operator {
            Operator::IsNull => Some(Presence::Missing),
            Operator::IsNotNull => Some(Presence::There),
            Operator::In | Operator::NotIn => None,
            _ => Matcher::of(clause)?.map(Presence::Is),
        })
    }

    fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Presence::Missing, value) => value.is_none(),
            (Presence::There, value) => value.is_some(),
            (Presence::Is(matcher), Some(value)) => matcher.matches(value),
            (Presence::Is(_), None) => false,
        }
    }
}

#[derive(Debug)]
enum SpanTest {
    Name(Matcher),
    Kind(Matcher),
    Status(Matcher),
    Content(Matcher),
    Attribute(String, Matcher),
}

#[derive(Debug)]
struct AssessmentTest {
    kind: &'static str,
    name: String,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    Missing,
    There,
    Number(Operator, f64),
    Text(Matcher, bool),
}

impl TraceFilter {
    /// Reads a filter.
    pub fn of(filter: &str) -> Answer<TraceFilter> {
        let mut read = TraceFilter::default();
        for clause in &clauses(filter)? {
            read.add(clause)?;
        }
        Ok(read)
    }

    /// Whether it admits everything.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.of_spans.is_empty() && self.of_assessments.is_empty()
    }

    /// Whether a trace is what is asked for.
    pub fn holds(&self, shared: &Shared, id: &str, trace: &Trace) -> Answer<bool> {
        if !self.own.iter().all(|test| test.holds(id, trace)) {
            return Ok(false);
        }
        if !self.of_assessments.is_empty() {
            let known = assessment::of_trace(shared, id)?;
            if !self.of_assessments.iter().all(|test| test.holds(&known)) {
                return Ok(false);
            }
        }
        if self.of_spans.is_empty() {
            return Ok(true);
        }
        let spans = spans(shared, id)?;
        Ok(spans
            .iter()
            .any(|span| self.of_spans.iter().all(|test| test.holds(span))))
    }

    fn add(&mut self, clause: &Clause) -> Answer<()> {
        match clause.entity.as_deref().unwrap_or("attribute") {
            "attribute" | "attributes" | "trace" => self.add_attribute(clause),
            "tag" | "tags" => {
                let presence = Presence::of(clause)?.ok_or_else(|| bad_text(clause, "tag"))?;
                self.own.push(Test::Tag(clause.key.clone(), presence));
                Ok(())
            }
            "metadata" | "request_metadata" => {
                let presence =
                    Presence::of(clause)?.ok_or_else(|| bad_text(clause, "request_metadata"))?;
                self.add_metadata(&clause.key, clause, presence);
                Ok(())
            }
            "span" => {
                self.of_spans.push(span_test(clause)?);
                Ok(())
            }
            "feedback" => self.add_assessment("feedback", clause),
            "expectation" => self.add_assessment("expectation", clause),
            other => Err(MlflowError::invalid(format!(
                "Invalid entity type '{other}'. Valid values are {{'attribute', 'attributes', 'expectation', 'feedback', 'metadata', 'request_metadata', 'span', 'tag', 'tags', 'trace'}}"
            ))),
        }
    }

    fn add_metadata(&mut self, key: &str, clause: &Clause, presence: Presence) {
        let test = match (&clause.value, clause.operator) {
            // Traces that were linked to a run belong to it too.
            (Operand::Text(run), Operator::Equal) if key == RUN_METADATA => Test::Run(run.clone()),
            _ => Test::Metadata(key.to_owned(), presence),
        };
        self.own.push(test);
    }

    fn add_attribute(&mut self, clause: &Clause) -> Answer<()> {
        let matcher = || Matcher::of(clause)?.ok_or_else(|| bad_attribute(clause));
        let test = match clause.key.to_lowercase().as_str() {
            "timestamp" | "timestamp_ms" => {
                Test::Number(Number::Begin, clause.operator, number(clause)?)
            }
            "execution_time" | "execution_time_ms" => {
                Test::Number(Number::Duration, clause.operator, number(clause)?)
            }
            "end_time" | "end_time_ms" => {
                Test::Number(Number::End, clause.operator, number(clause)?)
            }
            "request_id" => Test::Id(matcher()?),
            "status" => Test::Status(matcher()?),
            "client_request_id" => Test::ClientId(matcher()?),
            "name" => {
                let presence = match clause.operator {
                    Operator::In | Operator::NotIn => Presence::Is(matcher()?),
                    _ => Presence::of(clause)?.ok_or_else(|| bad_attribute(clause))?,
                };
                Test::Tag(NAME_TAG.to_owned(), presence)
            }
            "run_id" => {
                let presence = match clause.operator {
                    Operator::In | Operator::NotIn => Presence::Is(matcher()?),
                    _ => Presence::of(clause)?.ok_or_else(|| bad_attribute(clause))?,
                };
                self.add_metadata(RUN_METADATA, clause, presence);
                return Ok(());
            }
            "prompt" => Test::Prompt(prompt(clause)?),
            "text" => {
                self.of_spans.push(content_test(clause)?);
                return Ok(());
            }
            _ => {
                return Err(MlflowError::invalid(format!(
                    "Invalid attribute key '{}' specified. Valid keys are '{ATTRIBUTES}'",
                    clause.key
                )));
            }
        };
        self.own.push(test);
        Ok(())
    }

    fn add_assessment(&mut self, kind: &'static str, clause: &Clause) -> Answer<()> {
        let wanted = match (clause.operator, &clause.value) {
            (Operator::IsNull, _) => Wanted::Missing,
            (Operator::IsNotNull, _) => Wanted::There,
            (operator, Operand::Number(_, number)) if operator.is_size() => {
                Wanted::Number(operator, *number)
            }
            (operator, value) if operator.is_size() => {
                return Err(MlflowError::invalid(format!(
                    "Expected a numeric value for {kind} when using comparator '{}'. Got value {}",
                    operator.name(),
                    shown(value)
                )));
            }
            (Operator::Equal | Operator::NotEqual, Operand::Text(text)) => {
                let is_wanted = clause.operator == Operator::Equal;
                Wanted::Text(Matcher::Same(text.clone(), true), is_wanted)
            }
            (Operator::Like | Operator::Ilike | Operator::Rlike, Operand::Text(_)) => {
                let matcher = Matcher::of(clause)?.ok_or_else(|| bad_text(clause, kind))?;
                Wanted::Text(matcher, true)
            }
            _ => return Err(bad_text(clause, kind)),
        };
        self.of_assessments.push(AssessmentTest {
            kind,
            name: clause.key.clone(),
            wanted,
        });
        Ok(())
    }
}

impl Test {
    fn holds(&self, id: &str, trace: &Trace) -> bool {
        match self {
            Test::Number(of, operator, wanted) => {
                let value = match of {
                    Number::Begin => Some(trace.request_time_ms),
                    Number::Duration => trace.execution_ms,
                    Number::End => Some(trace.request_time_ms + trace.execution_ms.unwrap_or(0)),
                };
                value.is_some_and(|value| operator.holds(value as f64, *wanted))
            }
            Test::Id(matcher) => matcher.matches(id),
            Test::Status(matcher) => matcher.matches(&trace.state),
            Test::ClientId(matcher) => trace
                .client_request_id
                .as_deref()
                .is_some_and(|id| matcher.matches(id)),
            Test::Tag(key, presence) => presence.holds(trace.tags.get(key).map(String::as_str)),
            Test::Metadata(key, presence) => {
                presence.holds(trace.metadata.get(key).map(String::as_str))
            }
            Test::Run(run) => {
                trace.runs.contains(run) || trace.metadata.get(RUN_METADATA) == Some(run)
            }
            Test::Prompt(prompt) => trace.prompts.contains(prompt),
        }
    }
}

impl SpanTest {
    fn holds(&self, span: &Value) -> bool {
        match self {
            SpanTest::Name(matcher) => matcher.matches(span["name"].as_str().unwrap_or_default()),
            SpanTest::Kind(matcher) => {
                let kind = attribute(span, "mlflow.spanType");
                kind.as_ref()
                    .and_then(Value::as_str)
                    .is_some_and(|kind| matcher.matches(kind))
            }
            SpanTest::Status(matcher) => matcher.matches(status(span)),
            SpanTest::Content(matcher) => matcher.matches(&dumped(&content(span))),
            SpanTest::Attribute(key, matcher) => {
                attribute(span, key).is_some_and(|value| match &value {
                    Value::String(text) => matcher.matches(text),
                    value => matcher.matches(&dumped(value)),
                })
            }
        }
    }
}

impl AssessmentTest {
    fn holds(&self, assessments: &[Value]) -> bool {
        let mut same = assessments.iter().filter(|known| {
            known["assessment_name"] == self.name.as_str()
                && known["valid"] != false
                && known.get(self.kind).is_some()
        });
        match &self.wanted {
            Wanted::Missing => same.next().is_none(),
            Wanted::There => same.next().is_some(),
            Wanted::Number(operator, wanted) => same.any(|known| {
                let value = assessment::value(known).as_f64();
                value.is_some_and(|value| operator.holds(value, *wanted))
            }),
            Wanted::Text(matcher, is_wanted) => same.any(|known| {
                let value = assessment::value(known);
                let is_it = matcher.matches(&dumped(&value))
                    || value.as_str().is_some_and(|text| matcher.matches(text));
                is_it == *is_wanted
            }),
        }
    }
}

fn span_test(clause: &Clause) -> Answer<SpanTest> {
    let matcher = || {
        Matcher::of(clause)?.ok_or_else(|| {
            MlflowError::invalid(format!(
                "span.{} comparator '{}' not one of '{{'!=', '=', 'ILIKE', 'IN', 'LIKE', 'NOT IN', 'RLIKE'}}'",
                clause.key,
                clause.operator.name()
            ))
        })
    };
    Ok(match clause.key.as_str() {
        "name" => SpanTest::Name(matcher()?),
        "type" => SpanTest::Kind(matcher()?),
        "status" => SpanTest::Status(matcher()?),
        "content" => content_test(clause)?,
        key => match key.strip_prefix("attributes.") {
            Some("") => {
                return Err(MlflowError::invalid(
                    "Span attribute name cannot be empty after 'attributes.'",
                ));
            }
            Some(name) => SpanTest::Attribute(name.trim_matches('`').to_owned(), matcher()?),
            None => {
                return Err(MlflowError::invalid(format!(
                    "Invalid span attribute '{key}'. Supported attributes: name, status, type, attributes.<attribute_name>."
                )));
            }
        },
    })
}

fn content_test(clause: &Clause) -> Answer<SpanTest> {
    match (clause.operator, Matcher::of(clause)?) {
        (Operator::Like | Operator::Ilike, Some(matcher)) => Ok(SpanTest::Content(matcher)),
        _ => Err(MlflowError::invalid(format!(
            "span.content comparator '{}' not one of '{{'ILIKE', 'LIKE'}}'",
            clause.operator.name()
        ))),
    }
}

fn number(clause: &Clause) -> Answer<f64> {
    match (&clause.value, clause.operator) {
        (Operand::Number(_, number), Operator::Equal | Operator::NotEqual) => Ok(*number),
        (Operand::Number(_, number), operator) if operator.is_size() => Ok(*number),
        _ => Err(bad_attribute(clause)),
    }
}

fn prompt(clause: &Clause) -> Answer<String> {
    let Operand::Text(text) = &clause.value else {
        return Err(bad_attribute(clause));
    };
    if clause.operator != Operator::Equal {
        return Err(MlflowError::invalid(format!(
            "Invalid comparator '{}' for prompts filter. Only '=' is supported with format: prompt = \"name/version\"",
            clause.operator.name()
        )));
    }
    if text.matches('/').count() != 1 {
        return Err(MlflowError::invalid(format!(
            "Invalid prompts filter value '{text}'. Expected format: prompt = \"name/version\""
        )));
    }
    Ok(text.clone())
}

fn bad_attribute(clause: &Clause) -> MlflowError {
    let (operator, value) = (clause.operator.name(), shown(&clause.value));
    MlflowError::invalid(format!(
        "Invalid comparator '{operator}' or value {value} for attribute '{}': times are compared with numbers by =, !=, <, <=, >, >=, the others with quoted texts by '=', '!=', 'IN', 'NOT IN', 'LIKE', 'ILIKE', 'RLIKE'",
        clause.key
    ))
}

fn bad_text(clause: &Clause, entity: &str) -> MlflowError {
    let message = match &clause.value {
        Operand::Number(text, _) => {
            format!(
                "Expected a quoted string value for {entity} (e.g. 'my-value'). Got value {text}"
            )
        }
        _ => format!(
            "Invalid comparator '{}' not one of '{{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE', 'RLIKE'}}'",
            clause.operator.name()
        ),
    };
    MlflowError::invalid(message)
}

fn shown(value: &Operand) -> String {
    match value {
        Operand::Text(text) => format!("'{text}'"),
        Operand::Number(text, _) => text.clone(),
        Operand::Texts(texts) => format!("{texts:?}"),
        Operand::None => "nothing".to_owned(),
    }
}
