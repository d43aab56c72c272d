//! Values that are no single number: distributions, and whatever was logged as JSON.

use mltrack::{HistogramLogged, JsonLogged, Tracker, ValuePoint, ValuesQuery};
use serde_json::{Value, json};

use super::{FIELDS, pairs_value, sheet};
use crate::context::Context;
use crate::failure::Outcome;
use crate::look::{CurveWish, label};
use crate::output::quantity::{counted, grouped, number, rfc3339, short_number};
use crate::output::table::{Column, Table};
use crate::output::{Sheet, Terminal, push_line};
use crate::plot::Glyphs;
use crate::plot::bars::bars;
use crate::runs::row::RunRow;

type Histogram = ValuePoint<HistogramLogged>;

pub fn histograms(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    context: &Context,
) -> Outcome<Vec<Histogram>> {
    let (first, others) = names(wish);
    let mut query = tracker.histograms(row.run_id, first);
    for name in others {
        query = query.name(name);
    }
    Ok(ranged(query, wish, context).fetch()?)
}

fn json_values(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    context: &Context,
) -> Outcome<Vec<ValuePoint<JsonLogged>>> {
    let (first, others) = names(wish);
    let mut query = tracker.json_values(row.run_id, first);
    for name in others {
        query = query.name(name);
    }
    Ok(ranged(query, wish, context).fetch()?)
}

/// All of them when none is named.
fn names<'a>(wish: &CurveWish<'a>) -> (&'a str, &'a [String]) {
    match wish.globs {
        [] => ("*", &[]),
        [first, others @ ..] => (first, others),
    }
}

fn ranged<T: mltrack::ValueKind>(
    query: ValuesQuery<T>,
    wish: &CurveWish<'_>,
    context: &Context,
) -> ValuesQuery<T> {
    let pairs = wish.context.iter();
    let query = pairs
        .fold(query, |query, (key, value)| query.context(key, value))
        .steps(wish.steps.clone())
        .times_ns(wish.times_ns.clone());
    wish.at.of_values(query, context)
}

pub fn histogram_sheet(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    lsn: u64,
    context: &Context,
) -> Outcome<Sheet> {
    let points = histograms(tracker, row, wish, context)?;
    let items = points.iter().map(|point| {
        let value = histogram_value(&point.value);
        item(
            &point.name,
            &point.context,
            point.step,
            point.time_ns,
            value,
        )
    });
    Ok(sheet(
        FIELDS,
        items.collect(),
        histogram_table(&points),
        lsn,
    ))
}

pub fn json_sheet(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    lsn: u64,
    context: &Context,
) -> Outcome<Sheet> {
    let points = json_values(tracker, row, wish, context)?;
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let items = points.iter().map(|point| {
        let value = value(&point.value.json);
        item(
            &point.name,
            &point.context,
            point.step,
            point.time_ns,
            value,
        )
    });
    let cells = |point: &ValuePoint<JsonLogged>| {
        vec![
            point.name.clone().into(),
            point.step.to_string().into(),
            point.value.json.clone().into(),
        ]
    };
    let table = Table {
        columns: vec![
            Column::text("name"),
            Column::number("step"),
            Column::text("value"),
        ],
        rows: points.iter().map(cells).collect(),
        notes: vec![counted(points.len() as u64, "value")],
    };
    Ok(sheet(FIELDS, items.collect(), table, lsn))
}

/// In the order of [`FIELDS`].
fn item(
    name: &str,
    context: &[(String, String)],
    step: i64,
    time_ns: i64,
    value: Value,
) -> Vec<Value> {
    vec![
        name.into(),
        step.into(),
        rfc3339(time_ns).into(),
        value,
        pairs_value(context),
    ]
}

fn histogram_value(logged: &HistogramLogged) -> Value {
    let numbers = |values: &[f64]| values.iter().copied().map(number).collect::<Vec<_>>();
    let quantiles = logged.quantiles.iter();
    json!({
        "edges": numbers(&logged.edges),
        "counts": logged.counts,
        "count": logged.count,
        "not_finite": logged.not_finite,
        "sum": number(logged.sum),
        "min": number(logged.min),
        "max": number(logged.max),
        "quantiles": quantiles.map(|(at, value)| json!([at, number(*value)])).collect::<Vec<_>>(),
    })
}

fn histogram_table(points: &[Histogram]) -> Table {
    let titles = ["step", "values", "min", "mean", "max", "not finite"];
    let columns = titles.map(Column::number);
    let cells = |point: &Histogram| {
        let logged = &point.value;
        let cells = [
            label(&point.name, &point.context),
            point.step.to_string(),
            grouped(logged.count),
            short_number(logged.min),
            short_number(logged.sum / logged.count as f64),
            short_number(logged.max),
            grouped(logged.not_finite),
        ];
        cells.map(Into::into).to_vec()
    };
    Table {
        columns: [Column::text("name")].into_iter().chain(columns).collect(),
        rows: points.iter().map(cells).collect(),
        notes: vec![counted(points.len() as u64, "histogram")],
    }
}

/// Of each name the last distribution; `--steps` reaches the others.
pub fn drawn(points: &[Histogram], terminal: &Terminal) -> String {
    let mut text = String::new();
    let is_same = |a: &Histogram, b: &Histogram| (&a.name, &a.context) == (&b.name, &b.context);
    for group in points.chunk_by(is_same) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let logged = &last.value;
        let others = match group.len() {
            1 => String::new(),
            count => format!(", the last of {count} from step {}", first.step),
        };
        let not_finite = match logged.not_finite {
            0 => String::new(),
            count => format!(", {count} not finite"),
        };
        let name = label(&last.name, &last.context);
        let count = counted(logged.count, "value");
        let step = last.step;
        push_line(
            &mut text,
            &format!("{name} step {step}: {count}{not_finite}{others}"),
        );
        let width = terminal.width.min(100);
        text.push_str(&bars(
            &logged.edges,
            &logged.counts,
            width,
            Glyphs::of_locale(),
        ));
    }
    if points.is_empty() {
        text.push_str("no histograms\n");
    }
    text
}
