//! The lines of a run's log: those that match, in the order of the log, with the lines around them.
//!
//! Invariants: only records of lines are decoded, and only those of the run; the last lines are looked for from the end,
//! so that a long log is not read for ten lines of it.

use std::collections::VecDeque;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use mltrack_event::{Event, Level, LogLine, RunId, RunKey, TypeId, WallTime, decode};
use mltrack_log::{Lsn, Reader};
use regex::Regex;

use crate::error::{Error, Result};
use crate::lines_follow::LinesFollow;
use crate::lines_kept::{LastLines, Lines};
use crate::log_page::{LogPage, LogToken, Place, page_len};
use crate::moment::Moment;
use crate::store::Store;
use crate::tail::Cursor;
use crate::tracker::Tracker;

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedLine {
    /// The record that holds it.
    pub lsn: Lsn,
    /// Its place among the lines of that record, from 0.
    pub index: u32,
    /// When it was written.
    pub time: WallTime,
    /// How much it matters.
    pub level: Level,
    /// Where it comes from: `stdout`, `stderr`, a module's path; empty when that is not known.
    pub source: String,
    /// The text, without the line's end.
    pub text: String,
    /// Whether it is what was asked for, or only stands around it.
    pub is_match: bool,
}

/// A question about the lines of a run; see [`Tracker::lines`].
#[must_use = "nothing is asked before `fetch`"]
pub struct LinesQuery {
    store: Option<Arc<Store>>,
    run: RunId,
    wish: Wish,
    pattern: Option<String>,
    moment: Moment,
    from: Option<Lsn>,
    cut: Cut,
    page: Option<LogToken>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cut {
    None,
    First(usize),
    Last(usize),
}

/// Which lines are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pattern: Option<Regex>,
    sources: Vec<String>,
    level_min: Option<Level>,
    times_ns: (Bound<i64>, Bound<i64>),
    before: usize,
    after: usize,
}

impl Tracker {
    /// The lines that a run logged, or that were printed while its console was captured.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::Level;
    ///
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// for epoch in 0..100 {
    ///     run.log_line(Level::Info, format!("epoch {epoch} done"))?;
    /// }
    /// let lines = tracker.lines(run.id()).grep("epoch [0-9]*7 ").last(2).fetch()?;
    /// assert_eq!([&lines[0].text, &lines[1].text], ["epoch 87 done", "epoch 97 done"]);
    /// # run.finish()
    /// # }
    /// ```
    pub fn lines(&self, run: RunId) -> LinesQuery {
        LinesQuery {
            store: self.store().cloned(),
            run,
            wish: Wish {
                pattern: None,
                sources: Vec::new(),
                level_min: None,
                times_ns: (Bound::Unbounded, Bound::Unbounded),
                before: 0,
                after: 0,
            },
            pattern: None,
            moment: Moment::Now,
            from: None,
            cut: Cut::None,
            page: None,
        }
    }
}

impl LinesQuery {
    /// Only lines in which this regular expression is found.
    pub fn grep(mut self, pattern: impl Into<String>) -> LinesQuery {
        self.pattern = Some(pattern.into());
        self
    }

    /// Only lines of this source, such as `stdout`; each call adds one.
    pub fn source(mut self, source: impl Into<String>) -> LinesQuery {
        self.wish.sources.push(source.into());
        self
    }

    /// Only lines that matter so much or more.
    pub fn level(mut self, level: Level) -> LinesQuery {
        self.wish.level_min = Some(level);
        self
    }

    /// Only lines of these times, in ns since 1970.
    pub fn times_ns(mut self, times: impl RangeBounds<i64>) -> LinesQuery {
        self.wish.times_ns = (times.start_bound().cloned(), times.end_bound().cloned());
        self
    }

    /// Also so many lines before and behind each, in the order in which they were logged.
    pub fn around(mut self, before: usize, after: usize) -> LinesQuery {
        (self.wish.before, self.wish.after) = (before, after);
        self
    }

    /// Only the first so many.
    pub fn first(mut self, count: usize) -> LinesQuery {
        self.cut = Cut::First(count);
        self
    }

    /// Only the last so many.
    pub fn last(mut self, count: usize) -> LinesQuery {
        self.cut = Cut::Last(count);
        self
    }

