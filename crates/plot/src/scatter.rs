//! Runs as dots between two axes.
//!
//! Invariant: a run is drawn as everywhere, by its own colour and marker; what lacks a value is not drawn, and counted by
//! whoever asks.

use crate::axes::{self, Axis, Head};
use crate::colour::Look;
use crate::curves::draw_title;
use crate::page::Page;
use crate::paper::Paper;
use crate::picture::Picture;
use crate::scale::{Range, Scale};

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// Its place across.
    pub x: f64,
    /// Its place up.
    pub y: f64,
    /// How it is drawn.
    pub look: Look,
}

/// Runs between two axes.
#[derive(Clone, Debug)]
pub struct Scatter {
    /// The runs.
    pub dots: Vec<Dot>,
    /// What is across, and how it is spread.
    pub x: (String, Scale),
    /// What is up, and how it is spread.
    pub y: (String, Scale),
}

impl Scatter {
    /// Draws them.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let axis = |(name, scale): &(String, Scale), values: Vec<f64>| Axis {
            scale: *scale,
            range: Range::around(*scale, values, 0.06),
            name: name.clone(),
        };
        let x = axis(&self.x, self.dots.iter().map(|dot| dot.x).collect());
        let y = axis(&self.y, self.dots.iter().map(|dot| dot.y).collect());
        let plane = axes::draw(&paper, frame, (&x, &y), Head::default());
        for dot in &self.dots {
            let both = (x.scale.place(dot.x), y.scale.place(dot.y));
            if !both.0.is_nan() && !both.1.is_nan() {
                paper.marker(
                    dot.look,
                    plane.at(both),
                    2.2,
                    paper.ink(dot.look).faded(0.85),
                );
            }
        }
        let says = format!("{} over {} of {} runs", self.y.0, self.x.0, self.dots.len());
        Picture {
            title: page.title.clone().unwrap_or_else(|| says.clone()),
            says,
            scene: paper.scene(),
        }
    }
}
