//! What is wrong with a filter or an order: where, what, and what was probably meant.
//!
//! Invariant: the span lies in the text, on its character boundaries.

use std::fmt;
use std::io;

/// A part of a text, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// From the beginning of this one to the end of another.
    pub(crate) fn to(self, other: Span) -> Span {
        Span::new(self.start, other.end.max(self.end))
    }
}

/// Why a filter or an order was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FilterError {
    text: Box<str>,
    span: Span,
    message: String,
    suggestion: Option<String>,
}

impl FilterError {
    pub(crate) fn new(text: &str, span: Span, message: impl Into<String>) -> FilterError {
        let inside = |at: usize| text.floor_char_boundary(at.min(text.len()));
        FilterError {
            text: text.into(),
            span: Span::new(inside(span.start), inside(span.end)),
            message: message.into(),
            suggestion: None,
        }
    }

    pub(crate) fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> FilterError {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// The filter or order as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part that is wrong.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// What is wrong with it. For an `MLflow` filter, in its words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What was probably meant, to stand in the place of the span.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Which character of the text is the first wrong one, from 1.
    #[must_use]
    pub fn character(&self) -> usize {
        self.text[..self.span.start].chars().count() + 1
    }

    /// The line with the wrong part, and a line that underlines it.
    ///
    /// ```text
    /// metrics.acc > 0.9 or params.lr ~ 3
    ///                                ^
    /// ```
    #[must_use]
    pub fn underlined(&self) -> String {
        let start = self.text[..self.span.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let end = self.span.end.min(start + line.len());
        let marked = self.text.get(self.span.start..end).unwrap_or_default();
        let blanks: String = self.text[start..self.span.start]
            .chars()
            // A tab stays one, so that the line below is as wide.
            .map(|each| if each == '\t' { '\t' } else { ' ' })
            .collect();
        let marks = "^".repeat(marked.chars().count().max(1));
        format!("{line}\n{blanks}{marks}")
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, ": did you mean {suggestion}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

/// Why a search has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The question is wrong: show it to whoever asked.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A column cannot be read: the source names which, and what to do.
    #[error("a column of the table of runs cannot be read")]
    Read(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_part_is_underlined_in_its_own_line() {
        let text = "tags.a = 'é'\nand \tfoo.bar = 1";
        let at = text.find("foo.bar").unwrap();
        let error = FilterError::new(text, Span::new(at, at + 7), "no such thing");
        assert_eq!(error.underlined(), "and \tfoo.bar = 1\n    \t^^^^^^^");
        assert_eq!(error.character(), 19);
        let end = FilterError::new("a <", Span::new(3, 3), "it ends");
        assert_eq!(end.underlined(), "a <\n   ^");
    }

    #[test]
    fn a_span_in_the_middle_of_a_character_is_moved_to_its_beginning() {
        let error = FilterError::new("é", Span::new(1, 9), "odd");
        assert_eq!(error.span(), Span::new(0, 2));
        assert_eq!(
            error.suggesting(Some("e")).to_string(),
            "odd: did you mean e?"
        );
    }
}
