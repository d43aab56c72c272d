//! Which part of the screen is for what.
//!
//! Invariants: the parts never overlap and lie within the screen; what there is no room for has no height.

use ratatui_core::layout::Rect;

use crate::model::{Model, Page};

/// Smaller screens show only how small they are.
pub const WIDTH_MIN: u16 = 60;
pub const HEIGHT_MIN: u16 = 20;

/// From this width on, params stand beside the charts.
const SIDE_FROM: u16 = 96;
const SIDE_WIDTH: u16 = 34;
const CHART_WIDTH_MIN: u16 = 42;
const CHART_HEIGHT_MIN: u16 = 8;
/// Rows are shown at least, and at most so many hundredths of the screen.
const ROWS_MIN: u16 = 3;
const ROWS_SHARE: u16 = 35;

/// Charts side by side and below each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChartGrid {
    pub area: Rect,
    pub columns: u16,
    pub rows: u16,
}

impl ChartGrid {
    fn of(area: Rect) -> ChartGrid {
        ChartGrid {
            area,
            columns: (area.width / CHART_WIDTH_MIN).max(1),
            rows: (area.height / CHART_HEIGHT_MIN).max(1),
        }
    }

    pub fn count(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// Two spots for each column of dots at least, however the library's buckets fall.
    pub fn spots_max(&self) -> usize {
        (usize::from(self.area.width / self.columns.max(1)) * 8).max(64)
    }

    /// The place of one of them; the last row and column take what is left.
    pub fn cell(&self, index: usize) -> Rect {
        let (column, row) = (index as u16 % self.columns, index as u16 / self.columns);
        let (width, height) = (self.area.width / self.columns, self.area.height / self.rows);
        let is_last = |at: u16, count: u16| at + 1 == count;
        let (x, y) = (column * width, row * height);
        Rect {
            x: self.area.x + x,
            y: self.area.y + y,
            width: if is_last(column, self.columns) {
                self.area.width - x
            } else {
                width - 2
            },
            height: if is_last(row, self.rows) {
                self.area.height - y
            } else {
                height
            },
        }
    }
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub is_too_small: bool,
    pub header: Rect,
    /// The filter, and what is wrong with it.
    pub filter: Rect,
    /// The titles of the table's columns.
    pub titles: Rect,
    pub rows: Rect,
    /// The name of the run under the cursor, and what the lines of the charts are.
    pub run: Rect,
    pub charts: Option<ChartGrid>,
    pub side: Rect,
    /// The lines of the console, below a line that says so.
    pub console: Rect,
    /// Everything between the header and the footer, for pages that are one thing.
    pub body: Rect,
    pub footer: Rect,
}

/// Takes lines from the top of what is left.
struct Rest(Rect);

impl Rest {
    fn take(&mut self, height: u16) -> Rect {
        let height = height.min(self.0.height);
        let taken = Rect { height, ..self.0 };
        self.0.y += height;
        self.0.height -= height;
        taken
    }
}

impl Layout {
    pub fn of(model: &Model) -> Layout {
        let (width, height) = (model.width, model.height);
        if width < WIDTH_MIN || height < HEIGHT_MIN {
            return Layout {
                is_too_small: true,
                ..Layout::default()
            };
        }
        let mut rest = Rest(Rect::new(0, 0, width, height));
        let header = rest.take(1);
        let body = Rect::new(0, 1, width, height - 2);
        rest.0.height -= 1;
        let mut layout = Layout {
            header,
            body,
            footer: Rect::new(0, height - 1, width, 1),
            ..Layout::default()
        };
        match model.page {
            Page::Help | Page::Compare => {}
            Page::Run => layout.place_run(model, rest),
            Page::Table => {
                layout.filter = rest.take(filter_height(model));
                layout.titles = rest.take(1);
                let share = (u32::from(rest.0.height) * u32::from(ROWS_SHARE) / 100) as u16;
                let wanted = u16::try_from(model.answer.total).unwrap_or(u16::MAX);
                layout.rows = rest.take(wanted.clamp(ROWS_MIN, share.max(ROWS_MIN)));
                layout.place_run(model, rest);
            }
        }
        layout
    }

    fn place_run(&mut self, model: &Model, mut rest: Rest) {
        let chosen = model.answer.drawn.first();
        self.run = rest.take(1);
        if chosen.is_some_and(|run| run.metrics.is_empty()) {
            rest = self.place_side(model, rest);
            rest.take(1);
            self.console = rest.0;
            return;
        }
        let has_lines = chosen.is_some_and(|run| run.lines > 0);
        let console = match rest.0.height {
            _ if !has_lines => 0,
            ..10 => 0,
            10..14 => 3,
            14..24 => 5,
            _ => 7,
        };
        rest.0.height -= console;
        if console > 0 {
            let y = rest.0.y + rest.0.height + 1;
            self.console = Rect::new(0, y, rest.0.width, console - 1);
        }
        let rest = self.place_side(model, rest);
        self.charts = Some(ChartGrid::of(rest.0));
    }

    /// Beside the charts, or below them where there is room in the height only.
    fn place_side(&mut self, model: &Model, mut rest: Rest) -> Rest {
        if rest.0.width >= SIDE_FROM {
            rest.0.width -= SIDE_WIDTH;
            self.side = Rect {
                x: rest.0.width,
                width: SIDE_WIDTH,
                ..rest.0
            };
            rest.0.width -= 2;
        } else if model.page == Page::Run && rest.0.height >= 12 {
            let height = rest.0.height / 3;
            rest.0.height -= height;
            self.side = Rect {
                y: rest.0.y + rest.0.height,
                height,
                ..rest.0
            };
        }
        rest
    }
}

/// The line itself while there is a filter, and one below it for what is wrong.
fn filter_height(model: &Model) -> u16 {
    let is_shown = model.filter.is_open() || !model.filter.text().is_empty();
    let is_wrong = model.answer.refusal.is_some() || !model.answer.notes.is_empty();
    u16::from(is_shown) + u16::from(is_shown && is_wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_lies_outside_or_over_another() {
        for (width, height) in [(60, 20), (61, 33), (96, 21), (120, 40), (300, 100)] {
            for page in [Page::Table, Page::Run] {
                for total in [0, 3, 500] {
                    let mut model = Model {
                        width,
                        height,
                        page,
                        ..Model::default()
                    };
                    model.answer.total = total;
                    check(&Layout::of(&model), (width, height));
                }
            }
        }
    }

    fn check(layout: &Layout, (width, height): (u16, u16)) {
        let charts = layout.charts.unwrap();
        let cells = (0..charts.count()).map(|index| charts.cell(index));
        let mut parts: Vec<Rect> = cells.collect();
        let whole = [
            layout.header,
            layout.titles,
            layout.rows,
            layout.run,
            layout.side,
            layout.footer,
        ];
        parts.extend(whole);
        let screen = Rect::new(0, 0, width, height);
        for (index, part) in parts
            .iter()
            .enumerate()
            .filter(|(_, part)| !part.is_empty())
        {
            assert_eq!(screen.intersection(*part), *part, "{layout:?}");
            for other in &parts[..index] {
                assert!(part.intersection(*other).is_empty(), "{part:?} {other:?}");
            }
        }
    }
}
