//! Lines made of Braille dots, two by four a character, or of one letter a character.
//!
//! Invariants: a dot that is set stays set; where lines cross, the one drawn last gives the colour.

use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::pen::Pen;
use crate::look::{Glyphs, Look};

/// The bits of a Braille character by row and column.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// An area of dots. `y` grows upwards from 0.
pub struct Dots {
    area: Rect,
    cells: Vec<(u8, Style, &'static str)>,
}

/// How a line is drawn.
#[derive(Clone, Copy)]
pub struct Stroke {
    pub series: usize,
    pub style: Style,
}

impl Dots {
    pub fn new(area: Rect) -> Dots {
        Dots {
            area,
            cells: vec![(0, Style::new(), " "); usize::from(area.width) * usize::from(area.height)],
        }
    }

    /// How many dots there are beside and above each other.
    pub fn size(&self) -> (i64, i64) {
        (
            i64::from(self.area.width) * 2,
            i64::from(self.area.height) * 4,
        )
    }

    pub fn set(&mut self, x: i64, y: i64, stroke: Stroke) {
        let (width, height) = self.size();
        if !(0..width).contains(&x) || !(0..height).contains(&y) {
            return;
        }
        let (x, y) = (x as usize, (height - 1 - y) as usize);
        let cell = &mut self.cells[y / 4 * usize::from(self.area.width) + x / 2];
        cell.0 |= BITS[y % 4][x % 2];
        (cell.1, cell.2) = (stroke.style, Look::letter(stroke.series));
    }

    /// From the smallest to the largest value at a place: always whole, so that no spike is between two dashes.
    pub fn bar(&mut self, x: i64, (low, high): (i64, i64), stroke: Stroke) {
        for y in low.max(0)..=high.min(self.size().1) {
            self.set(x, y, stroke);
        }
    }

    /// A line between two dots, dashed as the series is.
    pub fn line(&mut self, (x, y): (i64, i64), (x_last, y_last): (i64, i64), stroke: Stroke) {
        let (across, up) = (x_last - x, y_last - y);
        let count = across.abs().max(up.abs()).max(1);
        for at in 0..=count {
            let x = x + (across * at + across.signum() * count / 2) / count;
            let y = y + (up * at + up.signum() * count / 2) / count;
            if Look::is_drawn(stroke.series, x.unsigned_abs() as usize) {
                self.set(x, y, stroke);
            }
        }
    }

    pub fn draw(&self, pen: &mut Pen<'_>) {
        let width = usize::from(self.area.width).max(1);
        for (index, (bits, style, letter)) in self.cells.iter().enumerate() {
            if *bits == 0 {
                continue;
            }
            let (x, y) = (
                self.area.x + (index % width) as u16,
                self.area.y + (index / width) as u16,
            );
            let mut room = [0; 4];
            let text: &str = match pen.look.glyphs {
                Glyphs::Unicode => {
                    let sign = char::from_u32(0x2800 + u32::from(*bits)).unwrap_or(' ');
                    sign.encode_utf8(&mut room)
                }
                Glyphs::Ascii => letter,
            };
            pen.text((x, y), 1, text, *style);
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui_core::buffer::Buffer;

    use super::*;

    fn drawn(glyphs: Glyphs, series: usize, draw: impl Fn(&mut Dots, Stroke)) -> Vec<String> {
        let area = Rect::new(0, 0, 4, 2);
        let mut dots = Dots::new(area);
        let style = Style::new();
        draw(&mut dots, Stroke { series, style });
        let mut buffer = Buffer::empty(area);
        let look = Look {
            glyphs,
            ..Look::default()
        };
        dots.draw(&mut Pen {
            buffer: &mut buffer,
            look,
        });
        let cells: Vec<&str> = buffer
            .content()
            .iter()
            .map(ratatui_core::buffer::Cell::symbol)
            .collect();
        cells.chunks(4).map(<[&str]>::concat).collect()
    }

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let line = |dots: &mut Dots, stroke| dots.line((0, 0), (7, 7), stroke);
        assert_eq!(drawn(Glyphs::Unicode, 0, line), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(drawn(Glyphs::Ascii, 0, line), ["  AA", "AA  "]);
    }

    #[test]
    fn a_dashed_line_has_gaps_and_a_bar_has_none() {
        let line = |dots: &mut Dots, stroke| dots.line((0, 0), (7, 0), stroke);
        assert_eq!(drawn(Glyphs::Unicode, 1, line)[1], "⣀⣀ ⣀");
        let bar = |dots: &mut Dots, stroke| dots.bar(5, (0, 99), stroke);
        assert_eq!(drawn(Glyphs::Unicode, 1, bar), ["  ⢸ ", "  ⢸ "]);
    }
}
