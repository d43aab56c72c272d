//! Texts compared with patterns: `LIKE`, `ILIKE` and `RLIKE`.
//!
//! Invariant: a pattern costs time in the length of the text times the number of its wildcards at most, whatever it is;
//! an expression that would take much memory is refused.

use regex::RegexBuilder;

use super::clause::{Clause, Operand, Operator};
use super::{Answer, MlflowError};

/// Memory that a compiled expression may take.
const REGEX_LEN_MAX: usize = 256 << 10;
/// An expression is at most so long, in bytes.
const EXPRESSION_LEN_MAX: usize = 4096;

/// A comparison of texts, ready to be asked many times.
#[derive(Debug)]
pub enum Matcher {
    /// `=`, or `!=` when not wanted.
    Same(String, bool),
    /// `LIKE`, or `ILIKE` with its letters made small.
    Like { pattern: Vec<char>, is_folded: bool },
    /// `RLIKE`.
    Regex(Box<regex::Regex>),
    /// `IN`, or `NOT IN` when not wanted.
    OneOf(Vec<String>, bool),
}

impl Matcher {
    /// What a clause with a text or texts asks; `None` when its operator or value is of another kind.
    pub fn of(clause: &Clause) -> Answer<Option<Matcher>> {
        Ok(Some(match (clause.operator, &clause.value) {
            (Operator::Equal, Operand::Text(text)) => Matcher::Same(text.clone(), true),
            (Operator::NotEqual, Operand::Text(text)) => Matcher::Same(text.clone(), false),
            (Operator::Like, Operand::Text(text)) => Matcher::like(text, false),
            (Operator::Ilike, Operand::Text(text)) => Matcher::like(text, true),
            (Operator::Rlike, Operand::Text(text)) => Matcher::regex(text)?,
            (Operator::In, Operand::Texts(texts)) => Matcher::OneOf(texts.clone(), true),
            (Operator::NotIn, Operand::Texts(texts)) => Matcher::OneOf(texts.clone(), false),
            _ => return Ok(None),
        }))
    }

    /// `LIKE`, or `ILIKE`.
    pub fn like(pattern: &str, is_folded: bool) -> Matcher {
        let pattern = if is_folded {
            pattern.to_lowercase()
        } else {
            pattern.to_owned()
        };
        let pattern = pattern.chars().collect();
        Matcher::Like { pattern, is_folded }
    }

    /// `RLIKE`.
    pub fn regex(pattern: &str) -> Answer<Matcher> {
        if pattern.len() > EXPRESSION_LEN_MAX {
            return Err(MlflowError::invalid(format!(
                "The regular expression has {} bytes; at most {EXPRESSION_LEN_MAX} are read.",
                pattern.len()
            )));
        }
        let mut builder = RegexBuilder::new(pattern);
        let built = builder
            .size_limit(REGEX_LEN_MAX)
            .dfa_size_limit(REGEX_LEN_MAX)
            .build();
        let regex = built.map_err(|error| {
            MlflowError::invalid(format!("Invalid regular expression '{pattern}': {error}"))
        })?;
        Ok(Matcher::Regex(Box::new(regex)))
    }

    /// Whether a text is what was asked for.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Matcher::Same(wanted, is_wanted) => (text == wanted) == *is_wanted,
            Matcher::Like {
                pattern,
                is_folded: false,
            } => is_like(text, pattern),
            Matcher::Like {
                pattern,
                is_folded: true,
            } => is_like(&text.to_lowercase(), pattern),
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::OneOf(texts, is_wanted) => texts.iter().any(|one| one == text) == *is_wanted,
        }
    }
}

/// Whether a text fits a pattern with `%` and `_`: goes back to the last `%` only.
fn is_like(text: &str, pattern: &[char]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of, mut last) = (0, 0, None);
    while at < text.len() {
        match pattern.get(of) {
            Some('%') => {
                last = Some((of, at));
                of += 1;
            }
            Some(letter) if *letter == '_' || *letter == text[at] => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((percent, begun)) = last else {
                    return false;
                };
                last = Some((percent, begun + 1));
                (of, at) = (percent + 1, begun + 1);
            }
        }
    }
    pattern[of..].iter().all(|letter| *letter == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_its_two_wildcards_and_ilike_no_case() {
        let like = |pattern: &str, text: &str| Matcher::like(pattern, false).matches(text);
        assert!(like("%b_d%", "abcde") && like("", "") && like("%", "") && like("a%", "a"));
        assert!(!like("b%", "abc") && !like("a_", "a") && !like("A%", "abc") && !like("", "a"));
        assert!(Matcher::like("A%É", true).matches("abé"));
        assert!(like("a_c", "abc") && like("%%%", "abc") && !like("a%d", "aXc") && !like("_", ""));
        assert!(like("%a%a%a%b", &format!("{}b", "a".repeat(10_000))));
        assert!(!like(&format!("{}b", "%a".repeat(200)), &"a".repeat(5_000)));
    }

    #[test]
    fn expressions_that_are_wrong_or_too_large_are_refused() {
        assert!(Matcher::regex("^v[0-9]+$").unwrap().matches("v12"));
        assert!(Matcher::regex("(").is_err());
        assert!(Matcher::regex(&"a".repeat(5000)).is_err());
        assert!(Matcher::regex("((a{100}){100}){100}").is_err());
    }
}
