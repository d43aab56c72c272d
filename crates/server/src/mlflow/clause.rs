//! Filters as `MLflow`'s clients write them, cut into comparisons: `tags.k = 'v' AND metrics.acc > 0.5`.
//!
//! Invariants: what is cut is the whole text: anything that is no comparison is named in the error; a key may be quoted
//! by backticks or double quotes, and stands behind the first dot.

use super::{Answer, MlflowError};

/// A filter is at most so long, in bytes.
const FILTER_LEN_MAX: usize = 64 << 10;

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What stands before the first dot; `None` for a bare key.
    pub entity: Option<String>,
    /// The key, without quotes.
    pub key: String,
    /// The comparison.
    pub operator: Operator,
    /// What it is compared with.
    pub value: Operand,
}

/// How something is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    Ilike,
    Rlike,
    In,
    NotIn,
    IsNull,
    IsNotNull,
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A quoted text.
    Text(String),
    /// A number, as it was written.
    Number(String, f64),
    /// A list of quoted texts.
    Texts(Vec<String>),
    /// Nothing: the comparison says it all.
    None,
}

impl Operator {
    /// As filters write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Like => "LIKE",
            Operator::Ilike => "ILIKE",
            Operator::Rlike => "RLIKE",
            Operator::In => "IN",
            Operator::NotIn => "NOT IN",
            Operator::IsNull => "IS NULL",
            Operator::IsNotNull => "IS NOT NULL",
        }
    }

    /// Whether it compares sizes.
    #[must_use]
    pub fn is_size(self) -> bool {
        matches!(
            self,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual
        )
    }

    /// What it says of two numbers; `false` for operators of texts.
    #[must_use]
    #[expect(
        clippy::float_cmp,
        reason = "a filter asks for the very number, as it was logged"
    )]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
            _ => false,
        }
    }
}

/// Cuts a filter into its comparisons; an empty one has none.
pub fn clauses(filter: &str) -> Answer<Vec<Clause>> {
    if filter.len() > FILTER_LEN_MAX {
        let what = format!(
            "The filter has {} bytes; at most {FILTER_LEN_MAX} are read.",
            filter.len()
        );
        return Err(MlflowError::invalid(what));
    }
    let words = words(filter)?;
    let mut rest = words.as_slice();
    let mut clauses = Vec::new();
    while !rest.is_empty() {
        if let [Word::Name(and), after @ ..] = rest
            && and.eq_ignore_ascii_case("and")
            && !clauses.is_empty()
        {
            // One behind the last comparison is accepted too.
            rest = after;
            continue;
        }
        let (clause, after) = clause(rest)?;
        if !clauses.is_empty() && !ends_with_and(&words[..words.len() - rest.len()]) {
            return Err(invalid(rest));
        }
        clauses.push(clause);
        rest = after;
    }
    Ok(clauses)
}

fn ends_with_and(words: &[Word]) -> bool {
    matches!(words.last(), Some(Word::Name(and)) if and.eq_ignore_ascii_case("and"))
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    /// A name, with dots and quoted parts, as it was written.
    Name(String),
    Text(String),
    Number(String),
    Sign(&'static str),
    Open,
    Close,
    Comma,
}

impl Word {
    fn written(&self) -> String {
        match self {
            Word::Name(text) | Word::Number(text) => text.clone(),
            Word::Text(text) => format!("'{text}'"),
            Word::Sign(sign) => (*sign).to_owned(),
            Word::Open => "(".to_owned(),
            Word::Close => ")".to_owned(),
            Word::Comma => ",".to_owned(),
        }
    }
}

fn invalid(words: &[Word]) -> MlflowError {
    let written: Vec<String> = words
        .iter()
        .take(8)
        .map(|word| format!("'{}'", word.written()))
        .collect();
    MlflowError::invalid(format!(
        "Invalid clause(s) in filter string: {}",
        written.join(", ")
    ))
}

fn words(filter: &str) -> Answer<Vec<Word>> {
    const SIGNS: [&str; 8] = ["<=", ">=", "!=", "<>", "==", "=", "<", ">"];
    let mut words = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let starts = |sign: &&&str| rest.starts_with(**sign);
        let (word, len) = match first {
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            ',' => (Word::Comma, 1),
            '\'' => {
                let (text, len) = quoted(rest, '\'')?;
                (Word::Text(text), len)
            }
            // A double-quoted word is a text behind a comparison, and a key before one.
            '"' if matches!(words.last(), Some(Word::Sign(_) | Word::Open | Word::Comma))
                || is_text_operator(words.last()) =>
            {
                let (text, len) = quoted(rest, '"')?;
                (Word::Text(text), len)
            }
            '-' | '+' | '.' | '0'..='9' => number(rest)?,
            _ if SIGNS.iter().any(|sign| rest.starts_with(sign)) => {
                let sign = SIGNS.iter().find(starts).copied().unwrap_or("=");
                (Word::Sign(sign), sign.len())
            }
            _ => name(rest)?,
        };
        words.push(word);
        rest = rest[len..].trim_start();
    }
    Ok(words)
}

