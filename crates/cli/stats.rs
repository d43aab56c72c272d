//! `mltrack stats`: what a store holds, what it takes on disk, and how fast it grows.
//!
//! Invariant: bytes are those that the disk gives away, not the lengths of files that are reserved.

mod disk;
mod flow;

use std::collections::{BTreeMap, BTreeSet};

use mltrack::RunSummary;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::At;
use crate::output::quantity::{ago, bytes, counted, grouped, rfc3339, time_value};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::store;
use disk::Disk;
use flow::Flow;

/// What the store holds, what it takes on disk, how fast it grows
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --at it counts what was there then; bytes on disk are known of now only."
)]
pub struct Arguments {
    /// So many of the largest runs
    #[arg(long, value_name = "N", default_value = "5")]
    top: usize,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "events",
    "first",
    "last",
    "experiments",
    "runs",
    "states",
    "points",
    "metrics",
    "lines",
    "bytes",
    "parts",
    "bytes_per_point",
    "events_last_minute",
    "events_last_hour",
    "events_last_day",
    "bytes_last_day",
    "largest",
];

/// Everything that is told.
struct Stats {
    events: u64,
    experiments: u64,
    states: BTreeMap<&'static str, u64>,
    points: u64,
    metrics: u64,
    lines: u64,
    largest: Vec<RunSummary>,
    flow: Flow,
    /// `None` about the past.
    disk: Option<Disk>,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let page = arguments.at.of_runs(tracker.runs(), context).fetch()?;
    let query = tracker.experiments().with_archived();
    let experiments = arguments.at.of_experiments(query, context).fetch()?;
    let lsn = page.lsn.map_or(0, mltrack::Lsn::get);
    let runs = page.items;
    let mut states = BTreeMap::new();
    for run in &runs {
        *states.entry(run.state.name()).or_insert(0) += 1;
    }
    let labels: BTreeSet<&str> = runs
        .iter()
        .flat_map(|run| run.metrics.keys().map(String::as_str))
        .collect();
    let told = Stats {
        events: tracker.count_records(1..=lsn)?,
        experiments: experiments.total as u64,
        states,
        points: runs.iter().map(|run| run.points).sum(),
        metrics: labels.len() as u64,
        lines: runs.iter().map(|run| run.lines).sum(),
        flow: Flow::until(&tracker, lsn, context.started_ns)?,
        disk: match (arguments.at.is_now(), tracker.path()) {
            (true, Some(path)) => Some(Disk::of(path)?),
            _ => None,
        },
        largest: largest(runs, arguments.top),
    };
    let people = told.text(context);
    print(
        &Sheet::of_one(FIELDS, told.item(), lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

/// Of equals the newest first, as they came.
fn largest(mut runs: Vec<RunSummary>, top: usize) -> Vec<RunSummary> {
    runs.retain(|run| run.points > 0);
    runs.sort_by_key(|run| std::cmp::Reverse(run.points));
    runs.truncate(top);
    runs
}

impl Stats {
    fn runs(&self) -> u64 {
        self.states.values().sum()
    }

    /// The bytes of the log, packed or not, that a point takes.
    fn bytes_per_point(&self) -> Option<f64> {
        let disk = self.disk.as_ref().filter(|_| self.points > 0)?;
        Some(disk.log_bytes() as f64 / self.points as f64)
    }

    /// As if every event took as much as the average of all.
    fn bytes_last_day(&self) -> Option<u64> {
        let disk = self.disk.as_ref().filter(|_| self.events > 0)?;
        let share = self.flow.last_day as f64 / self.events as f64;
        Some((disk.log_bytes() as f64 * share) as u64)
    }

    /// In the order of [`FIELDS`].
    fn item(&self) -> Vec<Value> {
        let largest = self.largest.iter().map(|run| {
            json!({
                "id": run.id.to_string(),
                "name": run.name,
                "experiment": run.experiment_name,
                "points": run.points,
            })
        });
        let disk = self.disk.as_ref();
        vec![
            self.events.into(),
            time_value(self.flow.first_ns),
            time_value(self.flow.last_ns),
            self.experiments.into(),
            self.runs().into(),
            json!(self.states),
            self.points.into(),
            self.metrics.into(),
            self.lines.into(),
            disk.map_or(Value::Null, |disk| disk.bytes().into()),
            disk.map_or(Value::Null, |disk| json!(disk.parts)),
            json!(self.bytes_per_point()),
            self.flow.last_minute.into(),
            self.flow.last_hour.into(),
            self.flow.last_day.into(),
            json!(self.bytes_last_day()),
            largest.collect(),
        ]
    }

    fn text(&self, context: &Context) -> String {
        let now_ns = context.started_ns;
        let mut lines = vec![("events", self.events_text(now_ns))];
        let states: Vec<String> = self
            .states
            .iter()
            .map(|(state, count)| format!("{} {state}", grouped(*count)))
            .collect();
        let experiments = counted(self.experiments, "experiment");
        let runs = format!(
            "{} in {experiments}: {}",
            grouped(self.runs()),
            states.join(", ")
        );
        lines.push(("runs", runs.trim_end_matches(": ").to_owned()));
        let metrics = counted(self.metrics, "metric");
        lines.push(("points", format!("{} of {metrics}", grouped(self.points))));
        if let Some(disk) = &self.disk {
            lines.push(("disk", disk.text()));
        }
        if let Some(bytes) = self.bytes_per_point() {
            lines.push(("", format!("{bytes:.1} bytes of log for each point")));
        }
        lines.push(("rate", self.flow.text()));
        if let Some(grown) = self.bytes_last_day() {
            lines.push(("growth", format!("about {} in the last day", bytes(grown))));
        }
        let mut text = String::new();
        for (name, value) in lines {
            push_line(&mut text, &format!("  {name:12}{value}"));
        }
        self.push_largest(&mut text, context);
        text
    }

    fn events_text(&self, now_ns: i64) -> String {
        let events = grouped(self.events);
        match (self.flow.first_ns, self.flow.last_ns) {
            (Some(first_ns), Some(last_ns)) => format!(
                "{events} since {}, the last {}",
                rfc3339(first_ns),
                ago(last_ns, now_ns)
            ),
            _ => events,
        }
    }

    fn push_largest(&self, text: &mut String, context: &Context) {
        if self.largest.is_empty() {
            return;
        }
        let title = paint("largest runs", Tone::Bold, context.terminal.colour);
        push_line(text, &format!("  {title}"));
        for run in &self.largest {
            let points = counted(run.points, "point");
            let (short, name, experiment) = (run.id.short(), &run.name, &run.experiment_name);
            push_line(
                text,
                &format!("    {short} {name:16} {experiment:16} {points}"),
            );
        }
    }
}
