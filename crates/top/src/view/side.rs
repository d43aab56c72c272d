//! Beside the charts: params, the machine, tags, and what else is known of the run.

use mltrack::RunSummary;
use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::pen::Pen;
use crate::clock;
use crate::look::Tone;
use crate::model::Model;
use crate::question::is_system;
use crate::words::{grouped, number, width};

/// A title, and names with values below it.
struct Part {
    title: &'static str,
    rows: Vec<(String, String)>,
}

pub fn draw(model: &Model, run: &RunSummary, area: Rect, pen: &mut Pen<'_>) {
    let parts = parts(model, run);
    if area.width > 60 {
        return flowing(&parts, area, pen);
    }
    let (shares, mut y) = (shares(&parts, area.height), area.y);
    for (part, share) in parts.iter().zip(shares) {
        if share == 0 {
            continue;
        }
        let strong = pen.tone(Tone::Strong);
        pen.text((area.x, y), area.width, part.title, strong);
        y += 1;
        for (at, (name, value)) in part.rows.iter().take(share).enumerate() {
            let left_out = part.rows.len() - at;
            if at + 1 == share && left_out > 1 {
                let faint = pen.tone(Tone::Faint);
                pen.text((area.x, y), area.width, &format!("{left_out} more"), faint);
            } else {
                row(Rect { y, ..area }, (name, value), pen);
            }
            y += 1;
        }
    }
}

/// How many rows each part gets: as many as it has, and where there are too many, the longest less.
fn shares(parts: &[Part], height: u16) -> Vec<usize> {
    let mut shares: Vec<usize> = parts.iter().map(|part| part.rows.len()).collect();
    let taken = |shares: &[usize]| -> usize {
        let titles = shares.iter().filter(|share| **share > 0).count();
        shares.iter().sum::<usize>() + titles
    };
    while taken(&shares) > height.into() {
        let Some(longest) = shares.iter_mut().rev().max_by_key(|share| **share) else {
            break;
        };
        *longest -= 1;
    }
    shares
}

fn row(area: Rect, (name, value): (&str, &str), pen: &mut Pen<'_>) {
    let value_room = (width(value) as u16).min(area.width / 2);
    let name_room = area.width - value_room - 2;
    let faint = pen.tone(Tone::Faint);
    pen.text((area.x + 1, area.y), name_room, name, faint);
    let value = crate::words::cut(value, value_room.into(), pen.more());
    pen.right((area.x, area.y), area.width, &value, Style::new());
}

/// One part behind the other, where there is more width than height.
fn flowing(parts: &[Part], area: Rect, pen: &mut Pen<'_>) {
    let (mut x, mut y) = (area.x, area.y);
    for part in parts.iter().filter(|part| !part.rows.is_empty()) {
        let strong = pen.tone(Tone::Strong);
        let title = (format!("{} ", part.title), strong);
        let rows = part
            .rows
            .iter()
            .map(|(name, value)| (format!("{name}={value} "), Style::new()));
        for (text, style) in [title].into_iter().chain(rows) {
            let needed = width(&text) as u16;
            if x > area.x && x + needed > area.right() {
                (x, y) = (area.x, y + 1);
            }
            if y >= area.bottom() {
                return;
            }
            x = pen.text((x, y), area.right() - x, &text, style);
        }
    }
}

fn parts(model: &Model, run: &RunSummary) -> Vec<Part> {
    let params = run
        .params
        .iter()
        .map(|(name, value)| (name.clone(), value.to_string()));
    let system = run.metrics.iter().filter(|(label, _)| is_system(label));
    let system = system.map(|(label, metric)| {
        let name = label
            .trim_start_matches("system")
            .trim_start_matches(['/', '.']);
        (name.to_owned(), number(metric.last.value))
    });
    let is_own = |name: &str| !name.starts_with("mltrack.") && !name.starts_with("env.");
    let tags = run.tags.iter().filter(|(name, _)| is_own(name));
    let tags = tags.map(|(name, value)| (name.clone(), value.clone()));
    vec![
        Part {
            title: "params",
            rows: params.collect(),
        },
        Part {
            title: "machine",
            rows: system.collect(),
        },
        Part {
            title: "tags",
            rows: tags.collect(),
        },
        Part {
            title: "run",
            rows: facts(model, run),
        },
    ]
}

fn facts(model: &Model, run: &RunSummary) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![fact("experiment", run.experiment_name.clone())];
    facts.push(fact("took", clock::took(run, model.now_ns).0));
    facts.push(fact("points", grouped(run.points)));
    facts.extend(run.seed.map(|seed| fact("seed", seed.to_string())));
    if !run.host.is_empty() {
        facts.push(fact("host", format!("{} pid {}", run.host, run.pid)));
    }
    facts.extend(
        run.error
            .as_ref()
            .map(|error| fact("error", error.message.clone())),
    );
    facts.extend(run.last_note.clone().map(|note| fact("note", note)));
    facts
}
