//! Runs as lines through parallel axes: one for each param that differs, the last for what they are judged by.
//!
//! Invariants: a line that lacks a value is dotted there; the best lines are drawn last, so that they lie on top; what
//! the goal is shows in the colour and on its axis.

use plotters::style::text_anchor::{HPos, VPos};

use crate::axes::Axis;
use crate::curves::draw_title;
use crate::font;
use crate::number::short_number;
use crate::page::Page;
use crate::paper::{Frame, Paper, Pen, SMALL, Words};
use crate::picture::Picture;
use crate::scale::{Range, Scale};
use crate::strip::shade_on;

/// One axis.
#[derive(Clone, Debug)]
pub struct ParallelAxis {
    /// What is on it.
    pub name: String,
    /// How numbers are spread.
    pub scale: Scale,
    /// The words on it, from below, at 0, 1, 2 and so on; empty on an axis of numbers.
    pub words: Vec<String>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct ParallelRow {
    /// Its place on each axis.
    pub values: Vec<Option<f64>>,
}

/// Runs through axes.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// From left to right; the last one is the goal.
    pub axes: Vec<ParallelAxis>,
    /// The runs.
    pub rows: Vec<ParallelRow>,
    /// Whether less is better.
    pub is_less_better: bool,
}

const GAP: f64 = 3.0;
const STRIP: f64 = 4.0;

