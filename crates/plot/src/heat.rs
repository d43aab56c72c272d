//! Distributions over an axis: a column for each, dark where there are few values and bright where there are many.
//!
//! Invariant: a column reaches half way to its neighbours, and its shades are shares of its own values by the width of
//! their buckets, so that columns with other buckets or more values compare.

use crate::axes::{self, Axis, Head, label_room};
use crate::curves::draw_title;
use crate::page::Page;
use crate::paper::{Frame, Paper, Plane};
use crate::picture::Picture;
use crate::scale::{Range, Scale};
use crate::strip::{self, shade_on};

/// A distribution at a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    /// The place.
    pub x: f64,
    /// Where buckets end; one more than there are counts.
    pub edges: Vec<f64>,
    /// How many values are in each.
    pub counts: Vec<u64>,
}

/// The distributions of a thing.
#[derive(Clone, Debug, Default)]
pub struct HeatPanel {
    /// Its name.
    pub title: String,
    /// In the order of their places.
    pub slices: Vec<Slice>,
}

/// Distributions in panels.
#[derive(Clone, Debug, Default)]
pub struct Heats {
    /// One for each thing.
    pub panels: Vec<HeatPanel>,
    /// What is across.
    pub x_name: String,
    /// How it is spread.
    pub x_scale: Scale,
    /// What is up.
    pub y_name: String,
}

const PANEL_MIN: f64 = 190.0;

impl Heats {
    /// Draws them.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let bar = Axis {
            scale: Scale::Linear,
            range: Range { from: 0.0, to: 1.0 },
            name: "√ density / highest".to_owned(),
        };
        let columns =
            ((frame.width() / PANEL_MIN).floor() as usize).clamp(1, self.panels.len().max(1));
        let rows = self.panels.len().div_ceil(columns);
        let (width, height) = (
            frame.width() / columns as f64,
            frame.height() / rows.max(1) as f64,
        );
        let ys: Vec<Axis> = self
            .panels
            .iter()
            .map(|panel| self.axis_up(panel))
            .collect();
        let room = ys
            .iter()
            .map(|y| label_room(y, height - 40.0))
            .fold(0.0, f64::max);
        for (index, (panel, y)) in self.panels.iter().zip(&ys).enumerate() {
            let (column, row) = ((index % columns) as f64, (index / columns) as f64);
            let left = frame.left + column * width;
            let top = frame.top + row * height;
            let part = Frame {
                left,
                top,
                right: left + width - 4.0,
                bottom: top + height - 4.0,
            };
            let inner = Frame {
                right: part.right - strip::room(&bar, height - 40.0) - 4.0,
                ..part
            };
            let head = Head {
                title: &panel.title,
                label_room: room,
            };
            let plane = axes::draw(&paper, inner, (&self.axis_across(panel), y), head);
            draw_slices(&paper, &plane, panel, self.x_scale);
            let beside = Frame {
                top: plane.frame.top,
                bottom: plane.frame.bottom,
                ..part
            };
            strip::draw(&paper, beside, &bar);
        }
        let titles: Vec<&str> = self
            .panels
            .iter()
            .map(|panel| panel.title.as_str())
            .collect();
        Picture {
            says: format!(
                "distributions of {} over {}",
                titles.join(", "),
                self.x_name
            ),
            title: page.title.clone().unwrap_or_else(|| titles.join(", ")),
            scene: paper.scene(),
        }
    }

    fn axis_across(&self, panel: &HeatPanel) -> Axis {
        let ends = columns(panel, self.x_scale).into_iter();
        let ends: Vec<f64> = ends.flat_map(|(from, to, _)| [from, to]).collect();
        // They are placed already.
        let scale = Scale::Linear;
        Axis {
            scale: self.x_scale,
            range: Range::around(scale, ends, 0.0),
            name: self.x_name.clone(),
        }
    }

    fn axis_up(&self, panel: &HeatPanel) -> Axis {
        let edges = panel
            .slices
            .iter()
            .flat_map(|slice| slice.edges.iter().copied());
        Axis {
            scale: Scale::Linear,
            range: Range::around(Scale::Linear, edges, 0.0),
            name: self.y_name.clone(),
        }
    }
}

