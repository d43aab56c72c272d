//! Which line is whose: signs and names in columns, above the data.
//!
//! Invariants: it is never wider than its room, and never higher than a share of the page: names give way in their
//! middle, and what has no place is counted.

use plotters::style::text_anchor::{HPos, VPos};

use crate::colour::Look;
use crate::font;
use crate::paper::{Frame, Paper, Pen, SMALL, Words, dash_of};

/// A line of a legend.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub look: Look,
}

const SAMPLE: f64 = 17.0;
const GAP: f64 = 4.0;
const BETWEEN: f64 = 9.0;
pub const ROW: f64 = SMALL + 3.5;

/// Where each entry goes.
#[derive(Debug)]
pub struct Plan {
    columns: usize,
    column: f64,
    shown: usize,
    hidden: usize,
}

impl Plan {
    pub fn height(&self) -> f64 {
        let rows = self.shown.div_ceil(self.columns) + usize::from(self.hidden > 0);
        rows as f64 * ROW
    }
}

/// As many columns as there is room for, in at most so many rows.
pub fn plan(names: &[&str], width: f64, rows_max: usize) -> Plan {
    let longest = names.iter().map(|name| font::width(name, SMALL));
    let longest = longest.fold(0.0, f64::max);
    let whole = SAMPLE + GAP + longest + BETWEEN;
    let columns = ((width + BETWEEN) / whole).floor().max(1.0) as usize;
    let columns = columns.min(names.len().max(1));
    // Names that nearly fit beside one another are shortened rather than put below one another.
    let least = SAMPLE + GAP + 60.0 + BETWEEN;
    let narrow = ((width + BETWEEN) / least).floor().max(1.0) as usize;
    let is_too_high = names.len().div_ceil(columns) > rows_max;
    let columns = if is_too_high {
        narrow.max(columns)
    } else {
        columns
    };
    let room = columns * rows_max;
    // The last row says how many more there are.
    let shown = if names.len() > room {
        (columns * rows_max.saturating_sub(1)).max(1)
    } else {
        names.len()
    };
    Plan {
        columns,
        column: ((width + BETWEEN) / columns as f64).min(whole),
        shown,
        hidden: names.len() - shown,
    }
}

pub fn draw(paper: &Paper, frame: Frame, entries: &[Entry], plan: &Plan) {
    let words = Words {
        size: SMALL,
        ink: paper.theme.text,
        along: HPos::Left,
        down: VPos::Center,
        is_turned: false,
    };
    for (index, entry) in entries.iter().take(plan.shown).enumerate() {
        let (column, row) = (index % plan.columns, index / plan.columns);
        let x = frame.left + column as f64 * plan.column;
        let y = frame.top + (row as f64 + 0.5) * ROW;
        let ink = paper.ink(entry.look);
        let pen = Pen {
            ink,
            width: 1.2,
            dash: dash_of(entry.look),
        };
        paper.line(&[(x, y), (x + SAMPLE, y)], &pen);
        paper.marker(entry.look, (x + SAMPLE / 2.0, y), 1.9, ink);
        let room = plan.column - SAMPLE - GAP - BETWEEN + 0.1;
        let name = font::fitted(&entry.name, SMALL, room);
        paper.text(&name, (x + SAMPLE + GAP, y), &words);
    }
    if plan.hidden > 0 {
        let row = plan.shown.div_ceil(plan.columns);
        let y = frame.top + (row as f64 + 0.5) * ROW;
        let soft = Words {
            ink: paper.theme.soft,
            ..words
        };
        paper.text(&format!("and {} more", plan.hidden), (frame.left, y), &soft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_stand_beside_one_another_where_there_is_room() {
        let plan = plan(&["a", "b", "c"], 200.0, 6);
        assert_eq!((plan.columns, plan.shown, plan.hidden), (3, 3, 0));
        assert!((plan.height() - ROW).abs() < 1e-9);
    }

    #[test]
    fn more_entries_than_there_is_room_for_are_counted() {
        let names: Vec<String> = (0..40)
            .map(|index| format!("a-long-name-of-run-{index}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let plan = plan(&names, 200.0, 5);
        assert_eq!(plan.columns * 4, plan.shown);
        assert_eq!(plan.shown + plan.hidden, 40);
        assert!(plan.height() <= 5.0 * ROW + 1e-9);
        assert!(plan.column * plan.columns as f64 <= 200.0 + BETWEEN + 1e-9);
    }
}
