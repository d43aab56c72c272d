//! The scale of a shade: a strip of colours with numbers beside it.
//!
//! Invariant: what a colour means stands beside it as a number.

use plotters::style::text_anchor::{HPos, VPos};

use crate::axes::Axis;
use crate::colour::{Ink, shade};
use crate::font;
use crate::paper::{Frame, Paper, SMALL, Words};

const WIDTH: f64 = 6.0;
const GAP: f64 = 3.0;
const STEPS: usize = 64;

/// How wide it is, with its numbers and its name.
pub fn room(axis: &Axis, height: f64) -> f64 {
    let labels = crate::axes::label_room(axis, height);
    let name = if axis.name.is_empty() {
        0.0
    } else {
        SMALL + GAP
    };
    WIDTH + GAP + labels + name + GAP
}

/// The shade of a share on this ground: the palest ones would be lost on white, the darkest ones on black.
pub fn shade_on(ground: Ink, share: f64) -> Ink {
    let is_dark = ground.rgb.0 < 128;
    let (from, to) = if is_dark { (0.12, 1.0) } else { (0.0, 0.94) };
    shade(from + (to - from) * share)
}

/// Draws it at the right edge of a frame.
pub fn draw(paper: &Paper, frame: Frame, axis: &Axis) {
    let name_room = if axis.name.is_empty() {
        0.0
    } else {
        SMALL + GAP
    };
    let ticks = axis.ticks_up(frame.height());
    let labels = crate::axes::label_room(axis, frame.height());
    let right = frame.right - name_room - labels - GAP;
    let left = right - WIDTH;
    for step in 0..STEPS {
        let share = |index: usize| index as f64 / STEPS as f64;
        let y = |share: f64| frame.bottom - share * frame.height();
        let part = Frame {
            left,
            right,
            top: y(share(step + 1)),
            bottom: y(share(step)),
        };
        paper.fill(
            part,
            shade_on(paper.theme.ground, share(step) + 0.5 / STEPS as f64),
        );
    }
    let words = Words {
        size: SMALL,
        ink: paper.theme.soft,
        along: HPos::Left,
        down: VPos::Center,
        is_turned: false,
    };
    for tick in ticks {
        let share = (tick.at - axis.range.from) / axis.range.span();
        let y = frame.bottom - share * frame.height();
        paper.text(&tick.label, (right + GAP, y), &words);
    }
    let turned = Words {
        ink: paper.theme.text,
        along: HPos::Center,
        down: VPos::Bottom,
        is_turned: true,
        ..words
    };
    let name = font::fitted(&axis.name, SMALL, frame.height());
    let middle = f64::midpoint(frame.top, frame.bottom);
    paper.text(&name, (frame.right, middle), &turned);
}
