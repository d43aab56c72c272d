//! Runs as lines through parallel axes, as dots, as bars.

use std::collections::BTreeSet;

use mltrack::{Code, Direction, Tracker};
use mltrack_plot::{Bar, Bars, Dot, Parallel, ParallelAxis, ParallelRow, Scale, Scatter, looks_of};
use serde_json::{Value, json};

use super::chosen::{Chosen, names_hint};
use super::curves::run_names;
use super::options::Across;
use super::{Arguments, Drawn};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::quantity::number;
use crate::replicates::differing;
use crate::runs::column::Column;
use crate::runs::row::RunRow;

/// A bar and what is between it and the next one.
const BAR_MM: f64 = 4.4;
/// Values of a param that are spread so far are shown by their logarithms.
const LOG_FROM: f64 = 50.0;

/// The goal, and whether less of it is better.
fn goal(tracker: &Tracker, chosen: &Chosen) -> Outcome<(Column, bool)> {
    let experiments = tracker.experiments().fetch()?.items;
    let mine = experiments
        .into_iter()
        .find(|it| it.name == chosen.rows[0].experiment);
    let known = mine.and_then(|experiment| experiment.goal);
    if chosen.globs.is_empty()
        && let Some(goal) = &known
    {
        let column = goal.metric.parse().map_err(Failure::usage)?;
        return Ok((column, goal.direction == Direction::Min));
    }
    if chosen.globs.is_empty() {
        return Err(
            Failure::usage("no metric is named, and the experiment has no goal")
                .hint("name the metric that decides, or mltrack exp new EXP --goal loss:min")
                .into(),
        );
    }
    let column = chosen.column()?;
    let is_less = match known.filter(|goal| goal.metric == chosen.globs[0]) {
        Some(goal) => goal.direction == Direction::Min,
        None => ["loss", "error", "perplexity", ".min"]
            .iter()
            .any(|word| chosen.globs[0].contains(word)),
    };
    Ok((column, is_less))
}

pub fn parallel(
    arguments: &Arguments,
    tracker: &Tracker,
    chosen: &Chosen,
    context: &Context,
) -> Outcome<Drawn> {
    let (column, is_less_better) = goal(tracker, chosen)?;
    let goals = numbers(&chosen.rows, &column, context);
    check_any(chosen, &column, &goals, context)?;
    let names = differing(&chosen.rows, &[]);
    if names.is_empty() {
        return Err(
            Failure::usage("the runs differ in no param, so there are no axes")
                .hint("name runs that do, or draw their metrics: --kind curves")
                .into(),
        );
    }
    let mut axes = Vec::new();
    let mut columns: Vec<Vec<Option<f64>>> = Vec::new();
    for name in &names {
        let (one, values) = axis(name, &chosen.rows, context);
        axes.push(one);
        columns.push(values);
    }
    axes.push(ParallelAxis {
        name: column.title(),
        scale: arguments.up(),
        words: Vec::new(),
    });
    columns.push(goals);
    let row = |at: usize| ParallelRow {
        values: columns.iter().map(|column| column[at]).collect(),
    };
    let series = chosen.rows.iter().enumerate().map(|(at, row)| {
        let goal = columns.last().and_then(|column| column[at]);
        json!({"run": row.id, "name": row.name, "goal": goal.map(number)})
    });
    let chart = Parallel {
        axes,
        rows: (0..chosen.rows.len()).map(row).collect(),
        is_less_better,
    };
    Ok(Drawn {
        series: series.collect(),
        picture: chart.draw(&arguments.page(1)?),
        left_out: chosen.left_out(),
        lsn: chosen.lsn,
    })
}

/// Numbers where all values are, words otherwise.
fn axis(name: &str, rows: &[RunRow], context: &Context) -> (ParallelAxis, Vec<Option<f64>>) {
    let column = Column::Param(name.to_owned());
    let values = numbers(rows, &column, context);
    let has = |row: &RunRow| row.params.contains_key(name);
    let are_numbers = rows
        .iter()
        .zip(&values)
        .all(|(row, value)| value.is_some() || !has(row));
    if are_numbers {
        let scale = scale_of(values.iter().flatten().copied());
        let axis = ParallelAxis {
            name: name.to_owned(),
            scale,
            words: Vec::new(),
        };
        return (axis, values);
    }
    let texts = rows
        .iter()
        .map(|row| row.params.get(name).map(ToString::to_string));
    let texts: Vec<Option<String>> = texts.collect();
    let mut words: Vec<String> = texts.iter().flatten().cloned().collect();
    words.sort();
    words.dedup();
    let place = |text: &Option<String>| {
        let text = text.as_ref()?;
        words
            .iter()
            .position(|word| word == text)
            .map(|at| at as f64)
    };
    let places = texts.iter().map(place).collect();
    let axis = ParallelAxis {
        name: name.to_owned(),
        scale: Scale::Linear,
        words,
    };
    (axis, places)
}

/// How the values of a param are spread: by logarithms where they reach far.
fn scale_of(values: impl Iterator<Item = f64>) -> Scale {
    let known: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(0.0, f64::max);
    if low > 0.0 && high / low >= LOG_FROM {
        Scale::Log
    } else if known.iter().all(|value| value.fract() == 0.0) {
        Scale::Whole
    } else {
        Scale::Linear
    }
}

fn numbers(rows: &[RunRow], column: &Column, context: &Context) -> Vec<Option<f64>> {
    let number = |row: &RunRow| column.content(row, context.started_ns)?.number();
    rows.iter().map(number).collect()
}

