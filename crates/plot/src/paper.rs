//! Drawing in points, by `plotters` into a scene.
//!
//! Invariant: nothing is drawn but by the library's elements, and by the dashes that it has no word for.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontTransform, RGBAColor, ShapeStyle, TextStyle};

use crate::canvas::Canvas;
use crate::colour::{DASHES, Ink, Look, MARKERS, Marker};
use crate::page::Page;
use crate::scale::Range;
use crate::scene::{Scene, UNIT};
use crate::theme::Theme;

/// Of ticks and legends.
pub const SMALL: f64 = 7.0;
/// Of the names of axes.
pub const MIDDLE: f64 = 7.5;
/// Of titles.
pub const LARGE: f64 = 9.0;

/// A part of the paper, in points from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Frame {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub ink: Ink,
    pub width: f64,
    pub dash: &'static [f64],
}

/// How a text is written. It begins, is in the middle or ends at its place.
#[derive(Clone, Copy)]
pub struct Words {
    pub size: f64,
    pub ink: Ink,
    pub along: HPos,
    pub down: VPos,
    pub is_turned: bool,
}

pub struct Paper {
    scene: Rc<RefCell<Scene>>,
    area: DrawingArea<Canvas, Shift>,
    pub theme: &'static Theme,
}

/// Where data lies: a frame with coordinates.
pub struct Plane {
    area: DrawingArea<Canvas, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    scene: Rc<RefCell<Scene>>,
    pub frame: Frame,
}

fn units(points: f64) -> i32 {
    (points * UNIT).round() as i32
}

