//! A finished chart, which can be written in both forms.

use crate::png::{self, PngError};
use crate::scene::Scene;
use crate::svg;

/// A drawn chart.
#[derive(Clone, Debug)]
pub struct Picture {
    pub(crate) scene: Scene,
    pub(crate) title: String,
    pub(crate) says: String,
}

impl Picture {
    /// The text of an SVG file, in the size of paper that was asked for.
    pub fn svg(&self) -> String {
        svg::text(&self.scene, &self.title, &self.says)
    }

    /// The bytes of a PNG file of so many pixels an inch. Errors: too many pixels, or none.
    pub fn png(&self, dpi: f64) -> Result<Vec<u8>, PngError> {
        png::bytes(&self.scene, dpi)
    }

    /// Pixels across and down that a PNG has.
    pub fn pixels(&self, dpi: f64) -> (u32, u32) {
        png::size(&self.scene, dpi)
    }
}
