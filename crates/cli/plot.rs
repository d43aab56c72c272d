//! Line plots for the terminal: several series, axes with numbers, a legend.
//!
//! 1. A pure function of its arguments; no line is wider than asked, and ASCII means ASCII only.
//! 2. Every finite point sets a dot: a spike of one point in a million is still there.
//! 3. What cannot be drawn (NaN, infinities) breaks the line and is counted in the legend.
//! 4. The letter in the legend marks the line in the plot, so no meaning hangs on colour alone.

pub mod bars;
mod canvas;
mod legend;
mod scale;

use canvas::Canvas;
use scale::Scale;

/// A named line through `(x, y)` points, in any order.
#[derive(Clone, Copy)]
pub struct Series<'a> {
    pub name: &'a str,
    pub points: &'a [(f64, f64)],
}

/// `width` is that of the whole text; `height` that of the curves, below which come two lines of
/// axis and one line of legend a series. Both are raised to [`Size::MIN`].
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// Two by four dots a character, for terminals that show Unicode.
    Braille,
    /// One letter a character, for all others.
    Ascii,
}

impl Glyphs {
    /// Braille where the locale says that Unicode is shown.
    pub fn of_locale() -> Glyphs {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .unwrap_or_default()
            .to_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") {
            Glyphs::Braille
        } else {
            Glyphs::Ascii
        }
    }
}

impl Size {
    pub const MIN: Size = Size {
        width: 40,
        height: 4,
    };

    fn at_least_min(self) -> Size {
        Size {
            width: self.width.max(Size::MIN.width),
            height: self.height.max(Size::MIN.height),
        }
    }
}

const _: () = assert!(2 * scale::LABEL_LEN_MAX + " to ".len() <= Size::MIN.width);

/// How the values of an axis are spread over it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    #[default]
    Linear,
    /// By their logarithms; what is not above zero cannot be drawn.
    Log,
}

/// Everything that makes a plot.
#[derive(Clone, Copy)]
pub struct Drawing<'a> {
    pub series: &'a [Series<'a>],
    /// Lines drawn instead of the points, which then are a shade behind them; none, or one for each series.
    pub smoothed: &'a [Vec<(f64, f64)>],
    /// How far bands reach: place, lower and upper edge; a shade behind the lines. None, or one for each series.
    pub bands: &'a [Vec<(f64, f64, f64)>],
    pub size: Size,
    pub glyphs: Glyphs,
    /// Of the values.
    pub axis: Axis,
}

/// Draws all series on common axes; every line of the text ends in a line feed.
#[cfg(test)]
pub fn plot(series: &[Series<'_>], size: Size, glyphs: Glyphs) -> String {
    Drawing {
        series,
        smoothed: &[],
        bands: &[],
        size,
        glyphs,
        axis: Axis::Linear,
    }
    .text()
}

type Line = Vec<(f64, f64)>;

impl Drawing<'_> {
    /// Every line of the text ends in a line feed.
    pub fn text(&self) -> String {
        assert!(
            self.smoothed.is_empty() || self.smoothed.len() == self.series.len(),
            "every series has its smoothed line, or none has"
        );
        let size = self.size.at_least_min();
        let points = self.series.iter().map(|series| self.placed(series.points));
        let points: Vec<Line> = points.collect();
        let lines: Vec<Line> = self.smoothed.iter().map(|line| self.placed(line)).collect();
        let bands: Vec<Line> = self.bands.iter().map(|band| self.shade(band)).collect();
        let placed = || points.iter().chain(&bands).flatten();
        let drawable = || placed().filter(|point| is_drawable(**point));
        let x_scale = Scale::around(drawable().map(|point| point.0));
        let y_scale = match self.axis {
            Axis::Linear => Scale::around(drawable().map(|point| point.1)),
            Axis::Log => Scale::of_powers(drawable().map(|point| point.1)),
        };
        let mut text = match x_scale.zip(y_scale) {
            Some(scales) => {
                // A band is a shade, and so are the points behind their smoothed lines.
                let shades = match (bands.is_empty(), lines.is_empty()) {
                    (false, _) => &bands,
                    (true, false) => &points,
                    (true, true) => &lines,
                };
                let inked = if lines.is_empty() { &points } else { &lines };
                draw(shades, inked, scales, size, self.glyphs)
            }
            None => "no finite values to plot\n".to_owned(),
        };
        text.push_str(&self.legend(size.width));
        text
    }

    /// The points of a band, near enough to one another that no dot between is empty.
    fn shade(&self, band: &[(f64, f64, f64)]) -> Line {
        const LEVELS: u32 = 32;
        let column = |(x, low, high): &(f64, f64, f64)| {
            let edges = self.placed(&[(*x, *low), (*x, *high)]);
            let (low, high) = (edges[0], edges[1]);
            (0..=LEVELS).map(move |level| {
                let share = f64::from(level) / f64::from(LEVELS);
                (low.0, low.1 * (1.0 - share) + high.1 * share)
            })
        };
        band.iter().flat_map(column).collect()
    }

    /// In the order of x, and as they lie on the axis.
    fn placed(&self, points: &[(f64, f64)]) -> Line {
        let mut points = in_order(points);
        if self.axis == Axis::Log {
            for (_, y) in &mut points {
                *y = if *y > 0.0 { y.log10() } else { f64::NAN };
            }
        }
        points
    }

    fn legend(&self, width: usize) -> String {
        let names = self.series.iter().map(|series| series.name.chars().count());
        let column = names.max().unwrap_or(0);
        let mut text = String::new();
        for (index, series) in self.series.iter().enumerate() {
            text.push_str(&legend::line(
                letter(index),
                series,
                column,
                width,
                self.glyphs,
            ));
        }
        let values = self.series.iter().flat_map(|series| series.points);
        let low = values.filter(|(_, y)| y.is_finite() && *y <= 0.0).count();
        if self.axis == Axis::Log && low > 0 {
            text.push_str(&low.to_string());
            text.push_str(" not above 0: not drawn\n");
        }
        text
    }
}

