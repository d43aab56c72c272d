//! A frame with its axes: ticks, numbers, names, grid.
//!
//! Invariants: no label lies on its neighbour or on the name of its axis; all of it lies within the frame that is given.

use plotters::style::text_anchor::{HPos, VPos};

use crate::font;
use crate::paper::{Frame, LARGE, MIDDLE, Paper, Pen, Plane, SMALL, Words};
use crate::scale::{Range, Scale};
use crate::ticks::{Tick, ticks, unit_name};

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    pub scale: Scale,
    pub range: Range,
    pub name: String,
}

const TICK: f64 = 2.5;
const GAP: f64 = 2.0;
/// Between two labels of one axis.
const APART: f64 = 6.0;
/// From one line of labels to the next.
const LINE: f64 = 2.0;

impl Axis {
    /// The name, with its unit.
    fn title(&self) -> String {
        match unit_name(self.scale, self.range) {
            Some(unit) if self.name.is_empty() => unit,
            Some(unit) => format!("{} ({unit})", self.name),
            None => self.name.clone(),
        }
    }

    /// Of an axis that goes up, as many ticks as there is room for.
    pub fn ticks_up(&self, height: f64) -> Vec<Tick> {
        let count = (height / (SMALL * LINE * 1.3)).floor().clamp(2.0, 8.0);
        ticks(self.scale, self.range, count as usize)
    }

    /// Of one that goes across: the most whose labels stand apart.
    pub fn ticks_across(&self, width: f64) -> Vec<Tick> {
        let place = |at: f64| (at - self.range.from) / self.range.span() * width;
        let fits = |ticks: &Vec<Tick>| {
            let named: Vec<&Tick> = ticks.iter().filter(|it| !it.label.is_empty()).collect();
            named.windows(2).all(|pair| {
                let half = |tick: &Tick| font::width(&tick.label, SMALL) / 2.0;
                let need = half(pair[0]) + half(pair[1]) + APART;
                place(pair[1].at) - place(pair[0].at) >= need
            })
        };
        let tried = (2..=8)
            .rev()
            .map(|count| ticks(self.scale, self.range, count));
        let mut tried = tried.filter(fits);
        tried.next().unwrap_or_else(|| {
            let mut last = ticks(self.scale, self.range, 2);
            last.truncate(1);
            last
        })
    }
}

/// How wide the numbers beside an axis that goes up are.
pub fn label_room(axis: &Axis, height: f64) -> f64 {
    let ticks = axis.ticks_up(height);
    let widths = ticks.iter().map(|tick| font::width(&tick.label, SMALL));
    widths.fold(0.0, f64::max)
}

/// What stands below the plane.
pub fn foot(axis: &Axis) -> f64 {
    let name = if axis.title().is_empty() {
        0.0
    } else {
        MIDDLE + 2.0 * GAP
    };
    TICK + GAP + SMALL + name
}

/// What is told of a frame beside its axes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// Above the plane.
    pub title: &'a str,
    /// So much is kept free for the numbers beside the axis that goes up; as much as they need when less.
    pub label_room: f64,
}

/// Draws the axes within a frame, and answers where the data goes.
pub fn draw(paper: &Paper, frame: Frame, (x, y): (&Axis, &Axis), head: Head<'_>) -> Plane {
    let top = frame.top
        + if head.title.is_empty() {
            SMALL / 2.0
        } else {
            LARGE + 2.0 * GAP
        };
    let bottom = frame.bottom - foot(x);
    let side = label_room(y, bottom - top).max(head.label_room);
    let name = if y.name.is_empty() {
        0.0
    } else {
        MIDDLE + 2.0 * GAP
    };
    let left = frame.left + name + side + TICK + GAP;
    let mut inner = Frame {
        left,
        top,
        right: frame.right - GAP,
        bottom,
    };
    let across = x.ticks_across(inner.width());
    inner.right -= overhang(x, &across, inner, frame);
    let plane = paper.plane(inner, x.range, y.range);
    let up = y.ticks_up(inner.height());
    draw_grid(paper, &plane, (&across, &up));
    draw_lines(paper, inner);
    draw_across(paper, &plane, &across);
    draw_up(paper, &plane, &up);
    draw_names(paper, (frame, inner), (x, y), head.title);
    plane
}

