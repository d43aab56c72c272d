//! A filter, parsed: what is compared with what, and where each part was written.
//!
//! Invariant: every name and literal carries its span, so that what turns out wrong later can still be underlined.

use std::sync::Arc;

use super::column::{Attribute, Column, Family};
use super::error::{FilterError, Span};

/// Whose rules a filter is read by.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// Those of `MLflow` and nothing else, with its words for what is wrong. Params are texts.
    Mlflow,
    /// Those and ours: `or`, `not`, parentheses, names without a family, aggregates, relative times, types.
    #[default]
    Full,
    /// The same about a table of experiments, which have other attributes and no metrics.
    Experiments,
    /// `MLflow`'s rules about a table of experiments.
    MlflowExperiments,
}

impl Mode {
    /// What a row is.
    pub(crate) fn row(self) -> &'static str {
        match self {
            Mode::Mlflow | Mode::Full => "run",
            Mode::Experiments | Mode::MlflowExperiments => "experiment",
        }
    }

    /// Whether `MLflow`'s rules hold and nothing else.
    #[must_use]
    pub fn is_mlflow(self) -> bool {
        matches!(self, Mode::Mlflow | Mode::MlflowExperiments)
    }

    /// Whether a row is an experiment.
    pub(crate) fn is_about_experiments(self) -> bool {
        matches!(self, Mode::Experiments | Mode::MlflowExperiments)
    }
}

/// A filter, parsed.
#[derive(Clone, Debug)]
pub struct Expr {
    pub(crate) text: Arc<str>,
    pub(crate) mode: Mode,
    pub(crate) node: Node,
}

impl Expr {
    /// The filter as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The rules that it was read by.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> FilterError {
        FilterError::new(&self.text, span, message)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Node {
    /// Everything: the empty filter.
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
    /// A text to look for in names and tags.
    Word(String),
}

/// One comparison.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Test {
    pub operand: Operand,
    pub span: Span,
    pub check: Check,
}

/// What is compared.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Operand {
    /// A column that the text alone determines.
    Column(Column),
    /// A metric, an aggregate of one, or the step of that: which depends on the metrics that there are.
    Metric(String),
    /// A name without a family.
    Bare(String),
}

/// How it is compared.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Check {
    Compare(Operator, Literal),
    In {
        items: Vec<Literal>,
        is_negated: bool,
    },
    /// `is null`, `is not null`.
    Presence {
        is_present: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    LikeAnyCase,
    NotLike,
    NotLikeAnyCase,
}

impl Operator {
    pub fn is_pattern(self) -> bool {
        matches!(
            self,
            Operator::Like | Operator::LikeAnyCase | Operator::NotLike | Operator::NotLikeAnyCase
        )
    }

    /// Whether two values in this order are admitted. Not asked about patterns.
    pub fn admits(self, order: std::cmp::Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Like
            | Operator::LikeAnyCase
            | Operator::NotLike
            | Operator::NotLikeAnyCase => false,
        }
    }
}

/// What it is compared with.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Literal {
    pub text: String,
    /// Whether it stood in quotes.
    pub is_quoted: bool,
    pub span: Span,
}

impl Literal {
    pub fn number(&self) -> Option<f64> {
        self.text.trim().parse().ok()
    }

    /// As a whole number; `None` when it is not written as one.
    pub fn integer(&self) -> Option<i64> {
        self.text.trim().parse().ok()
    }
}

/// One column of an order, parsed.
#[derive(Clone, Debug)]
pub struct Order {
    pub(crate) text: Arc<str>,
    pub(crate) mode: Mode,
    pub(crate) operand: Operand,
    pub(crate) span: Span,
    pub(crate) is_descending: bool,
}

impl Order {
    /// The order as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the largest comes first.
    #[must_use]
    pub fn is_descending(&self) -> bool {
        self.is_descending
    }
}

/// The families of names that filters write before a dot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Prefix {
    Of(Family),
    Attribute,
    Dataset,
}

pub(crate) const PREFIXES: [(&str, Prefix); 14] = [
    ("metrics", Prefix::Of(Family::Metric)),
    ("metric", Prefix::Of(Family::Metric)),
    ("params", Prefix::Of(Family::Param)),
    ("param", Prefix::Of(Family::Param)),
    ("parameters", Prefix::Of(Family::Param)),
    ("parameter", Prefix::Of(Family::Param)),
    ("tags", Prefix::Of(Family::Tag)),
    ("tag", Prefix::Of(Family::Tag)),
    ("attributes", Prefix::Attribute),
    ("attribute", Prefix::Attribute),
    ("attr", Prefix::Attribute),
    ("run", Prefix::Attribute),
    ("datasets", Prefix::Dataset),
    ("dataset", Prefix::Dataset),
];

impl Prefix {
    /// The family of this name, as it stands there.
    pub fn of_name(name: &str) -> Option<Prefix> {
        let known = PREFIXES.iter().find(|(known, _)| *known == name);
        known.map(|(_, prefix)| *prefix)
    }
}

impl Operand {
    pub(crate) fn attribute(attribute: Attribute) -> Operand {
        Operand::Column(Column::Attribute(attribute))
    }
}
