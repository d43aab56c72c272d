//! What was compared, for people: a row a param, metric or fact, a column a group.
//!
//! Invariant: the letter behind a metric says which end is better (`^` or `v`), the sign in a cell what the colour says.

use mltrack::{
    CompareGroup, CompareMetric, CompareOutcome, CompareParam, CompareResult, Description,
    Direction, EffectKind, Tested,
};

use super::Found;
use super::patch::{self, FilePatch};
use crate::output::quantity::short_number;
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
    let mut rows: Vec<Vec<Cell>> = compared.params.iter().map(param_row).collect();
    let metrics = compared.metrics.iter();
    rows.extend(metrics.map(|metric| metric_row(metric, is_wide, has_overall)));
    let facts = found.facts.iter();
    rows.extend(facts.map(|fact| texts_row(fact.name.clone(), fact.values.iter().cloned())));
    rows.extend(found.files.iter().map(file_row));
    for row in &mut rows {
        row.resize(width, Cell::default());
    }
    Table {
        columns,
        rows,
        notes: notes(found),
    }
}

fn param_row(param: &CompareParam) -> Vec<Cell> {
    let values = param.values.iter().map(|values| {
        let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    });
    texts_row(param.name.clone(), values)
}

/// How much each patch changes a file; the lines themselves stand below the table.
fn file_row(file: &FilePatch) -> Vec<Cell> {
    let values = file.values.iter();
    let values = values.map(|value| value.as_deref().map(patch::change));
    texts_row(format!("patch {}", file.path), values)
}

fn texts_row(name: String, values: impl Iterator<Item = Option<String>>) -> Vec<Cell> {
    let cells = values.map(|value| Cell::from(value.unwrap_or_else(|| "-".to_owned())));
    [Cell::from(name)].into_iter().chain(cells).collect()
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

/// Of replicates the median, and how many values count where it is not all of them. That of two is their mean.
fn spread_notes(described: Description, lacks_some: bool) -> String {
    let median = format!("median {}", short_number(described.median));
    let count = format!("n={}", described.count);
    let notes = [(described.count > 2, median), (lacks_some, count)];
    let told = notes.into_iter().filter(|(is_told, _)| *is_told);
    let told: Vec<String> = told.map(|(_, note)| note).collect();
    told.join(", ")
}

/// `0.931 +-0.002 (median 0.93) +0.5%`, with a star where it is the best, and the corrected p-value where it has no column.
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
    let notes = spread_notes(described, result.not_finite > 0);
    if !notes.is_empty() {
        text = format!("{text} ({notes})");
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
    let mut notes: Vec<String> = commits_note(found).into_iter().collect();
    notes.extend(compared.notes());
    if compared.hidden > 0 {
        notes.push(format!(
            "{} params and metrics hidden, equal or of the machine (--all)",
            compared.hidden
        ));
    }
    notes
}

/// What lies between two commits is not recorded, but git knows it.
fn commits_note(found: &Found) -> Option<String> {
    let fact = found.facts.iter().find(|fact| fact.name == "git.commit")?;
    let first = fact.values[found.compared.baseline].as_ref()?;
    let other = fact.values.iter().flatten().find(|other| *other != first)?;
    Some(format!("the commits differ: git diff {first} {other}"))
}
