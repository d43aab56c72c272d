//! From the state to what stands on the screen.
//!
//! Invariants: the same state gives the same screen; nothing is read or waited for here.

mod chart;
mod compare;
mod dots;
mod frame;
mod help;
pub mod layout;
mod pen;
mod run;
mod scale;
mod side;
mod table;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Position;

use crate::look::Tone;
use crate::model::{Model, Page};
use layout::{HEIGHT_MIN, Layout, WIDTH_MIN};
use pen::Pen;

/// Draws the screen; answers where the cursor of the terminal stands, when it is seen.
pub fn draw(model: &Model, buffer: &mut Buffer) -> Option<Position> {
    let layout = Layout::of(model);
    let mut pen = Pen {
        buffer,
        look: model.look,
    };
    if layout.is_too_small {
        too_small(model, &mut pen);
        return None;
    }
    frame::header(model, layout.header, &mut pen);
    frame::footer(model, layout.footer, &mut pen);
    match model.page {
        Page::Help => help::draw(model, layout.body, &mut pen),
        Page::Compare => compare::draw(model, layout.body, &mut pen),
        Page::Run => run::draw(model, &layout, &mut pen),
        Page::Table => {
            table::draw(model, &layout, &mut pen);
            run::draw(model, &layout, &mut pen);
            return frame::filter(model, layout.filter, &mut pen);
        }
    }
    None
}

fn too_small(model: &Model, pen: &mut Pen<'_>) {
    let lines = [
        format!("the terminal is {}x{}", model.width, model.height),
        format!("mltrack top needs {WIDTH_MIN}x{HEIGHT_MIN} or more"),
        "q quits".to_owned(),
    ];
    let style = pen.tone(Tone::Plain);
    for (y, line) in (0..model.height).zip(&lines) {
        pen.text((0, y), model.width, line, style);
    }
}