fn both((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

fn style(ink: Ink, width: f64, filled: bool) -> ShapeStyle {
    let (r, g, b) = ink.rgb;
    ShapeStyle {
        color: RGBAColor(r, g, b, f64::from(ink.alpha) / 255.0),
        filled,
        stroke_width: units(width) as u32,
    }
}

const TAKEN: &str = "a scene takes every shape";

impl Paper {
    pub fn new(page: &Page) -> Paper {
        let theme = page.theme.theme();
        let scene = Rc::new(RefCell::new(Scene {
            width: units(page.width) as u32,
            height: units(page.height) as u32,
            ground: theme.ground,
            shapes: Vec::new(),
            dash: Vec::new(),
        }));
        let area = Canvas(Rc::clone(&scene)).into_drawing_area();
        Paper { scene, area, theme }
    }

    /// What was drawn.
    pub fn scene(self) -> Scene {
        self.scene.borrow().clone()
    }

    pub fn line(&self, points: &[(f64, f64)], pen: &Pen) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(both).collect();
        dashed(&self.scene, pen.dash, || {
            let path = PathElement::new(points, style(pen.ink, pen.width, false));
            self.area.draw(&path).expect(TAKEN);
        });
    }

    pub fn area(&self, points: &[(f64, f64)], ink: Ink) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(both).collect();
        let polygon = Polygon::new(points, style(ink, 0.0, true));
        self.area.draw(&polygon).expect(TAKEN);
    }

    pub fn fill(&self, frame: Frame, ink: Ink) {
        let corners = [
            both((frame.left, frame.top)),
            both((frame.right, frame.bottom)),
        ];
        let rectangle = Rectangle::new(corners, style(ink, 0.0, true));
        self.area.draw(&rectangle).expect(TAKEN);
    }

    pub fn disc(&self, at: (f64, f64), radius: f64, ink: Ink) {
        let circle = Circle::new(both(at), units(radius), style(ink, 0.0, true));
        self.area.draw(&circle).expect(TAKEN);
    }

    pub fn text(&self, text: &str, at: (f64, f64), words: &Words) {
        if text.is_empty() {
            return;
        }
        let (r, g, b) = words.ink.rgb;
        let colour = RGBAColor(r, g, b, f64::from(words.ink.alpha) / 255.0);
        let mut style = TextStyle::from((FontFamily::SansSerif, words.size * UNIT))
            .color(&colour)
            .pos(Pos::new(words.along, words.down));
        if words.is_turned {
            style = style.transform(FontTransform::Rotate270);
        }
        let text = Text::new(text.to_owned(), both(at), style);
        self.area.draw(&text).expect(TAKEN);
    }

    /// The sign of a line, at a place.
    pub fn marker(&self, look: Look, at: (f64, f64), radius: f64, ink: Ink) {
        let (x, y) = at;
        let r = radius;
        let pen = Pen {
            ink,
            width: 0.9,
            dash: &[],
        };
        match MARKERS[look.marker % MARKERS.len()] {
            Marker::Circle => self.disc(at, r, ink),
            Marker::Square => {
                let r = r * 0.9;
                self.area(
                    &[
                        (x - r, y - r),
                        (x + r, y - r),
                        (x + r, y + r),
                        (x - r, y + r),
                    ],
                    ink,
                );
            }
            Marker::Triangle => {
                self.area(
                    &[
                        (x, y - r * 1.2),
                        (x + r * 1.1, y + r * 0.8),
                        (x - r * 1.1, y + r * 0.8),
                    ],
                    ink,
                );
            }
            Marker::Diamond => {
                let r = r * 1.25;
                self.area(&[(x, y - r), (x + r, y), (x, y + r), (x - r, y)], ink);
            }
            Marker::Cross => {
                self.line(&[(x - r, y - r), (x + r, y + r)], &pen);
                self.line(&[(x - r, y + r), (x + r, y - r)], &pen);
            }
            Marker::Plus => {
                let r = r * 1.2;
                self.line(&[(x - r, y), (x + r, y)], &pen);
                self.line(&[(x, y - r), (x, y + r)], &pen);
            }
        }
    }

    pub fn plane(&self, frame: Frame, x: Range, y: Range) -> Plane {
        let across = units(frame.left)..units(frame.right);
        // Values rise, coordinates fall.
        let up = units(frame.bottom)..units(frame.top);
        let coordinates = Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
            x.from..x.to,
            y.from..y.to,
            (across, up),
        );
        Plane {
            area: self.area.apply_coord_spec(coordinates),
            scene: Rc::clone(&self.scene),
            frame,
        }
    }

    pub fn ink(&self, look: Look) -> Ink {
        self.theme.palette[look.colour % self.theme.palette.len()]
    }
}

pub fn dash_of(look: Look) -> &'static [f64] {
    DASHES[look.dash % DASHES.len()]
}

fn dashed(scene: &Rc<RefCell<Scene>>, dash: &[f64], draw: impl FnOnce()) {
    scene.borrow_mut().dash = dash.iter().map(|length| units(*length) as u32).collect();
    draw();
    scene.borrow_mut().dash.clear();
}

impl Plane {
    /// Where a placed pair lies on the paper.
    pub fn at(&self, place: (f64, f64)) -> (f64, f64) {
        let (x, y) = self.area.map_coordinate(&place);
        (f64::from(x) / UNIT, f64::from(y) / UNIT)
    }

    /// A line through places, all of which are numbers.
    pub fn line(&self, places: &[(f64, f64)], pen: &Pen) {
        dashed(&self.scene, pen.dash, || {
            let path = PathElement::new(places.to_vec(), style(pen.ink, pen.width, false));
            self.area.draw(&path).expect(TAKEN);
        });
    }

    pub fn area(&self, places: &[(f64, f64)], ink: Ink) {
        let polygon = Polygon::new(places.to_vec(), style(ink, 0.0, true));
        self.area.draw(&polygon).expect(TAKEN);
    }

    pub fn fill(&self, from: (f64, f64), to: (f64, f64), ink: Ink) {
        let rectangle = Rectangle::new([from, to], style(ink, 0.0, true));
        self.area.draw(&rectangle).expect(TAKEN);
    }
}
