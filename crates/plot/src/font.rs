//! The letters of a chart: a font that the program carries, so that every machine draws the same ones.
//!
//! Invariant: a letter that the font lacks is drawn as a box, and never left out.

use std::sync::OnceLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

static BYTES: &[u8] = include_bytes!("../font/plot-sans.ttf");

/// From the top of a capital letter to the line that it stands on, as a share of the size.
pub const CAPITAL: f64 = 0.73;

fn face() -> &'static Face<'static> {
    static FACE: OnceLock<Face<'static>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(BYTES, 0).expect("the font in the program is whole"))
}

/// How many units of the font are one size.
pub fn units() -> f64 {
    f64::from(face().units_per_em())
}

/// The glyphs of a text, and where each begins, in units of the font. The last number is the width of all.
pub fn glyphs(text: &str) -> (Vec<(u16, f64)>, f64) {
    let mut at = 0.0;
    let mut placed = Vec::new();
    for letter in text.chars() {
        let glyph = glyph_of(letter);
        placed.push((glyph.0, at));
        at += f64::from(face().glyph_hor_advance(glyph).unwrap_or(0));
    }
    (placed, at)
}

/// What moves a cursor has no place in a chart either.
fn glyph_of(letter: char) -> GlyphId {
    let shown = if letter.is_control() { ' ' } else { letter };
    let face = face();
    let found = face.glyph_index(shown).filter(|glyph| glyph.0 != 0);
    found
        .or_else(|| face.glyph_index('\u{25a1}'))
        .unwrap_or(GlyphId(0))
}

/// The width of a text of this size.
pub fn width(text: &str, size: f64) -> f64 {
    glyphs(text).1 * size / units()
}

/// The text, or its beginning and its end with dots between, no wider than that.
pub fn fitted(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (1..letters.len()).rev() {
        let head = kept.div_ceil(2);
        let tail = letters.len() - (kept - head);
        let parts = [&letters[..head], &['…'], &letters[tail..]];
        let short: String = parts.concat().into_iter().collect();
        if width(&short, size) <= room {
            return short;
        }
    }
    "…".to_owned()
}

/// A piece of the outline of a glyph, in units of the font; y goes up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    Move(f32, f32),
    Line(f32, f32),
    Quad(f32, f32, f32, f32),
    Cubic(f32, f32, f32, f32, f32, f32),
    Close,
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl OutlineBuilder for Pieces {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.push(Piece::Move(x, y));
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.0.push(Piece::Line(x, y));
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.push(Piece::Quad(x1, y1, x, y));
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.push(Piece::Cubic(x1, y1, x2, y2, x, y));
    }
    fn close(&mut self) {
        self.0.push(Piece::Close);
    }
}

/// Empty for a space.
pub fn outline(glyph: u16) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    face().outline_glyph(GlyphId(glyph), &mut pieces);
    pieces.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_gives_way_in_its_middle() {
        let name = "a-very-long-name-of-a-run-that-ends-in-seed-7";
        let short = fitted(name, 7.0, 60.0);
        assert!(
            short.starts_with("a-") && short.ends_with("-7") && short.contains('…'),
            "{short}"
        );
        assert!(width(&short, 7.0) <= 60.0);
        assert_eq!(fitted("lr", 7.0, 60.0), "lr");
        assert_eq!(fitted("long", 7.0, 1.0), "…");
    }

    #[test]
    fn a_letter_that_the_font_lacks_is_a_box() {
        let boxed = glyphs("\u{25a1}").0[0].0;
        assert_eq!(glyphs("\u{4e2d}").0[0].0, boxed);
        assert!(!outline(boxed).is_empty());
        assert_ne!(glyphs("é").0[0].0, boxed);
    }

    #[test]
    fn every_sign_that_charts_use_is_there() {
        let boxed = glyphs("\u{25a1}").0[0].0;
        for letter in "0123456789.,−×⁰¹²³⁴⁵⁶⁷⁸⁹⁻…±µσ(){}=%".chars() {
            assert_ne!(glyphs(&letter.to_string()).0[0].0, boxed, "{letter}");
        }
    }
}
