//! A confusion matrix: how often what is one thing was taken for another, as counts and as shares.
//!
//! Invariants: rows are what is, columns what it was taken for; a cell without counts is the ground; a share is told as
//! far as a cell has room for it, and the strip beside tells the others.

use plotters::style::text_anchor::{HPos, VPos};

use crate::axes::Axis;
use crate::curves::draw_title;
use crate::font;
use crate::page::Page;
use crate::paper::{Frame, MIDDLE, Paper, Pen, SMALL, Words};
use crate::picture::Picture;
use crate::scale::{Range, Scale};
use crate::strip::{self, shade_on};

/// What a count is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// All of its row: what became of what is one thing.
    #[default]
    Row,
    /// All of its column: what is behind one answer.
    Column,
    /// Nothing: counts only.
    None,
}

/// A confusion matrix.
#[derive(Clone, Debug, Default)]
pub struct Confusion {
    /// In the order of rows and columns.
    pub labels: Vec<String>,
    /// `counts[actual][predicted]`.
    pub counts: Vec<Vec<u64>>,
    /// What shades and shares are of.
    pub share: Share,
    /// What it is of, for who reads by ear.
    pub name: String,
}

const GAP: f64 = 4.0;

impl Confusion {
    /// Draws it.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let axis = self.axis();
        let bar = strip::room(&axis, frame.height() / 2.0) + GAP;
        let count = self.labels.len().max(1) as f64;
        let widest = self.labels.iter().map(|label| font::width(label, SMALL));
        let side = widest.fold(0.0, f64::max).min(frame.width() * 0.25);
        let left = frame.left + MIDDLE + GAP + side + GAP;
        let room = (frame.right - bar - left).max(10.0);
        let is_turned = side > room / count - 2.0;
        let below = GAP + if is_turned { side } else { SMALL } + GAP + MIDDLE + GAP;
        let edge = room.min((frame.bottom - below - frame.top).max(10.0));
        let inner = Frame {
            left,
            top: frame.top + 2.0,
            right: left + edge,
            bottom: frame.top + 2.0 + edge,
        };
        self.draw_cells(&paper, inner);
        self.draw_labels(&paper, inner, (side, is_turned));
        draw_names(&paper, frame, inner, below);
        let beside = Frame {
            left: inner.right,
            right: inner.right + bar,
            ..inner
        };
        strip::draw(&paper, beside, &axis);
        Picture {
            says: format!(
                "confusion matrix {}: rows are actual, columns predicted",
                self.name
            ),
            title: page.title.clone().unwrap_or_else(|| self.name.clone()),
            scene: paper.scene(),
        }
    }

    fn axis(&self) -> Axis {
        let most = self.counts.iter().flatten().copied().max().unwrap_or(0);
        let (name, to) = match self.share {
            Share::Row => ("share of the row", 1.0),
            Share::Column => ("share of the column", 1.0),
            Share::None => ("count", most.max(1) as f64),
        };
        Axis {
            scale: Scale::Linear,
            range: Range { from: 0.0, to },
            name: name.to_owned(),
        }
    }

    /// From 0 to 1.
    fn share(&self, row: usize, column: usize) -> f64 {
        let count = self.counts[row][column] as f64;
        let all: u64 = match self.share {
            Share::Row => self.counts[row].iter().sum(),
            Share::Column => self.counts.iter().map(|counts| counts[column]).sum(),
            Share::None => self.counts.iter().flatten().copied().max().unwrap_or(0),
        };
        if all == 0 { 0.0 } else { count / all as f64 }
    }

    fn draw_cells(&self, paper: &Paper, frame: Frame) {
        let cell = frame.width() / self.labels.len().max(1) as f64;
        for (row, counts) in self.counts.iter().enumerate() {
            for (column, count) in counts.iter().enumerate() {
                let (left, top) = (
                    frame.left + column as f64 * cell,
                    frame.top + row as f64 * cell,
                );
                let place = Frame {
                    left,
                    top,
                    right: left + cell,
                    bottom: top + cell,
                };
                let share = self.share(row, column);
                let ink = match *count {
                    0 => paper.theme.ground,
                    _ => shade_on(paper.theme.ground, share),
                };
                paper.fill(place, ink);
                if *count > 0 {
                    self.draw_cell(paper, place, (*count, share), ink);
                }
            }
        }
        let pen = Pen {
            ink: paper.theme.axis,
            width: 0.6,
            dash: &[],
        };
        let corners = [
            (frame.left, frame.top),
            (frame.right, frame.top),
            (frame.right, frame.bottom),
            (frame.left, frame.bottom),
            (frame.left, frame.top),
        ];
        paper.line(&corners, &pen);
    }

    /// The count, and below it the share where there is room for both.
    fn draw_cell(
        &self,
        paper: &Paper,
        place: Frame,
        (count, share): (u64, f64),
        ink: crate::colour::Ink,
    ) {
        let words = Words {
            size: SMALL,
            ink: ink.contrary(),
            along: HPos::Center,
            down: VPos::Center,
            is_turned: false,
        };
        let x = f64::midpoint(place.left, place.right);
        let y = f64::midpoint(place.top, place.bottom);
        let count = match count {
            0..10_000 => count.to_string(),
            _ => crate::number::short_number(count as f64),
        };
        let fits = |text: &str| font::width(text, SMALL) <= place.width() - 1.0;
        if !fits(&count) || place.height() < SMALL {
            return;
        }
        let percent = match share * 100.0 {
            share if !(0.05..99.95).contains(&share) => format!("{share:.0}%"),
            share if share < 10.0 => format!("{share:.1}%"),
            share => format!("{share:.0}%"),
        };
        let has_room = place.height() >= 2.5 * SMALL && fits(&percent);
        if self.share == Share::None || !has_room {
            paper.text(&count, (x, y), &words);
            return;
        }
        paper.text(&count, (x, y - SMALL * 0.62), &words);
        paper.text(&percent, (x, y + SMALL * 0.62), &words);
    }

    /// As many as stand apart; those across are turned where they are long.
    fn draw_labels(&self, paper: &Paper, frame: Frame, (side, is_turned): (f64, bool)) {
        let cell = frame.width() / self.labels.len().max(1) as f64;
        let stride = ((SMALL + 1.0) / cell).ceil().max(1.0) as usize;
        let words = Words {
            size: SMALL,
            ink: paper.theme.soft,
            along: HPos::Right,
            down: VPos::Center,
            is_turned: false,
        };
        for (index, label) in self.labels.iter().enumerate().step_by(stride) {
            let middle = (index as f64 + 0.5) * cell;
            let label = font::fitted(label, SMALL, side + 0.1);
            paper.text(&label, (frame.left - GAP, frame.top + middle), &words);
            let below = (frame.left + middle, frame.bottom + GAP);
            let across = if is_turned {
                Words {
                    is_turned: true,
                    ..words
                }
            } else {
                Words {
                    along: HPos::Center,
                    down: VPos::Top,
                    ..words
                }
            };
            let at = if is_turned {
                (below.0 - SMALL * font::CAPITAL / 2.0, below.1)
            } else {
                below
            };
            let across = if is_turned {
                Words {
                    down: VPos::Top,
                    ..across
                }
            } else {
                across
            };
            paper.text(&label, at, &across);
        }
    }
}

