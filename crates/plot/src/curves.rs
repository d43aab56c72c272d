//! Lines over an axis, one panel a metric: what was logged, faint behind its smoothed line, or groups with a band.
//!
//! 1. A smoothed line hides nothing: what was logged is drawn, too, and the axis reaches around it.
//! 2. What is no number breaks the line and is marked at the foot of its panel; what a line has no points for while its
//!    neighbours are near is a dotted piece.
//! 3. All panels have one axis across, so that the same place means the same.

use plotters::style::text_anchor::{HPos, VPos};

use crate::axes::{self, Axis, Head, label_room};
use crate::colour::Look;
use crate::legend::{self, Entry, ROW};
use crate::page::Page;
use crate::paper::{Frame, LARGE, MIDDLE, Paper, Pen, Plane, SMALL, Words, dash_of};
use crate::picture::Picture;
use crate::scale::{Range, Scale};

/// How far a band reaches at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// The place.
    pub x: f64,
    /// The lower edge.
    pub low: f64,
    /// The upper edge.
    pub high: f64,
}

/// A line of a panel.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Which name of the legend it has.
    pub name: usize,
    /// Pairs of place and value, in the order of places; NaN where there is a point that is no number.
    pub points: Vec<(f64, f64)>,
    /// What is drawn instead, the points then being faint; in the order of places, none to draw the points.
    pub smooth: Vec<(f64, f64)>,
    /// What is around it.
    pub band: Vec<Reach>,
}

/// A metric.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// Its name.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// Lines in panels.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// One for each metric.
    pub panels: Vec<Panel>,
    /// What is drawn how: runs or groups. A single one is told by the title of the page.
    pub names: Vec<(String, Look)>,
    /// What is across.
    pub x_name: String,
    /// How it is spread.
    pub x_scale: Scale,
    /// How values are spread.
    pub y_scale: Scale,
    /// A line below the panels; empty for none.
    pub note: String,
}

/// A distance between points that is so many times the usual one is a gap.
const GAP_FACTOR: f64 = 12.0;
const MARKERS_MAX: usize = 6;
/// Narrower panels go below one another.
const PANEL_MIN: f64 = 190.0;
/// A legend leaves so much to each panel, or more than two thirds of the page to all.
const PANEL_HIGH: f64 = 110.0;
/// Around everything.
const MARGIN: f64 = 5.0;

impl Curves {
    /// Draws them. An axis that has nothing reaches from 0 to 1.
    pub fn draw(&self, page: &Page) -> Picture {
        let paper = Paper::new(page);
        let frame = draw_title(&paper, page);
        let frame = self.draw_legend(&paper, frame);
        let frame = self.draw_note(&paper, frame);
        let places = self
            .lines()
            .flat_map(|line| line.points.iter().chain(&line.smooth));
        let x = Axis {
            scale: self.x_scale,
            range: Range::around(self.x_scale, places.map(|point| point.0), 0.015),
            name: self.x_name.clone(),
        };
        let columns =
            ((frame.width() / PANEL_MIN).floor() as usize).clamp(1, self.panels.len().max(1));
        let rows = self.panels.len().div_ceil(columns);
        let ys: Vec<Axis> = self
            .panels
            .iter()
            .map(|panel| self.axis_up(panel))
            .collect();
        let height = frame.height() / rows.max(1) as f64;
        let room = ys
            .iter()
            .map(|y| label_room(y, height - 30.0))
            .fold(0.0, f64::max);
        for (index, (panel, y)) in self.panels.iter().zip(&ys).enumerate() {
            let (column, row) = (index % columns, index / columns);
            let width = frame.width() / columns as f64;
            let left = frame.left + column as f64 * width;
            let top = frame.top + row as f64 * height;
            let part = Frame {
                left,
                top,
                right: left + width - if column + 1 < columns { 8.0 } else { 0.0 },
                bottom: top + height - if row + 1 < rows { 6.0 } else { 0.0 },
            };
            let head = Head {
                title: "",
                label_room: room,
            };
            let plane = axes::draw(&paper, part, (&x, y), head);
            for (at, line) in panel.lines.iter().enumerate() {
                self.draw_line(&paper, &plane, line, at);
            }
        }
        Picture {
            says: self.says(),
            title: page.title.clone().unwrap_or_else(|| self.heading()),
            scene: paper.scene(),
        }
    }

