//! What the keys do.

use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::pen::Pen;
use crate::keys::HELP;
use crate::look::Tone;
use crate::model::Model;

const KEYS: u16 = 17;

pub fn draw(model: &Model, area: Rect, pen: &mut Pen<'_>) {
    pen.rule(Rect { height: 1, ..area }, "keys");
    let last = HELP.len().saturating_sub(usize::from(area.height - 1));
    let lines = HELP.iter().skip(model.scroll.min(last));
    for ((key, what), y) in lines.zip(area.y + 1..area.bottom()) {
        let strong = pen.tone(Tone::Strong);
        pen.text((area.x + 1, y), KEYS - 1, key, strong);
        pen.text((area.x + KEYS, y), area.width - KEYS, what, Style::new());
    }
}