fn is_text_operator(word: Option<&Word>) -> bool {
    let operators = ["like", "ilike", "rlike"];
    matches!(word, Some(Word::Name(name)) if operators.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// The text in quotes at the beginning, with doubled quotes as one, and its length with them.
fn quoted(rest: &str, quote: char) -> Answer<(String, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != quote {
            text.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == quote) {
            text.push(quote);
            letters.next();
        } else {
            return Ok((text, at + quote.len_utf8()));
        }
    }
    let shown: String = rest.chars().take(40).collect();
    Err(MlflowError::invalid(format!(
        "Invalid clause(s) in filter string: a quote is not closed: {shown}"
    )))
}

fn number(rest: &str) -> Answer<(Word, usize)> {
    let is_part = |(at, letter): (usize, char)| match letter {
        '0'..='9' | '.' => true,
        'e' | 'E' => at > 0,
        '-' | '+' => at == 0 || rest[..at].ends_with(['e', 'E']),
        _ => false,
    };
    let len = rest
        .char_indices()
        .find(|part| !is_part(*part))
        .map_or(rest.len(), |(at, _)| at);
    let text = &rest[..len];
    match text.parse::<f64>() {
        Ok(_) => Ok((Word::Number(text.to_owned()), len)),
        Err(_) => Err(MlflowError::invalid(format!(
            "Invalid clause(s) in filter string: '{}'",
            rest.chars().take(40).collect::<String>()
        ))),
    }
}

/// A name up to a blank or a sign; quoted parts may hold anything.
fn name(rest: &str) -> Answer<(Word, usize)> {
    let mut at = 0;
    while let Some(letter) = rest[at..].chars().next() {
        if letter == '`' || letter == '"' {
            let (_, len) = quoted(&rest[at..], letter)?;
            at += len;
        } else if letter.is_whitespace() || "()=<>!,'".contains(letter) {
            break;
        } else {
            at += letter.len_utf8();
        }
    }
    if at == 0 {
        return Err(invalid(&[Word::Name(rest.chars().take(1).collect())]));
    }
    Ok((Word::Name(rest[..at].to_owned()), at))
}

/// The first comparison and what follows it.
fn clause(words: &[Word]) -> Answer<(Clause, &[Word])> {
    let (name, rest) = match words {
        [Word::Name(name), rest @ ..] => (name, rest),
        [Word::Text(_) | Word::Number(_), Word::Sign(_), ..] => {
            let what = words[0].written();
            return Err(MlflowError::invalid(format!(
                "Invalid comparison clause. Expected 'Identifier' found '{what}'"
            )));
        }
        _ => return Err(invalid(words)),
    };
    let (operator, rest) = operator(rest).ok_or_else(|| invalid(words))?;
    let (value, rest) = operand(operator, rest).ok_or_else(|| invalid(words))?;
    let (entity, key) = parts(name);
    let clause = Clause {
        entity,
        key,
        operator,
        value,
    };
    Ok((clause, rest))
}

fn operator(words: &[Word]) -> Option<(Operator, &[Word])> {
    let is = |word: &Word, wanted: &str| matches!(word, Word::Name(name) if name.eq_ignore_ascii_case(wanted));
    match words {
        [Word::Sign(sign), rest @ ..] => {
            let operator = match *sign {
                "=" | "==" => Operator::Equal,
                "!=" | "<>" => Operator::NotEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                _ => Operator::GreaterOrEqual,
            };
            Some((operator, rest))
        }
        [one, two, three, rest @ ..] if is(one, "is") && is(two, "not") && is(three, "null") => {
            Some((Operator::IsNotNull, rest))
        }
        [one, two, rest @ ..] if is(one, "is") && is(two, "null") => Some((Operator::IsNull, rest)),
        [one, two, rest @ ..] if is(one, "not") && is(two, "in") => Some((Operator::NotIn, rest)),
        [one, rest @ ..] if is(one, "in") => Some((Operator::In, rest)),
        [one, rest @ ..] if is(one, "like") => Some((Operator::Like, rest)),
        [one, rest @ ..] if is(one, "ilike") => Some((Operator::Ilike, rest)),
        [one, rest @ ..] if is(one, "rlike") => Some((Operator::Rlike, rest)),
        _ => None,
    }
}

fn operand(operator: Operator, words: &[Word]) -> Option<(Operand, &[Word])> {
    match (operator, words) {
        (Operator::IsNull | Operator::IsNotNull, rest) => Some((Operand::None, rest)),
        (Operator::In | Operator::NotIn, [Word::Open, rest @ ..]) => {
            let end = rest.iter().position(|word| *word == Word::Close)?;
            let mut texts = Vec::new();
            for (at, word) in rest[..end].iter().enumerate() {
                match word {
                    Word::Text(text) if at % 2 == 0 => texts.push(text.clone()),
                    Word::Comma if at % 2 == 1 => {}
                    _ => return None,
                }
            }
            Some((Operand::Texts(texts), &rest[end + 1..]))
        }
        (Operator::In | Operator::NotIn, _) => None,
        (_, [Word::Text(text), rest @ ..]) => Some((Operand::Text(text.clone()), rest)),
        (_, [Word::Number(text), rest @ ..]) => {
            Some((Operand::Number(text.clone(), text.parse().ok()?), rest))
        }
        _ => None,
    }
}

/// What stands before the first dot outside of quotes, and the key behind it, both without quotes.
fn parts(name: &str) -> (Option<String>, String) {
    let bare = |part: &str| -> String {
        let part = part.trim();
        for quote in ['`', '"'] {
            let inside = part
                .strip_prefix(quote)
                .and_then(|part| part.strip_suffix(quote));
            if let Some(inside) = inside {
                return inside.to_owned();
            }
        }
        part.to_owned()
    };
    if name.starts_with(['`', '"']) {
        return (None, bare(name));
    }
    match name.split_once('.') {
        Some((entity, key)) => (Some(bare(entity)), bare(key)),
        None => (None, bare(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_cut_into_its_comparisons() {
        let text = "tags.`a b.c` LIKE '%x''y%' and metrics.acc>=-1.5e-3 AND name NOT IN ('a', 'b') AND k IS NOT NULL AND a = \"q\" AND";
        let found = clauses(text).unwrap();
        let keys: Vec<_> = found.iter().map(|clause| clause.key.as_str()).collect();
        assert_eq!(keys, ["a b.c", "acc", "name", "k", "a"]);
        assert_eq!(found[0].value, Operand::Text("%x'y%".into()));
        assert_eq!(found[1].value, Operand::Number("-1.5e-3".into(), -0.0015));
        assert_eq!(found[2].value, Operand::Texts(vec!["a".into(), "b".into()]));
        assert_eq!(found[3].operator, Operator::IsNotNull);
        assert_eq!(found[4].value, Operand::Text("q".into()));
        assert_eq!(found[0].entity.as_deref(), Some("tags"));
    }

    #[test]
    fn what_is_no_comparison_is_refused() {
        for text in [
            "a",
            "a = ",
            "a = 'b' OR c = 'd'",
            "1 = 'a'",
            "a IN ('b'",
            "a = 'b",
            "a ! 'b'",
            "= =",
            "a='b' c='d'",
        ] {
            assert!(clauses(text).is_err(), "{text}");
        }
        assert!(clauses("").unwrap().is_empty());
        assert!(clauses(&"a".repeat(70_000)).is_err());
    }
}
