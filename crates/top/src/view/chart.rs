//! One chart: a metric over steps or time, a line for each run.
//!
//! Invariants: the extremes of every spot are drawn, smoothed or not; what is no number, or too small for a logarithmic
//! axis, has a mark below the place where it would stand.

use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::dots::{Dots, Stroke};
use super::pen::Pen;
use super::scale::Scale;
use crate::look::{Look, Tone};
use crate::model::Model;
use crate::question::{Axis, Chart};
use crate::spots::{Spot, smoothed};
use crate::words::{clock, cut, lasting, number};

/// The numbers beside the y axis.
const NUMBERS: u16 = 10;

/// The part for the lines, and how places and values become dots in it.
struct Plot {
    area: Rect,
    across: Scale,
    up: Scale,
}

pub fn draw(model: &Model, chart: &Chart, area: Rect, pen: &mut Pen<'_>) {
    if area.height < 4 || area.width < NUMBERS + 8 {
        return;
    }
    title(model, chart, Rect { height: 1, ..area }, pen);
    let lines = Rect {
        x: area.x + NUMBERS,
        y: area.y + 1,
        width: area.width - NUMBERS,
        height: area.height - 2,
    };
    let Some(plot) = plot(model, chart, lines) else {
        let why = if model.is_log {
            "nothing above zero for a log axis"
        } else {
            "no numbers to draw"
        };
        let faint = pen.tone(Tone::Faint);
        pen.text((lines.x, lines.y), lines.width, why, faint);
        return;
    };
    numbers(&plot, pen);
    axis(model, &plot, pen);
    let mut dots = Dots::new(plot.area);
    // The run under the cursor is drawn last, above the others.
    for curve in chart.curves.iter().rev() {
        let Some(series) = model.series_of(curve.run) else {
            continue;
        };
        line(
            model,
            &plot,
            (series, curve.spots.as_slice()),
            &mut dots,
            pen,
        );
    }
    dots.draw(pen);
    if chart.curves.len() > 1 {
        letters(model, chart, &plot, pen);
    }
    marks(chart, &plot, pen);
}

/// The metric, and what the run under the cursor has of it.
fn title(model: &Model, chart: &Chart, area: Rect, pen: &mut Pen<'_>) {
    let log = if model.is_log { " log" } else { "" };
    let run = model.answer.drawn.first();
    let metric = run.and_then(|run| run.metrics.get(&chart.label));
    let facts = metric.map(|metric| {
        let lowest = metric.min.map_or(f64::NAN, |point| point.value);
        let highest = metric.max.map_or(f64::NAN, |point| point.value);
        let last = number(metric.last.value);
        (
            last,
            format!("  min {} max {}", number(lowest), number(highest)),
        )
    });
    let (last, more) = facts.unwrap_or_default();
    let wide = usize::from(area.width);
    let label = cut(
        &chart.label,
        wide.saturating_sub(last.len() + log.len() + 2),
        pen.more(),
    );
    let pieces = [
        (label, pen.tone(Tone::Strong)),
        (log.to_owned(), pen.tone(Tone::Faint)),
        (format!("  {last}"), pen.tone(Tone::Plain)),
        (more, pen.tone(Tone::Faint)),
    ];
    pen.pieces(area, &pieces);
}

fn plot(model: &Model, chart: &Chart, area: Rect) -> Option<Plot> {
    let spots = || chart.curves.iter().flat_map(|curve| curve.spots.iter());
    let (wide, high) = (i64::from(area.width) * 2, i64::from(area.height) * 4);
    Some(Plot {
        area,
        across: Scale::over(spots().flat_map(|spot| [spot.x, spot.x_last]), false, wide)?,
        up: Scale::over(
            spots().flat_map(|spot| [spot.min, spot.max]),
            model.is_log,
            high,
        )?,
    })
}

/// Largest, middle and smallest value, beside their places.
fn numbers(plot: &Plot, pen: &mut Pen<'_>) {
    let (low, high) = plot.up.ends();
    let faint = pen.tone(Tone::Faint);
    let (x, bottom) = (plot.area.x - NUMBERS, plot.area.bottom() - 1);
    let mut at = vec![(plot.area.y, high), (bottom, low)];
    if plot.area.height >= 5 && low < high {
        at.push((plot.area.y + (plot.area.height - 1) / 2, plot.up.middle()));
    }
    if low >= high {
        at = vec![(plot.area.y + plot.area.height / 2, low)];
    }
    for (y, value) in at {
        pen.right((x, y), NUMBERS - 1, &number(value), faint);
    }
}

