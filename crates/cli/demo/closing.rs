//! What a demo says at its end: the runs, the best of them, its curve, and what to type next.

use mltrack::Tracker;

use super::command::EXPERIMENT;
use crate::context::Context;
use crate::failure::Outcome;
use crate::look::{self, Curve, CurveWish};
use crate::metrics::draw::{Manner, drawn};
use crate::output::style::{Tone, paint};
use crate::runs::column::{Column, Sort};
use crate::runs::pick::{Wish, find};
use crate::runs::row::RunRow;
use crate::runs::sheet::{Choice, table};

const COLUMNS: [&str; 7] = [
    ".state",
    ".took",
    "validation_loss.min",
    "validation_accuracy.max",
    "=model.kind",
    "=model.hidden",
    "=learning_rate",
];
const PLOT_POINTS_MAX: u32 = 500;

/// All of it is read from the store.
pub fn closing_words(tracker: &Tracker, ids: &[String], context: &Context) -> Outcome<String> {
    let found = find(
        tracker,
        &Wish {
            experiment: Some(EXPERIMENT),
            ..Wish::default()
        },
        context,
    )?;
    let mut rows = found.rows;
    rows.retain(|row| ids.contains(&row.id));
    let now_ns = crate::context::now_ns();
    let sort: Sort = "validation_loss.min".parse().expect("a column of ours");
    rows.sort_by(|a, b| sort.compare(a, b, now_ns));
    let columns = COLUMNS
        .iter()
        .map(|column| column.parse::<Column>().expect("a column of ours"))
        .collect();
    let choice = Choice {
        columns,
        only_changed: false,
        ..Choice::default()
    };
    let terminal = &context.terminal;
    let shown = table(&rows, rows.len() as u64, &choice, now_ns);
    // A pipe has no width to fit to.
    let width = if terminal.is_watched {
        terminal.width
    } else {
        200
    };
    let mut text = format!("\n{}", shown.fitted(width, terminal.colour));
    text.push_str(&curves_text(tracker, &rows, context)?);
    if let Some(best) = rows.first().filter(|row| {
        row.metrics
            .iter()
            .any(|metric| metric.label == "validation_loss")
    }) {
        text.push_str(&best_text(best, context));
    }
    Ok(text)
}

fn curves_text(tracker: &Tracker, rows: &[RunRow], context: &Context) -> Outcome<String> {
    let globs = ["validation_loss".to_owned()];
    let mut curves: Vec<Curve> = Vec::new();
    for row in rows {
        let wish = CurveWish {
            max_points: Some(PLOT_POINTS_MAX),
            is_drawn: true,
            ..CurveWish::of(&globs)
        };
        for curve in look::curves(tracker, row, &wish, context)? {
            curves.push(Curve {
                name: row.name.clone(),
                ..curve
            });
        }
    }
    if curves.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(
        "\nvalidation_loss by epoch\n{}",
        drawn(&curves, &Manner::default(), &context.terminal)
    ))
}

fn best_text(best: &RunRow, context: &Context) -> String {
    let accuracy = best
        .metrics
        .iter()
        .find(|metric| metric.label == "validation_accuracy");
    let accuracy = accuracy
        .and_then(|metric| metric.max)
        .map_or_else(String::new, |point| {
            format!(", {:.1}% of unseen digits right", point.value * 100.0)
        });
    let place = context
        .store
        .as_ref()
        .map_or_else(String::new, |store| format!("-C {} ", store.display()));
    let head = paint(
        &format!("best run: {}{accuracy}", best.title()),
        Tone::Good,
        context.terminal.colour,
    );
    format!(
        "\n{head}\n\nnext:\n  mltrack {place}runs {EXPERIMENT} --sort validation_loss.min --only-changed\n  \
         mltrack {place}metrics {short} 'validation*' --plot\n  \
         mltrack {place}run show {short}\n  \
         mltrack {place}lineage {short}\n  \
         mltrack {place}env show {short}\n  \
         mltrack {place}artifact verify {short}\n  \
         mltrack {place}reproduce {short} --check\n  \
         mltrack {place}verify --deep\n",
        short = best.short,
    )
}
