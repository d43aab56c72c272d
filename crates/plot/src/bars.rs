//! Runs as bars: one below the other, each with its number.
//!
//! Invariant: a bar begins at zero, so that its length is its value.

use plotters::style::text_anchor::{HPos, VPos};

use crate::colour::Look;
use crate::curves::draw_title;
use crate::font;
use crate::number::short_number;
use crate::page::Page;
use crate::paper::{Frame, MIDDLE, Paper, Pen, SMALL, Words};
use crate::picture::Picture;

/// A run, or a group of them.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub value: f64,
    /// How it is drawn.
    pub look: Look,
}

/// Bars of one metric.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// From above.
    pub bars: Vec<Bar>,
    /// What they show.
    pub name: String,
}

const GAP: f64 = 4.0;
/// Names stand apart at this distance.
const ROW_MIN: f64 = SMALL + 2.0;

impl Bars {
    /// Draws as many as there is room for, and says how many more there are.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let words = Words {
            size: SMALL,
            ink: paper.theme.soft,
            along: HPos::Right,
            down: VPos::Center,
            is_turned: false,
        };
        let foot = MIDDLE + 2.0 * GAP;
        let rows = (((frame.height() - foot) / ROW_MIN).floor() as usize).max(1);
        let shown = self.bars.len().min(rows);
        let names = self.bars[..shown]
            .iter()
            .map(|bar| font::width(&bar.name, SMALL));
        let side = names.fold(0.0, f64::max).min(frame.width() * 0.4);
        let numbers = self.bars[..shown]
            .iter()
            .map(|bar| font::width(&short_number(bar.value), SMALL));
        let room = numbers.fold(0.0, f64::max) + GAP;
        let inner = Frame {
            left: frame.left + side + GAP,
            top: frame.top,
            right: frame.right - room,
            bottom: frame.bottom - foot,
        };
        self.draw_bars(&paper, (frame, inner), shown, &words);
        let below = Words {
            size: MIDDLE,
            ink: paper.theme.text,
            along: HPos::Center,
            down: VPos::Bottom,
            ..words
        };
        let hidden = match self.bars.len() - shown {
            0 => self.name.clone(),
            more => format!("{} ({more} more not drawn)", self.name),
        };
        let name = font::fitted(&hidden, MIDDLE, frame.width());
        let middle = f64::midpoint(frame.left, frame.right);
        paper.text(&name, (middle, frame.bottom - 2.0), &below);
        Picture {
            says: format!("{} of {} runs", self.name, self.bars.len()),
            title: page.title.clone().unwrap_or_else(|| self.name.clone()),
            scene: paper.scene(),
        }
    }

    fn draw_bars(
        &self,
        paper: &Paper,
        (frame, inner): (Frame, Frame),
        shown: usize,
        words: &Words,
    ) {
        let finite = || {
            self.bars[..shown]
                .iter()
                .map(|bar| bar.value)
                .filter(|it| it.is_finite())
        };
        let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
        let span = if high > low { high - low } else { 1.0 };
        // Numbers of what is below zero stand left of their bars.
        let room = if low < 0.0 {
            30.0_f64.min(inner.width() / 4.0)
        } else {
            0.0
        };
        let width = inner.width() - room;
        let x = |value: f64| inner.left + room + (value - low) / span * width;
        let row = (inner.height() / shown.max(1) as f64).min(22.0);
        for (index, bar) in self.bars[..shown].iter().enumerate() {
            let y = inner.top + (index as f64 + 0.5) * row;
            let name = font::fitted(&bar.name, SMALL, inner.left - GAP - frame.left + 0.1);
            paper.text(&name, (inner.left - GAP, y), words);
            if !bar.value.is_finite() {
                let after = Words {
                    along: HPos::Left,
                    ..*words
                };
                paper.text(&short_number(bar.value), (x(0.0) + 2.0, y), &after);
                continue;
            }
            let (from, to) = (x(bar.value.min(0.0)), x(bar.value.max(0.0)));
            let part = Frame {
                left: from,
                right: to,
                top: y - row * 0.36,
                bottom: y + row * 0.36,
            };
            paper.fill(part, paper.ink(bar.look));
            let (at, along) = if bar.value < 0.0 {
                (from - 2.0, HPos::Right)
            } else {
                (to + 2.0, HPos::Left)
            };
            paper.text(
                &short_number(bar.value),
                (at, y),
                &Words { along, ..*words },
            );
        }
        let pen = Pen {
            ink: paper.theme.axis,
            width: 0.6,
            dash: &[],
        };
        let bottom = inner.top + row * shown as f64;
        paper.line(&[(x(0.0), inner.top), (x(0.0), bottom)], &pen);
    }
}