    /// How high the legend of a page so wide is with every name whole, in mm; a page is higher by it for many names.
    pub fn legend_height(&self, width_mm: f64) -> f64 {
        const POINT_MM: f64 = 25.4 / 72.0;
        let names: Vec<&str> = self.names.iter().map(|(name, _)| name.as_str()).collect();
        let plan = legend::plan(&names, width_mm / POINT_MM - 2.0 * MARGIN, names.len());
        plan.height() * POINT_MM
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.panels.iter().flat_map(|panel| &panel.lines)
    }

    fn heading(&self) -> String {
        let titles: Vec<&str> = self
            .panels
            .iter()
            .map(|panel| panel.title.as_str())
            .collect();
        titles.join(", ")
    }

    fn says(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(|(name, _)| name.as_str()).collect();
        format!(
            "{} over {} of {}",
            self.heading(),
            self.x_name,
            names.join(", ")
        )
    }

    fn axis_up(&self, panel: &Panel) -> Axis {
        let points = panel
            .lines
            .iter()
            .flat_map(|line| line.points.iter().chain(&line.smooth));
        let bands = panel.lines.iter().flat_map(|line| &line.band);
        let values = points.map(|point| point.1);
        let values = values.chain(bands.flat_map(|reach| [reach.low, reach.high]));
        Axis {
            scale: self.y_scale,
            range: Range::around(self.y_scale, values, 0.05),
            name: panel.title.clone(),
        }
    }

    /// Answers what is left below.
    fn draw_legend(&self, paper: &Paper, frame: Frame) -> Frame {
        if self.names.is_empty() {
            return frame;
        }
        let entries: Vec<Entry> = self
            .names
            .iter()
            .map(|(name, look)| Entry {
                name: name.clone(),
                look: *look,
            })
            .collect();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let least = frame.height() - self.panels.len() as f64 * PANEL_HIGH;
        let rows_max = (least.max(frame.height() * 0.3) / ROW).floor() as usize;
        let rows_max = rows_max.max(2);
        let plan = legend::plan(&names, frame.width(), rows_max);
        legend::draw(paper, frame, &entries, &plan);
        Frame {
            top: frame.top + plan.height() + 2.0,
            ..frame
        }
    }

    fn draw_note(&self, paper: &Paper, frame: Frame) -> Frame {
        if self.note.is_empty() {
            return frame;
        }
        let words = Words {
            size: SMALL,
            ink: paper.theme.soft,
            along: HPos::Left,
            down: VPos::Bottom,
            is_turned: false,
        };
        let note = crate::font::fitted(&self.note, SMALL, frame.width());
        paper.text(&note, (frame.left, frame.bottom - 1.5), &words);
        Frame {
            bottom: frame.bottom - SMALL - 5.0,
            ..frame
        }
    }

    fn draw_line(&self, paper: &Paper, plane: &Plane, line: &Line, at: usize) {
        let Some((_, look)) = self.names.get(line.name) else {
            return;
        };
        let ink = paper.ink(*look);
        self.draw_band(plane, line, ink.faded(0.22));
        let pen = Pen {
            ink,
            width: 1.1,
            dash: dash_of(*look),
        };
        let behind = Pen {
            ink: ink.faded(0.35),
            width: 0.6,
            dash: &[],
        };
        let points = self.placed(&line.points);
        let inked = if line.smooth.is_empty() {
            points.clone()
        } else {
            draw_pieces(plane, &points, &behind, false);
            self.placed(&line.smooth)
        };
        draw_pieces(plane, &inked, &pen, true);
        self.draw_markers(paper, plane, &inked, (*look, at));
        self.draw_not_numbers(paper, plane, line, (*look, at));
    }