/// By how much the last number would reach over the edge.
fn overhang(x: &Axis, ticks: &[Tick], inner: Frame, frame: Frame) -> f64 {
    let over = ticks.iter().map(|tick| {
        let at = inner.left + (tick.at - x.range.from) / x.range.span() * inner.width();
        at + font::width(&tick.label, SMALL) / 2.0 - frame.right
    });
    over.fold(0.0, f64::max)
}

fn draw_grid(paper: &Paper, plane: &Plane, (across, up): (&[Tick], &[Tick])) {
    let Some(ink) = paper.theme.grid else {
        return;
    };
    let pen = Pen {
        ink,
        width: 0.4,
        dash: &[],
    };
    let frame = plane.frame;
    for tick in across.iter().filter(|tick| !tick.label.is_empty()) {
        let (x, _) = plane.at((tick.at, 0.0));
        paper.line(&[(x, frame.top), (x, frame.bottom)], &pen);
    }
    for tick in up.iter().filter(|tick| !tick.label.is_empty()) {
        let (_, y) = plane.at((0.0, tick.at));
        paper.line(&[(frame.left, y), (frame.right, y)], &pen);
    }
}

fn axis_pen(paper: &Paper) -> Pen {
    Pen {
        ink: paper.theme.axis,
        width: 0.6,
        dash: &[],
    }
}

/// Left and below: what is around data needs no more.
fn draw_lines(paper: &Paper, frame: Frame) {
    let corner = [
        (frame.left, frame.top),
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    ];
    paper.line(&corner, &axis_pen(paper));
}

fn draw_across(paper: &Paper, plane: &Plane, ticks: &[Tick]) {
    let words = words(paper, HPos::Center, VPos::Top);
    for tick in ticks {
        let (x, _) = plane.at((tick.at, 0.0));
        let length = if tick.label.is_empty() {
            TICK / 2.0
        } else {
            TICK
        };
        let bottom = plane.frame.bottom;
        paper.line(&[(x, bottom), (x, bottom + length)], &axis_pen(paper));
        paper.text(&tick.label, (x, bottom + TICK + GAP), &words);
    }
}

fn draw_up(paper: &Paper, plane: &Plane, ticks: &[Tick]) {
    let words = words(paper, HPos::Right, VPos::Center);
    for tick in ticks {
        let (_, y) = plane.at((0.0, tick.at));
        let length = if tick.label.is_empty() {
            TICK / 2.0
        } else {
            TICK
        };
        let left = plane.frame.left;
        paper.line(&[(left - length, y), (left, y)], &axis_pen(paper));
        paper.text(&tick.label, (left - TICK - GAP, y), &words);
    }
}

fn words(paper: &Paper, along: HPos, down: VPos) -> Words {
    Words {
        size: SMALL,
        ink: paper.theme.soft,
        along,
        down,
        is_turned: false,
    }
}

fn draw_names(paper: &Paper, frames: (Frame, Frame), (x, y): (&Axis, &Axis), title: &str) {
    let (frame, inner) = frames;
    let middle = f64::midpoint(inner.left, inner.right);
    let named = Words {
        size: MIDDLE,
        ink: paper.theme.text,
        ..words(paper, HPos::Center, VPos::Bottom)
    };
    let name = font::fitted(&x.title(), MIDDLE, frame.width());
    // What is longer than the axis stays within the frame.
    let half = font::width(&name, MIDDLE) / 2.0;
    let at = middle.min(frame.right - half).max(frame.left + half);
    paper.text(&name, (at, frame.bottom - GAP), &named);
    let name = font::fitted(&y.title(), MIDDLE, inner.height());
    let turned = Words {
        down: VPos::Top,
        is_turned: true,
        ..named
    };
    let at = (frame.left, f64::midpoint(inner.top, inner.bottom));
    paper.text(&name, at, &turned);
    let titled = Words {
        size: 8.0,
        ..words(paper, HPos::Left, VPos::Bottom)
    };
    let title = font::fitted(title, 8.0, inner.width());
    let titled = Words {
        ink: paper.theme.text,
        ..titled
    };
    paper.text(&title, (inner.left, inner.top - 2.0 * GAP), &titled);
}
