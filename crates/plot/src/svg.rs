//! A scene as the text of an SVG file.
//!
//! Invariants: letters are outlines, each kept once, so the file needs no font and looks the same everywhere; what they
//! say is beside them for who reads by ear; every text from elsewhere is escaped; the file asks for nothing from outside.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::colour::Ink;
use crate::font::{self, Piece};
use crate::scene::{At, Scene, Shape, UNIT};

/// What makes the file whole; `says` is a sentence about it.
pub fn text(scene: &Scene, title: &str, says: &str) -> String {
    let mut svg = String::new();
    let (width, height) = (scene.width, scene.height);
    let mm = |units: u32| coordinate(f64::from(units) / UNIT * 25.4 / 72.0);
    write_to(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n",
            mm(width),
            mm(height)
        ),
    );
    for (tag, text) in [("title", title), ("desc", says)] {
        write_to(&mut svg, format_args!("<{tag}>{}</{tag}>\n", escaped(text)));
    }
    push_letters(&mut svg, scene);
    write_to(
        &mut svg,
        format_args!(
            "<rect width=\"{width}\" height=\"{height}\"{}/>\n",
            paint("fill", scene.ground)
        ),
    );
    for shape in &scene.shapes {
        push(&mut svg, shape);
    }
    svg.push_str("</svg>\n");
    svg
}

fn write_to(svg: &mut String, arguments: std::fmt::Arguments<'_>) {
    svg.write_fmt(arguments)
        .expect("writing to a string cannot fail");
}

fn push(svg: &mut String, shape: &Shape) {
    match shape {
        Shape::Line {
            points,
            ink,
            width,
            dash,
        } => {
            let dashes: Vec<String> = dash.iter().map(u32::to_string).collect();
            let dashes = if dashes.is_empty() {
                String::new()
            } else {
                format!(" stroke-dasharray=\"{}\"", dashes.join(" "))
            };
            write_to(
                svg,
                format_args!(
                    "<path d=\"{}\" fill=\"none\"{} stroke-width=\"{width}\" stroke-linejoin=\"round\"{dashes}/>\n",
                    path(points),
                    paint("stroke", *ink)
                ),
            );
        }
        Shape::Area {
            points,
            ink,
            is_crisp,
        } => {
            let crisp = if *is_crisp {
                " shape-rendering=\"crispEdges\""
            } else {
                ""
            };
            write_to(
                svg,
                format_args!(
                    "<path d=\"{}z\"{}{crisp}/>\n",
                    path(points),
                    paint("fill", *ink)
                ),
            );
        }
        Shape::Disc {
            centre: (x, y),
            radius,
            ink,
        } => write_to(
            svg,
            format_args!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{}/>\n",
                paint("fill", *ink)
            ),
        ),
        Shape::Text { .. } => push_text(svg, shape),
    }
}

/// Its outlines are kept once for all; it says how they stand.
fn push_text(svg: &mut String, shape: &Shape) {
    let Shape::Text {
        text,
        at: (x, y),
        size,
        is_turned,
        ink,
    } = shape
    else {
        return;
    };
    let turn = if *is_turned { " rotate(-90)" } else { "" };
    let scale = four_figures(f64::from(*size) / font::units());
    write_to(
        svg,
        format_args!(
            "<g role=\"text\" aria-label=\"{}\" transform=\"translate({x} {y}){turn} scale({scale} -{scale})\"{}>",
            escaped(text),
            paint("fill", *ink)
        ),
    );
    for (glyph, at) in font::glyphs(text).0 {
        if !font::outline(glyph).is_empty() {
            write_to(svg, format_args!("<use href=\"#g{glyph}\" x=\"{at}\"/>"));
        }
    }
    svg.push_str("</g>\n");
}

/// Every glyph that is used, in the order of their numbers.
#[expect(
    clippy::many_single_char_names,
    reason = "they are coordinates, two by two"
)]
fn push_letters(svg: &mut String, scene: &Scene) {
    let texts = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Text { text, .. } => Some(text),
        _ => None,
    });
    let used: BTreeSet<u16> = texts
        .flat_map(|text| font::glyphs(text).0)
        .map(|(glyph, _)| glyph)
        .collect();
    svg.push_str("<defs>\n");
    for glyph in used {
        let mut outline = String::new();
        for piece in font::outline(glyph) {
            match piece {
                Piece::Move(x, y) => write_to(&mut outline, format_args!("M{x} {y}")),
                Piece::Line(x, y) => write_to(&mut outline, format_args!("L{x} {y}")),
                Piece::Quad(a, b, x, y) => write_to(&mut outline, format_args!("Q{a} {b} {x} {y}")),
                Piece::Cubic(a, b, c, d, x, y) => {
                    write_to(&mut outline, format_args!("C{a} {b} {c} {d} {x} {y}"));
                }
                Piece::Close => outline.push('z'),
            }
        }
        if !outline.is_empty() {
            write_to(
                svg,
                format_args!("<path id=\"g{glyph}\" d=\"{outline}\"/>\n"),
            );
        }
    }
    svg.push_str("</defs>\n");
}

fn path(points: &[At]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        write_to(&mut path, format_args!("{letter}{x} {y}"));
    }
    path
}

fn paint(what: &str, ink: Ink) -> String {
    let (r, g, b) = ink.rgb;
    let opacity = match ink.alpha {
        255 => String::new(),
        alpha => format!(
            " {what}-opacity=\"{}\"",
            coordinate(f64::from(alpha) / 255.0)
        ),
    };
    format!(" {what}=\"#{r:02x}{g:02x}{b:02x}\"{opacity}")
}

/// Two decimals at most.
fn coordinate(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    rounded.to_string()
}

fn four_figures(value: f64) -> String {
    ((value * 10_000.0).round() / 10_000.0).to_string()
}

/// As it may stand in XML, which has no place for control characters at all.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ if letter.is_control() => safe.push('\u{fffd}'),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::ink;

    fn scene(shapes: Vec<Shape>) -> Scene {
        Scene {
            width: 7200,
            height: 3600,
            ground: ink(0x00ff_ffff),
            shapes,
            dash: Vec::new(),
        }
    }

    #[test]
    fn names_from_elsewhere_stay_text() {
        let shape = Shape::Text {
            text: "a<b>&\"\u{1b}".to_owned(),
            at: (0, 0),
            size: 700,
            is_turned: false,
            ink: ink(0),
        };
        let svg = text(&scene(vec![shape]), "</title><script>", "x\u{0}y");
        assert!(
            svg.contains("aria-label=\"a&lt;b&gt;&amp;&quot;\u{fffd}\""),
            "{svg}"
        );
        assert!(svg.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"));
        assert!(!svg.contains('\u{0}') && !svg.contains("<script"));
    }

    #[test]
    fn the_size_is_that_of_paper() {
        let svg = text(&scene(Vec::new()), "", "");
        assert!(svg.contains("width=\"25.4mm\" height=\"12.7mm\" viewBox=\"0 0 7200 3600\""));
    }

    #[test]
    fn a_letter_is_kept_once() {
        let shape = |at| Shape::Text {
            text: "oo".to_owned(),
            at,
            size: 700,
            is_turned: false,
            ink: ink(0),
        };
        let svg = text(&scene(vec![shape((0, 0)), shape((9, 9))]), "", "");
        assert_eq!(svg.matches("<path id=").count(), 1);
        assert_eq!(svg.matches("<use ").count(), 4);
    }
}
