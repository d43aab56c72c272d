//! A scene as the bytes of a PNG file, which also say how large a pixel is.
//!
//! Invariant: every shape is drawn as in the SVG, from the same numbers and the same outlines.

use tiny_skia::{
    Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};

use crate::colour::Ink;
use crate::font::{self, Piece};
use crate::scene::{At, Scene, Shape, UNIT};

/// Why there is no PNG.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// It would have too many pixels, or none. Ask for fewer by its size or its resolution.
    #[error("a picture of {width} x {height} pixels cannot be made")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A bug: the pixels cannot be written down.
    #[error("the pixels cannot be encoded: {0}")]
    Encode(String),
}

/// More takes a gigabyte.
const PIXELS_MAX: u64 = 250_000_000;

/// Pixels across and down.
pub fn size(scene: &Scene, dpi: f64) -> (u32, u32) {
    let pixels = |units: u32| (f64::from(units) / UNIT / 72.0 * dpi).round() as u32;
    (pixels(scene.width), pixels(scene.height))
}

pub fn bytes(scene: &Scene, dpi: f64) -> Result<Vec<u8>, PngError> {
    let (width, height) = size(scene, dpi);
    let wrong = || PngError::Size { width, height };
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(wrong());
    }
    let mut pixels = Pixmap::new(width, height).ok_or_else(wrong)?;
    let (r, g, b) = scene.ground.rgb;
    pixels.fill(Color::from_rgba8(r, g, b, 255));
    let scale = (dpi / 72.0 / UNIT) as f32;
    let scaled = Transform::from_scale(scale, scale);
    for shape in &scene.shapes {
        draw(&mut pixels, shape, scaled);
    }
    let encoded = pixels
        .encode_png()
        .map_err(|error| PngError::Encode(error.to_string()))?;
    Ok(with_resolution(&encoded, dpi))
}

fn draw(pixels: &mut Pixmap, shape: &Shape, scaled: Transform) {
    match shape {
        Shape::Line {
            points,
            ink,
            width,
            dash,
        } => {
            let dashes: Vec<f32> = dash.iter().map(|length| *length as f32).collect();
            let stroke = Stroke {
                width: *width as f32,
                line_join: LineJoin::Round,
                dash: StrokeDash::new(dashes, 0.0),
                ..Stroke::default()
            };
            if let Some(path) = path_of(points, false) {
                pixels.stroke_path(&path, &paint(*ink, true), &stroke, scaled, None);
            }
        }
        Shape::Area {
            points,
            ink,
            is_crisp,
        } => {
            if let Some(path) = path_of(points, true) {
                let paint = paint(*ink, !is_crisp);
                pixels.fill_path(&path, &paint, FillRule::Winding, scaled, None);
            }
        }
        Shape::Disc {
            centre: (x, y),
            radius,
            ink,
        } => {
            let disc = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
            if let Some(path) = disc {
                let paint = paint(*ink, true);
                pixels.fill_path(&path, &paint, FillRule::Winding, scaled, None);
            }
        }
        Shape::Text {
            text,
            at,
            size,
            is_turned,
            ink,
        } => {
            let letter = (f64::from(*size) / font::units()) as f32;
            let mut placed = scaled.pre_translate(at.0 as f32, at.1 as f32);
            if *is_turned {
                placed = placed.pre_rotate(-90.0);
            }
            let placed = placed.pre_scale(letter, -letter);
            for (glyph, along) in font::glyphs(text).0 {
                if let Some(path) = outline_of(glyph) {
                    let placed = placed.pre_translate(along as f32, 0.0);
                    let paint = paint(*ink, true);
                    pixels.fill_path(&path, &paint, FillRule::Winding, placed, None);
                }
            }
        }
    }
}

fn paint(ink: Ink, is_soft: bool) -> Paint<'static> {
    let mut paint = Paint::default();
    let (r, g, b) = ink.rgb;
    paint.set_color_rgba8(r, g, b, ink.alpha);
    paint.anti_alias = is_soft;
    paint
}

fn path_of(points: &[At], is_closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        match index {
            0 => builder.move_to(*x as f32, *y as f32),
            _ => builder.line_to(*x as f32, *y as f32),
        }
    }
    if is_closed {
        builder.close();
    }
    builder.finish()
}

/// `None` for a space.
#[expect(
    clippy::many_single_char_names,
    reason = "they are coordinates, two by two"
)]
fn outline_of(glyph: u16) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for piece in font::outline(glyph) {
        match piece {
            Piece::Move(x, y) => builder.move_to(x, y),
            Piece::Line(x, y) => builder.line_to(x, y),
            Piece::Quad(a, b, x, y) => builder.quad_to(a, b, x, y),
            Piece::Cubic(a, b, c, d, x, y) => builder.cubic_to(a, b, c, d, x, y),
            Piece::Close => builder.close(),
        }
    }
    builder.finish()
}

/// The signature and the first chunk, which has the size.
const HEAD_LEN: usize = 8 + 25;

/// With the chunk that says how many pixels a metre has, so that a document places it in its true size.
fn with_resolution(png: &[u8], dpi: f64) -> Vec<u8> {
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    // The unit is the metre.
    chunk.push(1);
    let sum = crc32fast::hash(&chunk);
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    let (head, rest) = png.split_at(HEAD_LEN);
    [head, &length, &chunk, &sum.to_be_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::ink;

    fn scene() -> Scene {
        Scene {
            width: 7200,
            height: 3600,
            ground: ink(0x00ff_ffff),
            shapes: vec![Shape::Area {
                points: vec![(0, 0), (3600, 0), (3600, 3600), (0, 3600)],
                ink: ink(0x0000_72b2),
                is_crisp: true,
            }],
            dash: Vec::new(),
        }
    }

    #[test]
    fn a_png_has_the_pixels_that_its_size_and_resolution_ask_for() {
        let png = bytes(&scene(), 300.0).unwrap();
        let pixels = Pixmap::decode_png(&png).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (300, 150));
        let colour = |x, y| pixels.pixel(x, y).map(|pixel| (pixel.red(), pixel.blue()));
        assert_eq!(colour(10, 10), Some((0, 0xb2)));
        assert_eq!(colour(290, 140), Some((255, 255)));
    }

    #[test]
    fn a_png_says_how_large_its_pixels_are() {
        let png = bytes(&scene(), 300.0).unwrap();
        let at = png.windows(4).position(|part| part == b"pHYs").unwrap();
        assert_eq!(png[at + 4..at + 8], 11_811_u32.to_be_bytes());
    }

    #[test]
    fn more_pixels_than_can_be_held_are_refused() {
        assert!(matches!(
            bytes(&scene(), 1e6),
            Err(PngError::Size {
                width: 1_000_000,
                ..
            })
        ));
        assert!(bytes(&scene(), 0.001).is_err());
    }
}
