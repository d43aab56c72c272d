//! The dots of a plot: lines in, rows of characters out.
//!
//! In Braille, dots of all series share a character and letters mark whose line it is; in ASCII
//! the letters are the lines and `*` stands where several meet. A shade lies behind all lines: every other dot, or a
//! full stop where no line runs.

use super::Glyphs;

/// A letter every so many columns, in Braille.
const MARK_DISTANCE: usize = 20;
const BRAILLE_BLANK: u32 = 0x2800;
/// The bit of each dot, by column and row from the top left.
const BRAILLE_BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

pub struct Canvas {
    glyphs: Glyphs,
    /// In characters.
    width: usize,
    height: usize,
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    ink: Ink,
    is_shaded: bool,
}

/// Who has drawn in a cell.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Ink {
    #[default]
    Nobody,
    One(usize),
    Several,
}

/// The row of the characters that hold the value in the middle of the scale.
pub fn row_of_half(height: usize) -> usize {
    height / 2
}

impl Canvas {
    pub fn new(width: usize, height: usize, glyphs: Glyphs) -> Canvas {
        Canvas {
            glyphs,
            width,
            height,
            cells: vec![Cell::default(); width * height],
        }
    }

    /// Joins points, given as fractions of width and height from the lower left, by lines.
    pub fn draw(&mut self, series: usize, fractions: impl Iterator<Item = (f64, f64)>) {
        let (columns, rows) = self.dots_per_cell();
        let last = (self.width * columns - 1, self.height * rows - 1);
        let mut before = None;
        for (x, y) in fractions {
            let dot = (nearest(x, last.0), nearest(1.0 - y, last.1));
            self.join(series, before.unwrap_or(dot), dot);
            before = Some(dot);
        }
    }

    /// Shades each column of dots from the lowest to the highest of the points in it. The ends of the shade are full
    /// dots, so that a single spike in it is still there.
    pub fn shade(&mut self, fractions: impl Iterator<Item = (f64, f64)>) {
        let (columns, rows) = self.dots_per_cell();
        let last = (self.width * columns - 1, self.height * rows - 1);
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; last.0 + 1];
        for (x, y) in fractions {
            let (x, y) = (nearest(x, last.0), nearest(1.0 - y, last.1));
            let (top, bottom) = spans[x].unwrap_or((y, y));
            spans[x] = Some((top.min(y), bottom.max(y)));
        }
        for (x, span) in spans.into_iter().enumerate() {
            let Some((top, bottom)) = span else { continue };
            for y in top..=bottom {
                let cell = &mut self.cells[y / rows * self.width + x / columns];
                cell.is_shaded = true;
                if (x + y).is_multiple_of(2) || y == top || y == bottom {
                    cell.dots |= BRAILLE_BITS[x % columns][y % rows];
                }
            }
        }
    }

    /// Sets every dot from one to the other, both included.
    fn join(&mut self, series: usize, from: (usize, usize), to: (usize, usize)) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            let between = |a: usize, b: usize| match steps {
                0 => a,
                _ => (a * (steps - step) + b * step + steps / 2) / steps,
            };
            self.set(series, between(from.0, to.0), between(from.1, to.1));
        }
    }

    fn set(&mut self, series: usize, x: usize, y: usize) {
        let (columns, rows) = self.dots_per_cell();
        let cell = &mut self.cells[y / rows * self.width + x / columns];
        cell.dots |= BRAILLE_BITS[x % columns][y % rows];
        cell.ink = match cell.ink {
            Ink::Nobody => Ink::One(series),
            Ink::One(other) if other == series => Ink::One(series),
            Ink::One(_) | Ink::Several => Ink::Several,
        };
    }

    /// The characters of each row, from the top; `marks` are the letters of the series.
    pub fn rows(&self, marks: &[char]) -> Vec<String> {
        let mut characters: Vec<char> = match self.glyphs {
            Glyphs::Braille => self.cells.iter().map(|cell| braille(cell.dots)).collect(),
            Glyphs::Ascii => self.cells.iter().map(|cell| ascii(*cell, marks)).collect(),
        };
        if self.glyphs == Glyphs::Braille && marks.len() > 1 {
            self.overlay(&mut characters, marks);
        }
        characters
            .chunks(self.width)
            .map(|row| row.iter().collect())
            .collect()
    }

    /// Puts each letter on its line where no other line runs: about every twenty columns, and at
    /// least once wherever the line has a cell of its own.
    fn overlay(&self, characters: &mut [char], marks: &[char]) {
        for (series, mark) in marks.iter().enumerate() {
            // Staggered, so that the letters of close lines do not stack up.
            let mut next = series * MARK_DISTANCE / marks.len();
            let mut last_own = None;
            let mut is_marked = false;
            for column in 0..self.width {
                let Some(cell) = self.own_cell(series, column) else {
                    continue;
                };
                if column >= next {
                    characters[cell] = *mark;
                    next = column + MARK_DISTANCE;
                    is_marked = true;
                }
                last_own = Some(cell);
            }
            if let Some(cell) = last_own.filter(|_| !is_marked) {
                characters[cell] = *mark;
            }
        }
    }

    /// The middle one of the cells in a column that this series has for itself.
    fn own_cell(&self, series: usize, column: usize) -> Option<usize> {
        let cells = (0..self.height).map(|row| row * self.width + column);
        let own: Vec<usize> = cells
            .filter(|cell| self.cells[*cell].ink == Ink::One(series))
            .collect();
        own.get(own.len() / 2).copied()
    }

    fn dots_per_cell(&self) -> (usize, usize) {
        match self.glyphs {
            Glyphs::Braille => (2, 4),
            Glyphs::Ascii => (1, 1),
        }
    }
}

