//! What is on a picture: lines, areas, discs and texts, in hundredths of a point from the upper left corner.
//!
//! Invariant: a scene is what both forms are written from, so a thing is in both or in none.

use crate::colour::Ink;

/// So many units are a point, which is 1/72 of an inch.
pub const UNIT: f64 = 100.0;

pub type At = (i32, i32);

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Line {
        points: Vec<At>,
        ink: Ink,
        width: u32,
        /// Drawn and left out in turns; all of it when empty.
        dash: Vec<u32>,
    },
    /// What has straight edges along the axes is drawn without soft ones: neighbours then leave no gap.
    Area {
        points: Vec<At>,
        ink: Ink,
        is_crisp: bool,
    },
    Disc {
        centre: At,
        radius: u32,
        ink: Ink,
    },
    /// From where its first letter stands; a turned one goes up.
    Text {
        text: String,
        at: At,
        size: u32,
        is_turned: bool,
        ink: Ink,
    },
}

#[derive(Clone, Debug)]
pub struct Scene {
    pub width: u32,
    pub height: u32,
    pub ground: Ink,
    pub shapes: Vec<Shape>,
    /// The dashes of lines to come.
    pub dash: Vec<u32>,
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::font;

    /// The box around a text.
    fn extent(shape: &Shape) -> Option<(f64, f64, f64, f64, &str)> {
        let Shape::Text {
            text,
            at: (x, y),
            size,
            is_turned,
            ..
        } = shape
        else {
            return None;
        };
        let (x, y, size) = (f64::from(*x), f64::from(*y), f64::from(*size));
        let (width, height) = (font::width(text, size), size * font::CAPITAL);
        Some(if *is_turned {
            (x - height, y - width, x, y, text.as_str())
        } else {
            (x, y - height, x + width, y, text.as_str())
        })
    }

    /// No text lies on another one or over the edge.
    pub fn check_texts(scene: &Scene) {
        let texts: Vec<_> = scene.shapes.iter().filter_map(extent).collect();
        assert!(!texts.is_empty());
        for (index, a) in texts.iter().enumerate() {
            let is_inside = a.0 >= 0.0
                && a.1 >= 0.0
                && a.2 <= f64::from(scene.width)
                && a.3 <= f64::from(scene.height);
            assert!(
                is_inside,
                "{a:?} is not on {} x {}",
                scene.width, scene.height
            );
            for b in &texts[..index] {
                let is_apart = a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1;
                assert!(is_apart, "{a:?} lies on {b:?}");
            }
        }
    }
}
