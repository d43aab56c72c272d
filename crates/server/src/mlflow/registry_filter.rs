//! The filters and orders of searches in the registry, read from `MLflow`'s texts.
//!
//! Invariants: a filter is comparisons joined by AND, whatever its text; nothing a client writes makes it run long: it is
//! read once, and a pattern is matched in the time of its length times that of the text.

use super::pattern::Matcher;
use super::registry_tokens::{Token, plain, shown, tokens};
use super::{Answer, MlflowError};

/// One comparison of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub left: Left,
    /// How, in capitals.
    pub operator: String,
    /// With what.
    pub right: Right,
}

/// What is compared: an attribute, or a tag by its key.
#[derive(Debug, Clone, PartialEq)]
pub enum Left {
    /// An attribute.
    Attribute(String),
    /// A tag.
    Tag(String),
}

/// What something is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Right {
    /// A quoted text.
    Text(String),
    /// A number as written.
    Number(String),
    /// Several quoted texts.
    List(Vec<String>),
}

/// Reads a filter; `attributes` are those that may be named.
pub fn parse(filter: &str, attributes: &[&str]) -> Answer<Vec<Comparison>> {
    let mut tokens = tokens(filter).into_iter().peekable();
    let mut comparisons = Vec::new();
    while let Some(token) = tokens.next() {
        let word = match token {
            Token::Word(word) => word,
            Token::Text(text) => return Err(expected_identifier(&format!("'{text}'"))),
            Token::Number(number) => return Err(expected_identifier(&number)),
            Token::Open => return Err(invalid_clause(filter)),
            Token::Odd(odd) if odd == ";" => return Err(several(filter)),
            other => return Err(invalid_clause(&shown(&other))),
        };
        if word.eq_ignore_ascii_case("and") && !comparisons.is_empty() {
            continue;
        }
        let operator = operator(&mut tokens).ok_or_else(|| invalid_clause(&word))?;
        let left = identifier(&word, attributes)?;
        if tokens.peek().is_none() {
            return Err(invalid_clause(&format!("{word}, {operator}")));
        }
        let right = right(&mut tokens, &left)?;
        if operator.ends_with("IN") && !matches!(right, Right::List(_)) {
            let clause = format!("{word}, {operator}, {}", right.shown());
            return Err(invalid_clause(&clause));
        }
        let comparison = Comparison {
            left,
            operator,
            right,
        };
        comparisons.push(comparison);
        match tokens.peek() {
            None => {}
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("and") => {}
            Some(Token::Odd(odd)) if odd == ";" => return Err(several(filter)),
            Some(other) => return Err(invalid_clause(&shown(other))),
        }
    }
    Ok(comparisons)
}

fn several(filter: &str) -> MlflowError {
    let quote = if filter.contains('\'') { '"' } else { '\'' };
    MlflowError::invalid(format!(
        "Search filter contained multiple expression {quote}{filter}{quote}. Provide AND-ed expression list."
    ))
}

impl Right {
    /// As it was written.
    pub fn shown(&self) -> String {
        match self {
            Right::Text(text) => format!("'{text}'"),
            Right::Number(number) => number.clone(),
            Right::List(texts) => format!("('{}')", texts.join("', '")),
        }
    }
}

fn invalid_clause(clause: &str) -> MlflowError {
    MlflowError::invalid(format!("Invalid clause(s) in filter string: {clause}"))
}

fn expected_identifier(found: &str) -> MlflowError {
    MlflowError::invalid(format!(
        "Invalid comparison clause. Expected 'Identifier' found '{found}'"
    ))
}

type Tokens = std::iter::Peekable<std::vec::IntoIter<Token>>;

/// The operator that follows, in capitals; `None` when there is none.
fn operator(tokens: &mut Tokens) -> Option<String> {
    match tokens.next()? {
        Token::Operator(operator) => Some(operator),
        Token::Word(word) if word.eq_ignore_ascii_case("not") => match tokens.next()? {
            Token::Word(word) if word.eq_ignore_ascii_case("in") => Some("NOT IN".to_owned()),
            _ => None,
        },
        Token::Word(word) => {
            let word = word.to_ascii_uppercase();
            matches!(word.as_str(), "LIKE" | "ILIKE" | "RLIKE" | "IN" | "IS").then_some(word)
        }
        _ => None,
    }
}

fn right(tokens: &mut Tokens, left: &Left) -> Answer<Right> {
    let quoted = |found: &str| {
        let what = match left {
            Left::Tag(_) => "a quoted string value for tag (e.g. 'my-value')",
            Left::Attribute(_) => {
                "a quoted string value or a list of quoted string values for attributes"
            }
        };
        MlflowError::invalid(format!("Expected {what}. Got value {found}"))
    };
    match tokens.next() {
        Some(Token::Text(text)) => Ok(Right::Text(text)),
        Some(Token::Word(word)) if word.starts_with('"') => Ok(Right::Text(plain(&word))),
        Some(Token::Number(number)) => Ok(Right::Number(number)),
        Some(Token::Open) => list(tokens, &quoted),
        Some(Token::Word(word)) => Err(MlflowError::invalid(format!(
            "Parameter value is either not quoted or unidentified quote types used for string value {word}. Use either single or double quotes."
        ))),
        Some(other) => Err(quoted(&shown(&other))),
        None => Err(quoted("nothing")),
    }
}