fn nearest(fraction: f64, last: usize) -> usize {
    ((fraction * last as f64).round() as usize).min(last)
}

fn braille(dots: u8) -> char {
    match dots {
        0 => ' ',
        _ => char::from_u32(BRAILLE_BLANK + u32::from(dots)).expect("the block has 256 patterns"),
    }
}

fn ascii(cell: Cell, marks: &[char]) -> char {
    match cell.ink {
        Ink::Nobody if cell.is_shaded => '.',
        Ink::Nobody => ' ',
        Ink::One(series) => marks[series],
        Ink::Several => '*',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: (usize, usize), glyphs: Glyphs, lines: &[&[(f64, f64)]], expected: &[&str]) {
        let mut canvas = Canvas::new(size.0, size.1, glyphs);
        for (series, line) in lines.iter().enumerate() {
            canvas.draw(series, line.iter().copied());
        }
        let marks: Vec<char> = ('a'..='z').take(lines.len()).collect();
        assert_eq!(canvas.rows(&marks), expected);
    }

    #[test]
    fn a_diagonal_touches_every_row_and_column() {
        let line: &[(f64, f64)] = &[(0.0, 0.0), (1.0, 1.0)];
        check(
            (4, 4),
            Glyphs::Ascii,
            &[line],
            &["   a", "  a ", " a  ", "a   "],
        );
        check((2, 1), Glyphs::Braille, &[line], &["⡠⠊"]);
    }

    #[test]
    fn lines_that_meet_show_a_star_in_ascii() {
        let rising: &[(f64, f64)] = &[(0.0, 0.0), (1.0, 1.0)];
        let falling: &[(f64, f64)] = &[(0.0, 1.0), (1.0, 0.0)];
        check(
            (3, 3),
            Glyphs::Ascii,
            &[rising, falling],
            &["b a", " * ", "a b"],
        );
    }

    #[test]
    fn a_single_point_is_one_dot() {
        check((2, 2), Glyphs::Ascii, &[&[(1.0, 0.0)]], &["  ", " a"]);
        check((1, 1), Glyphs::Braille, &[&[(0.0, 1.0)]], &["⠁"]);
    }

    #[test]
    fn a_line_with_a_cell_of_its_own_carries_its_letter() {
        let low: &[(f64, f64)] = &[(0.0, 0.0), (1.0, 0.0)];
        let high: &[(f64, f64)] = &[(0.0, 1.0), (0.2, 1.0)];
        check((5, 2), Glyphs::Braille, &[low, high], &["⠉b   ", "a⣀⣀⣀⣀"]);
    }
}