/// Lines, and shades behind them.
fn draw(
    shades: &[Line],
    inked: &[Line],
    scales: (Scale, Scale),
    size: Size,
    glyphs: Glyphs,
) -> String {
    let (x_scale, y_scale) = scales;
    let labels = y_labels(&y_scale, size.height);
    let margin = labels.iter().map(String::len).max().unwrap_or(0);
    let width = size.width - margin - 2;
    let mut canvas = Canvas::new(width, size.height, glyphs);
    let fraction = |(x, y): &(f64, f64)| (x_scale.fraction(*x), y_scale.fraction(*y));
    for line in shades {
        let points = line.iter().filter(|point| is_drawable(**point));
        canvas.shade(points.map(fraction));
    }
    for (index, line) in inked.iter().enumerate() {
        for stretch in line.split(|point| !is_drawable(*point)) {
            canvas.draw(index, stretch.iter().map(fraction));
        }
    }
    let marks: Vec<char> = (0..inked.len()).map(letter).collect();
    let mut text = String::new();
    for (row, label) in canvas.rows(&marks).iter().zip(&labels) {
        let axis = axis_glyph(!label.is_empty(), glyphs);
        text.push_str(format!("{label:>margin$} {axis}{row}").trim_end());
        text.push('\n');
    }
    text.push_str(&x_axis(&x_scale, margin, width, glyphs));
    text
}

/// Points by x, ones with equal x in the order given. A NaN x keeps its neighbours apart no more
/// than it must: it sorts to an end.
fn in_order(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn is_drawable((x, y): (f64, f64)) -> bool {
    x.is_finite() && y.is_finite()
}

/// One label a row, most of them empty: the top and bottom rows carry the extremes.
fn y_labels(scale: &Scale, height: usize) -> Vec<String> {
    if scale.is_point() {
        // The one value there is runs through the middle.
        let middle = canvas::row_of_half(height);
        return (0..height)
            .map(|row| {
                if row == middle {
                    scale.label(0.0)
                } else {
                    String::new()
                }
            })
            .collect();
    }
    let gaps = (height - 1).div_ceil(4).clamp(1, 5);
    let mut labels = vec![String::new(); height];
    for tick in 0..=gaps {
        let row = (tick * (height - 1) + gaps / 2) / gaps;
        labels[row] = scale.label(1.0 - row as f64 / (height - 1) as f64);
    }
    labels
}

fn axis_glyph(has_label: bool, glyphs: Glyphs) -> char {
    match (glyphs, has_label) {
        (Glyphs::Braille, true) => '┤',
        (Glyphs::Braille, false) => '│',
        (Glyphs::Ascii, true) => '+',
        (Glyphs::Ascii, false) => '|',
    }
}

/// The line under the curves, and under it the numbers of its ends and, where there is room, of
/// its middle.
fn x_axis(scale: &Scale, margin: usize, width: usize, glyphs: Glyphs) -> String {
    let (corner, bar) = match glyphs {
        Glyphs::Braille => ('└', "─"),
        Glyphs::Ascii => ('+', "-"),
    };
    let indent = margin + 1;
    let axis = format!("{:indent$}{corner}{}\n", "", bar.repeat(width));
    let left = scale.label(0.0);
    if scale.is_point() {
        return format!("{axis}{:indent$}{left:^width$}", "", width = width + 1)
            .trim_end()
            .to_owned()
            + "\n";
    }
    let (middle, right) = (scale.label(0.5), scale.label(1.0));
    let Some(rest) = (width + 1).checked_sub(left.len() + right.len() + 1) else {
        // Long numbers on a narrow plot take the room under the labels of the other axis as well.
        return format!("{axis}{left} to {right}\n");
    };
    let rest = rest + 1;
    let middle = if rest >= middle.len() + 4 {
        middle
    } else {
        String::new()
    };
    format!("{axis}{:indent$}{left}{middle:^rest$}{right}\n", "")
}

/// Series beyond the alphabet share a sign, which the legend repeats.
fn letter(index: usize) -> char {
    ('a'..='z').chain('A'..='Z').nth(index).unwrap_or('#')
}

#[cfg(test)]
mod tests;
