//! The run under the cursor: what its lines in the charts look like, the charts, the console.

use mltrack::{Level, LoggedLine, RunSummary};
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::layout::Layout;
use super::pen::Pen;
use super::{chart, side};
use crate::clock;
use crate::look::{Look, Tone};
use crate::model::Model;
use crate::words::clock as time_of_day;

pub fn draw(model: &Model, layout: &Layout, pen: &mut Pen<'_>) {
    let Some(run) = model.answer.drawn.first() else {
        pen.rule(layout.run, "");
        return;
    };
    title(model, run, layout.run, pen);
    if let Some(charts) = &layout.charts {
        for (index, one) in model.answer.charts.iter().take(charts.count()).enumerate() {
            chart::draw(model, one, charts.cell(index), pen);
        }
    }
    if !layout.side.is_empty() {
        side::draw(model, run, layout.side, pen);
    }
    console(model, run, layout.console, pen);
}

/// Name, state and since when, and the letters of the runs that are drawn.
fn title(model: &Model, run: &RunSummary, area: Rect, pen: &mut Pen<'_>) {
    let (_, _, word, tone) = pen.look.state(run.state);
    let x = pen.rule(area, &format!("{} {}", run.id.short(), run.name));
    let mut pieces = vec![(format!("{word} "), pen.tone(tone))];
    if let Some(silence) = clock::silence(run, model.now_ns) {
        let text = format!("silent for {} ", silence.text);
        pieces.push((text, pen.tone(Tone::Warning)));
    }
    let shown = shown_charts(model);
    if !shown.is_empty() {
        pieces.push((shown, pen.tone(Tone::Faint)));
    }
    if model.answer.drawn.len() > 1 {
        for (series, drawn) in model.answer.drawn.iter().enumerate() {
            pieces.extend(legend(model, series, drawn, pen));
        }
    }
    let room = Rect {
        x,
        width: area.right().saturating_sub(x),
        ..area
    };
    pen.pieces(room, &pieces);
}

/// Which of the metrics are drawn, when not all of them are.
fn shown_charts(model: &Model) -> String {
    let (first, count) = (model.first_chart, model.answer.charts.len());
    let known = model.answer.labels.len();
    if count == known {
        return String::new();
    }
    format!("metrics {}-{} of {known} ", first + 1, first + count)
}

fn legend(model: &Model, series: usize, run: &RunSummary, pen: &Pen<'_>) -> [(String, Style); 2] {
    let sample = pen.look.sample(series);
    let style = pen.look.series(series).patch(pen.tone(Tone::Strong));
    let is_baseline = model.baseline == Some(run.id);
    let name = match (series, is_baseline) {
        (0, false) => "this".to_owned(),
        (0, true) => "this, baseline".to_owned(),
        (_, true) => format!("{}, baseline", run.id.short()),
        (_, false) => run.id.short(),
    };
    [
        (format!(" {} {sample}", Look::letter(series)), style),
        (format!(" {name} "), Style::new()),
    ]
}

fn console(model: &Model, run: &RunSummary, area: Rect, pen: &mut Pen<'_>) {
    if area.is_empty() {
        return;
    }
    let above = Rect {
        y: area.y - 1,
        height: 1,
        ..area
    };
    pen.rule(above, "console");
    let lines: &[LoggedLine] = &model.answer.lines;
    let lines = &lines[lines.len().saturating_sub(area.height.into())..];
    if lines.is_empty() {
        let faint = pen.tone(Tone::Faint);
        let what = match &run.error {
            Some(error) => format!("no lines; it failed: {}", error.message),
            None if run.metrics.is_empty() => "neither metrics nor lines yet".to_owned(),
            None => "no lines".to_owned(),
        };
        pen.text((area.x, area.y), area.width, &what, faint);
        return;
    }
    for (line, y) in lines.iter().zip(area.y..) {
        let faint = pen.tone(Tone::Faint);
        let time = time_of_day(line.time.0);
        let x = pen.text((area.x, y), area.width, &time, faint);
        let (letter, tone) = match line.level {
            Level::Error => ("E", Tone::Bad),
            Level::Warn => ("W", Tone::Warning),
            _ => (" ", Tone::Plain),
        };
        let style = pen.tone(tone);
        let x = pen.text((x + 1, y), area.width, letter, style);
        pen.text(
            (x + 1, y),
            area.right().saturating_sub(x + 1),
            &line.text,
            style,
        );
    }
}