    /// Only lines of this record and later ones.
    pub fn from(mut self, lsn: Lsn) -> LinesQuery {
        self.from = Some(lsn);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> LinesQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> LinesQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// The lines that come, from the end of the log on unless [`from`](LinesQuery::from) says otherwise. Only pattern,
    /// source, level and times choose among them.
    ///
    /// Errors: those of [`fetch`](LinesQuery::fetch).
    pub fn follow(mut self) -> Result<LinesFollow> {
        self.wish.pattern = self.pattern.as_deref().map(compiled).transpose()?;
        let tracker = self.store.map_or_else(Tracker::disabled, Tracker::of);
        let from = self.from.map_or(Cursor::End, Cursor::Lsn);
        Ok(LinesFollow::new(&tracker, self.run, from, self.wish))
    }

    /// The page that another one named as its next.
    pub fn page(mut self, token: LogToken) -> LinesQuery {
        self.page = Some(token);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for the run, `VALIDATION_ERROR` for a pattern that is none.
    pub fn fetch(self) -> Result<Vec<LoggedLine>> {
        let (lines, _) = self.find()?;
        Ok(lines)
    }

    /// The same as a page, which says how to ask for the next one. It has as many lines that were asked for as
    /// [`first`](LinesQuery::first) or [`last`](LinesQuery::last) says, and those around them; behind a page of last lines
    /// come older ones. A line is on one page, also when it stands around lines on two.
    pub fn fetch_page(mut self) -> Result<LogPage<LoggedLine>> {
        let (count, is_backward) = match self.cut {
            Cut::None => (usize::MAX, false),
            Cut::First(count) => (count, false),
            Cut::Last(count) => (count, true),
        };
        // One more says whether there is a next page.
        let more = count.saturating_add(1);
        let (before, after) = (self.wish.before, self.wish.after);
        self.cut = if is_backward {
            Cut::Last(more)
        } else {
            Cut::First(more)
        };
        let (mut lines, end) = self.find()?;
        let Some(end) = end else {
            return Ok(LogPage::empty());
        };
        let is_match = |line: &LoggedLine| line.is_match;
        let (last, has_more) = if is_backward {
            let (len, has_more) = page_len(lines.iter().rev().map(is_match), count, before);
            lines.drain(..lines.len() - len);
            (lines.first(), has_more)
        } else {
            let (len, has_more) = page_len(lines.iter().map(is_match), count, after);
            lines.truncate(len);
            (lines.last(), has_more)
        };
        let place = last.filter(|_| has_more).map(LoggedLine::place);
        Ok(LogPage::before(lines, end, place))
    }

    /// The lines, and the record behind the last one that was looked at; `None` before the run's beginning.
    fn find(mut self) -> Result<(Vec<LoggedLine>, Option<Lsn>)> {
        self.wish.pattern = self.pattern.as_deref().map(compiled).transpose()?;
        let Some(store) = &self.store else {
            return Ok((Vec::new(), None));
        };
        let Some((first, known_end)) = store.lines_between(self.run, self.moment)? else {
            return Ok((Vec::new(), None));
        };
        let whole_end = self.page.map_or(known_end, |page| page.end.min(known_end));
        let mut first = self.from.map_or(first, |from| from.max(first));
        let (mut end, mut behind, mut before) = (whole_end, None, None);
        match (self.page.map(|page| page.place), self.cut) {
            (None, _) => {}
            (Some(place), Cut::Last(_)) => {
                (end, before) = (end.min(place.lsn.plus(1)), Some(place));
            }
            (Some(place), _) => (first, behind) = (first.max(place.lsn), Some(place)),
        }
        let mut search = Search {
            reader: store.reader()?,
            run: self.run.key(),
            wish: &self.wish,
            behind,
            before,
        };
        let lines = match self.cut {
            Cut::None => search.forward(first, end, usize::MAX, Lines::All(Vec::new())),
            Cut::First(count) => search.forward(first, end, count, Lines::All(Vec::new())),
            Cut::Last(count) if self.wish.has_surroundings() => {
                let last = LastLines::of(count, self.wish.before);
                search.forward(first, end, usize::MAX, Lines::Last(last))
            }
            Cut::Last(count) => search.backward(first, end, count),
        };
        Ok((lines?, Some(whole_end)))
    }
}

impl LoggedLine {
    fn place(&self) -> Place {
        Place {
            lsn: self.lsn,
            index: self.index,
        }
    }
}

/// The lines that a record holds.
pub(crate) fn lines_of(
    logged: LogLine,
    lsn: Lsn,
    time_ns: i64,
) -> impl Iterator<Item = LoggedLine> {
    let lines = logged.lines.into_iter().enumerate();
    lines.map(move |(index, line)| LoggedLine {
        lsn,
        index: index as u32,
        time: line.time.unwrap_or(WallTime(time_ns)),
        level: line.level,
        source: line.source,
        text: line.text,
        is_match: true,
    })
}

fn compiled(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let what = format!("{pattern:?} is no regular expression: {error}");
        Error::validation(what).with_hint("put \\ before signs that are meant as they are")
    })
}

