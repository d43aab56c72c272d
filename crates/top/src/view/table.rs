//! The table of runs.

use mltrack::RunSummary;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Modifier, Style};

use super::layout::Layout;
use super::pen::Pen;
use crate::clock;
use crate::columns::{Column, columns};
use crate::look::{Look, Tone};
use crate::model::Model;
use crate::question::SortKey;
use crate::words::width;

/// What is always there.
const MARK: u16 = 2;
const STATE: u16 = 4;
const SHORT: u16 = 9;
const AGE: u16 = 5;
const TOOK: u16 = 7;

/// The columns and where they begin.
struct Plan {
    name: u16,
    experiment: u16,
    extra: Vec<(Column, usize)>,
}

pub fn draw(model: &Model, layout: &Layout, pen: &mut Pen<'_>) {
    let plan = plan(model, layout.rows.width);
    titles(model, &plan, layout.titles, pen);
    if model.answer.total == 0 {
        return nothing(model, layout.rows, pen);
    }
    for line in 0..layout.rows.height {
        let at = model.top + usize::from(line);
        let area = Rect {
            y: layout.rows.y + line,
            height: 1,
            ..layout.rows
        };
        if let Some(run) = model.answer.row(at) {
            row(model, &plan, run, (area, at == model.cursor), pen);
        } else if at < model.answer.total {
            let faint = pen.tone(Tone::Faint);
            pen.text((area.x + MARK, area.y), area.width, pen.more(), faint);
        }
    }
}

fn plan(model: &Model, whole: u16) -> Plan {
    let rows = &model.answer.rows;
    let widest =
        |of: &dyn Fn(&RunSummary) -> usize| rows.iter().map(|run| of(run)).max().unwrap_or(0);
    let name_max = if whole < 80 { 12 } else { 20 };
    let name = widest(&|run| width(&run.name)).clamp(4, name_max) as u16 + 1;
    let has_several = rows.iter().any(|run| run.experiment != rows[0].experiment);
    let experiment = if has_several {
        let most = if whole < 80 { 8 } else { 14 };
        widest(&|run| width(&run.experiment_name)).clamp(4, most) as u16 + 1
    } else {
        0
    };
    let fixed = MARK + STATE + SHORT + name + experiment + AGE + TOOK;
    let room = whole.saturating_sub(fixed);
    Plan {
        name,
        experiment,
        extra: columns(model, room.into()),
    }
}

fn titles(model: &Model, plan: &Plan, area: Rect, pen: &mut Pen<'_>) {
    let style = pen.tone(Tone::Faint).add_modifier(Modifier::UNDERLINED);
    pen.buffer.set_style(area, style);
    let sorted = |key: &SortKey| match (model.sort.key == *key, model.sort.is_descending) {
        (false, _) => "",
        (true, true) => pen.look.sign("▼", "v"),
        (true, false) => pen.look.sign("▲", "^"),
    };
    let (age, took) = (sorted(&SortKey::Started), sorted(&SortKey::Took));
    let (age, took) = (format!("age{age}"), format!("took{took}"));
    let name = format!("name{}", sorted(&SortKey::Name));
    let extra: Vec<String> = plan
        .extra
        .iter()
        .map(|(column, _)| match column {
            Column::Step => column.title(),
            Column::Metric(label) => format!("{label}{}", sorted(&SortKey::Metric(label.clone()))),
            Column::Param(param) => format!("={param}{}", sorted(&SortKey::Param(param.clone()))),
        })
        .collect();
    let y = area.y;
    let mut x = pen.text((area.x + MARK, y), STATE, "st", style);
    x = x.max(area.x + MARK + STATE);
    pen.text((x, y), SHORT, "run", style);
    x += SHORT;
    pen.text((x, y), plan.name, &name, style);
    x += plan.name;
    if plan.experiment > 0 {
        pen.text((x, y), plan.experiment, "exp", style);
        x += plan.experiment;
    }
    pen.right((x, y), AGE - 1, &age, style);
    x += AGE;
    pen.right((x, y), TOOK - 1, &took, style);
    x += TOOK;
    for ((_, wide), title) in plan.extra.iter().zip(&extra) {
        let wide = *wide as u16 + 2;
        pen.right((x + 2, y), wide - 2, title, style);
        x += wide;
    }
}

fn row(
    model: &Model,
    plan: &Plan,
    run: &RunSummary,
    (area, is_chosen): (Rect, bool),
    pen: &mut Pen<'_>,
) {
    let y = area.y;
    let base = if is_chosen {
        pen.tone(Tone::Chosen)
    } else {
        Style::new()
    };
    pen.buffer.set_style(area, base);
    mark(model, run, (area.x, y), base, pen);
    let (sign, letter, _, tone) = pen.look.state(run.state);
    let style = if is_chosen { base } else { pen.tone(tone) };
    let mut x = area.x + MARK;
    pen.text((x, y), STATE, &format!("{sign} {letter}"), style);
    x += STATE;
    pen.text((x, y), SHORT - 1, &run.id.short(), base);
    x += SHORT;
    pen.text((x, y), plan.name - 1, &run.name, base);
    x += plan.name;
    if plan.experiment > 0 {
        pen.text((x, y), plan.experiment - 1, &run.experiment_name, base);
        x += plan.experiment;
    }
    let age = clock::begun(run, model.now_ns).text;
    pen.right((x, y), AGE - 1, &age, base);
    x += AGE;
    let took = clock::took(run, model.now_ns).0;
    pen.right((x, y), TOOK - 1, &took, base);
    x += TOOK;
    for (column, wide) in &plan.extra {
        let wide = *wide as u16;
        pen.right((x + 2, y), wide, &column.text(run), base);
        x += wide + 2;
    }
}

/// The letter of the run's line in the charts, and whether it is the baseline.
fn mark(model: &Model, run: &RunSummary, (x, y): (u16, u16), base: Style, pen: &mut Pen<'_>) {
    let is_baseline = model.baseline == Some(run.id);
    if !is_baseline && !model.marked.contains(&run.id) {
        return;
    }
    let series = model.series_of(run.id);
    let letter = series.map_or(pen.look.sign("•", "+"), Look::letter);
    let style = series.map_or(base, |series| base.patch(pen.look.series(series)));
    let x = pen.text((x, y), 1, letter, style);
    if is_baseline {
        pen.text((x, y), 1, "=", base);
    }
}

/// Why there are no runs, and what to do.
fn nothing(model: &Model, area: Rect, pen: &mut Pen<'_>) {
    let is_filtered = !model.filter.text().trim().is_empty();
    let lines: &[&str] = if is_filtered {
        &["no run matches the filter", "Esc takes it back"]
    } else if model.answer.lsn == 0 && model.answer.time_ns == 0 {
        &["reading the store"]
    } else {
        &[
            "no runs yet",
            "they come here as soon as they start: mltrack demo",
        ]
    };
    let faint = pen.tone(Tone::Faint);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        pen.text((area.x + MARK, y), area.width - MARK, line, faint);
    }
}
