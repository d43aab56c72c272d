//! `mltrack export events|metrics|runs`: everything, for other programs.
//!
//! Invariant: events and points are written as they are read, so a log of any size needs little memory.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::Value;

use crate::context::Context;
use crate::event_line;
use crate::failure::{Exit, Outcome};
use crate::look::{self, EventWish};
use crate::metrics;
use crate::moment::Moment;
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::{Sink, sink_to};
use crate::runs::pick::{Pick, Wish, find};
use crate::runs::row::FIELDS as RUN_FIELDS;

use crate::store;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Events(EventArguments),
    Metrics(MetricArguments),
    Runs(RunArguments),
}

/// Write events, oldest first
#[derive(Debug, clap::Args)]
pub struct EventArguments {
    /// Only events of this run or experiment
    #[arg(value_name = "RUN|EXP")]
    about: Option<String>,
    /// Begin here
    #[arg(long, value_name = "start|LSN|TIME|-10m", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// End here
    #[arg(long, value_name = "LSN|TIME|-10m", allow_hyphen_values = true)]
    until: Option<Moment>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    target: Target,
}

/// Write every point of every run's metrics
#[derive(Debug, clap::Args)]
pub struct MetricArguments {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    /// Only metrics of these names; * and ? stand for anything
    #[arg(long, value_name = "GLOB")]
    metrics: Vec<String>,
    #[command(flatten)]
    pick: Pick,
    #[command(flatten)]
    target: Target,
}

/// Write runs with parameters, tags and last metrics
#[derive(Debug, clap::Args)]
pub struct RunArguments {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    #[command(flatten)]
    pick: Pick,
    #[command(flatten)]
    target: Target,
}

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    format: Format,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

const METRIC_FIELDS: &[&str] = &[
    "run",
    "experiment",
    "name",
    "step",
    "time",
    "value",
    "context",
];

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Events(arguments) => events(arguments, context)?,
        Command::Metrics(arguments) => points(arguments, context)?,
        Command::Runs(arguments) => rows(arguments, context)?,
    }
    Ok(Exit::Done)
}

impl Target {
    fn writer(&self, fields: &'static [&'static str]) -> Outcome<ItemWriter<Sink>> {
        let form = match self.format {
            Format::Ndjson => ItemForm::Ndjson,
            Format::Csv => ItemForm::Csv,
        };
        let sink = sink_to(self.output.as_deref())?;
        Ok(ItemWriter::new(form, fields, sink).expect("no fields were asked for by name"))
    }
}

/// Neither format has an envelope.
fn finish(writer: ItemWriter<Sink>) -> Outcome<()> {
    writer.finish(&Envelope {
        total: 0,
        lsn: 0,
        next: Value::Null,
    })?;
    Ok(())
}

fn events(arguments: &EventArguments, context: &Context) -> Outcome<()> {
    let tracker = store::open_to_look(context)?;
    let wish = EventWish {
        about: arguments.about.as_deref(),
        types: &arguments.types,
        from: arguments.from.unwrap_or(Moment::Start),
        until: arguments.until,
    };
    let events = look::events(&tracker, &wish, context)?;
    let mut writer = arguments.target.writer(event_line::FIELDS)?;
    for event in events {
        writer.item(&event?.item())?;
    }
    finish(writer)
}

fn points(arguments: &MetricArguments, context: &Context) -> Outcome<()> {
    let tracker = store::open_to_look(context)?;
    let wish = Wish {
        experiment: arguments.experiment.as_deref(),
        pick: arguments.pick.clone(),
        ..Wish::default()
    };
    let found = find(&tracker, &wish, context)?;
    let mut writer = arguments.target.writer(METRIC_FIELDS)?;
    for row in found.rows.iter().rev() {
        let wish = look::CurveWish::of(&arguments.metrics);
        for curve in look::curves(&tracker, row, &wish, context)? {
            for point in &curve.points {
                let mut item: Vec<Value> =
                    vec![row.id.as_str().into(), row.experiment.as_str().into()];
                item.extend(metrics::item(&curve, point));
                writer.item(&item)?;
            }
        }
    }
    finish(writer)
}

fn rows(arguments: &RunArguments, context: &Context) -> Outcome<()> {
    let tracker = store::open_to_look(context)?;
    let wish = Wish {
        experiment: arguments.experiment.as_deref(),
        pick: arguments.pick.clone(),
        ..Wish::default()
    };
    let found = find(&tracker, &wish, context)?;
    let mut writer = arguments.target.writer(RUN_FIELDS)?;
    for item in found.rows.iter().rev().map(|row| row.item(Value::Null)) {
        writer.item(&item)?;
    }
    finish(writer)
}
