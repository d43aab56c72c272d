//! Runs side by side: the params that differ, and the metrics with their differences to the baseline.

use mltrack::{CompareMetric, CompareParam, Comparison, Direction};
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::pen::Pen;
use crate::look::Tone;
use crate::model::Model;
use crate::words::{number, width};

const NAME: u16 = 18;
const RUN_MIN: u16 = 20;
const RUN_MAX: u16 = 26;

/// The runs that find room: the baseline, and others from some one on.
struct Columns {
    shown: Vec<usize>,
    width: u16,
}

pub fn draw(model: &Model, area: Rect, pen: &mut Pen<'_>) {
    match &model.answer.comparison {
        Some(Ok(found)) if !found.groups.is_empty() => table(model, found, area, pen),
        Some(Err(error)) => {
            pen.rule(Rect { height: 1, ..area }, "compare");
            let bad = pen.tone(Tone::Bad);
            pen.text((area.x, area.y + 1), area.width, error, bad);
        }
        _ => {
            pen.rule(Rect { height: 1, ..area }, "compare");
        }
    }
}

fn table(model: &Model, found: &Comparison, area: Rect, pen: &mut Pen<'_>) {
    let columns = columns(model, found, area.width);
    let left_out = found.groups.len() - columns.shown.len();
    let more = if left_out > 0 {
        format!(", {left_out} more: h l")
    } else {
        String::new()
    };
    let title = format!("compare {} runs{more}", found.groups.len());
    let x = pen.rule(Rect { height: 1, ..area }, &title);
    let hidden = format!("{} equal rows hidden ", found.hidden);
    let faint = pen.tone(Tone::Faint);
    if found.hidden > 0 {
        pen.text((x, area.y), area.right().saturating_sub(x), &hidden, faint);
    }
    heads(
        found,
        &columns,
        Rect {
            y: area.y + 1,
            ..area
        },
        pen,
    );
    let params = found.params.iter().map(Row::Param);
    let rows = params.chain(found.metrics.iter().map(Row::Metric));
    for (row, y) in rows.skip(model.scroll).zip(area.y + 3..area.bottom()) {
        let area = Rect {
            y,
            height: 1,
            ..area
        };
        match row {
            Row::Param(param) => of_param(param, &columns, area, pen),
            Row::Metric(metric) => of_metric(found, metric, &columns, area, pen),
        }
    }
}

enum Row<'a> {
    Param(&'a CompareParam),
    Metric(&'a CompareMetric),
}

fn columns(model: &Model, found: &Comparison, wide: u16) -> Columns {
    let room = wide - NAME;
    let count = usize::from(room / RUN_MIN).clamp(1, found.groups.len());
    let others = (0..found.groups.len()).filter(|at| *at != found.baseline);
    let others = others.skip(model.scroll_across).take(count - 1);
    let shown: Vec<usize> = [found.baseline].into_iter().chain(others).collect();
    let width = (room / shown.len() as u16).min(RUN_MAX);
    Columns { shown, width }
}

impl Columns {
    fn places(&self, area: Rect) -> impl Iterator<Item = (usize, u16)> + '_ {
        let place =
            move |(index, at): (usize, &usize)| (*at, area.x + NAME + index as u16 * self.width);
        self.shown.iter().enumerate().map(place)
    }
}

fn heads(found: &Comparison, columns: &Columns, area: Rect, pen: &mut Pen<'_>) {
    for (at, x) in columns.places(area) {
        let group = &found.groups[at];
        let strong = pen.tone(Tone::Strong);
        let name = group.runs.first().map_or("", |run| run.name.as_str());
        pen.right((x, area.y), columns.width - 1, &group.named.short(), strong);
        let (text, style) = if at == found.baseline {
            (format!("{name} (baseline)"), pen.tone(Tone::Faint))
        } else {
            (name.to_owned(), pen.tone(Tone::Plain))
        };
        let text = if width(&text) < usize::from(columns.width) {
            text
        } else {
            name.to_owned()
        };
        pen.right((x, area.y + 1), columns.width - 1, &text, style);
    }
}

fn of_param(param: &CompareParam, columns: &Columns, area: Rect, pen: &mut Pen<'_>) {
    let style = if param.differs {
        pen.tone(Tone::Strong)
    } else {
        pen.tone(Tone::Faint)
    };
    pen.text(
        (area.x, area.y),
        NAME - 1,
        &format!("={}", param.name),
        style,
    );
    for (at, x) in columns.places(area) {
        let values = param.values.get(at).into_iter().flatten();
        let texts: Vec<String> = values.map(ToString::to_string).collect();
        let text = if texts.is_empty() {
            "-".to_owned()
        } else {
            texts.join(",")
        };
        let text = crate::words::cut(&text, usize::from(columns.width) - 1, pen.more());
        pen.right((x, area.y), columns.width - 1, &text, Style::new());
    }
}

fn of_metric(
    found: &Comparison,
    metric: &CompareMetric,
    columns: &Columns,
    area: Rect,
    pen: &mut Pen<'_>,
) {
    let way = match metric.direction {
        Some(Direction::Max) => pen.look.sign(" ↑", " ^"),
        Some(Direction::Min) => pen.look.sign(" ↓", " v"),
        None => "",
    };
    pen.text(
        (area.x, area.y),
        NAME - 1,
        &format!("{}{way}", metric.name),
        Style::new(),
    );
    for (at, x) in columns.places(area) {
        let Some(result) = metric.results.get(at) else {
            continue;
        };
        let value = match (&result.description, result.not_finite) {
            (Some(told), _) => number(told.mean),
            (None, 0) => "-".to_owned(),
            (None, _) => "not finite".to_owned(),
        };
        let (difference, tone) = match (result.relative, result.difference) {
            _ if at == found.baseline => (String::new(), Tone::Plain),
            (Some(share), _) => (
                format!(" {:+.1}%", share * 100.0),
                tone_of(result.is_better),
            ),
            (None, Some(difference)) => (format!(" {difference:+.3}"), tone_of(result.is_better)),
            (None, None) => (String::new(), Tone::Plain),
        };
        let verdict = match result.is_better {
            Some(true) if at != found.baseline => pen.look.sign(" ✓", " +"),
            Some(false) if at != found.baseline => pen.look.sign(" ✗", " -"),
            _ => "  ",
        };
        let best = if metric.best == Some(at) {
            Tone::Strong
        } else {
            Tone::Plain
        };
        let behind = format!("{difference}{verdict}");
        let taken = (width(&behind) as u16).max(11).min(columns.width - 1);
        let style = pen.tone(best);
        pen.right(
            (x, area.y),
            (columns.width - 1).saturating_sub(taken),
            &value,
            style,
        );
        let style = pen.tone(tone);
        pen.right((x, area.y), columns.width - 1, &behind, style);
    }
}

fn tone_of(is_better: Option<bool>) -> Tone {
    match is_better {
        Some(true) => Tone::Good,
        Some(false) => Tone::Bad,
        None => Tone::Plain,
    }
}
