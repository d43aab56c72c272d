//! What is no single number: distributions over steps, and confusion matrices.

use std::collections::BTreeSet;

use mltrack::{
    ConfusionMatrix, HistogramLogged, JsonLogged, Shape, Tracker, ValueKind, ValuePoint,
    ValuesQuery,
};
use mltrack_plot::{Confusion, HeatPanel, Heats, Scale, Share, Slice};
use serde_json::json;

use super::chosen::Chosen;
use super::kinds::Normalize;
use super::lines::check_panels;
use super::{Arguments, Drawn};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::look::label;
use crate::runs::row::RunRow;

/// More columns than a print has dots for.
const SLICES_MAX: usize = 400;

pub fn histograms(
    arguments: &Arguments,
    tracker: &Tracker,
    chosen: &Chosen,
    context: &Context,
) -> Outcome<Drawn> {
    let (mut panels, mut series, mut left_out) = (Vec::new(), Vec::new(), chosen.left_out());
    let mut names = BTreeSet::new();
    for row in &chosen.rows {
        let points = logged_histograms(arguments, tracker, (row, &chosen.globs), context)?;
        let is_same = |a: &ValuePoint<HistogramLogged>, b: &ValuePoint<HistogramLogged>| {
            (&a.name, &a.context) == (&b.name, &b.context)
        };
        for group in points.chunk_by(is_same) {
            let title = label(&group[0].name, &group[0].context);
            names.insert(group[0].name.clone());
            let low = group.iter().filter(|point| point.step <= 0).count();
            if arguments.log_x && low > 0 {
                left_out.push(format!(
                    "{title}: {low} at step 0 or below not drawn: --log-x"
                ));
            }
            let stride = group.len().div_ceil(SLICES_MAX);
            let slices: Vec<Slice> = group.iter().step_by(stride).map(slice).collect();
            if slices.len() < group.len() {
                left_out.push(format!(
                    "{title}: every {stride}th of {} is drawn",
                    group.len()
                ));
            }
            let is_drawn = |slice: &&Slice| !arguments.log_x || slice.x > 0.0;
            series.push(json!({
                "run": row.id,
                "name": row.name,
                "metric": title,
                "points": group.len(),
                "drawn": slices.iter().filter(is_drawn).count(),
            }));
            panels.push(HeatPanel {
                title: match chosen.rows.len() {
                    1 => title,
                    _ => format!("{}: {title}", row.name),
                },
                slices,
            });
        }
    }
    let known = known_values(tracker, chosen, true)?;
    chosen.check_found("histogram", &names, &known)?;
    check_panels(panels.len())?;
    let chart = Heats {
        panels,
        x_name: "step".to_owned(),
        x_scale: if arguments.log_x {
            Scale::Log
        } else {
            Scale::Whole
        },
        y_name: "value".to_owned(),
    };
    Ok(Drawn {
        picture: chart.draw(&arguments.page(chart.panels.len())?),
        series,
        left_out,
        lsn: chosen.lsn,
    })
}

fn logged_histograms(
    arguments: &Arguments,
    tracker: &Tracker,
    (row, globs): (&RunRow, &[String]),
    context: &Context,
) -> Outcome<Vec<ValuePoint<HistogramLogged>>> {
    let (first, others) = first_and_others(globs);
    let mut query = tracker
        .histograms(row.run_id, first)
        .steps(arguments.steps());
    for name in others {
        query = query.name(name);
    }
    Ok(arguments.of_values(query, context).fetch()?)
}

impl Arguments {
    fn of_values<T: ValueKind>(&self, query: ValuesQuery<T>, context: &Context) -> ValuesQuery<T> {
        let pairs = self.context.iter();
        let query = pairs.fold(query, |query, (key, value)| query.context(key, value));
        self.at.of_values(query, context)
    }
}

fn first_and_others(globs: &[String]) -> (&str, &[String]) {
    match globs {
        [] => ("*", &[]),
        [first, others @ ..] => (first, others),
    }
}

fn slice(point: &ValuePoint<HistogramLogged>) -> Slice {
    Slice {
        x: point.step as f64,
        edges: point.value.edges.clone(),
        counts: point.value.counts.clone(),
    }
}

