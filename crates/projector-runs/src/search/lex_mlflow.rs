//! Tokens as `MLflow` finds them: its filters are read by a general SQL tokenizer, whose habits show.
//!
//! A name goes on over a dot only before what that tokenizer takes for a name: not before a number, nor before a few
//! keywords. A quote that is never closed is a token of its own, and the parser refuses it.

use super::lex::{Token, TokenKind, is_sign};

/// Keywords that cannot stand behind a dot without quotes.
const KEYWORDS: [&str; 6] = ["case", "in", "values", "using", "from", "as"];

/// Splits a filter into tokens.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (kind, len) = match first {
            '(' => (TokenKind::Open, 1),
            ')' => (TokenKind::Close, 1),
            ',' => (TokenKind::Comma, 1),
            _ if is_sign(first) => (
                TokenKind::Sign,
                rest.len() - rest.trim_start_matches(is_sign).len(),
            ),
            _ => number_len(rest)
                .map(|len| (TokenKind::Word, len))
                .or_else(|| name_len(rest))
                .unwrap_or((TokenKind::Other, first.len_utf8())),
        };
        tokens.push(Token::new(text, at, len, kind));
        at += len;
    }
    tokens
}

/// The name, or the quoted text, at the beginning.
fn name_len(rest: &str) -> Option<(TokenKind, usize)> {
    let first = rest.chars().next()?;
    let mut len = match first {
        '\'' => return quoted_len(rest, first).map(|len| (TokenKind::Quoted, len)),
        '"' | '`' => quoted_len(rest, first)?,
        _ => Some(word_len(rest)).filter(|len| *len > 0)?,
    };
    let is_quoted = first == '"' && !rest[len..].starts_with('.');
    while let Some(after) = rest[len..].strip_prefix('.') {
        match part_len(after) {
            Some(part) => len += 1 + part,
            None => break,
        }
    }
    let kind = if is_quoted {
        TokenKind::Quoted
    } else {
        TokenKind::Word
    };
    Some((kind, len))
}

/// What goes on behind a dot.
fn part_len(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if matches!(first, '"' | '`' | '\'') {
        return quoted_len(rest, first);
    }
    if first == '.' {
        return Some(0);
    }
    let len = word_len(rest);
    let word = &rest[..len];
    let is_number = first.is_ascii_digit()
        && (word.chars().all(|each| each.is_ascii_digit())
            || word[1..].starts_with(|next: char| next.is_ascii_digit())
            || number_len(rest).is_some());
    let is_keyword = KEYWORDS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(word));
    (len > 0 && !is_number && !is_keyword).then_some(len)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_len(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches(is_word).len()
}

/// A quoted text, quotes included. A doubled quote, or one behind a backslash, does not end it, unless nothing else does.
fn quoted_len(rest: &str, quote: char) -> Option<usize> {
    let bytes = rest.as_bytes();
    let quote_byte = quote as u8;
    let mut at = 1;
    let mut fallback = None;
    while at < bytes.len() {
        let next_is_quote = bytes.get(at + 1) == Some(&quote_byte);
        if bytes[at] == quote_byte && !next_is_quote {
            return Some(at + 1);
        }
        if bytes[at] == quote_byte {
            fallback = Some(at + 1);
            at += 2;
        } else if bytes[at] == b'\\' && next_is_quote && quote != '`' {
            fallback = Some(at + 2);
            at += 2;
        } else {
            at += 1;
        }
    }
    fallback
}

/// A number: `12`, `-1`, `.5`, `5.`, `1e-3`, not directly before a letter. No plus sign anywhere.
pub(crate) fn number_len(rest: &str) -> Option<usize> {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let start = usize::from(rest.starts_with('-'));
    let whole = digits(start);
    let dot = start + whole;
    let has_dot = rest[dot..].starts_with('.');
    let fraction = if has_dot { digits(dot + 1) } else { 0 };
    if whole + fraction == 0 {
        return None;
    }
    let end = dot + usize::from(has_dot) + fraction;
    let is_scientific = whole > 0 && (!has_dot || fraction > 0);
    if is_scientific && rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with('-'));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            return Some(end + 1 + sign + exponent);
        }
    }
    let is_free =
        |end: usize| !rest[end..].starts_with(|next: char| next == '_' || next.is_alphabetic());
    if is_free(end) {
        return Some(end);
    }
    // `1.e5`: the number ends before its dot.
    (has_dot && fraction == 0).then_some(dot)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raws(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.raw).collect()
    }

    #[test]
    fn numbers_are_those_of_the_sql_tokenizer() {
        for (text, expected) in [
            ("1", Some(1)),
            ("-1.5E-3 ", Some(7)),
            (".5", Some(2)),
            ("5.", Some(2)),
            ("1e5", Some(3)),
            ("1e+5", None),
            ("1_000", None),
            ("1AND", None),
            ("1.e5", Some(1)),
            ("-", None),
            (".", None),
        ] {
            assert_eq!(number_len(text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_goes_on_only_before_what_is_a_name() {
        assert_eq!(raws("metrics.a.b > 1"), ["metrics.a.b", ">", "1"]);
        assert_eq!(raws("metrics.`a b`"), ["metrics.`a b`"]);
        assert_eq!(raws("metrics.1a"), ["metrics.1a"]);
        assert_eq!(raws("metrics.1 > 2"), ["metrics", ".1", ">", "2"]);
        assert_eq!(raws("tags.in = 'x'"), ["tags", ".", "in", "=", "'x'"]);
        assert_eq!(raws("metrics.a/b"), ["metrics.a", "/", "b"]);
        assert_eq!(raws("metrics.a-1"), ["metrics.a", "-1"]);
    }

    #[test]
    fn an_escaped_quote_goes_on_unless_nothing_ends_the_text() {
        assert_eq!(raws(r"p = 'it\'s' x"), ["p", "=", r"'it\'s'", "x"]);
        assert_eq!(raws("p = 'it''s'"), ["p", "=", "'it''s'"]);
        assert_eq!(raws(r"p = 'a\'"), ["p", "=", r"'a\'"]);
        assert_eq!(raws("p = 'a"), ["p", "=", "'", "a"]);
    }
}
