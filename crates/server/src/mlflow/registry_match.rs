//! Which rows of the registry a filter admits.
//!
//! Invariants: prompts are admitted only by a filter that asks for them; a row that lacks what is compared is not admitted.

use std::collections::BTreeMap;

use super::registry_check::IS_PROMPT;
use super::registry_filter::{Comparison, Left, Right, holds, parse};
use super::{Answer, MlflowError};

/// Tags by their keys.
type Tags = BTreeMap<String, String>;

/// Whether these tags are those of a prompt.
pub fn is_prompt(tags: &Tags) -> bool {
    tags.get(IS_PROMPT).is_some_and(|value| value == "true")
}

/// A filter whose comparisons all make sense.
pub struct Filter {
    comparisons: Vec<Comparison>,
    /// Whether it asks for prompts.
    is_of_prompts: bool,
}

impl Filter {
    /// Reads a filter over these attributes, of which some take lists and some are numbers.
    pub fn of(text: &str, attributes: &[&str], lists: &[&str], numbers: &[&str]) -> Answer<Filter> {
        let mut comparisons = parse(text, attributes)?;
        comparisons
            .iter()
            .try_for_each(|comparison| check(comparison, lists, numbers))?;
        let asks = |comparison: &Comparison| match (&comparison.left, &comparison.right) {
            (Left::Tag(key), Right::Text(value)) if key == IS_PROMPT => {
                Some(match comparison.operator.as_str() {
                    "=" => value.eq_ignore_ascii_case("true"),
                    "!=" => value.eq_ignore_ascii_case("false"),
                    _ => false,
                })
            }
            _ => None,
        };
        let is_of_prompts = comparisons.iter().find_map(asks).unwrap_or(false);
        if !is_of_prompts {
            // Rows without that tag are no prompts, and no prompt is found: nothing is left to compare.
            comparisons.retain(|comparison| comparison.left != Left::Tag(IS_PROMPT.to_owned()));
        }
        Ok(Filter {
            comparisons,
            is_of_prompts,
        })
    }

    /// Whether a row is admitted that has these tags and attributes.
    pub fn admits(
        &self,
        is_prompt: bool,
        tags: &Tags,
        attribute: impl Fn(&str) -> Option<String>,
        number: impl Fn(&str) -> Option<i64>,
    ) -> bool {
        if is_prompt && !self.is_of_prompts {
            return false;
        }
        self.comparisons.iter().all(|comparison| {
            let (operator, right) = (comparison.operator.as_str(), &comparison.right);
            match (&comparison.left, right) {
                (Left::Tag(key), _) => tags.get(key).is_some_and(|tag| holds(tag, operator, right)),
                (Left::Attribute(key), Right::Number(text)) => {
                    let pair = number(key).zip(text.parse::<i64>().ok());
                    pair.is_some_and(|(left, right)| holds_number(left, operator, right))
                }
                (Left::Attribute(key), _) => {
                    attribute(key).is_some_and(|text| holds(&text, operator, right))
                }
            }
        })
    }
}

/// Refuses a comparison that makes no sense.
fn check(comparison: &Comparison, lists: &[&str], numbers: &[&str]) -> Answer<()> {
    let operator = comparison.operator.as_str();
    let (what, key) = match &comparison.left {
        Left::Tag(key) => ("tag", key.as_str()),
        Left::Attribute(key) => ("attribute", key.as_str()),
    };
    if what == "attribute" && numbers.contains(&key) {
        let is_whole = match &comparison.right {
            Right::Number(text) => text.parse::<i64>().is_ok(),
            _ => false,
        };
        if !matches!(operator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
            let text = format!("Invalid comparator for attribute {key}: {operator}");
            return Err(MlflowError::invalid(text));
        }
        if !is_whole {
            let text = format!(
                "Invalid value for numeric attribute '{key}': {:?}",
                comparison.right
            );
            return Err(MlflowError::invalid(text));
        }
        return Ok(());
    }
    let takes_list = what == "attribute" && lists.contains(&key);
    let is_known = match operator {
        "=" | "!=" | "LIKE" | "ILIKE" => matches!(comparison.right, Right::Text(_)),
        "IN" | "NOT IN" => takes_list && matches!(comparison.right, Right::List(_)),
        _ => {
            return Err(MlflowError::invalid(format!(
                "Invalid comparator for {what}: {operator}"
            )));
        }
    };
    if is_known {
        return Ok(());
    }
    Err(MlflowError::invalid(match (&comparison.right, operator) {
        (Right::Number(number), _) => {
            format!(
                "Expected a quoted string value for {what} (e.g. 'my-value'). Got value {number}"
            )
        }
        _ => format!("Invalid comparator for {what}: {operator}"),
    }))
}

fn holds_number(left: i64, operator: &str, right: i64) -> bool {
    match operator {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => false,
    }
}
