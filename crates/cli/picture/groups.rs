//! Groups of replicates: a panel for each metric, a line with a band for each group.

use std::collections::BTreeSet;

use mltrack::Tracker;
use mltrack_plot::{Curves, Line, Middle, Panel, Reach, Ribbon, look_at, ribbon};
use serde_json::{Value, json};

use super::chosen::Chosen;
use super::lines::{self, Logged};
use super::{Arguments, Band, Drawn};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::replicates::{Replicates, grouped};

/// Places of a band.
const PARTS: usize = 400;

pub fn drawn(
    arguments: &Arguments,
    tracker: &Tracker,
    chosen: &Chosen,
    context: &Context,
) -> Outcome<Drawn> {
    arguments.check_axes()?;
    let groups = grouped(chosen.rows.clone(), &arguments.left_out_params());
    check_groups(groups.len())?;
    let mut found: Vec<Vec<Vec<Logged>>> = Vec::new();
    for group in &groups {
        let mut of_group = Vec::new();
        for row in &group.rows {
            let wish = (row, &chosen.globs[..]);
            of_group.push(lines::of_run(arguments, tracker, wish, true, context)?);
        }
        found.push(of_group);
    }
    let all: Vec<&Logged> = found.iter().flatten().flatten().collect();
    let names: BTreeSet<String> = all.iter().map(|line| line.name.clone()).collect();
    chosen.check_found("metric", &names, &chosen.names())?;
    lines::check_across(arguments, chosen, &all)?;
    let labels: BTreeSet<String> = all.iter().map(|line| line.label.clone()).collect();
    lines::check_panels(labels.len())?;
    let mut series = Vec::new();
    let mut panels = Vec::new();
    for label in &labels {
        let mut panel = Panel {
            title: label.clone(),
            lines: Vec::new(),
        };
        for (name, (group, of_group)) in groups.iter().zip(&found).enumerate() {
            let ribbons = band(arguments, of_group, label);
            if ribbons.is_empty() {
                continue;
            }
            let is_drawn = |it: &&Ribbon| arguments.has_place((it.x, it.middle));
            let drawn = ribbons.iter().filter(is_drawn).count();
            series.push(told(group, label, (of_group, drawn)));
            panel.lines.push(line(name, &ribbons));
        }
        panels.push(panel);
    }
    check_any(&series, &labels)?;
    let (x_name, x_scale) = arguments.across();
    let chart = Curves {
        names: groups
            .iter()
            .enumerate()
            .map(|(at, group)| (name(group), look_at(at)))
            .collect(),
        x_name,
        x_scale,
        y_scale: arguments.up(),
        note: arguments.middle_words(),
        panels,
    };
    let mut left_out = chosen.left_out();
    left_out.extend(lines::remarks(arguments, &all));
    Ok(Drawn {
        picture: chart.draw(&arguments.page_of_curves(&chart)?),
        series,
        left_out,
        lsn: chosen.lsn,
    })
}

/// A mean of nothing is no line.
fn check_any(series: &[Value], labels: &BTreeSet<String>) -> Outcome<()> {
    if !series.is_empty() {
        return Ok(());
    }
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let what = format!("{} has no finite number in these runs", labels.join(", "));
    Err(Failure::usage(what)
        .hint("--kind curves marks where the others are")
        .into())
}

fn check_groups(count: usize) -> Outcome<()> {
    const GROUPS_MAX: usize = 24;
    if count <= GROUPS_MAX {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{count} groups cannot be told apart; {GROUPS_MAX} can"
    ))
    .hint("--by more params makes fewer groups; -f FILTER takes fewer runs")
    .into())
}

/// What the group has that others have not, and how many runs.
fn name(group: &Replicates) -> String {
    let count = format!("(n={})", group.rows.len());
    match group.label.as_str() {
        "" => format!("all runs {count}"),
        label => format!("{label} {count}"),
    }
}

fn band(arguments: &Arguments, of_group: &[Vec<Logged>], label: &str) -> Vec<Ribbon> {
    let of_run = |lines: &Vec<Logged>| {
        let line = lines.iter().find(|line| line.label == label)?;
        Some(if line.smooth.is_empty() {
            line.points.clone()
        } else {
            line.smooth.clone()
        })
    };
    let lines: Vec<Vec<(f64, f64)>> = of_group.iter().filter_map(of_run).collect();
    ribbon(
        &lines,
        PARTS,
        arguments.middle(),
        arguments.shown_band().spread(),
    )
}

fn line(name: usize, ribbons: &[Ribbon]) -> Line {
    let reach = |it: &Ribbon| it.band.map(|(low, high)| Reach { x: it.x, low, high });
    Line {
        name,
        points: ribbons.iter().map(|it| (it.x, it.middle)).collect(),
        smooth: Vec::new(),
        band: ribbons.iter().filter_map(reach).collect(),
    }
}

fn told(group: &Replicates, label: &str, (of_group, drawn): (&[Vec<Logged>], usize)) -> Value {
    // Runs that logged nothing of it are no replicates of it.
    let has_it = |lines: &&Vec<Logged>| lines.iter().any(|line| line.label == label);
    let ids: Vec<&str> = group.rows.iter().map(|row| row.id.as_str()).collect();
    let params: serde_json::Map<String, Value> = group
        .params
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    json!({
        "group": params,
        "metric": label,
        "n": of_group.iter().filter(has_it).count(),
        "runs": ids,
        "drawn": drawn,
    })
}

impl Arguments {
    pub fn middle(&self) -> Middle {
        if self.median {
            Middle::Median
        } else {
            Middle::Mean
        }
    }

    fn shown_band(&self) -> Band {
        self.band.unwrap_or_default()
    }

    /// The params that tell runs of a group apart.
    fn left_out_params(&self) -> Vec<String> {
        if self.by.is_empty() {
            vec!["seed".to_owned()]
        } else {
            self.by.clone()
        }
    }

    /// What line and band are.
    fn middle_words(&self) -> String {
        let middle = if self.median { "median" } else { "mean" };
        format!("{middle}{}", self.shown_band().words(self.middle()))
    }
}