/// The names that the first runs have, for who named another one.
fn known_values(tracker: &Tracker, chosen: &Chosen, are_histograms: bool) -> Outcome<Vec<String>> {
    const RUNS_ASKED: usize = 5;
    let mut names = BTreeSet::new();
    for row in chosen.rows.iter().take(RUNS_ASKED) {
        if are_histograms {
            let points = tracker.histograms(row.run_id, "*").fetch()?;
            names.extend(
                points
                    .iter()
                    .map(|point| chosen.known_name(&point.name, &point.context)),
            );
        } else {
            let points = tracker.json_values(row.run_id, "*").fetch()?;
            let matrices = points.into_iter().filter(|point| matrix(point).is_some());
            names.extend(matrices.map(|point| chosen.known_name(&point.name, &point.context)));
        }
    }
    Ok(names.into_iter().collect())
}

impl Chosen {
    /// With its context where one was asked for, because the name alone may be the right one.
    fn known_name(&self, name: &str, context: &[(String, String)]) -> String {
        match &self.context[..] {
            "" => name.to_owned(),
            _ => label(name, context),
        }
    }
}

fn matrix(point: &ValuePoint<JsonLogged>) -> Option<ConfusionMatrix> {
    match Shape::of(&point.value) {
        Some(Shape::ConfusionMatrix(matrix)) => Some(matrix),
        _ => None,
    }
}

/// The last matrix within the steps.
pub fn confusion(
    arguments: &Arguments,
    tracker: &Tracker,
    chosen: &Chosen,
    context: &Context,
) -> Outcome<Drawn> {
    let [row] = &chosen.rows[..] else {
        let what = format!(
            "a confusion matrix is of one run, not of {}",
            chosen.rows.len()
        );
        return Err(Failure::usage(what)
            .hint("mltrack plot @last --kind confusion -o FILE")
            .into());
    };
    let (first, others) = first_and_others(&chosen.globs);
    let mut query = tracker
        .json_values(row.run_id, first)
        .steps(arguments.steps());
    for name in others {
        query = query.name(name);
    }
    let points = arguments.of_values(query, context).fetch()?;
    let matrices = points
        .iter()
        .filter_map(|point| Some((point, matrix(point)?)));
    let matrices: Vec<(&ValuePoint<JsonLogged>, ConfusionMatrix)> = matrices.collect();
    let names: BTreeSet<String> = matrices
        .iter()
        .map(|(point, _)| point.name.clone())
        .collect();
    chosen.check_found(
        "confusion matrix",
        &names,
        &known_values(tracker, chosen, false)?,
    )?;
    if names.len() > 1 {
        let names: Vec<String> = names.into_iter().collect();
        let what = format!(
            "the run has {} confusion matrices: {}",
            names.len(),
            names.join(", ")
        );
        return Err(Failure::usage(what).hint("name one of them").into());
    }
    let newest = matrices.iter().max_by_key(|(point, _)| point.step);
    let Some((point, matrix)) = newest else {
        return Err(chosen
            .no_metric("confusion matrix", &chosen.globs, &[])
            .into());
    };
    drawn_matrix(arguments, chosen, (point, matrix))
}

fn drawn_matrix(
    arguments: &Arguments,
    chosen: &Chosen,
    (point, matrix): (&ValuePoint<JsonLogged>, &ConfusionMatrix),
) -> Outcome<Drawn> {
    let row = &chosen.rows[0];
    let title = label(&point.name, &point.context);
    let chart = Confusion {
        labels: matrix.labels().to_vec(),
        counts: matrix.counts().to_vec(),
        share: match arguments.normalize.unwrap_or_default() {
            Normalize::Row => Share::Row,
            Normalize::Column => Share::Column,
            Normalize::None => Share::None,
        },
        name: format!("{title} of {} at step {}", row.name, point.step),
    };
    let total: u64 = matrix.counts().iter().flatten().sum();
    // It is square, and names stand below.
    let page = arguments.page_or(arguments.width_mm() * 0.86)?;
    Ok(Drawn {
        picture: chart.draw(&page),
        series: vec![json!({
            "run": row.id,
            "name": row.name,
            "metric": title,
            "step": point.step,
            "labels": matrix.labels(),
            "points": total,
        })],
        left_out: Vec::new(),
        lsn: chosen.lsn,
    })
}
