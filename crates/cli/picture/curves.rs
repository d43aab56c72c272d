//! Curves: a panel for each metric, a line for each run.

use std::collections::BTreeSet;

use mltrack::Tracker;
use mltrack_plot::{Curves, Line, Panel, looks_of};
use serde_json::{Value, json};

use super::chosen::Chosen;
use super::lines::{self, Logged};
use super::{Arguments, Drawn};
use crate::context::Context;
use crate::failure::Outcome;
use crate::runs::row::RunRow;

pub fn drawn(
    arguments: &Arguments,
    tracker: &Tracker,
    chosen: &Chosen,
    context: &Context,
) -> Outcome<Drawn> {
    arguments.check_axes()?;
    let mut found: Vec<Vec<Logged>> = Vec::new();
    for row in &chosen.rows {
        let wish = (row, &chosen.globs[..]);
        found.push(lines::of_run(arguments, tracker, wish, false, context)?);
    }
    let names: BTreeSet<String> = found
        .iter()
        .flatten()
        .map(|line| line.name.clone())
        .collect();
    chosen.check_found("metric", &names, &chosen.names())?;
    let all: Vec<&Logged> = found.iter().flatten().collect();
    lines::check_across(arguments, chosen, &all)?;
    let labels: BTreeSet<String> = found
        .iter()
        .flatten()
        .map(|line| line.label.clone())
        .collect();
    lines::check_panels(labels.len())?;
    let (x_name, x_scale) = arguments.across();
    let panel = |label: &String| Panel {
        title: label.clone(),
        lines: found
            .iter()
            .enumerate()
            .flat_map(|(name, of_run)| {
                let same = of_run.iter().filter(move |line| line.label == *label);
                same.map(move |line| Line {
                    name,
                    points: line.points.clone(),
                    smooth: line.smooth.clone(),
                    band: Vec::new(),
                })
            })
            .collect(),
    };
    let mut left_out = chosen.left_out();
    left_out.extend(lines::remarks(arguments, &all));
    let chart = Curves {
        panels: labels.iter().map(panel).collect(),
        names: names_of(chosen),
        x_name,
        x_scale,
        y_scale: arguments.up(),
        note: note(&all),
    };
    Ok(Drawn {
        picture: chart.draw(&arguments.page_of_curves(&chart)?),
        series: series(arguments, chosen, &found),
        left_out,
        lsn: chosen.lsn,
    })
}

fn names_of(chosen: &Chosen) -> Vec<(String, mltrack_plot::Look)> {
    let looks = looks_of(chosen.rows.iter().map(|row| row.id.as_str()));
    run_names(&chosen.rows).into_iter().zip(looks).collect()
}

/// The run's name, with its experiment where there are several, with its id where names are not enough.
pub fn run_names(rows: &[RunRow]) -> Vec<String> {
    let has_many = rows.iter().any(|row| row.experiment != rows[0].experiment);
    let name = |row: &RunRow| {
        if has_many {
            format!("{}/{}", row.experiment, row.name)
        } else {
            row.name.clone()
        }
    };
    let names: Vec<String> = rows.iter().map(name).collect();
    let is_alone = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    let told = rows.iter().zip(&names).map(|(row, name)| {
        if is_alone(name) {
            name.clone()
        } else {
            format!("{name} {}", row.short)
        }
    });
    told.collect()
}

fn note(lines: &[&Logged]) -> String {
    match lines.iter().map(|line| line.not_finite).sum::<usize>() {
        0 => String::new(),
        _ => "× not a finite number".to_owned(),
    }
}

fn series(arguments: &Arguments, chosen: &Chosen, found: &[Vec<Logged>]) -> Vec<Value> {
    let is_drawn = |point: &&(f64, f64)| arguments.has_place(**point);
    let told = chosen.rows.iter().zip(found).flat_map(|(row, of_run)| {
        of_run.iter().map(|line| {
            json!({
                "run": row.id,
                "name": row.name,
                "metric": line.label,
                "points": line.count,
                "drawn": line.points.iter().filter(is_drawn).count(),
                "smoothed": !line.smooth.is_empty(),
                "not_finite": line.not_finite,
            })
        })
    });
    told.collect()
}
