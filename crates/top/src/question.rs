//! What the screen wants to know of the store, and what it was told.
//!
//! Invariants: a question names everything that its answer depends on but the log; it asks for no more rows, points and
//! lines than find room.

use std::sync::Arc;

use mltrack::{Comparison, LoggedLine, RunId, RunState, RunSummary};

use crate::spots::Spot;

/// What a list of runs is sorted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// Running ones first, then the others, each newest first.
    #[default]
    Live,
    Started,
    Took,
    Name,
    Metric(String),
    Param(String),
}

/// The order of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub is_descending: bool,
}

impl Sort {
    /// As the library writes it; `None` for what it has no word for.
    pub fn order(&self) -> Option<String> {
        let column = match &self.key {
            SortKey::Live => return None,
            SortKey::Started => ".started".to_owned(),
            SortKey::Took => ".took".to_owned(),
            SortKey::Name => ".name".to_owned(),
            SortKey::Metric(label) => format!("metrics.{}", quoted(label)?),
            SortKey::Param(name) => format!("params.{}", quoted(name)?),
        };
        let sign = if self.is_descending { "-" } else { "" };
        Some(format!("{sign}{column}"))
    }
}

/// A name as an order takes it. One with both kinds of quotes it cannot take.
fn quoted(name: &str) -> Option<String> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./{}=,:".contains(letter);
    match name {
        _ if name.chars().all(is_plain) => Some(name.to_owned()),
        _ if !name.contains('`') => Some(format!("`{name}`")),
        _ if !name.contains('"') => Some(format!("\"{name}\"")),
        _ => None,
    }
}

/// The x axis of the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axis {
    #[default]
    Step,
    /// The time of day.
    Time,
    /// Since the run started.
    Relative,
}

impl Axis {
    pub fn next(self) -> Axis {
        match self {
            Axis::Step => Axis::Time,
            Axis::Time => Axis::Relative,
            Axis::Relative => Axis::Step,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Axis::Step => "step",
            Axis::Time => "time",
            Axis::Relative => "relative",
        }
    }
}

/// Which charts are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartWish {
    /// So many metrics are left out before the first chart.
    pub first: usize,
    pub count: usize,
    /// At most so many spots of each line.
    pub spots_max: usize,
    pub axis: Axis,
}

/// What the screen wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The filter as it was typed.
    pub filter: String,
    pub sort: Sort,
    /// The first row on the screen, and how many find room.
    pub top: usize,
    pub height: usize,
    pub cursor: usize,
    /// The run that the cursor stays on, wherever its row moves to, unless the cursor stays on the newest.
    pub held: Option<RunId>,
    pub follows: bool,
    pub baseline: Option<RunId>,
    pub marked: Vec<RunId>,
    pub charts: Option<ChartWish>,
    /// So many of the last lines of the console.
    pub line_count: usize,
    /// Whether the marked runs are compared.
    pub compares: bool,
    /// What is appended is no reason to answer again.
    pub is_paused: bool,
}

impl Question {
    /// The same question after its answer: about the same rows, and the run that the cursor came to stand on.
    pub fn settled(&self, answer: &Answer) -> Question {
        let chosen = answer.row(answer.cursor).map(|run| run.id);
        Question {
            top: answer.top,
            cursor: answer.cursor,
            held: chosen.filter(|_| !self.follows),
            ..self.clone()
        }
    }
}

/// What is wrong with a filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub text: String,
    pub message: String,
    /// The part that is wrong, in bytes.
    pub start: usize,
    pub end: usize,
    pub suggestion: Option<String>,
}

/// The line of one run in a chart.
#[derive(Clone, Debug)]
pub struct Curve {
    pub run: RunId,
    pub spots: Arc<Vec<Spot>>,
}

/// The chart of one metric.
#[derive(Clone, Debug)]
pub struct Chart {
    pub label: String,
    pub curves: Vec<Curve>,
}

/// How many runs are in a state, and how many points they have together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateCount {
    pub state: RunState,
    pub runs: usize,
}

/// What the store told.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub question: Question,
    pub counts: Vec<StateCount>,
    /// Points of all runs that match.
    pub points: f64,
    /// How many runs match.
    pub total: usize,
    /// The screen's first row and the cursor's, after what was inserted above them.
    pub top: usize,
    pub cursor: usize,
    /// The place of the first of these rows, some of which lie above and below the screen.
    pub first: usize,
    pub rows: Vec<Arc<RunSummary>>,
    /// The runs that have lines in the charts, the one under the cursor first.
    pub drawn: Vec<Arc<RunSummary>>,
    /// The labels of all metrics that can be charted.
    pub labels: Vec<String>,
    pub charts: Vec<Chart>,
    pub lines: Arc<Vec<LoggedLine>>,
    /// The comparison, or why there is none.
    pub comparison: Option<Result<Arc<Comparison>, String>>,
    pub refusal: Option<Refusal>,
    /// What the filter names and no run has.
    pub notes: Vec<String>,
    /// The last record that was taken into account, and how many had come behind it when this was ready.
    pub lsn: u64,
    pub behind: u64,
    /// When it was read, by the clock of the wall.
    pub time_ns: i64,
}

impl Answer {
    /// The run in a row of the list.
    pub fn row(&self, at: usize) -> Option<&Arc<RunSummary>> {
        self.rows.get(at.checked_sub(self.first)?)
    }
}

/// Whether a metric tells of the machine.
pub fn is_system(label: &str) -> bool {
    label.starts_with("system/") || label.starts_with("system.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_quotes_what_needs_it() {
        let order = |key, is_descending| Sort { key, is_descending }.order();
        assert_eq!(order(SortKey::Live, true), None);
        assert_eq!(order(SortKey::Started, true).unwrap(), "-.started");
        let metric = SortKey::Metric("val/acc {a}".to_owned());
        assert_eq!(order(metric, false).unwrap(), "metrics.`val/acc {a}`");
        assert_eq!(order(SortKey::Param("a`\"".to_owned()), false), None);
    }
}