    fn placed(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let place = |(x, y): &(f64, f64)| (self.x_scale.place(*x), self.y_scale.place(*y));
        let placed = points.iter().map(place);
        placed.filter(|point| !point.0.is_nan()).collect()
    }

    fn draw_band(&self, plane: &Plane, line: &Line, ink: crate::colour::Ink) {
        let edges = |reach: &Reach| {
            let low = self.y_scale.place(reach.low);
            (
                self.x_scale.place(reach.x),
                low,
                self.y_scale.place(reach.high),
            )
        };
        let placed: Vec<(f64, f64, f64)> = line.band.iter().map(edges).collect();
        let is_whole = |it: &(f64, f64, f64)| !it.0.is_nan() && !it.1.is_nan() && !it.2.is_nan();
        for piece in placed
            .split(|it| !is_whole(it))
            .filter(|piece| piece.len() > 1)
        {
            let low = piece.iter().map(|it| (it.0, it.1));
            let high = piece.iter().rev().map(|it| (it.0, it.2));
            plane.area(&low.chain(high).collect::<Vec<_>>(), ink);
        }
    }

    /// A few on each line, at other places than on the lines before it.
    fn draw_markers(
        &self,
        paper: &Paper,
        plane: &Plane,
        points: &[(f64, f64)],
        (look, at): (Look, usize),
    ) {
        let numbers: Vec<(f64, f64)> = points.iter().copied().filter(|it| !it.1.is_nan()).collect();
        let is_alone = self.names.len() < 2;
        let (ink, count) = (paper.ink(look), numbers.len());
        if count <= 2 * MARKERS_MAX || count == 1 {
            let shown = if is_alone && count > 1 { 0 } else { count };
            for place in &numbers[..shown] {
                paper.marker(look, plane.at(*place), 1.7, ink);
            }
            return;
        }
        if is_alone {
            return;
        }
        let (first, last) = (numbers[0].0, numbers[count - 1].0);
        for index in 0..MARKERS_MAX {
            let shift = (at as f64 * 0.381_966).fract();
            let wanted = first + (last - first) * (index as f64 + shift) / MARKERS_MAX as f64;
            let near = numbers.partition_point(|it| it.0 < wanted).min(count - 1);
            paper.marker(look, plane.at(numbers[near]), 1.9, ink);
        }
    }

    /// Crosses at the foot of the panel, those of each line in a row of their own.
    fn draw_not_numbers(
        &self,
        paper: &Paper,
        plane: &Plane,
        line: &Line,
        (look, at): (Look, usize),
    ) {
        let ink = paper.ink(look);
        let pen = Pen {
            ink,
            width: 0.8,
            dash: &[],
        };
        let mut last = f64::NEG_INFINITY;
        for (x, _) in line.points.iter().filter(|point| !point.1.is_finite()) {
            let at_x = self.x_scale.place(*x);
            if at_x.is_nan() {
                continue;
            }
            let (x, _) = plane.at((at_x, 0.0));
            let y = plane.frame.bottom - 3.0 - 4.0 * (at % 4) as f64;
            if x - last < 4.0 {
                continue;
            }
            last = x;
            paper.line(&[(x - 1.5, y - 1.5), (x + 1.5, y + 1.5)], &pen);
            paper.line(&[(x - 1.5, y + 1.5), (x + 1.5, y - 1.5)], &pen);
        }
    }
}

/// The line in its pieces; where far more than usual lies between two points it is dotted.
fn draw_pieces(plane: &Plane, points: &[(f64, f64)], pen: &Pen, with_gaps: bool) {
    let gap = gap_of(points);
    for piece in points.split(|point| point.1.is_nan()) {
        let parts: Vec<&[(f64, f64)]> = piece.chunk_by(|a, b| b.0 - a.0 <= gap).collect();
        for part in parts.iter().filter(|part| part.len() > 1) {
            plane.line(part, pen);
        }
        if with_gaps {
            let dotted = Pen {
                ink: pen.ink.faded(0.6),
                width: 0.5,
                dash: &[0.8, 1.8],
            };
            for pair in parts.windows(2) {
                let ends = [pair[0][pair[0].len() - 1], pair[1][0]];
                plane.line(&ends, &dotted);
            }
        }
    }
}

