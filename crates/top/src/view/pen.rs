//! Writing on the screen.
//!
//! Invariant: nothing is written outside the part that is named, and nothing that a terminal would obey: letters without
//! width are left out.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use crate::look::{Look, Tone};
use crate::words::{cut, width};

pub struct Pen<'a> {
    pub buffer: &'a mut Buffer,
    pub look: Look,
}

impl Pen<'_> {
    /// Writes into `room` columns; returns the column behind what was written.
    pub fn text(&mut self, (x, y): (u16, u16), room: u16, text: &str, style: Style) -> u16 {
        if !self.buffer.area.contains((x, y).into()) || room == 0 {
            return x;
        }
        let text = text.replace('\t', " ");
        let text = cut(&text, room.into(), self.more());
        self.buffer.set_stringn(x, y, text, room.into(), style).0
    }

    /// The same at the right end of the room.
    pub fn right(&mut self, (x, y): (u16, u16), room: u16, text: &str, style: Style) {
        let taken = (width(text) as u16).min(room);
        self.text((x + room - taken, y), taken, text, style);
    }

    pub fn tone(&self, tone: Tone) -> Style {
        self.look.tone(tone)
    }

    /// What stands for what found no room.
    pub fn more(&self) -> &'static str {
        self.look.sign("…", "~")
    }

    /// A line across the part with a title in it; returns the column behind the title.
    pub fn rule(&mut self, area: Rect, title: &str) -> u16 {
        let rule = self.look.sign("─", "-").repeat(area.width.into());
        let faint = self.tone(Tone::Faint);
        self.text((area.x, area.y), area.width, &rule, faint);
        if title.is_empty() {
            return area.x;
        }
        let strong = self.tone(Tone::Strong);
        let title = format!(" {title} ");
        self.text(
            (area.x + 1, area.y),
            area.width.saturating_sub(2),
            &title,
            strong,
        )
    }

    /// Pieces of text one behind the other; those that find no room are left out whole.
    pub fn pieces(&mut self, area: Rect, pieces: &[(String, Style)]) -> u16 {
        let mut x = area.x;
        for (text, style) in pieces {
            let left = area.right().saturating_sub(x);
            if width(text) > usize::from(left) {
                break;
            }
            x = self.text((x, area.y), left, text, *style);
        }
        x
    }
}
