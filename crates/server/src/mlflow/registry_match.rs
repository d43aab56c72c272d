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
                (Left::Attribute(key), _) => match number(key) {
                    Some(left) => {
                        whole(right).is_some_and(|right| holds_number(left, operator, right))
                    }
                    None => attribute(key).is_some_and(|text| holds(&text, operator, right)),
                },
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
        return check_number(comparison, key);
    }
    let is_list = matches!(comparison.right, Right::List(_));
    match (operator, &comparison.right) {
        (_, Right::List(_)) if what == "tag" => Err(not_quoted(what, &comparison.right)),
        (_, Right::List(_)) if !lists.contains(&key) => {
            let quoted: Vec<String> = lists.iter().map(|name| format!("'{name}'")).collect();
            Err(MlflowError::invalid(format!(
                "Only [{}] attributes support comparison with a list of quoted string values.",
                quoted.join(", ")
            )))
        }
        (_, Right::Number(_)) if what == "attribute" && !numbers.is_empty() => {
            Err(MlflowError::invalid(format!(
                "Only the '{{'{}'}}' attributes support comparison with numeric values.",
                numbers.join("', '")
            )))
        }
        (_, right @ Right::Number(_)) => Err(not_quoted(what, right)),
        ("=" | "!=" | "LIKE" | "ILIKE", _) if !is_list => Ok(()),
        ("IN" | "NOT IN", _) if is_list => Ok(()),
        _ => Err(MlflowError::invalid(format!(
            "Invalid comparator for {what}: {operator}"
        ))),
    }
}

fn not_quoted(what: &str, right: &Right) -> MlflowError {
    let expected = match what {
        "tag" => "a quoted string value for tag (e.g. 'my-value')",
        _ => "a quoted string value or a list of quoted string values for attributes",
    };
    let found = right.shown();
    MlflowError::invalid(format!("Expected {expected}. Got value {found}"))
}

/// Refuses what cannot be compared with a number. A quoted whole number is one.
fn check_number(comparison: &Comparison, key: &str) -> Answer<()> {
    let operator = comparison.operator.as_str();
    if !matches!(operator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
        let text = format!("Invalid comparator for attribute {key}: {operator}");
        return Err(MlflowError::invalid(text));
    }
    if whole(&comparison.right).is_some() {
        return Ok(());
    }
    let found = comparison.right.shown();
    Err(MlflowError::invalid(format!(
        "Invalid value for numeric attribute '{key}': {found}"
    )))
}

fn whole(right: &Right) -> Option<i64> {
    match right {
        Right::Number(text) | Right::Text(text) => text.parse().ok(),
        Right::List(_) => None,
    }
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
