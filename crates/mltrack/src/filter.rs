//! Filters: comparisons joined by `and`, after the grammar of `MLflow`.
//!
//! ```text
//! filter     = comparison ("and" comparison)*
//! comparison = column operator literal
//! column     = ("metrics" | "params" | "tags" | "attributes") "." name
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">=" | "like" | "ilike"
//! literal    = number | 'text' | "text"
//! ```
//!
//! Invariant: a run without the column matches no comparison with it, not even `!=`.

use crate::cell::Cell;
use crate::column::{Column, Family};
use crate::error::{Error, Result};
use crate::filter_words::{Word, words};
use crate::summary::RunSummary;

/// A filter, parsed.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Filter {
    comparisons: Vec<Comparison>,
}

#[derive(Clone, PartialEq, Debug)]
struct Comparison {
    column: Column,
    operator: Operator,
    literal: Cell,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    LikeAnyCase,
}

impl Filter {
    pub fn parse(text: &str) -> Result<Filter> {
        let words = words(text)?;
        let mut rest = words.as_slice();
        let mut comparisons = Vec::new();
        loop {
            comparisons.push(comparison(text, &mut rest)?);
            match rest.split_first() {
                None => return Ok(Filter { comparisons }),
                Some((word, after)) if word.is("and") => rest = after,
                Some((word, _)) => return Err(expected(text, word.at, "`and` or the end")),
            }
        }
    }

    pub fn admits(&self, run: &RunSummary) -> bool {
        self.comparisons
            .iter()
            .all(|comparison| comparison.admits(run))
    }
}

fn comparison(text: &str, rest: &mut &[Word]) -> Result<Comparison> {
    let mut next = |what: &str| match rest.split_first() {
        Some((word, after)) => {
            *rest = after;
            Ok(word.clone())
        }
        None => Err(expected(text, text.len(), what)),
    };
    let column = next("a column, such as metrics.loss")?;
    let column = column.column().ok_or_else(|| {
        expected(
            text,
            column.at,
            "metrics., params., tags. or attributes. and a name",
        )
    })?;
    let sign = next("an operator: = != < <= > >= like ilike")?;
    let operator = Operator::of(&sign)
        .ok_or_else(|| expected(text, sign.at, "an operator: = != < <= > >= like ilike"))?;
    let word = next("a number, or a text in quotes")?;
    let literal = word
        .literal()
        .ok_or_else(|| expected(text, word.at, "a number, or a text in quotes"))?;
    if matches!(operator, Operator::Like | Operator::LikeAnyCase)
        && matches!(literal, Cell::Number(_))
    {
        return Err(expected(
            text,
            word.at,
            "a text in quotes: `like` compares texts",
        ));
    }
    if column.family() == Family::Metric && matches!(literal, Cell::Text(_)) {
        return Err(expected(text, word.at, "a number: metrics are numbers"));
    }
    let literal = column
        .literal(literal)
        .ok_or_else(|| expected(text, word.at, "a value that the column can have"))?;
    Ok(Comparison {
        column,
        operator,
        literal,
    })
}

/// What is wrong, where, and what would be right.
fn expected(text: &str, at: usize, what: &str) -> Error {
    let found = match text.get(at..).map(str::trim).unwrap_or_default() {
        "" => "the filter ends".to_owned(),
        found => format!("it says {:?}", found.chars().take(20).collect::<String>()),
    };
    Error::validation(format!(
        "bad filter at character {}: {found}, expected {what}",
        text[..at].chars().count() + 1
    ))
    .with_hint("mltrack runs -f \"metrics.loss < 0.5 and params.lr = '0.0003'\"")
}

impl Operator {
    fn of(word: &Word) -> Option<Operator> {
        Some(match word.bare()?.to_ascii_lowercase().as_str() {
            "=" | "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "like" => Operator::Like,
            "ilike" => Operator::LikeAnyCase,
            _ => return None,
        })
    }
}

impl Comparison {
    fn admits(&self, run: &RunSummary) -> bool {
        let Some(found) = self.column.value(run) else {
            return false;
        };
        let text = || found.to_string();
        let pattern = || self.literal.to_string();
        if self.operator == Operator::Like {
            return is_like(&text(), &pattern());
        }
        if self.operator == Operator::LikeAnyCase {
            return is_like(&text().to_lowercase(), &pattern().to_lowercase());
        }
        let Some(order) = found.compare(&self.literal) else {
            // NaN differs from everything; a text and a number differ too.
            return self.operator == Operator::NotEqual;
        };
        match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            _ => order.is_ge(),
        }
    }
}

/// SQL's pattern: `%` is any text, `_` any one character.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut sign) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(sign) {
            Some('%') => {
                retry = Some((at, sign));
                sign += 1;
            }
            Some(wanted) if *wanted == '_' || *wanted == text[at] => {
                at += 1;
                sign += 1;
            }
            _ => match retry {
                // The last `%` takes one character more.
                Some((from, percent)) => {
                    retry = Some((from + 1, percent));
                    (at, sign) = (from + 1, percent + 1);
                }
                None => return false,
            },
        }
    }
    pattern[sign..].iter().all(|sign| *sign == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_comparisons_joined_by_and() {
        let filter =
            Filter::parse("metrics.acc > 0.9 AND params.`a b` = '1' and tags.x!=\"y\"").unwrap();
        assert_eq!(filter.comparisons.len(), 3);
        assert_eq!(filter.comparisons[2].operator, Operator::NotEqual);
    }

    #[test]
    fn a_bad_filter_says_where_and_what_was_expected() {
        for (text, at, what) in [
            ("", 1, "a column"),
            ("loss < 3", 1, "metrics., params."),
            ("metrics.loss", 13, "an operator"),
            ("metrics.loss ~ 3", 14, "an operator"),
            ("metrics.loss < ", 16, "a number"),
            ("metrics.loss < 'x'", 16, "metrics are numbers"),
            ("metrics.loss < 3 or metrics.loss > 4", 18, "`and`"),
            ("params.lr = 'x", 13, "closed"),
            ("params.lr like 3", 16, "compares texts"),
            ("attributes.colour = 'x'", 1, "attributes."),
        ] {
            let error = Filter::parse(text).unwrap_err();
            let message = error.to_string();
            assert_eq!(error.code(), crate::Code::ValidationError);
            assert!(
                message.contains(&format!("character {at}:")),
                "{text}: {message}"
            );
            assert!(message.contains(what), "{text}: {message}");
        }
    }

    #[test]
    fn like_knows_both_wildcards() {
        for (text, pattern, expected) in [
            ("kind-elk", "kind%", true),
            ("kind-elk", "%elk", true),
            ("kind-elk", "%d-e%", true),
            ("kind-elk", "kind_elk", true),
            ("kind-elk", "kind", false),
            ("aab", "%ab", true),
            ("", "%", true),
            ("", "_", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} like {pattern}");
        }
    }
}
