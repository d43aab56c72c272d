//! The rows on the screen, out of as many runs as there are.
//!
//! Invariants: only ids around the screen and the runs on it and a screen above and below are read, however long the
//! list is; the run that the cursor holds keeps its place on the screen when rows are inserted above it.

use std::collections::HashMap;
use std::sync::Arc;

use mltrack::{Result, RunId, RunQuery, RunState, RunSummary, Tracker};

use super::reader::Scope;
use crate::question::{Question, SortKey};

/// How far a held run may have moved between two answers and still be found.
const MOVED_MAX: usize = 300;

/// A part of the list.
pub struct Listed {
    pub rows: Vec<Arc<RunSummary>>,
    /// The place of the first row in the list.
    pub first: usize,
    pub top: usize,
    pub cursor: usize,
    pub total: usize,
    pub lsn: u64,
    pub notes: Vec<String>,
}

/// Ids of a part of the list.
struct Ids {
    runs: Vec<RunId>,
    total: usize,
    lsn: u64,
    notes: Vec<String>,
}

pub fn list(tracker: &Tracker, scope: &Scope, filter: &str, question: &Question) -> Result<Listed> {
    let query = || scope.query(tracker, filter);
    let mut first = question.top.saturating_sub(MOVED_MAX);
    let mut found = ids(&query, question, first)?;
    if found.runs.is_empty() && found.total > 0 {
        // The list became much shorter.
        first = found.total.saturating_sub(question.height + MOVED_MAX);
        found = ids(&query, question, first)?;
    }
    let (top, cursor) = placed(question, &found, first);
    let shown = top.saturating_sub(question.height)..top + 2 * question.height;
    let shown = shown.start.max(first)..shown.end.min(first + found.runs.len());
    let wanted = found
        .runs
        .get(shown.start - first..shown.end.saturating_sub(first));
    let wanted = wanted.unwrap_or_default();
    let rows = in_order(wanted, tracker.run_summaries(wanted)?);
    Ok(Listed {
        rows,
        first: shown.start,
        top,
        cursor,
        total: found.total,
        lsn: found.lsn,
        notes: found.notes,
    })
}

/// One row for each id; of one that is gone since, the next stand a place higher for a moment.
fn in_order(ids: &[RunId], runs: Vec<RunSummary>) -> Vec<Arc<RunSummary>> {
    let mut known: HashMap<RunId, RunSummary> = runs.into_iter().map(|run| (run.id, run)).collect();
    ids.iter()
        .filter_map(|id| known.remove(id))
        .map(Arc::new)
        .collect()
}

/// Where the screen and the cursor are now.
fn placed(question: &Question, found: &Ids, first: usize) -> (usize, usize) {
    let last = found.total.saturating_sub(1);
    let held = question
        .held
        .and_then(|held| found.runs.iter().position(|id| *id == held));
    let cursor = held.map_or(question.cursor, |at| first + at).min(last);
    let height = question.height.max(1);
    // As far from the screen's edge as it was.
    let below = question.cursor.saturating_sub(question.top).min(height - 1);
    let top = cursor.saturating_sub(below);
    (top.min(found.total.saturating_sub(height)), cursor)
}

fn ids(query: &impl Fn() -> RunQuery, question: &Question, first: usize) -> Result<Ids> {
    let count = (question.top - first.min(question.top)) + 2 * question.height + MOVED_MAX;
    match (&question.sort.key, question.sort.order()) {
        (SortKey::Live, _) => live_first(query, first, count),
        (_, Some(order)) => page(query().order_by(order), first, count),
        (_, None) => page(query(), first, count),
    }
}

fn page(query: RunQuery, first: usize, count: usize) -> Result<Ids> {
    let page = query.offset(first).limit(count).fetch_ids()?;
    Ok(Ids {
        runs: page.items,
        total: page.total,
        lsn: page.lsn.map_or(0, mltrack::Lsn::get),
        notes: page.notes,
    })
}

/// The running runs and the others as one list.
fn live_first(query: &impl Fn() -> RunQuery, first: usize, count: usize) -> Result<Ids> {
    let mut live = page(query().state(RunState::Running), first, count)?;
    let others = RunState::ALL
        .iter()
        .filter(|state| **state != RunState::Running);
    let others = others.fold(query(), |query, state| query.state(*state));
    let left = count - live.runs.len();
    let behind = page(others, first.saturating_sub(live.total), left)?;
    // A run that ended between the two answers is in both.
    let new = behind
        .runs
        .iter()
        .filter(|id| !live.runs.contains(id))
        .copied();
    let new: Vec<RunId> = new.collect();
    live.runs.extend(new);
    live.total += behind.total;
    // What came between the two is looked at once more.
    live.lsn = live.lsn.min(behind.lsn);
    Ok(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> RunId {
        RunId::from_bytes([number; 16])
    }

    fn place(held: Option<u8>, (top, cursor): (usize, usize), ids: &[u8]) -> (usize, usize) {
        let question = Question {
            top,
            cursor,
            height: 3,
            held: held.map(id),
            ..Question::default()
        };
        let found = Ids {
            runs: ids.iter().map(|number| id(*number)).collect(),
            total: ids.len(),
            lsn: 0,
            notes: Vec::new(),
        };
        placed(&question, &found, 0)
    }

    #[test]
    fn a_held_run_keeps_its_place_on_the_screen() {
        assert_eq!(place(Some(3), (0, 1), &[9, 8, 2, 3, 4, 5]), (2, 3));
        assert_eq!(place(None, (0, 0), &[9, 8, 2, 3, 4, 5]), (0, 0));
        assert_eq!(place(Some(7), (1, 2), &[2, 3, 4, 5]), (1, 2));
    }

    #[test]
    fn a_list_that_became_short_is_shown_to_its_end() {
        assert_eq!(place(Some(7), (40, 41), &[2, 3, 4, 5]), (1, 3));
        assert_eq!(place(None, (40, 41), &[]), (0, 0));
    }
}