fn draw_names(paper: &Paper, frame: Frame, inner: Frame, below: f64) {
    let words = Words {
        size: MIDDLE,
        ink: paper.theme.text,
        along: HPos::Center,
        down: VPos::Bottom,
        is_turned: false,
    };
    let middle = f64::midpoint(inner.left, inner.right);
    paper.text("predicted", (middle, inner.bottom + below - GAP), &words);
    let turned = Words {
        down: VPos::Top,
        is_turned: true,
        ..words
    };
    paper.text(
        "actual",
        (frame.left, f64::midpoint(inner.top, inner.bottom)),
        &turned,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(labels: &[&str], counts: &[&[u64]]) -> Confusion {
        Confusion {
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            counts: counts.iter().map(|&row| row.to_vec()).collect(),
            ..Confusion::default()
        }
    }

    #[test]
    fn shares_are_of_the_row_or_of_the_column() {
        let mut matrix = matrix(&["a", "b"], &[&[3, 1], &[0, 0]]);
        assert_eq!((matrix.share(0, 0), matrix.share(1, 0)), (0.75, 0.0));
        matrix.share = Share::Column;
        assert_eq!((matrix.share(0, 0), matrix.share(0, 1)), (1.0, 1.0));
        matrix.share = Share::None;
        assert!((matrix.share(0, 1) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn texts_lie_on_the_page_and_not_on_one_another() {
        let many: Vec<String> = (0..40).map(|index| format!("label {index}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let row: Vec<u64> = (0..40).map(|count| count * 400).collect();
        let rows: Vec<&[u64]> = (0..40).map(|_| &row[..]).collect();
        for chart in [
            matrix(&["cat", "dog"], &[&[1234, 1], &[7, 99_999]]),
            matrix(&["a very long name of a class", "b"], &[&[3, 1], &[1, 9]]),
            matrix(&many, &rows),
        ] {
            let picture = chart.draw(&Page::new(84.0, 80.0).unwrap());
            crate::scene::tests::check_texts(&picture.scene);
        }
    }
}
