//! `mltrack run show`: everything about one run.

use std::fmt::Write as _;

use mltrack::Environment;
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::quantity::{bytes, counted, grouped, rfc3339, short_number};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::runs::row::{FIELDS, MetricRow, RunRow};
use crate::runs::sheet::is_system;
use crate::{env_show, store};

/// Show one run: parameters, metrics, tags, how it ended
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, arguments.at, context)?;
    let code = tracker
        .environment(row.run_id)?
        .map(|environment| code_line(&environment));
    let people = text(&row, code, context);
    print(
        &Sheet::of_one(FIELDS, row.item(Value::Null), lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

/// From which code it ran, and whether that can be restored.
fn code_line(environment: &Environment) -> String {
    let value = |key: &str| environment.summary.get(key).map(String::as_str);
    let commit = value("git.commit").map_or_else(
        || "in no repository".to_owned(),
        |commit| format!("commit {}", commit.get(..12).unwrap_or(commit)),
    );
    let dirty = match value("git.dirty") {
        Some("true") => ", with changes",
        _ => "",
    };
    let word = env_show::word(environment.reproducible);
    format!("{commit}{dirty}, reproducible: {word}")
}

fn text(row: &RunRow, code: Option<String>, context: &Context) -> String {
    let now_ns = context.started_ns;
    let colour = context.terminal.colour;
    let state = row.state_cell();
    let mut lines = vec![
        ("run", format!("{} {}", row.id, row.name)),
        (
            "experiment",
            format!("{}, run {}", row.experiment, row.number),
        ),
        ("state", paint(&state.text, state.tone, colour)),
        (
            "started",
            row.started_ns.map_or_else(String::new, |ns| {
                format!("{} ({})", rfc3339(ns), row.started_text(now_ns))
            }),
        ),
        ("took", row.took_text(now_ns)),
        ("ended", row.ended_ns.map_or_else(String::new, rfc3339)),
        ("error", row.error.clone().unwrap_or_default()),
        (
            "where",
            format!(
                "{} pid {}{}",
                row.host,
                row.pid,
                if row.is_attached { "" } else { ", detached" }
            ),
        ),
        ("parent", row.parent.clone().unwrap_or_default()),
        (
            "seed",
            row.seed.map(|seed| seed.to_string()).unwrap_or_default(),
        ),
        ("code", code.unwrap_or_default()),
        ("points", grouped(row.points)),
    ];
    lines.retain(|(_, value)| !value.trim().is_empty());
    let mut text = String::new();
    for (name, value) in lines {
        push_line(&mut text, &format!("  {name:12}{value}"));
    }
    section(
        &mut text,
        "params",
        row.params
            .iter()
            .map(|(name, value)| format!("{name} = {value}")),
        colour,
    );
    section(
        &mut text,
        "tags",
        row.tags
            .iter()
            .map(|(name, value)| format!("{name} = {value}")),
        colour,
    );
    section(
        &mut text,
        "metrics",
        row.metrics
            .iter()
            .filter(|metric| !is_system(&metric.label))
            .map(metric_line),
        colour,
    );
    section(&mut text, "system", system_lines(row).into_iter(), colour);
    text
}

/// Of the samples of the machine, those that people ask for first, and how to see the others.
fn system_lines(row: &RunRow) -> Vec<String> {
    let samples: Vec<&MetricRow> = row
        .metrics
        .iter()
        .filter(|metric| is_system(&metric.label))
        .collect();
    let Some(count) = samples.iter().map(|metric| metric.count).max() else {
        return Vec::new();
    };
    let is_first = |metric: &&&MetricRow| {
        let name = metric.label.trim_start_matches("system/");
        let name = name.split('{').next().unwrap_or(name);
        let is_gpu = name.starts_with("gpu.") && !name.contains(".process.");
        matches!(
            name,
            "cpu.percent" | "process.cpu.percent" | "process.memory.bytes" | "memory.percent"
        ) || is_gpu
            && (name.ends_with("utilization.percent") || name.ends_with("memory.percent"))
            && !name.contains(".mig.")
    };
    let mut lines: Vec<String> = samples
        .iter()
        .filter(is_first)
        .map(|metric| system_line(metric))
        .collect();
    lines.push(format!(
        "{} in {}: mltrack metrics {} 'system/*' --stats",
        counted(samples.len() as u64, "metric"),
        counted(count, "sample"),
        row.id
    ));
    lines
}

fn system_line(metric: &MetricRow) -> String {
    let name = metric.label.split('{').next().unwrap_or_default();
    let is_bytes = name.rsplit('.').next() == Some("bytes");
    let shown = |value: f64| {
        if is_bytes && value >= 0.0 {
            bytes(value as u64)
        } else {
            short_number(value)
        }
    };
    let highest = metric.max.map_or(metric.last.value, |max| max.value);
    format!(
        "{} = {}, max {}",
        metric.label,
        shown(metric.last.value),
        shown(highest)
    )
}

fn metric_line(metric: &MetricRow) -> String {
    let mut line = format!(
        "{} = {} @{}",
        metric.label,
        short_number(metric.last.value),
        metric.last.step
    );
    for (name, point) in [("min", metric.min), ("max", metric.max)] {
        if let Some(point) = point {
            write!(
                line,
                ", {name} {} @{}",
                short_number(point.value),
                point.step
            )
            .expect("writing to a string cannot fail");
        }
    }
    format!("{line}, {}", counted(metric.count, "point"))
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>, colour: bool) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    push_line(text, &format!("  {}", paint(title, Tone::Bold, colour)));
    for line in lines {
        push_line(text, &format!("    {line}"));
    }
}
