//! A scene as a backend of `plotters`: what that library draws becomes shapes.
//!
//! Invariant: a unit of the scene is a pixel to the library, so nothing is rounded to what a screen has.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use crate::colour::Ink;
use crate::font;
use crate::scene::{Scene, Shape};

pub struct Canvas(pub Rc<RefCell<Scene>>);

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Canvas {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "it is how every drawing ends, as the trait has it"
    )]
    fn put(&self, shape: Shape) -> Drawn {
        self.0.borrow_mut().shapes.push(shape);
        Ok(())
    }
}

fn ink_of(color: BackendColor) -> Ink {
    Ink {
        rgb: color.rgb,
        alpha: (color.alpha * 255.0).round() as u8,
    }
}

fn corners(from: BackendCoord, to: BackendCoord) -> Vec<BackendCoord> {
    vec![from, (to.0, from.1), to, (from.0, to.1)]
}

impl DrawingBackend for Canvas {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let scene = self.0.borrow();
        (scene.width, scene.height)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Drawn {
        self.put(Shape::Area {
            points: corners(at, (at.0 + 1, at.1 + 1)),
            ink: ink_of(color),
            is_crisp: true,
        })
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let mut points = corners(from, to);
        if fill {
            return self.put(Shape::Area {
                points,
                ink: ink_of(style.color()),
                is_crisp: true,
            });
        }
        points.push(from);
        self.draw_path(points, style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let dash = self.0.borrow().dash.clone();
        self.put(Shape::Line {
            points: path.into_iter().collect(),
            ink: ink_of(style.color()),
            width: style.stroke_width(),
            dash,
        })
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if fill {
            return self.put(Shape::Disc {
                centre,
                radius,
                ink: ink_of(style.color()),
            });
        }
        let around = (0..=32).map(|part| {
            let (sine, cosine) = (f64::from(part) * std::f64::consts::TAU / 32.0).sin_cos();
            let offset = |share: f64| (share * f64::from(radius)).round() as i32;
            (centre.0 + offset(cosine), centre.1 + offset(sine))
        });
        self.draw_path(around.collect::<Vec<_>>(), style)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        self.put(Shape::Area {
            points: points.into_iter().collect(),
            ink: ink_of(style.color()),
            is_crisp: false,
        })
    }

    /// Where a text is anchored is where its capital letters are, so that one in the middle looks so.
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let width = font::width(text, style.size());
        let anchor = style.anchor();
        let along = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Center => width / 2.0,
            HPos::Right => width,
        };
        let down = match anchor.v_pos {
            VPos::Top => font::CAPITAL,
            VPos::Center => font::CAPITAL / 2.0,
            VPos::Bottom => 0.0,
        } * style.size();
        let is_turned = matches!(style.transform(), FontTransform::Rotate270);
        let (dx, dy) = if is_turned {
            (down, along)
        } else {
            (-along, down)
        };
        self.put(Shape::Text {
            text: text.to_owned(),
            at: (at.0 + dx.round() as i32, at.1 + dy.round() as i32),
            size: style.size().round() as u32,
            is_turned,
            ink: ink_of(style.color()),
        })
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = font::width(text, style.size());
        Ok((width.ceil() as u32, style.size().ceil() as u32))
    }
}
