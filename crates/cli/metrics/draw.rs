//! Curves on common axes, as wide as the terminal: of one run, or of all its replicates as a line with a band.
//!
//! Invariant: smoothing draws another line and hides nothing: the points are the shade behind it, and the numbers below
//! are theirs.

use std::collections::BTreeSet;

use mltrack_plot::{Middle, Ribbon, ribbon};

use crate::look::Curve;
use crate::output::Terminal;
use crate::picture::Band;
use crate::plot::{Axis, Drawing, Glyphs, Series, Size};

const HEIGHT: usize = 16;
const WIDTH_MAX: usize = 120;
/// Pairs of step and value.
type Line = Vec<(f64, f64)>;
/// A step, and how far a band reaches there.
type Reach = Vec<(f64, f64, f64)>;
/// Two dots a character.
const PLACES: usize = 2 * WIDTH_MAX;

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Manner {
    /// Draw values by their logarithms
    #[arg(long, requires = "plot")]
    log: bool,
    /// Draw the running mean, of which each point keeps this share: 0.9 is smooth
    #[arg(long, value_name = "SHARE", requires = "plot", value_parser = parse_share)]
    smooth: Option<f64>,
    /// Draw the mean and a band of all runs that agree with it in all params but these: --by seed
    #[arg(
        long,
        value_name = "PARAM,..",
        value_delimiter = ',',
        requires = "plot"
    )]
    by: Vec<String>,
    /// With --by, the median instead of the mean
    #[arg(long, requires = "by")]
    median: bool,
    /// With --by, what the band shows
    #[arg(long, value_enum, value_name = "BAND", requires = "by")]
    band: Option<Band>,
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text:?} is no share: give it from 0 to 0.999")),
    }
}

impl Manner {
    /// A mean over points that were left out would be another one.
    pub fn needs_every_point(&self) -> bool {
        self.smooth.is_some() || !self.by.is_empty()
    }

    /// What tells replicates apart; empty when one run is drawn.
    pub fn by(&self) -> &[String] {
        &self.by
    }

    fn middle(&self) -> (Middle, &'static str) {
        if self.median {
            (Middle::Median, "median")
        } else {
            (Middle::Mean, "mean")
        }
    }
}

/// The replicates as one line a metric, with a band and how many they are.
pub fn drawn_together(runs: &[Vec<Curve>], manner: &Manner, terminal: &Terminal) -> String {
    let labels: BTreeSet<String> = runs.iter().flatten().map(Curve::label).collect();
    let (middle, word) = manner.middle();
    let band = manner.band.unwrap_or_default();
    let (mut names, mut lines, mut bands) = (Vec::new(), Vec::new(), Vec::new());
    for label in labels {
        let curves = runs.iter().flatten().filter(|curve| curve.label() == label);
        let points: Vec<Vec<(f64, f64)>> = curves.map(|curve| line_of(curve, manner)).collect();
        let ribbons = ribbon(&points, PLACES, middle, band.spread());
        let reach = |it: &Ribbon| it.band.map(|(low, high)| (it.x, low, high));
        names.push(format!(
            "{label} {word}{}, n={}",
            band.words(middle),
            points.len()
        ));
        lines.push(
            ribbons
                .iter()
                .map(|it| (it.x, it.middle))
                .collect::<Vec<_>>(),
        );
        bands.push(ribbons.iter().filter_map(reach).collect::<Vec<_>>());
    }
    let series: Vec<Series<'_>> = names
        .iter()
        .zip(&lines)
        .map(|(name, points)| Series { name, points })
        .collect();
    drawing(&series, (&[], &bands), manner, terminal).text()
}

/// The points, or their running mean where one is asked for.
fn line_of(curve: &Curve, manner: &Manner) -> Vec<(f64, f64)> {
    let points = curve.points.iter();
    let points: Vec<(f64, f64)> = points
        .map(|point| (point.step as f64, point.value))
        .collect();
    match manner.smooth {
        Some(share) => smoothed(&points, share),
        None => points,
    }
}

fn drawing<'a>(
    series: &'a [Series<'a>],
    (smoothed, bands): (&'a [Line], &'a [Reach]),
    manner: &Manner,
    terminal: &Terminal,
) -> Drawing<'a> {
    Drawing {
        series,
        smoothed,
        bands,
        size: Size {
            width: terminal.width.min(WIDTH_MAX),
            height: HEIGHT,
        },
        glyphs: Glyphs::of_locale(),
        axis: if manner.log { Axis::Log } else { Axis::Linear },
    }
}

pub fn drawn(curves: &[Curve], manner: &Manner, terminal: &Terminal) -> String {
    let points = |curve: &Curve| -> Vec<(f64, f64)> {
        let points = curve.points.iter();
        points
            .map(|point| (point.step as f64, point.value))
            .collect()
    };
    let labels: Vec<String> = curves.iter().map(Curve::label).collect();
    let points: Vec<Vec<(f64, f64)>> = curves.iter().map(points).collect();
    let series: Vec<Series<'_>> = labels
        .iter()
        .zip(&points)
        .map(|(name, points)| Series { name, points })
        .collect();
    let smoothed = match manner.smooth {
        Some(share) => points.iter().map(|line| smoothed(line, share)).collect(),
        None => Vec::new(),
    };
    drawing(&series, (&smoothed, &[]), manner, terminal).text()
}

/// The exponential running mean without the pull of its start, as `TensorBoard` has it. What is not finite stays what it
/// is and takes no part.
fn smoothed(points: &[(f64, f64)], share: f64) -> Vec<(f64, f64)> {
    let (mut mean, mut weight) = (0.0, 0.0);
    let smooth = |(x, y): &(f64, f64)| {
        if !y.is_finite() {
            return (*x, *y);
        }
        mean = mean * share + y * (1.0 - share);
        weight = weight * share + (1.0 - share);
        (*x, mean / weight)
    };
    points.iter().map(smooth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_mean_begins_at_the_first_point_and_skips_what_is_no_number() {
        let points = [(0.0, 4.0), (1.0, f64::NAN), (2.0, 0.0)];
        let line = smoothed(&points, 0.5);
        assert_eq!(line[0], (0.0, 4.0));
        assert!(line[1].1.is_nan());
        // (4 * 0.25 + 0 * 0.5) / 0.75
        assert!((line[2].1 - 4.0 / 3.0).abs() < 1e-12, "{line:?}");
        assert_eq!(smoothed(&points[..1], 0.0), [(0.0, 4.0)]);
    }
}
