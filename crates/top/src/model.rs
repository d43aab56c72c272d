//! Everything that the screen depends on.
//!
//! Invariants: it changes by [`update`](crate::update::update) alone; drawing it twice gives the same screen; it holds no
//! handle on anything.

use std::collections::VecDeque;

use mltrack::RunId;

use crate::filter_line::FilterLine;
use crate::look::Look;
use crate::question::{Answer, Axis, ChartWish, Question, Sort};
use crate::view::layout::Layout;

/// How much of what was before a point keeps, in turn.
pub const SMOOTHINGS: [f64; 4] = [0.0, 0.6, 0.9, 0.97];

/// A rate is that of so many nanoseconds.
const RATE_SPAN_NS: i64 = 3_000_000_000;

/// What fills the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The table, and below it the run under the cursor.
    #[default]
    Table,
    /// One run.
    Run,
    Compare,
    Help,
}

/// The screen's state.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The store, as the header names it.
    pub store: String,
    /// What the list is limited to, likewise.
    pub scope: String,
    pub look: Look,
    pub width: u16,
    pub height: u16,
    pub now_ns: i64,
    pub page: Page,
    /// Where help was asked for.
    pub page_before: Page,
    pub filter: FilterLine,
    pub sort: Sort,
    /// The first row on the screen.
    pub top: usize,
    pub cursor: usize,
    /// The run that the cursor stays on.
    pub held: Option<RunId>,
    /// The cursor stays on the newest run.
    pub follows: bool,
    pub is_paused: bool,
    pub baseline: Option<RunId>,
    pub marked: Vec<RunId>,
    /// The place in [`SMOOTHINGS`].
    pub smoothing: usize,
    pub is_log: bool,
    pub axis: Axis,
    /// So many metrics are left out before the first chart.
    pub first_chart: usize,
    /// So many lines and runs are left out of the comparison, and lines of the help.
    pub scroll: usize,
    pub scroll_across: usize,
    pub answer: Answer,
    pub rate: Rate,
    /// What was just done, or cannot be.
    pub notice: Option<String>,
}

impl Model {
    /// What the screen wants to know as it is now.
    pub fn question(&self) -> Question {
        let layout = Layout::of(self);
        let (charts, line_count) = match self.page {
            Page::Table | Page::Run => (layout.charts, layout.console.height),
            Page::Compare | Page::Help => (None, 0),
        };
        Question {
            filter: self.filter.text().to_owned(),
            sort: self.sort.clone(),
            top: self.top,
            height: usize::from(layout.rows.height).max(1),
            cursor: self.cursor,
            held: self.held.filter(|_| !self.follows),
            follows: self.follows,
            baseline: self.baseline,
            marked: self.marked.clone(),
            charts: charts.map(|charts| ChartWish {
                first: self.first_chart,
                count: charts.count(),
                spots_max: charts.spots_max(),
                axis: self.axis,
            }),
            line_count: line_count.into(),
            compares: self.page == Page::Compare,
            is_paused: self.is_paused,
        }
    }

    /// How much of what was before a point of a smoothed line keeps.
    pub fn share(&self) -> f64 {
        SMOOTHINGS[self.smoothing % SMOOTHINGS.len()]
    }

    /// The place of a run among the lines of the charts.
    pub fn series_of(&self, run: RunId) -> Option<usize> {
        self.answer.drawn.iter().position(|drawn| drawn.id == run)
    }

    /// The runs that a comparison is of, the baseline first.
    pub fn compared(&self) -> Vec<RunId> {
        let mut runs: Vec<RunId> = self.baseline.into_iter().collect();
        let others = self.marked.iter().filter(|id| Some(**id) != self.baseline);
        runs.extend(others);
        runs
    }
}

/// How fast points come in: seen from one answer to the next.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    /// When, and how many there were.
    seen: VecDeque<(i64, f64)>,
}

impl Rate {
    pub fn see(&mut self, time_ns: i64, points: f64) {
        if self.seen.back().is_some_and(|(_, known)| points < *known) {
            self.seen.clear();
        }
        self.seen.push_back((time_ns, points));
        // One older than the span stays, so that there is something to compare with.
        while self.seen.len() > 2 && self.seen[1].0 <= time_ns - RATE_SPAN_NS {
            self.seen.pop_front();
        }
    }

    /// Other runs are counted from here on.
    pub fn forget(&mut self) {
        self.seen.clear();
    }

    /// Points a second; none once nothing came for a while.
    pub fn per_second(&self, now_ns: i64) -> f64 {
        let (Some((first_ns, first)), Some((last_ns, last))) =
            (self.seen.front(), self.seen.back())
        else {
            return 0.0;
        };
        let is_over = now_ns - last_ns >= RATE_SPAN_NS;
        let length = (*last_ns - *first_ns) as f64 / 1e9;
        if is_over || length <= 0.0 {
            0.0
        } else {
            (last - first) / length
        }
    }

    /// After so many nanoseconds it is none, if nothing comes.
    pub fn ends_within_ns(&self, now_ns: i64) -> Option<i64> {
        let (last_ns, _) = self.seen.back()?;
        (self.per_second(now_ns) > 0.0).then(|| (last_ns + RATE_SPAN_NS - now_ns).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_rate_is_that_of_the_last_seconds_and_ends() {
        let mut rate = Rate::default();
        rate.see(0, 100.0);
        assert!((rate.per_second(0) - 0.0).abs() < 1e-9);
        rate.see(SECOND, 300.0);
        assert!((rate.per_second(SECOND) - 200.0).abs() < 1e-9);
        assert_eq!(rate.ends_within_ns(SECOND), Some(3 * SECOND));
        assert!((rate.per_second(4 * SECOND) - 0.0).abs() < 1e-9);
        assert_eq!(rate.ends_within_ns(4 * SECOND), None);
    }

    #[test]
    fn runs_that_are_deleted_make_no_rate_below_zero() {
        let mut rate = Rate::default();
        rate.see(0, 100.0);
        rate.see(SECOND, 50.0);
        assert!((rate.per_second(SECOND) - 0.0).abs() < 1e-9);
    }
}
