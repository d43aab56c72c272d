//! Pages of lists that are read from the log itself: what was done, and the lines of a run.
//!
//! Invariants: a page begins right behind the last thing of the page before, or right before it where the newest come
//! first, so that all pages together have each thing once; all pages are of the moment of the first one, whatever is
//! appended meanwhile.

use std::fmt;
use std::str::FromStr;

use mltrack_log::Lsn;

use crate::error::{Error, Result};

/// A part of a list that is read from the log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogPage<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The last record that the answer takes into account; `None` when there is none.
    pub lsn: Option<Lsn>,
    /// How to ask for the next page; `None` on the last.
    pub next: Option<LogToken>,
}

/// Where a page ends, and of which moment the list is. As text it is `END-LSN-INDEX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogToken {
    /// The record behind the last one that belongs to the list.
    pub(crate) end: Lsn,
    pub(crate) place: Place,
}

/// A record, and one of the things in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub lsn: Lsn,
    pub index: u32,
}

impl<T> LogPage<T> {
    pub(crate) fn empty() -> LogPage<T> {
        LogPage {
            items: Vec::new(),
            lsn: None,
            next: None,
        }
    }

    /// Of a list that ends before `end`; more follows behind `place`.
    pub(crate) fn before(items: Vec<T>, end: Lsn, place: Option<Place>) -> LogPage<T> {
        LogPage {
            items,
            lsn: Lsn::new(end.get() - 1),
            next: place.map(|place| LogToken { end, place }),
        }
    }
}

impl fmt::Display for LogToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { lsn, index } = self.place;
        write!(f, "{}-{lsn}-{index}", self.end)
    }
}

impl FromStr for LogToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<LogToken> {
        let read = || {
            let mut parts = text.split('-');
            let mut lsn = || parts.next()?.parse().ok().and_then(Lsn::new);
            let (end, lsn) = (lsn()?, lsn()?);
            let index = parts.next()?.parse().ok()?;
            let place = Place { lsn, index };
            parts.next().is_none().then_some(LogToken { end, place })
        };
        read().ok_or_else(|| {
            Error::validation(format!("{text:?} is no cursor"))
                .with_hint("give what the page before named as next")
        })
    }
}

/// How many of some things belong to a page of `count` matches, where `behind` others stand behind each match; and
/// whether the page is not the last. There has to be one match more than the page has, where there is one.
pub(crate) fn page_len(
    are_matches: impl Iterator<Item = bool>,
    count: usize,
    behind: usize,
) -> (usize, bool) {
    let (mut matches, mut last, mut len) = (0, 0, 0);
    for (at, is_match) in are_matches.enumerate() {
        if is_match && matches == count {
            return (at.min(last + 1 + behind), true);
        }
        if is_match {
            (matches, last) = (matches + 1, at);
        }
        len = at + 1;
    }
    (len, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_from_its_text_and_nothing_else_is_one() {
        let token: LogToken = "90-7-2".parse().unwrap();
        assert_eq!(token.to_string(), "90-7-2");
        assert_eq!((token.end.get(), token.place.index), (90, 2));
        for wrong in [
            "", "7", "90-7", "90-7-2-1", "0-7-2", "90-0-2", "90-7-x", "-90-7-2",
        ] {
            assert!(wrong.parse::<LogToken>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_ends_behind_what_stands_around_its_last_match() {
        let len = |signs: &str, count, behind| {
            page_len(signs.chars().map(|sign| sign == 'M'), count, behind)
        };
        assert_eq!(len("MMM", 2, 0), (2, true));
        assert_eq!(len("MM", 2, 0), (2, false));
        assert_eq!(len("M.M..M", 2, 1), (4, true));
        assert_eq!(len("M.MM", 2, 1), (3, true));
        assert_eq!(len("..M..", 1, 2), (5, false));
        assert_eq!(len("", 1, 2), (0, false));
    }
}