impl Store {
    /// Where the lines of a run may be: from the first lsn up to the second. `None` before its beginning.
    fn lines_between(&self, run: RunId, moment: Moment) -> Result<Option<(Lsn, Lsn)>> {
        let (first, mut end) = self.with_state(|state, reader| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            // Nothing about the run comes behind the last event that was heard of it.
            let end = known.heard.lsn.plus(1).min(reader.next_lsn());
            Ok((known.created.lsn, end))
        })?;
        if moment != Moment::Now {
            match self.last_of(moment)? {
                Some(last) => end = end.min(last.plus(1)),
                None => return Ok(None),
            }
        }
        Ok((first < end).then_some((first, end)))
    }
}

struct Search<'a> {
    reader: Reader,
    run: RunKey,
    wish: &'a Wish,
    /// Only lines that come after this one.
    behind: Option<Place>,
    /// Only lines that come before this one.
    before: Option<Place>,
}

impl Search<'_> {
    fn forward(
        &mut self,
        first: Lsn,
        end: Lsn,
        count_max: usize,
        mut lines: Lines,
    ) -> Result<Vec<LoggedLine>> {
        let (mut before, mut behind, mut count) = (VecDeque::new(), 0_usize, 0_usize);
        let wish = self.wish;
        self.each(first, end, |mut line| {
            if count < count_max && wish.wants(&line) {
                count += 1;
                behind = wish.after;
                before.drain(..).for_each(|line| lines.push(line));
                lines.push(line);
            } else if behind > 0 {
                behind -= 1;
                line.is_match = false;
                lines.push(line);
            } else if count >= count_max {
                return false;
            } else if wish.before > 0 {
                if before.len() == wish.before {
                    before.pop_front();
                }
                line.is_match = false;
                before.push_back(line);
            }
            true
        })?;
        Ok(lines.done())
    }

    /// Segment by segment from the end, each of them forward.
    fn backward(&mut self, first: Lsn, end: Lsn, count: usize) -> Result<Vec<LoggedLine>> {
        self.reader.refresh()?;
        let mut begins: Vec<Lsn> = self
            .reader
            .segments()
            .iter()
            .map(|known| known.base)
            .collect();
        begins.retain(|begin| first < *begin && *begin < end);
        begins.insert(0, first);
        let mut found: VecDeque<LoggedLine> = VecDeque::new();
        let mut end = end;
        let wish = self.wish;
        while let Some(begin) = begins.pop() {
            let room = count - found.len();
            let mut kept = VecDeque::new();
            self.each(begin, end, |line| {
                if wish.wants(&line) {
                    kept.push_back(line);
                    if kept.len() > room {
                        kept.pop_front();
                    }
                }
                true
            })?;
            kept.append(&mut found);
            found = kept;
            if found.len() >= count {
                break;
            }
            end = begin;
        }
        Ok(found.into())
    }

    /// Gives the run's lines in the order of the log, until `take` has enough.
    fn each(
        &mut self,
        first: Lsn,
        end: Lsn,
        mut take: impl FnMut(LoggedLine) -> bool,
    ) -> Result<()> {
        self.reader.refresh()?;
        self.reader.seek(first);
        let run = self.run.to_bytes();
        while self.reader.next_lsn() < end {
            let Some(batch) = self.reader.next_batch()? else {
                break;
            };
            for record in batch {
                // What is said about a run begins with the run.
                let is_ours = record.type_id == TypeId::LOG_LINE.0
                    && record.lsn >= first
                    && record.lsn < end
                    && record.payload.starts_with(&run);
                if !is_ours {
                    continue;
                }
                let event = decode(record.type_id, record.version, record.payload);
                let Ok(Event::LogLine(logged)) = event else {
                    continue;
                };
                for line in lines_of(logged, record.lsn, record.time_ns) {
                    let place = line.place();
                    let is_within = self.behind.is_none_or(|behind| place > behind)
                        && self.before.is_none_or(|before| place < before);
                    if is_within && !take(line) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

impl Wish {
    fn has_surroundings(&self) -> bool {
        self.before > 0 || self.after > 0
    }

    pub fn wants(&self, line: &LoggedLine) -> bool {
        (self.sources.is_empty() || self.sources.contains(&line.source))
            && self.level_min.is_none_or(|level| line.level >= level)
            && self.times_ns.contains(&line.time.0)
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(&line.text))
    }
}
