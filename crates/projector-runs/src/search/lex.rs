//! Tokens of the full grammar: words, quoted texts, signs and brackets, each with its place.
//!
//! Invariant: every token's `raw` is the text at its span, so an error can show what was written.

use super::error::{FilterError, Span};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// A name, a number, a time, a keyword: everything that no other kind is. Parts of it may be quoted.
    Word,
    /// `'text'` or `"text"`.
    Quoted,
    /// A comparison: a run of `=`, `!`, `<`, `>`, `~`.
    Sign,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// What has no meaning.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token<'a> {
    pub raw: &'a str,
    pub kind: TokenKind,
    pub span: Span,
}

impl<'a> Token<'a> {
    pub fn new(text: &'a str, start: usize, len: usize, kind: TokenKind) -> Token<'a> {
        Token {
            raw: &text[start..start + len],
            kind,
            span: Span::new(start, start + len),
        }
    }

    /// Whether it is this keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.raw.eq_ignore_ascii_case(keyword)
    }
}

pub(crate) fn is_sign(character: char) -> bool {
    matches!(character, '=' | '!' | '<' | '>' | '~')
}

/// Splits a filter of the full grammar into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, len) = match first {
            '\'' | '"' => (TokenKind::Quoted, quoted_len(text, at, first)?),
            '(' => (TokenKind::Open, 1),
            ')' => (TokenKind::Close, 1),
            ',' => (TokenKind::Comma, 1),
            ';' => (TokenKind::Other, 1),
            _ if is_sign(first) => (
                TokenKind::Sign,
                text[at..].len() - text[at..].trim_start_matches(is_sign).len(),
            ),
            _ => (TokenKind::Word, word_len(text, at)?),
        };
        tokens.push(Token::new(text, at, len, kind));
        at += len;
    }
    Ok(tokens)
}

/// How many bytes a quoted part takes, its quotes included. A doubled quote stands for one inside.
fn quoted_len(text: &str, start: usize, quote: char) -> Result<usize, FilterError> {
    let mut at = start + 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return Ok(at - start);
        }
        at += 1;
    }
    let message = "the quote is never closed";
    Err(FilterError::new(
        text,
        Span::new(start, text.len()),
        message,
    ))
}

/// How many bytes a word takes. Parts in backticks, double quotes and braces may hold anything.
fn word_len(text: &str, start: usize) -> Result<usize, FilterError> {
    let mut at = start;
    while let Some(next) = text[at..].chars().next() {
        at += match next {
            '`' | '"' => quoted_len(text, at, next)?,
            '{' => braces_len(text, at)?,
            '(' | ')' | ',' | ';' | '\'' => break,
            _ if next.is_whitespace() || is_sign(next) => break,
            _ => next.len_utf8(),
        };
    }
    Ok(at - start)
}

/// How many bytes the context of a metric takes, such as `{subset=val}`.
fn braces_len(text: &str, start: usize) -> Result<usize, FilterError> {
    match text[start..].find('}') {
        Some(end) => Ok(end + 1),
        None => Err(FilterError::new(
            text,
            Span::new(start, text.len()),
            "the brace is never closed",
        )),
    }
}

/// A quoted text without its quotes.
pub(crate) fn unquoted(raw: &str) -> String {
    let quote = &raw[..1];
    raw[1..raw.len() - 1].replace(&quote.repeat(2), quote)
}

/// A word without the quotes around its parts. Between braces quotes are themselves, as the lexer takes them.
pub(crate) fn plain(raw: &str) -> String {
    let mut plain = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['`', '"', '{']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        // The lexer found the end of every part, so that only a word that it did not make ends here.
        let len = match from.chars().next() {
            Some('{') => braces_len(from, 0),
            Some(quote) => quoted_len(from, 0, quote),
            None => Ok(0),
        };
        let Ok(len) = len else {
            rest = from;
            break;
        };
        let part = &from[..len];
        if part.starts_with('{') {
            plain.push_str(part);
        } else {
            plain.push_str(&unquoted(part));
        }
        rest = &from[len..];
    }
    plain.push_str(rest);
    plain
}

/// Where the family ends: the first dot outside quotes and braces.
pub(crate) fn first_dot(raw: &str) -> Option<usize> {
    let at = raw.find(['.', '`', '"', '{'])?;
    raw[at..].starts_with('.').then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raws(text: &str) -> Vec<&str> {
        let tokens = tokens(text).unwrap();
        tokens.iter().map(|token| token.raw).collect()
    }

    #[test]
    fn names_keep_their_signs_and_operators_need_no_blanks() {
        assert_eq!(
            raws("metrics.val/acc-1>=-1e-3 and not(x='it''s',\"b\")"),
            [
                "metrics.val/acc-1",
                ">=",
                "-1e-3",
                "and",
                "not",
                "(",
                "x",
                "=",
                "'it''s'",
                ",",
                "\"b\"",
                ")"
            ]
        );
        assert_eq!(
            raws("loss{subset = val}.min@step<.5"),
            ["loss{subset = val}.min@step", "<", ".5"]
        );
        assert_eq!(
            raws("started > 2026-11-21T10:00:00Z"),
            ["started", ">", "2026-11-21T10:00:00Z"]
        );
    }

    #[test]
    fn quotes_come_off_and_doubled_ones_stand_for_one() {
        assert_eq!(unquoted("'it''s'"), "it's");
        assert_eq!(plain("metrics.`a b`.\"c\"\"d\""), "metrics.a b.c\"d");
        assert_eq!(plain("loss{a=\"}.`b`{`}"), "loss{a=\"}.b{`}");
        assert_eq!(first_dot("metrics.x.y"), Some(7));
        assert_eq!(first_dot("`a.b`.c"), None);
    }

    #[test]
    fn what_is_never_closed_is_underlined_to_the_end() {
        for text in ["a = 'b", "a.`b", "loss{x=1", "\"\""] {
            match tokens(text) {
                Ok(_) => assert_eq!(text, "\"\""),
                Err(error) => assert_eq!(error.span().end, text.len()),
            }
        }
    }
}
