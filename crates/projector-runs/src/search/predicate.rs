//! A comparison, ready for a whole column: what is written in a filter, made into what a column holds.
//!
//! Invariants: everything that can be wrong with a literal is found here, once, and not for each row; a row without a
//! value is admitted by nothing but `is null`.

use std::cmp::Ordering;

use mltrack_event::{ExperimentState, RunState};

use super::column::{Column, Kind};
use super::error::FilterError;
use super::expr::{Check, Expr, Literal, Operator, Test};
use super::like::Pattern;
use super::rank::Typed;
use super::time::{Stretch, duration, time};
use crate::nearest::nearest;

pub(crate) enum Predicate {
    Number(Operator, f64),
    NumberIn(Vec<f64>, bool),
    Stretch(Operator, Stretch),
    StretchIn(Vec<Stretch>, bool),
    Text(Operator, String),
    TextIn(Vec<String>, bool),
    Like(Pattern, bool),
    Typed(Operator, TypedLiteral),
    TypedIn(Vec<TypedLiteral>, bool),
    /// A fact is so, or is not.
    Truth(bool),
    Presence(bool),
}

/// A literal that is compared with texts which may spell numbers.
pub(crate) struct TypedLiteral {
    text: String,
    number: Option<f64>,
    integer: Option<i64>,
    is_truth: bool,
    is_quoted: bool,
}

/// Makes the comparison of a column ready.
pub(crate) fn predicate(
    expr: &Expr,
    test: &Test,
    column: &Column,
    now_ns: i64,
) -> Result<Predicate, FilterError> {
    let maker = Maker {
        expr,
        column,
        now_ns,
    };
    if column.kind() == Kind::Flag {
        return maker.truth(test);
    }
    match &test.check {
        Check::Presence { is_present } => Ok(Predicate::Presence(*is_present)),
        Check::Compare(operator, literal) if operator.is_pattern() => {
            maker.pattern(*operator, literal)
        }
        Check::Compare(operator, literal) => maker.compare(*operator, literal),
        Check::In { items, is_negated } => maker.list(items, *is_negated),
    }
}

struct Maker<'a> {
    expr: &'a Expr,
    column: &'a Column,
    now_ns: i64,
}