impl Parallel {
    /// Draws them.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let ranges: Vec<Range> = (0..self.axes.len()).map(|at| self.range(at)).collect();
        let last = self.axes.len().saturating_sub(1);
        let inner_height = frame.height() - 2.0 * (SMALL + 2.0 * GAP);
        let side = self
            .label_room(last, ranges.get(last), inner_height)
            .min(frame.width() * 0.3);
        let half = self
            .axes
            .first()
            .map_or(0.0, |axis| font::width(&axis.name, SMALL) / 2.0);
        let inner = Frame {
            left: frame.left + half.min(frame.width() * 0.12).max(4.0),
            top: frame.top + SMALL + 2.5 * GAP,
            right: frame.right - side - STRIP - 2.0 * GAP,
            bottom: frame.bottom - SMALL - GAP,
        };
        let x = |at: usize| inner.left + inner.width() * at as f64 / last.max(1) as f64;
        self.draw_rows(&paper, inner, &ranges, &x);
        for (at, axis) in self.axes.iter().enumerate() {
            self.draw_axis(&paper, (frame, inner), (at, axis, ranges[at]), &x);
        }
        let names: Vec<&str> = self.axes.iter().map(|axis| axis.name.as_str()).collect();
        Picture {
            says: format!("{} runs through {}", self.rows.len(), names.join(", ")),
            title: page.title.clone().unwrap_or_else(|| names.join(", ")),
            scene: paper.scene(),
        }
    }

    fn range(&self, at: usize) -> Range {
        let axis = &self.axes[at];
        if !axis.words.is_empty() {
            return Range {
                from: -0.5,
                to: axis.words.len() as f64 - 0.5,
            };
        }
        let values = self
            .rows
            .iter()
            .filter_map(|row| row.values.get(at).copied().flatten());
        Range::around(axis.scale, values, 0.04)
    }

    /// What stands at an axis, and where.
    fn labels(&self, at: usize, range: Range, height: f64) -> Vec<(f64, String)> {
        let axis = &self.axes[at];
        if axis.words.is_empty() {
            if let Some(labels) = self.few_values(at, range, height) {
                return labels;
            }
            let axis = Axis {
                scale: axis.scale,
                range,
                name: String::new(),
            };
            let ticks = axis.ticks_up(height.min(110.0)).into_iter();
            let named = ticks.filter(|tick| !tick.label.is_empty());
            return named.map(|tick| (tick.at, tick.label)).collect();
        }
        let stride = (axis.words.len() as f64 * (SMALL + 3.0) / height)
            .ceil()
            .max(1.0);
        let words = axis.words.iter().enumerate().step_by(stride as usize);
        words
            .map(|(place, word)| (place as f64, word.clone()))
            .collect()
    }

    /// The values themselves, where they are few and stand apart: what was tried, rather than round numbers. The goal was
    /// not tried but found.
    fn few_values(&self, at: usize, range: Range, height: f64) -> Option<Vec<(f64, String)>> {
        const FEW: usize = 6;
        let axis = &self.axes[at];
        let values = self
            .rows
            .iter()
            .filter_map(|row| row.values.get(at).copied().flatten());
        let mut values: Vec<f64> = values
            .filter(|value| !axis.scale.place(*value).is_nan())
            .collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let labels = values
            .iter()
            .map(|value| (axis.scale.place(*value), short_number(*value)));
        let labels: Vec<(f64, String)> = labels.collect();
        let apart = |pair: &[(f64, String)]| (pair[1].0 - pair[0].0) / range.span() * height;
        let is_legible = labels.windows(2).all(|pair| apart(pair) >= SMALL + 2.0);
        let is_tried = at + 1 < self.axes.len() && (1..=FEW).contains(&labels.len());
        (is_tried && is_legible).then_some(labels)
    }

    fn label_room(&self, at: usize, range: Option<&Range>, height: f64) -> f64 {
        let labels = range
            .map(|range| self.labels(at, *range, height))
            .unwrap_or_default();
        let widths = labels.iter().map(|(_, label)| font::width(label, SMALL));
        widths.fold(0.0, f64::max)
    }

    /// From 0 for the worst to 1 for the best; `None` without a goal.
    fn merit(&self, row: &ParallelRow, range: Range) -> Option<f64> {
        let scale = self.axes.last()?.scale;
        let place = scale.place(row.values.last().copied().flatten()?);
        let share = (place - range.from) / range.span();
        if share.is_nan() {
            return None;
        }
        Some(if self.is_less_better {
            1.0 - share
        } else {
            share
        })
    }

    fn draw_rows(&self, paper: &Paper, inner: Frame, ranges: &[Range], x: &dyn Fn(usize) -> f64) {
        let Some(goal) = ranges.last() else {
            return;
        };
        let mut rows: Vec<(Option<f64>, &ParallelRow)> = self
            .rows
            .iter()
            .map(|row| (self.merit(row, *goal), row))
            .collect();
        let rank = |merit: Option<f64>| merit.unwrap_or(-1.0);
        rows.sort_by(|a, b| rank(a.0).total_cmp(&rank(b.0)));
        let alpha = if rows.len() > 60 { 0.6 } else { 0.9 };
        for (merit, row) in rows {
            let ink = match merit {
                Some(merit) => shade_on(paper.theme.ground, self.shown(merit)),
                None => paper.theme.axis,
            };
            let pen = Pen {
                ink: ink.faded(alpha),
                width: 0.8,
                dash: if merit.is_none() { &[2.0, 1.5] } else { &[] },
            };
            let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
            for (at, axis) in self.axes.iter().enumerate() {
                let value = row.values.get(at).copied().flatten();
                let place = value.map(|value| axis.scale.place(value));
                match (place.filter(|place| !place.is_nan()), pieces.last_mut()) {
                    (Some(place), Some(piece)) => {
                        let share = (place - ranges[at].from) / ranges[at].span();
                        piece.push((x(at), inner.bottom - share * inner.height()));
                    }
                    _ => pieces.push(Vec::new()),
                }
            }
            pieces.retain(|piece| !piece.is_empty());
            draw_pieces(paper, &pieces, &pen);
        }
    }

    /// A merit as the share of the shade that its place on the axis has.
    fn shown(&self, merit: f64) -> f64 {
        if self.is_less_better {
            1.0 - merit
        } else {
            merit
        }
    }

    fn draw_axis(
        &self,
        paper: &Paper,
        (frame, inner): (Frame, Frame),
        (at, axis, range): (usize, &ParallelAxis, Range),
        x: &dyn Fn(usize) -> f64,
    ) {
        let (here, last) = (x(at), self.axes.len() - 1);
        let pen = Pen {
            ink: paper.theme.axis,
            width: 0.8,
            dash: &[],
        };
        paper.line(&[(here, inner.top), (here, inner.bottom)], &pen);
        if at == last {
            draw_strip(paper, inner, here);
        }
        let words = Words {
            size: SMALL,
            ink: paper.theme.soft,
            along: HPos::Left,
            down: VPos::Center,
            is_turned: false,
        };
        let offset = if at == last { STRIP + GAP } else { GAP };
        let room = if at == last {
            frame.right - here - offset
        } else {
            x(at + 1) - here - 2.0 * GAP
        };
        for (place, label) in self.labels(at, range, inner.height()) {
            let y = inner.bottom - (place - range.from) / range.span() * inner.height();
            let label = font::fitted(&label, SMALL, room);
            let width = font::width(&label, SMALL);
            // Lines pass below it, so it has a ground of its own.
            let ground = Frame {
                left: here + offset - 0.8,
                right: here + offset + width + 0.8,
                top: y - SMALL * 0.5,
                bottom: y + SMALL * 0.5,
            };
            if at != last {
                paper.fill(ground, paper.theme.ground.faded(0.75));
                paper.line(&[(here, y), (here + offset - 1.2, y)], &pen);
            }
            paper.text(&label, (here + offset, y), &words);
        }
        self.draw_name(paper, (frame, inner), (at, axis), x);
    }

    /// Names stand above, every second one below where they would meet.
    fn draw_name(
        &self,
        paper: &Paper,
        (frame, inner): (Frame, Frame),
        (at, axis): (usize, &ParallelAxis),
        x: &dyn Fn(usize) -> f64,
    ) {
        let last = self.axes.len() - 1;
        let step = x(1.min(last)) - x(0);
        let widest = self
            .axes
            .iter()
            .map(|axis| font::width(&axis.name, SMALL))
            .fold(0.0, f64::max);
        let is_crowded = widest + GAP > step && last > 0;
        let room = if is_crowded {
            2.0 * step - 2.0 * GAP
        } else {
            frame.width()
        };
        let name = font::fitted(&axis.name, SMALL, room.max(12.0));
        let half = font::width(&name, SMALL) / 2.0;
        let words = Words {
            size: SMALL,
            ink: paper.theme.text,
            along: HPos::Center,
            down: VPos::Bottom,
            is_turned: false,
        };
        let here = x(at).clamp(frame.left + half, frame.right - half);
        if is_crowded && at % 2 == 1 {
            let below = Words {
                down: VPos::Top,
                ..words
            };
            paper.text(&name, (here, inner.bottom + GAP), &below);
        } else {
            paper.text(&name, (here, inner.top - GAP), &words);
        }
    }
}

