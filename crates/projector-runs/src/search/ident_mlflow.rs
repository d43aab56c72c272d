//! Names as `MLflow` writes them, in filters and in orders.

use super::column::{Attribute, Column, Family};
use super::error::{FilterError, Span};
use super::expr::{Literal, Mode, Operand, Prefix};
use super::lex::{Token, TokenKind};
use super::lex_mlflow::{number_len, tokens};
use super::name::nearest_prefix;
use crate::nearest::nearest;

const FAMILIES: &str = "['metric', 'parameter', 'tag', 'attribute', 'dataset']";

/// The attributes of a run, by every name. The last three are only for filters.
const ATTRIBUTES: [(&str, Attribute); 12] = [
    ("Created", Attribute::MlflowStarted),
    ("artifact_uri", Attribute::ArtifactUri),
    ("created", Attribute::MlflowStarted),
    ("end_time", Attribute::Ended),
    ("run_id", Attribute::Id),
    ("run_name", Attribute::Name),
    ("start_time", Attribute::MlflowStarted),
    ("status", Attribute::MlflowStatus),
    ("user_id", Attribute::Actor),
    ("Run Name", Attribute::Name),
    ("Run name", Attribute::Name),
    ("run name", Attribute::Name),
];

const ATTRIBUTES_ORDERABLE: usize = 9;

/// The attributes of an experiment, for filters and orders alike.
const EXPERIMENT_ATTRIBUTES: [(&str, Attribute); 4] = [
    ("creation_time", Attribute::Created),
    ("experiment_id", Attribute::ExperimentId),
    ("last_update_time", Attribute::Updated),
    ("name", Attribute::Experiment),
];

/// Which names there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Names {
    /// Those of runs, in filters.
    Runs,
    /// Those of runs, in orders.
    RunOrders,
    /// Those of experiments.
    Experiments,
}

impl Names {
    fn attributes(self) -> &'static [(&'static str, Attribute)] {
        match self {
            Names::Runs => &ATTRIBUTES,
            Names::RunOrders => &ATTRIBUTES[..ATTRIBUTES_ORDERABLE],
            Names::Experiments => &EXPERIMENT_ATTRIBUTES,
        }
    }

    /// The only attribute that may be compared with a list.
    pub fn listed(self) -> (&'static str, Attribute) {
        match self {
            Names::Runs | Names::RunOrders => ("run_id", Attribute::Id),
            Names::Experiments => ("experiment_id", Attribute::ExperimentId),
        }
    }

    fn prefix(self, family: &str) -> Result<Prefix, String> {
        let is_of_experiments = matches!(family, "attribute" | "tag" | "tags");
        if self == Names::Experiments && !is_of_experiments {
            return Err(format!(
                "Invalid entity type '{family}'. Valid entity types are ('attribute', 'tag', 'tags')"
            ));
        }
        Prefix::of_name(family)
            .ok_or_else(|| format!("Invalid entity type '{family}'. Valid values are {FAMILIES}"))
    }
}

/// A column as `MLflow` names it.
pub(crate) struct Ident<'a> {
    pub kind: &'static str,
    pub key: &'a str,
    pub column: Column,
}

impl Ident<'_> {
    pub fn is_number(&self) -> bool {
        self.kind == "metric" || self.is_time()
    }

    pub fn is_time(&self) -> bool {
        matches!(
            self.column,
            Column::Attribute(
                Attribute::MlflowStarted
                    | Attribute::Ended
                    | Attribute::Created
                    | Attribute::Updated
            )
        )
    }
}

/// What a name stands for.
pub(crate) fn ident<'a>(
    text: &str,
    token: Token<'a>,
    names: Names,
) -> Result<Ident<'a>, FilterError> {
    let fail = |message: String| FilterError::new(text, token.span, message);
    let (family, key) = token
        .raw
        .split_once('.')
        .unwrap_or(("attribute", token.raw));
    let family = trimmed(family, '`');
    let prefix = names
        .prefix(family)
        .map_err(|message| fail(message).suggesting(nearest_prefix(family)))?;
    let unquoted = match trimmed(key, '\'') {
        same if same == key => trimmed(key, '"'),
        unquoted => unquoted,
    };
    let key = trimmed(unquoted, '`');
    let (kind, column) = match prefix {
        Prefix::Of(Family::Metric) => ("metric", Column::metric(key)),
        Prefix::Of(Family::Param) => ("parameter", Column::Param(key.into())),
        Prefix::Of(Family::Tag) => ("tag", Column::Tag(key.into())),
        Prefix::Dataset if matches!(key, "name" | "digest" | "context") => {
            ("dataset", Column::Dataset(key.into()))
        }
        Prefix::Dataset => {
            return Err(fail(format!(
                "Invalid dataset key '{key}' specified. Valid keys are '{{'context', 'digest', 'name'}}'"
            )));
        }
        Prefix::Attribute => {
            let attribute = attribute(key, names.attributes(), fail)?;
            ("attribute", Column::Attribute(attribute))
        }
    };
    Ok(Ident { kind, key, column })
}