impl Maker<'_> {
    fn compare(&self, operator: Operator, literal: &Literal) -> Result<Predicate, FilterError> {
        Ok(match self.kind() {
            Kind::Number => Predicate::Number(operator, self.number(literal)?),
            Kind::Integer | Kind::Time | Kind::Duration => {
                Predicate::Stretch(operator, self.stretch(literal)?)
            }
            Kind::Typed => Predicate::Typed(operator, self.typed(literal)),
            Kind::Status | Kind::ExperimentStatus => {
                Predicate::Text(operator, self.status(literal)?)
            }
            Kind::Text | Kind::Id | Kind::Flag => Predicate::Text(operator, literal.text.clone()),
        })
    }

    fn list(&self, items: &[Literal], is_negated: bool) -> Result<Predicate, FilterError> {
        fn all<T>(
            items: &[Literal],
            item: impl Fn(&Literal) -> Result<T, FilterError>,
        ) -> Result<Vec<T>, FilterError> {
            items.iter().map(item).collect()
        }
        Ok(match self.kind() {
            Kind::Number => Predicate::NumberIn(all(items, |item| self.number(item))?, is_negated),
            Kind::Integer | Kind::Time | Kind::Duration => {
                Predicate::StretchIn(all(items, |item| self.stretch(item))?, is_negated)
            }
            Kind::Typed => Predicate::TypedIn(all(items, |item| Ok(self.typed(item)))?, is_negated),
            Kind::Status | Kind::ExperimentStatus => {
                Predicate::TextIn(all(items, |item| self.status(item))?, is_negated)
            }
            Kind::Text | Kind::Id | Kind::Flag => {
                Predicate::TextIn(all(items, |item| Ok(item.text.clone()))?, is_negated)
            }
        })
    }

    fn pattern(&self, operator: Operator, literal: &Literal) -> Result<Predicate, FilterError> {
        if !matches!(
            self.kind(),
            Kind::Typed | Kind::Text | Kind::Status | Kind::ExperimentStatus | Kind::Id
        ) {
            let what = self.what();
            let message = format!("`like` compares texts, and {what}");
            return Err(self.expr.error(literal.span, message));
        }
        let is_any_case = matches!(operator, Operator::LikeAnyCase | Operator::NotLikeAnyCase);
        let is_negated = matches!(operator, Operator::NotLike | Operator::NotLikeAnyCase);
        Ok(Predicate::Like(
            Pattern::new(&literal.text, is_any_case),
            is_negated,
        ))
    }

    fn truth(&self, test: &Test) -> Result<Predicate, FilterError> {
        let (operator, literal) = match &test.check {
            Check::Presence { is_present } => return Ok(Predicate::Truth(*is_present)),
            Check::Compare(operator, literal) => (*operator, literal),
            Check::In { .. } => {
                let message = "this is true or false: write it by itself, or `not` before it";
                return Err(self.expr.error(test.span, message));
            }
        };
        let is_true = truth(&literal.text);
        match (operator, is_true) {
            (Operator::Equal, Some(is_true)) => Ok(Predicate::Truth(is_true)),
            (Operator::NotEqual, Some(is_true)) => Ok(Predicate::Truth(!is_true)),
            _ => {
                let message = "this is compared with = or != and true or false";
                Err(self.expr.error(literal.span, message))
            }
        }
    }

    /// Params and tags are texts to `MLflow`.
    fn kind(&self) -> Kind {
        match self.column.kind() {
            Kind::Typed if self.expr.mode.is_mlflow() => Kind::Text,
            kind => kind,
        }
    }

    fn number(&self, literal: &Literal) -> Result<f64, FilterError> {
        literal.number().ok_or_else(|| self.mismatch(literal))
    }

    fn stretch(&self, literal: &Literal) -> Result<Stretch, FilterError> {
        let stretch = match self.kind() {
            Kind::Time => time(&literal.text, self.now_ns),
            Kind::Duration => duration(&literal.text).map(Stretch::at),
            _ => match literal.integer() {
                Some(integer) => Some(Stretch::at(integer)),
                None => literal
                    .number()
                    .and_then(|number| Stretch::of_number(number, 1)),
            },
        };
        stretch.ok_or_else(|| self.mismatch(literal))
    }

    fn status(&self, literal: &Literal) -> Result<String, FilterError> {
        let lower = literal.text.to_ascii_lowercase();
        let (found, names): (Option<&str>, Vec<&str>) = if self.kind() == Kind::ExperimentStatus {
            let names = ExperimentState::ALL.into_iter().map(ExperimentState::name);
            (names.clone().find(|name| *name == lower), names.collect())
        } else {
            let names = RunState::ALL.into_iter().map(RunState::name);
            let state = state_of_text(&lower).map(RunState::name);
            (state, names.collect())
        };
        if let Some(name) = found {
            return Ok(name.to_owned());
        }
        let message = format!(
            "{:?} is no state of this: there are {}",
            literal.text,
            names.join(", ")
        );
        let near = nearest(&lower, names.into_iter());
        Err(self.expr.error(literal.span, message).suggesting(near))
    }

    fn typed(&self, literal: &Literal) -> TypedLiteral {
        let is_tag = matches!(self.column, Column::Tag(_));
        // A tag is a text unless it is compared with a bare number; a param may have been logged as either.
        let is_number = !literal.is_quoted || !is_tag;
        TypedLiteral {
            number: literal.number().filter(|_| is_number),
            integer: literal.integer().filter(|_| is_number),
            is_truth: !literal.is_quoted && truth(&literal.text).is_some(),
            is_quoted: literal.is_quoted,
            text: literal.text.clone(),
        }
    }

    fn mismatch(&self, literal: &Literal) -> FilterError {
        let what = self.what();
        let message = format!("{:?} does not fit: {what}", literal.text);
        self.expr.error(literal.span, message)
    }

    /// What the column holds, and how it is written.
    fn what(&self) -> &'static str {
        match self.kind() {
            Kind::Number => "a metric is a number",
            Kind::Integer => "this is a whole number",
            Kind::Time => {
                "this is a time, such as -7d, 2026-11-21, '2026-11-21 10:30', 2026-11-21T10:30:00Z or today"
            }
            Kind::Duration => "this is a length of time, such as 90s, 10m or 1h30m",
            Kind::Flag => "this is true or false",
            Kind::Id | Kind::Status | Kind::ExperimentStatus | Kind::Text | Kind::Typed => {
                "this is a text"
            }
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The state that a text means: ours in any case, or `MLflow`'s.
pub(crate) fn state_of_text(text: &str) -> Option<RunState> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "finished" => Some(RunState::Completed),
        "killed" => Some(RunState::Cancelled),
        "scheduled" => Some(RunState::Pending),
        name => RunState::ALL.into_iter().find(|state| state.name() == name),
    }
}

/// What `MLflow` calls a state.
pub(crate) fn mlflow_status(name: &str) -> Option<&'static str> {
    let state = RunState::ALL
        .into_iter()
        .find(|state| state.name() == name)?;
    Some(match state {
        RunState::Pending | RunState::Queued => "SCHEDULED",
        RunState::Running => "RUNNING",
        RunState::Completed => "FINISHED",
        RunState::Failed | RunState::TimedOut | RunState::Lost => "FAILED",
        RunState::Cancelled => "KILLED",
    })
}

impl TypedLiteral {
    /// Whether a text that spells `typed` is admitted. The text itself is looked at only when that decides nothing.
    pub fn admits<'a>(&self, operator: Operator, typed: Typed, text: impl Fn() -> &'a str) -> bool {
        if self.is_truth {
            let text = text();
            let is_same = text.eq_ignore_ascii_case(&self.text);
            return match operator {
                Operator::Equal => is_same,
                Operator::NotEqual => !is_same,
                _ => operator.admits(text.cmp(self.text.as_str())),
            };
        }
        match self.order(typed, text) {
            Some(order) => operator.admits(order),
            // A text is no number, and NaN differs from everything, itself included.
            None => operator == Operator::NotEqual,
        }
    }

    fn order<'a>(&self, typed: Typed, text: impl Fn() -> &'a str) -> Option<Ordering> {
        if let (Typed::Integer(found), Some(wanted)) = (typed, self.integer) {
            return Some(found.cmp(&wanted));
        }
        let numbers = typed.number().zip(self.number);
        match numbers {
            // Hashes such as 12e4567 spell infinities: as texts they are told apart.
            Some((found, wanted))
                if !self.is_quoted || (found.is_finite() && wanted.is_finite()) =>
            {
                if found.is_nan() && wanted.is_nan() {
                    return Some(Ordering::Equal);
                }
                found.partial_cmp(&wanted)
            }
            None if self.number.is_some() && !self.is_quoted => None,
            _ => Some(text().cmp(self.text.as_str())),
        }
    }
}