/// What belongs to one run is held together by dots where it lacks a value.
fn draw_pieces(paper: &Paper, pieces: &[Vec<(f64, f64)>], pen: &Pen) {
    let dotted = Pen {
        width: 0.5,
        dash: &[0.8, 1.8],
        ..*pen
    };
    for pair in pieces.windows(2) {
        paper.line(&[pair[0][pair[0].len() - 1], pair[1][0]], &dotted);
    }
    for piece in pieces {
        draw_piece(paper, piece, pen);
    }
}

fn draw_piece(paper: &Paper, piece: &[(f64, f64)], pen: &Pen) {
    match piece {
        [] => {}
        [alone] => paper.disc(*alone, 1.5, pen.ink),
        _ => paper.line(piece, pen),
    }
}

/// The colours of the goal, beside its axis.
fn draw_strip(paper: &Paper, inner: Frame, x: f64) {
    const STEPS: usize = 64;
    for step in 0..STEPS {
        let share = |index: usize| index as f64 / STEPS as f64;
        let part = Frame {
            left: x,
            right: x + STRIP,
            top: inner.bottom - share(step + 1) * inner.height(),
            bottom: inner.bottom - share(step) * inner.height(),
        };
        paper.fill(part, shade_on(paper.theme.ground, share(step)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, words: &[&str]) -> ParallelAxis {
        ParallelAxis {
            name: name.to_owned(),
            scale: Scale::Linear,
            words: words.iter().map(|&word| word.to_owned()).collect(),
        }
    }

    fn chart() -> Parallel {
        let row = |lr: Option<f64>, word: f64, goal: Option<f64>| ParallelRow {
            values: vec![lr, Some(word), goal],
        };
        Parallel {
            axes: vec![
                axis("lr", &[]),
                axis("optimiser", &["adam", "sgd"]),
                axis("loss", &[]),
            ],
            rows: vec![
                row(Some(0.1), 0.0, Some(2.0)),
                row(Some(0.2), 1.0, Some(1.0)),
                row(None, 1.0, None),
            ],
            is_less_better: true,
        }
    }

    #[test]
    fn the_best_run_has_the_highest_merit() {
        let chart = chart();
        let range = chart.range(2);
        let merits: Vec<Option<f64>> = chart
            .rows
            .iter()
            .map(|row| chart.merit(row, range))
            .collect();
        assert!(merits[0] < merits[1]);
        assert_eq!(merits[2], None);
    }

    #[test]
    fn texts_lie_on_the_page_and_not_on_one_another() {
        let mut wide = chart();
        for index in 0..6 {
            wide.axes
                .insert(0, axis(&format!("a_long_parameter_{index}"), &[]));
            for row in &mut wide.rows {
                row.values.insert(0, Some(f64::from(index)));
            }
        }
        for chart in [chart(), wide] {
            let picture = chart.draw(&Page::new(84.0, 60.0).unwrap());
            crate::scene::tests::check_texts(&picture.scene);
        }
    }
}