/// From where to where each column reaches.
fn columns(panel: &HeatPanel, scale: Scale) -> Vec<(f64, f64, &Slice)> {
    let placed = panel
        .slices
        .iter()
        .map(|slice| (scale.place(slice.x), slice));
    let placed: Vec<(f64, &Slice)> = placed.filter(|(x, _)| !x.is_nan()).collect();
    let half = |a: usize, b: usize| (placed[b].0 - placed[a].0) / 2.0;
    let last = placed.len().saturating_sub(1);
    let column = |index: usize| {
        let before = if index > 0 {
            half(index - 1, index)
        } else {
            f64::NAN
        };
        let after = if index < last {
            half(index, index + 1)
        } else {
            f64::NAN
        };
        // An end is as wide as its other side, and a column alone has a width of one.
        let or = |side: f64, other: f64| match (side.is_nan(), other.is_nan()) {
            (false, _) => side,
            (true, false) => other,
            (true, true) => 0.5,
        };
        let (x, slice) = placed[index];
        (x - or(before, after), x + or(after, before), slice)
    };
    (0..placed.len()).map(column).collect()
}

fn densities(slice: &Slice) -> Vec<f64> {
    let total: u64 = slice.counts.iter().sum();
    let widths = slice.edges.windows(2).map(|pair| pair[1] - pair[0]);
    let density = |(count, width): (&u64, f64)| {
        if width > 0.0 && total > 0 {
            *count as f64 / total as f64 / width
        } else {
            0.0
        }
    };
    slice.counts.iter().zip(widths).map(density).collect()
}

/// Empty buckets stay the ground.
fn draw_slices(paper: &Paper, plane: &Plane, panel: &HeatPanel, scale: Scale) {
    let columns = columns(panel, scale);
    let shaded: Vec<Vec<f64>> = columns
        .iter()
        .map(|(_, _, slice)| densities(slice))
        .collect();
    let highest = shaded.iter().flatten().copied().fold(0.0, f64::max);
    for ((from, to, slice), densities) in columns.iter().zip(&shaded) {
        let buckets = slice.edges.windows(2).zip(densities);
        for (edges, density) in buckets.filter(|(_, density)| **density > 0.0) {
            // The root lifts the tails, which a few full buckets would hide.
            let share = (density / highest).sqrt();
            let ink = shade_on(paper.theme.ground, share);
            plane.fill((*from, edges[1]), (*to, edges[0]), ink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Shape;

    fn slice(x: f64, counts: &[u64]) -> Slice {
        Slice {
            x,
            edges: (0..=counts.len()).map(|edge| edge as f64).collect(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn columns_reach_half_way_to_their_neighbours() {
        let panel = HeatPanel {
            title: String::new(),
            slices: vec![slice(0.0, &[1]), slice(10.0, &[1]), slice(40.0, &[1])],
        };
        let ends: Vec<(f64, f64)> = columns(&panel, Scale::Linear)
            .iter()
            .map(|column| (column.0, column.1))
            .collect();
        assert_eq!(ends, [(-5.0, 5.0), (5.0, 25.0), (25.0, 55.0)]);
    }

    #[test]
    fn empty_buckets_stay_the_ground_and_texts_apart() {
        let heats = Heats {
            panels: vec![HeatPanel {
                title: "weights".to_owned(),
                slices: vec![slice(1.0, &[1, 0, 3]), slice(2.0, &[0, 0, 4])],
            }],
            x_name: "step".to_owned(),
            y_name: "value".to_owned(),
            ..Heats::default()
        };
        let picture = heats.draw(&Page::new(84.0, 60.0).unwrap());
        let is_cell = |shape: &&Shape| matches!(shape, Shape::Area { is_crisp: true, .. });
        // Three of the distribution; the others are of the strip.
        assert_eq!(picture.scene.shapes.iter().filter(is_cell).count(), 3 + 64);
        crate::scene::tests::check_texts(&picture.scene);
    }
}