fn axis(model: &Model, plot: &Plot, pen: &mut Pen<'_>) {
    let (first, last) = plot.across.ends();
    let name = |value: f64| match model.axis {
        Axis::Step => format!("{value:.0}"),
        Axis::Time => clock(value as i64),
        Axis::Relative => lasting(value as i64).text,
    };
    let (y, faint) = (plot.area.bottom(), pen.tone(Tone::Faint));
    pen.text((plot.area.x, y), plot.area.width, &name(first), faint);
    if first < last {
        let unit = match model.axis {
            Axis::Step => " step",
            Axis::Time => " UTC",
            Axis::Relative => "",
        };
        let last = format!("{}{unit}", name(last));
        pen.right((plot.area.x, y), plot.area.width, &last, faint);
    }
}

fn line(
    model: &Model,
    plot: &Plot,
    (series, spots): (usize, &[Spot]),
    dots: &mut Dots,
    pen: &Pen<'_>,
) {
    let style = pen.look.series(series);
    let share = model.share();
    if share == 0.0 {
        raw(plot, spots, Stroke { series, style }, dots);
        return;
    }
    let faint = style.patch(pen.tone(Tone::Faint));
    raw(
        plot,
        spots,
        Stroke {
            series,
            style: faint,
        },
        dots,
    );
    let line: Vec<(f64, f64, f64)> = {
        let smooth = smoothed(spots, share).into_iter();
        smooth.map(|(x, value)| (x, value, value)).collect()
    };
    let bold = style.patch(pen.tone(Tone::Strong));
    joined(
        plot,
        &line,
        Stroke {
            series,
            style: bold,
        },
        dots,
    );
}

fn raw(plot: &Plot, spots: &[Spot], stroke: Stroke, dots: &mut Dots) {
    for spot in spots {
        let middle = spot.x.midpoint(spot.x_last);
        let ends = (plot.up.dot(spot.min), plot.up.dot(spot.max));
        if let (Some(x), Some(high)) = (plot.across.dot(middle), ends.1)
            && spot.count > 1
        {
            dots.bar(x, (ends.0.unwrap_or(0), high), stroke);
        }
    }
    let line: Vec<(f64, f64, f64)> = {
        let middle = |spot: &Spot| spot.x.midpoint(spot.x_last);
        spots
            .iter()
            .map(|spot| (middle(spot), spot.first, spot.last))
            .collect()
    };
    joined(plot, &line, stroke, dots);
}

/// From the last value of each place to the first of the next; what cannot be drawn leaves a gap.
fn joined(plot: &Plot, places: &[(f64, f64, f64)], stroke: Stroke, dots: &mut Dots) {
    let mut before: Option<(i64, i64)> = None;
    for (x, first, last) in places {
        let x = plot.across.dot(*x);
        let at = |value: f64| x.zip(plot.up.dot(value));
        if let Some(here) = at(*first) {
            let from = before.unwrap_or(here);
            dots.line(from, here, stroke);
            if before.is_none() {
                dots.set(here.0, here.1, stroke);
            }
        }
        before = at(*last);
    }
}

/// The letter of each run at the end of its line, so that no two are mistaken for each other.
fn letters(model: &Model, chart: &Chart, plot: &Plot, pen: &mut Pen<'_>) {
    for curve in chart.curves.iter().rev() {
        let Some(series) = model.series_of(curve.run) else {
            continue;
        };
        let mut drawn = curve.spots.iter().rev();
        let end = drawn.find_map(|spot| plot.across.dot(spot.x_last).zip(plot.up.dot(spot.last)));
        if let Some((x, y)) = end {
            let (x, y) = (
                plot.area.x + (x / 2) as u16,
                plot.area.bottom() - 1 - (y / 4) as u16,
            );
            let style: Style = pen.look.series(series).patch(pen.tone(Tone::Strong));
            pen.text(
                (x.min(plot.area.right() - 1), y),
                1,
                Look::letter(series),
                style,
            );
        }
    }
}

/// Below the lines: where there is something that they do not show.
fn marks(chart: &Chart, plot: &Plot, pen: &mut Pen<'_>) {
    let bad = pen.tone(Tone::Bad);
    for spot in chart.curves.iter().flat_map(|curve| curve.spots.iter()) {
        let mark = match spot {
            _ if spot.nan_count > 0 => pen.look.sign("×", "x"),
            _ if spot.max == f64::INFINITY => pen.look.sign("↑", "^"),
            _ if plot.up.dot(spot.min).is_none() => pen.look.sign("↓", "v"),
            _ => continue,
        };
        if let Some(x) = plot.across.dot(spot.x.midpoint(spot.x_last)) {
            let x = plot.area.x + (x / 2) as u16;
            pen.text((x, plot.area.bottom()), 1, mark, bad);
        }
    }
}