fn check_any(
    chosen: &Chosen,
    column: &Column,
    values: &[Option<f64>],
    context: &Context,
) -> Outcome<()> {
    if values.iter().flatten().any(|value| value.is_finite()) {
        return Ok(());
    }
    if values.iter().flatten().next().is_some() {
        let what = format!("{} has no finite number in these runs", column.title());
        return Err(Failure::usage(what)
            .hint("mltrack runs --cols says what it has")
            .into());
    }
    let mut rows = chosen.rows.iter();
    if rows.any(|row| column.content(row, context.started_ns).is_some()) {
        let what = format!("{} is a word in these runs, and no number", column.title());
        return Err(Failure::usage(what)
            .hint("--kind groups --by PARAM, or --kind parallel, tells words apart")
            .into());
    }
    Err(nobody_has(chosen, column).into())
}

fn nobody_has(chosen: &Chosen, column: &Column) -> Failure {
    let (kind, known): (_, BTreeSet<String>) = match column {
        Column::Metric { .. } => ("metric", chosen.names().into_iter().collect()),
        Column::Param(_) => {
            let names = chosen.rows.iter().flat_map(|row| row.params.keys());
            ("param", names.map(|name| format!("={name}")).collect())
        }
        Column::Tag(_) => {
            let names = chosen.rows.iter().flat_map(|row| row.tags.keys());
            ("tag", names.map(|name| format!("tags.{name}")).collect())
        }
        Column::Property(_) => ("property", BTreeSet::new()),
    };
    let known: Vec<String> = known.into_iter().collect();
    let title = column.title();
    let what = chosen.lacking(kind, std::slice::from_ref(&title));
    Failure::new(Code::NotFound, what).hint(names_hint(Some(&title), &known))
}

pub fn scatter(arguments: &Arguments, chosen: &Chosen, context: &Context) -> Outcome<Drawn> {
    let up = chosen.column()?;
    let Across::Named(name) = &arguments.x else {
        return Err(Failure::usage("a scatter needs a column across")
            .hint("--x =lr for a param, --x loss.min for a metric")
            .into());
    };
    let across: Column = name.parse().map_err(Failure::usage)?;
    let (xs, ys) = (
        numbers(&chosen.rows, &across, context),
        numbers(&chosen.rows, &up, context),
    );
    check_any(chosen, &up, &ys, context)?;
    check_any(chosen, &across, &xs, context)?;
    let scale = |is_log| if is_log { Scale::Log } else { Scale::Linear };
    let has_place = |value: f64, is_log: bool| value.is_finite() && (!is_log || value > 0.0);
    let (mut dots, mut series) = (Vec::new(), Vec::new());
    let (mut lacking, mut placeless) = (0, 0);
    let looks = looks_of(chosen.rows.iter().map(|row| row.id.as_str()));
    for ((row, look), (x, y)) in chosen.rows.iter().zip(looks).zip(xs.iter().zip(&ys)) {
        let (Some(x), Some(y)) = (*x, *y) else {
            lacking += 1;
            continue;
        };
        let is_drawn = has_place(x, arguments.log_x) && has_place(y, arguments.log_y);
        placeless += usize::from(!is_drawn);
        dots.push(Dot { x, y, look });
        series.push(json!({
            "run": row.id,
            "name": row.name,
            "x": number(x),
            "y": number(y),
            "drawn": u64::from(is_drawn),
        }));
    }
    let mut left_out = chosen.left_out();
    if lacking > 0 {
        left_out.push(format!("{lacking} runs lack one of the two columns"));
    }
    if placeless > 0 {
        left_out.push(format!(
            "{placeless} runs have no place: a value that is not finite, or none above 0 on a logarithmic axis"
        ));
    }
    let chart = Scatter {
        dots,
        x: (title(&across), scale(arguments.log_x)),
        y: (title(&up), scale(arguments.log_y)),
    };
    Ok(Drawn {
        picture: chart.draw(&arguments.page(1)?),
        series,
        left_out,
        lsn: chosen.lsn,
    })
}

/// For readers, who do not know how columns are written.
fn title(column: &Column) -> String {
    column.title().trim_start_matches('=').to_owned()
}

pub fn bars(arguments: &Arguments, chosen: &Chosen, context: &Context) -> Outcome<Drawn> {
    let column = chosen.column()?;
    let values = numbers(&chosen.rows, &column, context);
    check_any(chosen, &column, &values, context)?;
    let names = run_names(&chosen.rows);
    let looks = looks_of(chosen.rows.iter().map(|row| row.id.as_str()));
    let drawn = chosen
        .rows
        .iter()
        .zip(&values)
        .zip(names.into_iter().zip(looks));
    let mut found: Vec<(&RunRow, Bar)> = drawn
        .filter_map(|((row, value), (name, look))| {
            let value = (*value)?;
            Some((row, Bar { name, value, look }))
        })
        .collect();
    found.sort_by(|a, b| b.1.value.total_cmp(&a.1.value));
    let told = |(row, bar): &(&RunRow, Bar)| -> Value {
        json!({"run": row.id, "name": row.name, "value": number(bar.value)})
    };
    let series = found.iter().map(told).collect();
    let chart = Bars {
        bars: found.into_iter().map(|(_, bar)| bar).collect(),
        name: column.title(),
    };
    let mut left_out = chosen.left_out();
    if chart.bars.len() < chosen.rows.len() {
        let lacking = chosen.rows.len() - chart.bars.len();
        left_out.push(format!("{lacking} runs lack it"));
    }
    let height = (chart.bars.len() as f64 * BAR_MM + 12.0).clamp(30.0, 240.0);
    Ok(Drawn {
        picture: chart.draw(&arguments.page_or(height)?),
        series,
        left_out,
        lsn: chosen.lsn,
    })
}