fn attribute(
    key: &str,
    known: &[(&'static str, Attribute)],
    fail: impl Fn(String) -> FilterError,
) -> Result<Attribute, FilterError> {
    if let Some((_, attribute)) = known.iter().find(|(name, _)| *name == key) {
        return Ok(*attribute);
    }
    let names: Vec<String> = known.iter().map(|(name, _)| format!("'{name}'")).collect();
    let message = format!(
        "Invalid attribute key '{key}' specified. Valid keys are '{{{}}}'",
        names.join(", ")
    );
    Err(fail(message).suggesting(nearest(key, known.iter().map(|(name, _)| *name))))
}

/// What holds beyond the grammar for an attribute of an experiment; an error is what is wrong.
pub(crate) fn check(ident: &Ident<'_>, comparator: &str, literal: &Literal) -> Result<(), String> {
    let is_id = ident.column == Column::Attribute(Attribute::ExperimentId);
    if is_id && !matches!(comparator, "=" | "!=" | "IN") {
        return Err(format!(
            "Invalid comparator for experiment_id: {comparator}"
        ));
    }
    if is_id && literal.integer().is_none() {
        let text = &literal.text;
        return Err(format!(
            "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
        ));
    }
    if ident.is_time() && literal.integer().is_none() {
        let text = &literal.text;
        return Err(format!(
            "Invalid value for numeric attribute '{}': '{text}'",
            ident.key
        ));
    }
    Ok(())
}

/// Without the quotes around it, when it has both.
fn trimmed(text: &str, quote: char) -> &str {
    let inner = text.strip_prefix(quote);
    inner
        .and_then(|inner| inner.strip_suffix(quote))
        .unwrap_or(text)
}

/// One clause of `order_by`: a column, which way, and the name that a second clause may not have again.
pub(crate) fn order(text: &str, mode: Mode) -> Result<(Operand, Span, bool, String), FilterError> {
    let whole = Span::new(0, text.len());
    let unparsed = || {
        let message = format!("Invalid order_by clause '{text}'. Could not be parsed.");
        FilterError::new(text, whole, message)
    };
    let tokens = tokens(text);
    let [column, direction @ ..] = &tokens[..] else {
        return Err(unparsed());
    };
    let is_name = matches!(column.kind, TokenKind::Word | TokenKind::Quoted)
        && !column.raw.starts_with('\'')
        && number_len(column.raw) != Some(column.raw.len())
        && !column.is("asc")
        && !column.is("desc");
    let is_trimmed = text.trim() == text;
    if !is_name || !is_trimmed || direction.len() > 1 {
        return Err(unparsed());
    }
    let is_descending = match direction.first() {
        None => false,
        Some(word) if word.is("asc") => false,
        Some(word) if word.is("desc") => true,
        Some(word) if word.kind == TokenKind::Word => {
            let message = format!("Invalid ordering key in order_by clause '{text}'.");
            return Err(FilterError::new(text, word.span, message));
        }
        Some(_) => return Err(unparsed()),
    };
    let names = match mode {
        Mode::MlflowExperiments => Names::Experiments,
        _ => Names::RunOrders,
    };
    let ident = ident(text, *column, names)?;
    if mode == Mode::MlflowExperiments && ident.kind != "attribute" {
        let message = format!("Invalid order_by entity: {}", ident.kind);
        return Err(FilterError::new(text, column.span, message));
    }
    if ident.kind == "dataset" {
        let message = "Invalid identifier type 'dataset'";
        return Err(FilterError::new(text, column.span, message));
    }
    let name = format!("{:?}", ident.column);
    Ok((
        Operand::Column(ident.column),
        column.span,
        is_descending,
        name,
    ))
}
