//! What is kept of the lines that a search finds: all of them, or the last with what stands around them.
//!
//! Invariant: of the last so many no more is kept than those and their surroundings, however long the log is.

use std::collections::VecDeque;

use crate::lines::LoggedLine;

/// What is kept of the lines that are found.
pub(crate) enum Lines {
    All(Vec<LoggedLine>),
    Last(LastLines),
}

/// So many matches from the end, with what stands around them.
pub(crate) struct LastLines {
    lines: VecDeque<LoggedLine>,
    match_count: usize,
    match_count_max: usize,
    before: usize,
}

impl LastLines {
    /// The last so many matches, each with so many lines before it.
    pub fn of(match_count_max: usize, before: usize) -> LastLines {
        LastLines {
            lines: VecDeque::new(),
            match_count: 0,
            match_count_max,
            before,
        }
    }

    fn push(&mut self, line: LoggedLine) {
        self.match_count += usize::from(line.is_match);
        self.lines.push_back(line);
        if self.match_count > self.match_count_max {
            self.match_count -= 1;
            // The first match goes, and what stands around it and around no other.
            let mut places = self
                .lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.is_match);
            let (first, next) = (places.next(), places.next());
            let end = first.map_or(0, |(at, _)| at + 1);
            let next = next.map_or(self.lines.len(), |(at, _)| at);
            self.lines
                .drain(..end.max(next.saturating_sub(self.before)));
        }
    }
}

impl Lines {
    pub fn push(&mut self, line: LoggedLine) {
        match self {
            Lines::All(lines) => lines.push(line),
            Lines::Last(last) => last.push(line),
        }
    }

    pub fn done(self) -> Vec<LoggedLine> {
        match self {
            Lines::All(lines) => lines,
            Lines::Last(last) => last.lines.into(),
        }
    }
}
