//! Names in filters and orders: which family a word names, and which metric, param, tag or attribute it can mean.

use super::column::{Aggregate, Attribute, Column, DIRTY, Family, attributes};
use super::error::FilterError;
use super::expr::{Mode, Operand, PREFIXES, Prefix};
use super::lex::{Token, first_dot, plain};
use super::source::ColumnSource;
use crate::nearest::nearest;

/// What a word of the full grammar names.
pub(crate) fn operand(text: &str, token: Token<'_>, mode: Mode) -> Result<Operand, FilterError> {
    let raw = token.raw;
    if let Some(name) = raw.strip_prefix('.') {
        return attribute(text, token, name, mode);
    }
    let prefix = first_dot(raw).and_then(|dot| {
        let prefix = Prefix::of_name(&raw[..dot].to_ascii_lowercase())?;
        Some((prefix, &raw[dot + 1..]))
    });
    let Some((prefix, name)) = prefix else {
        return Ok(Operand::Bare(plain(raw)));
    };
    let plain_name = plain(name);
    if plain_name.is_empty() {
        let message = format!("{raw} names nothing: write a name behind the dot");
        return Err(FilterError::new(text, token.span, message));
    }
    match prefix {
        Prefix::Of(Family::Metric) => Ok(Operand::Metric(plain_name)),
        Prefix::Of(Family::Param) => Ok(Operand::Column(Column::Param(plain_name.into()))),
        Prefix::Of(Family::Tag) => Ok(Operand::Column(Column::Tag(plain_name.into()))),
        Prefix::Attribute => attribute(text, token, name, mode),
        Prefix::Dataset => dataset(text, token, &plain_name),
    }
}

fn attribute(text: &str, token: Token<'_>, name: &str, mode: Mode) -> Result<Operand, FilterError> {
    let name = plain(name);
    if let Some(attribute) = Attribute::of_name(mode, &name) {
        return Ok(Operand::attribute(attribute));
    }
    let known = attributes(mode).iter().map(|known| known.names[0]);
    let fact = (!mode.is_about_experiments()).then_some(DIRTY);
    let known: Vec<&str> = known.chain(fact).collect();
    let message = format!(
        "no {} has an attribute {name:?}: there are {}",
        mode.row(),
        known.join(", ")
    );
    let lead = &token.raw[..token.raw.len() - token.raw.trim_start_matches('.').len()];
    let lead = if lead.is_empty() { "attributes." } else { lead };
    let suggestion = nearest(&name, Attribute::names(mode)).map(|near| format!("{lead}{near}"));
    Err(FilterError::new(text, token.span, message).suggesting(suggestion))
}

fn dataset(text: &str, token: Token<'_>, name: &str) -> Result<Operand, FilterError> {
    let known = ["name", "digest", "context"];
    if known.contains(&name) {
        return Ok(Operand::Column(Column::Dataset(name.into())));
    }
    let message = format!("a dataset has no {name:?}: there are name, digest, context");
    let suggestion = nearest(name, known.into_iter()).map(|near| format!("dataset.{near}"));
    Err(FilterError::new(text, token.span, message).suggesting(suggestion))
}

/// The column that a metric's name means: the metric that is called so, else an aggregate or a step of one.
pub(crate) fn metric(source: &impl ColumnSource, name: &str) -> Column {
    if source.has(Family::Metric, name) {
        return Column::metric(name);
    }
    let (rest, is_step) = name
        .strip_suffix("@step")
        .map_or((name, false), |rest| (rest, true));
    let aggregated = rest.rsplit_once('.').and_then(|(metric, word)| {
        let aggregate = Aggregate::of_word(word)?;
        Some((metric, aggregate))
    });
    let (metric, aggregate) = match aggregated {
        Some((metric, aggregate)) if !metric.is_empty() && !source.has(Family::Metric, rest) => {
            (metric, aggregate)
        }
        _ => (rest, Aggregate::Last),
    };
    Column::Metric {
        name: metric.into(),
        aggregate,
        is_step,
    }
}

/// Whether the source has what the column asks about.
pub(crate) fn is_known(source: &impl ColumnSource, column: &Column) -> bool {
    match column {
        Column::Metric { name, .. } => source.has(Family::Metric, name),
        Column::Param(name) => source.has(Family::Param, name),
        Column::Tag(name) => source.has(Family::Tag, name),
        Column::Attribute(_) | Column::Dataset(_) => true,
    }
}

/// The column that a name without a family means. Attributes come first in filters, metrics in orders: each as it is
/// written elsewhere.
pub(crate) fn bare(
    source: &impl ColumnSource,
    name: &str,
    mode: Mode,
    is_metric_first: bool,
) -> Option<Column> {
    let attribute = || Attribute::of_name(mode, name).map(Column::Attribute);
    let known = |column: Column| is_known(source, &column).then_some(column);
    let metric = || known(metric(source, name));
    let first = if is_metric_first {
        metric().or_else(attribute)
    } else {
        attribute().or_else(metric)
    };
    first
        .or_else(|| known(Column::Param(name.into())))
        .or_else(|| known(Column::Tag(name.into())))
}

/// The name that was probably meant by one that nothing has, as a filter would write it.
pub(crate) fn nearest_name(
    source: &impl ColumnSource,
    families: &[Family],
    name: &str,
) -> Option<String> {
    let mut names: Vec<(Family, Box<str>)> = Vec::new();
    for family in families {
        names.extend(
            source
                .names(*family)
                .into_iter()
                .map(|name| (*family, name)),
        );
    }
    let plain = name.strip_suffix("@step").unwrap_or(name);
    let (stem, tail) = match plain.rsplit_once('.') {
        Some((stem, word)) if Aggregate::of_word(word).is_some() => (stem, &name[stem.len()..]),
        _ => (name, ""),
    };
    let near = nearest(stem, names.iter().map(|(_, name)| &**name))?;
    let found = names.iter().find(|(_, name)| **name == *near);
    let tail = found
        .filter(|(family, _)| *family == Family::Metric)
        .map_or("", |_| tail);
    Some(format!("{near}{tail}"))
}

/// The name of a family in a filter that was meant by one that is none.
pub(crate) fn nearest_prefix(name: &str) -> Option<&'static str> {
    nearest(name, PREFIXES.iter().map(|(known, _)| *known))
}