fn list(tokens: &mut Tokens, quoted: &impl Fn(&str) -> MlflowError) -> Answer<Right> {
    let mut texts = Vec::new();
    loop {
        match tokens.next() {
            Some(Token::Text(text)) => texts.push(text),
            Some(Token::Word(word)) if word.starts_with('"') => texts.push(plain(&word)),
            Some(Token::Comma) => {}
            Some(Token::Close) if !texts.is_empty() => return Ok(Right::List(texts)),
            Some(other) => return Err(quoted(&shown(&other))),
            None => return Err(quoted("a list that does not end")),
        }
    }
}

/// What a word names: `name`, `attribute.name`, ``tags.`a b` ``.
fn identifier(word: &str, attributes: &[&str]) -> Answer<Left> {
    let (is_tag, key) = match word.split_once('.') {
        None => (false, word),
        Some(("tag" | "tags", key)) => (true, key),
        Some(("attribute", key)) => (false, key),
        Some((kind, _)) => {
            return Err(MlflowError::invalid(format!(
                "Invalid entity type '{kind}'. Valid entity types are ('attribute', 'tag', 'tags')"
            )));
        }
    };
    let plain_key = plain(key);
    if is_tag {
        return Ok(Left::Tag(plain_key));
    }
    if !attributes.contains(&plain_key.as_str()) {
        let valid: Vec<String> = attributes.iter().map(|name| format!("'{name}'")).collect();
        return Err(MlflowError::invalid(format!(
            "Invalid attribute key '{key}' specified. Valid keys are '{{{}}}'",
            valid.join(", ")
        )));
    }
    Ok(Left::Attribute(plain_key))
}

/// Whether a text compares so.
pub fn holds(text: &str, operator: &str, right: &Right) -> bool {
    match (operator, right) {
        ("=", Right::Text(other)) => text == other,
        ("!=", Right::Text(other)) => text != other,
        ("LIKE", Right::Text(pattern)) => Matcher::like(pattern, false).matches(text),
        ("ILIKE", Right::Text(pattern)) => Matcher::like(pattern, true).matches(text),
        ("IN", Right::List(several)) => several.iter().any(|other| other == text),
        ("NOT IN", Right::List(several)) => several.iter().all(|other| other != text),
        _ => false,
    }
}

/// One clause of an order: what by, and whether upwards.
pub fn order(clause: &str) -> Answer<(String, bool)> {
    let unreadable = || {
        MlflowError::invalid(format!(
            "Invalid order_by clause '{clause}'. Could not be parsed."
        ))
    };
    let mut words = clause.split_whitespace();
    let key = words.next().ok_or_else(unreadable)?;
    let direction = words.next();
    if words.next().is_some() {
        return Err(unreadable());
    }
    let is_upwards = match direction {
        None => true,
        Some(word) if word.eq_ignore_ascii_case("asc") => true,
        Some(word) if word.eq_ignore_ascii_case("desc") => false,
        Some(_) => {
            return Err(MlflowError::invalid(format!(
                "Invalid ordering key in order_by clause '{clause}'."
            )));
        }
    };
    Ok((plain(key), is_upwards))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["name", "version_number"];

    #[test]
    fn comparisons_are_read_whatever_their_quotes() {
        let read = parse(
            "name like 'a''b%' AND tags.`a b` != \"x\" and version_number>=2 and",
            &NAMES,
        );
        let read = read.unwrap();
        let expected = [
            (
                Left::Attribute("name".into()),
                "LIKE",
                Right::Text("a'b%".into()),
            ),
            (Left::Tag("a b".into()), "!=", Right::Text("x".into())),
            (
                Left::Attribute("version_number".into()),
                ">=",
                Right::Number("2".into()),
            ),
        ];
        assert_eq!(read.len(), expected.len());
        for (read, (left, operator, right)) in read.iter().zip(expected) {
            assert_eq!(
                (&read.left, read.operator.as_str(), &read.right),
                (&left, operator, &right)
            );
        }
        let read = parse("name NOT IN ('a', 'b')", &NAMES).unwrap();
        assert_eq!(read[0].right, Right::List(vec!["a".into(), "b".into()]));
        assert_eq!(read[0].operator, "NOT IN");
        assert!(parse("", &NAMES).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "name",
            "name =",
            "name = 'a' or name = 'b'",
            "(name = 'a')",
            "foo.x = 'a'",
            "size = 1",
            "name = 'a'; name = 'b'",
            "'a' = name",
            "name = 'a",
            "name = a",
            "name IN ()",
        ] {
            assert!(parse(filter, &NAMES).is_err(), "{filter}");
        }
    }
}