/// Beyond this distance two points are apart.
fn gap_of(points: &[(f64, f64)]) -> f64 {
    let mut distances: Vec<f64> = points
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .collect();
    if distances.len() < 4 {
        return f64::INFINITY;
    }
    let span: f64 = distances.iter().sum();
    distances.retain(|distance| *distance > 0.0);
    distances.sort_by(f64::total_cmp);
    let usual = distances.get(distances.len() / 2).copied();
    usual.map_or(f64::INFINITY, |usual| (usual * GAP_FACTOR).max(span * 0.02))
}

/// The title of the page, and the frame that is left within its margins.
pub fn draw_title(paper: &Paper, page: &Page) -> Frame {
    let frame = Frame {
        left: MARGIN,
        top: MARGIN,
        right: page.width - MARGIN,
        bottom: page.height - MARGIN + 2.0,
    };
    let Some(title) = page.title.as_deref().filter(|title| !title.is_empty()) else {
        return frame;
    };
    let words = Words {
        size: LARGE,
        ink: paper.theme.text,
        along: HPos::Left,
        down: VPos::Top,
        is_turned: false,
    };
    let title = crate::font::fitted(title, LARGE, frame.width());
    paper.text(&title, (frame.left, frame.top), &words);
    Frame {
        top: frame.top + LARGE + MIDDLE / 2.0,
        ..frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::look_at;
    use crate::scene::Shape;

    fn curves(points: Vec<(f64, f64)>) -> Curves {
        Curves {
            panels: vec![Panel {
                title: "loss".to_owned(),
                lines: vec![Line {
                    points,
                    ..Line::default()
                }],
            }],
            names: vec![("run".to_owned(), look_at(0))],
            x_name: "step".to_owned(),
            ..Curves::default()
        }
    }

    fn pieces(points: Vec<(f64, f64)>) -> usize {
        let picture = curves(points).draw(&Page::new(84.0, 60.0).unwrap());
        let blue = crate::colour::LIGHT[0].rgb;
        let is_line = |shape: &&Shape| matches!(shape, Shape::Line { ink, width: 110, .. } if ink.rgb == blue);
        picture.scene.shapes.iter().filter(is_line).count()
    }

    #[test]
    fn what_is_no_number_breaks_the_line() {
        let line = |hole: f64| -> Vec<(f64, f64)> {
            (0..30)
                .map(|x| (f64::from(x), if x == 15 { hole } else { 1.0 }))
                .collect()
        };
        assert_eq!(pieces(line(1.0)), 1);
        assert_eq!(pieces(line(f64::NAN)), 2);
        assert_eq!(pieces(line(f64::INFINITY)), 2);
    }

    #[test]
    fn a_gap_is_dotted() {
        let points: Vec<(f64, f64)> = (0..30).map(|x| (f64::from(x), 1.0)).collect();
        let later: Vec<(f64, f64)> = points.iter().map(|point| (point.0 + 500.0, 1.0)).collect();
        assert_eq!(pieces([points, later].concat()), 2);
    }

    #[test]
    fn nothing_to_draw_is_an_empty_frame() {
        assert_eq!(pieces(Vec::new()), 0);
        assert_eq!(pieces(vec![(f64::NAN, f64::NAN)]), 0);
    }

    #[test]
    fn texts_lie_on_the_page_and_not_on_one_another() {
        let mut chart = curves(
            (0..100)
                .map(|x| (f64::from(x) * 1e6, 1e-7 * f64::from(x)))
                .collect(),
        );
        chart.panels.push(chart.panels[0].clone());
        for (width, height) in [(84.0, 100.0), (174.0, 60.0), (40.0, 80.0)] {
            let picture = chart.draw(&Page::new(width, height).unwrap().title("A title"));
            crate::scene::tests::check_texts(&picture.scene);
        }
    }
}
