//! The words of a filter: names, signs, numbers, quoted texts, each with its place.

use crate::cell::Cell;
use crate::column::Column;
use crate::error::{Error, Result};

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Word {
    /// Where it begins, in bytes.
    pub at: usize,
    text: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// A name, possibly with quoted parts, a number or a keyword.
    Bare,
    /// `'text'` or `"text"`.
    Quoted,
}

/// Splits a filter into words.
pub(crate) fn words(text: &str) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (word, len) = match first {
            '\'' | '"' => quoted(text, at, first)?,
            '=' | '!' | '<' | '>' => {
                let len = 1 + usize::from(text[at + 1..].starts_with('='));
                (text[at..at + len].to_owned(), len)
            }
            _ => bare(text, at)?,
        };
        let form = if matches!(first, '\'' | '"') {
            Form::Quoted
        } else {
            Form::Bare
        };
        words.push(Word {
            at,
            text: word,
            form,
        });
        at += len;
    }
    Ok(words)
}

/// The text between quotes, and how many bytes it takes with them.
fn quoted(text: &str, at: usize, quote: char) -> Result<(String, usize)> {
    let inner = &text[at + 1..];
    if let Some(len) = inner.find(quote) {
        return Ok((inner[..len].to_owned(), len + 2));
    }
    let character = text[..at].chars().count() + 1;
    let what = format!("bad filter at character {character}: the quote is never closed");
    Err(Error::validation(what))
}

/// A word without quotes around it; parts in backticks or double quotes, as in metrics.`val/acc`, may hold anything.
fn bare(text: &str, start: usize) -> Result<(String, usize)> {
    let mut word = String::new();
    let mut at = start;
    while let Some(next) = text[at..].chars().next() {
        match next {
            '`' | '"' => {
                let (part, len) = quoted(text, at, next)?;
                word.push_str(&part);
                at += len;
            }
            '=' | '!' | '<' | '>' | '\'' => break,
            _ if next.is_whitespace() => break,
            _ => {
                word.push(next);
                at += next.len_utf8();
            }
        }
    }
    Ok((word, at - start))
}

impl Word {
    /// Whether it is this keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        self.form == Form::Bare && self.text.eq_ignore_ascii_case(keyword)
    }

    pub fn bare(&self) -> Option<&str> {
        (self.form == Form::Bare).then_some(&self.text)
    }

    pub fn column(&self) -> Option<Column> {
        Column::of_filter(self.bare()?)
    }

    pub fn literal(&self) -> Option<Cell> {
        match self.form {
            Form::Quoted => Some(Cell::Text(self.text.clone())),
            Form::Bare => self.text.parse().ok().map(Cell::Number),
        }
    }
}
