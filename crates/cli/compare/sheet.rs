//! What was compared, for people: a row a param, metric or fact, a column a group.
//!
//! Invariant: the letter behind a metric says which end is better (`^` or `v`), the sign in a cell what the colour says.

use std::collections::BTreeSet;

use mltrack::{
    CompareGroup, CompareMetric, CompareOutcome, CompareResult, Direction, EffectKind, Tested,
};

use super::Found;
use crate::output::quantity::{counted, short_number};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};

/// With so many groups what a test found has columns of its own.
const WIDE_GROUPS: usize = 2;

pub fn table(found: &Found) -> Table {
    let compared = &found.compared;
    let is_wide = found.is_tested && compared.groups.len() == WIDE_GROUPS;
    let has_overall = compared
        .metrics
        .iter()
        .any(|metric| metric.overall.is_some());
    let mut columns = vec![Column::text("")];
    for (place, group) in compared.groups.iter().enumerate() {
        columns.push(Column::text(&title(group, place == compared.baseline)));
    }
    if is_wide || has_overall {
        columns.extend(["p", "effect", "interval"].map(Column::text));
    }
    let width = columns.len();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for param in &compared.params {
        let values = param.values.iter().map(|values| {
            let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            Cell::from(if texts.is_empty() {
                "-".to_owned()
            } else {
                texts.join(", ")
            })
        });
        rows.push(
            [Cell::from(param.name.clone())]
                .into_iter()
                .chain(values)
                .collect(),
        );
    }
    for metric in &compared.metrics {
        rows.push(metric_row(metric, is_wide, has_overall));
    }
    for fact in &found.facts {
        let values = fact.values.iter();
        let values =
            values.map(|value| Cell::from(value.clone().unwrap_or_else(|| "-".to_owned())));
        rows.push(
            [Cell::from(fact.name.clone())]
                .into_iter()
                .chain(values)
                .collect(),
        );
    }
    for row in &mut rows {
        row.resize(width, Cell::default());
    }
    Table {
        columns,
        rows,
        notes: notes(found),
    }
}

/// `3fe9c0a1 (n=5)`, and which is the baseline.
fn title(group: &CompareGroup, is_baseline: bool) -> String {
    let count = group.runs.len();
    let number = if count > 1 {
        format!(" (n={count})")
    } else {
        String::new()
    };
    let word = if is_baseline { ", baseline" } else { "" };
    format!("{}{number}{word}", group.named.short())
}

fn metric_row(metric: &CompareMetric, is_wide: bool, has_overall: bool) -> Vec<Cell> {
    let sign = match metric.direction {
        Some(Direction::Max) => " ^",
        Some(Direction::Min) => " v",
        None => "",
    };
    let mut cells = vec![Cell::from(format!("{}{sign}", metric.name))];
    for (place, result) in metric.results.iter().enumerate() {
        cells.push(value_cell(result, metric.best == Some(place), !is_wide));
    }
    let of_pair = metric
        .results
        .iter()
        .find_map(|result| result.tested.as_ref());
    let tested = if has_overall {
        metric.overall.as_ref()
    } else {
        of_pair
    };
    if let Some(tested) = tested.filter(|_| is_wide || has_overall) {
        cells.extend(tested_cells(tested));
    }
    cells
}

/// `0.931 +-0.002 +0.5%`, with a star where it is the best, and the corrected p-value where it has no column.
fn value_cell(result: &CompareResult, is_best: bool, with_p: bool) -> Cell {
    let Some(described) = result.description else {
        let text = if result.not_finite > 0 {
            "not finite"
        } else {
            "-"
        };
        return Cell::toned(text, Tone::Dim);
    };
    let mut text = short_number(described.mean);
    if let Some(deviation) = described.deviation {
        text = format!("{text} +-{}", short_number(deviation));
    }
    if result.not_finite > 0 {
        text = format!("{text} (n={})", result.values.len());
    }
    match (result.relative, result.difference) {
        (Some(relative), _) => text = format!("{text} {:+.1}%", relative * 100.0),
        (None, Some(difference)) => text = format!("{text} by {}", short_number(difference)),
        (None, None) => (),
    }
    if is_best {
        text.push_str(" *");
    }
    if let Some(Ok(found)) = result.tested.as_ref().filter(|_| with_p) {
        text = format!("{text} {}", p_text(found));
    }
    let tone = match result.is_better {
        Some(true) => Tone::Good,
        Some(false) => Tone::Bad,
        None => Tone::Plain,
    };
    Cell::toned(text, tone)
}

fn tested_cells(tested: &Tested) -> [Cell; 3] {
    let Ok(found) = tested else {
        return ["no answer", "", ""].map(Cell::from);
    };
    let effect = found.outcome.effect;
    let letter = match effect.kind {
        EffectKind::HedgesG => "g",
        EffectKind::CliffsDelta => "delta",
        EffectKind::EtaSquared => "eta2",
        EffectKind::EpsilonSquared => "eps2",
        _ => "r",
    };
    let difference = found
        .outcome
        .difference
        .and_then(|difference| difference.interval);
    let interval = difference.or(effect.interval).map(|interval| {
        let percent = interval.level * 100.0;
        format!(
            "{percent:.0}% [{}, {}]",
            short_number(interval.low),
            short_number(interval.high)
        )
    });
    [
        Cell::from(p_text(found)),
        Cell::from(format!("{letter}={}", short_number(effect.value))),
        Cell::from(interval.unwrap_or_else(|| "-".to_owned())),
    ]
}

fn p_text(found: &CompareOutcome) -> String {
    let word = if found.is_significant {
        ""
    } else {
        ", not significant"
    };
    format!("p={}{word}", short_number(found.corrected))
}

fn notes(found: &Found) -> Vec<String> {
    let compared = &found.compared;
    let mut notes = Vec::new();
    let outcomes = || {
        compared.metrics.iter().flat_map(|metric| {
            let of_groups = metric.results.iter().map(|result| &result.tested);
            of_groups
                .chain([&metric.overall])
                .flatten()
                .map(move |tested| (&metric.name, tested))
        })
    };
    if let Some((_, Ok(first))) = outcomes().find(|(_, tested)| tested.is_ok()) {
        notes.push(format!(
            "{} ({}), {}; p-values are Holm corrected",
            first.outcome.test.title(),
            first.outcome.method,
            counted(compared.tests as u64, "test")
        ));
    }
    // What is true of every metric is told once.
    let remarks: BTreeSet<String> = outcomes()
        .filter_map(|(_, tested)| tested.as_ref().ok())
        .flat_map(|found| found.outcome.notes.iter().map(ToString::to_string))
        .collect();
    notes.extend(remarks);
    let refused = outcomes().filter_map(|(name, tested)| Some((name, tested.as_ref().err()?)));
    notes.extend(refused.map(|(name, why)| format!("{name} has no answer: {why}")));
    if compared.hidden > 0 {
        notes.push(format!(
            "{} params and metrics hidden, equal or of the machine (--all)",
            compared.hidden
        ));
    }
    notes
}
