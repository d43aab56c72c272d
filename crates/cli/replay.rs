//! `mltrack replay`: folds the whole log again and keeps the result, compares it with what is kept, or copies the log as
//! it was.
//!
//! Invariant: the log is the truth. A difference means that what is kept is wrong, and folding again mends it.

mod check;
mod past;

use std::path::PathBuf;

use clap::ValueEnum;
use mltrack::{SetAside, Tracker};
use serde_json::{Value, json};

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::moment::Moment;
use crate::output::items::Envelope;
use crate::output::progress::Progress;
use crate::output::quantity::{counted, grouped, took};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, People, Sheet, list_fields, print, push_line};
use crate::store;

/// Fold the log again and keep the result as the index; or make a store of the past
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --check it ends with 1 when something that is kept differs from the log.

  mltrack replay --check
  mltrack replay --to 2026-11-20T18:00:00Z --into ./before")]
pub struct Arguments {
    /// Compare what is kept with the log, and write nothing
    #[arg(long, conflicts_with = "to")]
    check: bool,
    /// Only this projection
    #[arg(long, value_enum, value_name = "NAME", requires = "check")]
    projector: Option<Projection>,
    /// So many projections at once
    #[arg(long, value_name = "N", requires = "check", default_value_t = 2,
          value_parser = clap::value_parser!(u8).range(1..))]
    jobs: u8,
    /// Up to this point of the log
    #[arg(
        long,
        value_name = "LSN|TIME|-2h",
        allow_hyphen_values = true,
        requires = "into"
    )]
    to: Option<Moment>,
    /// A folder that does not exist yet, for a store of the log as it was then
    #[arg(long, value_name = "DIR", requires = "to")]
    into: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

/// What is kept beside the log, and folded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Projection {
    /// The rows of runs and experiments
    Index,
    /// Snapshots of them
    Snapshots,
    /// The histories of metrics, in series files and packed segments
    Series,
    /// Snapshots of artifacts, datasets, models and what depends on what
    Lineage,
}

impl Projection {
    const ALL: [Projection; 4] = [
        Projection::Index,
        Projection::Snapshots,
        Projection::Series,
        Projection::Lineage,
    ];

    fn word(self) -> &'static str {
        match self {
            Projection::Index => "index",
            Projection::Snapshots => "snapshots",
            Projection::Series => "series",
            Projection::Lineage => "lineage",
        }
    }
}

const FIELDS: &[&str] = &[
    "same",
    "events",
    "rows",
    "rows_written",
    "differences",
    "index",
    "took_s",
    "projector",
];

/// What a replay found or did with one projection.
struct Report {
    projection: Projection,
    is_same: bool,
    events: u64,
    rows: u64,
    rows_written: u64,
    differences: Vec<String>,
    /// `same`, `different`, `none`, `rewound`, `written`.
    state: &'static str,
    took_ns: i64,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if let (Some(to), Some(into)) = (arguments.to, &arguments.into) {
        return past::run(to, into, &arguments.output, context);
    }
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let reports = if arguments.check {
        let wanted = match arguments.projector {
            Some(only) => vec![only],
            None => Projection::ALL.to_vec(),
        };
        check::check(&tracker, &wanted, arguments.jobs, context)?
    } else {
        vec![rebuild(&tracker, context)?]
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: reports.iter().map(item).collect(),
        envelope: Envelope {
            total: reports.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Text(text(&reports, context)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let is_same = reports.iter().all(|report| report.is_same);
    Ok(if is_same { Exit::Done } else { Exit::No })
}

fn rebuild(tracker: &Tracker, context: &Context) -> Outcome<Report> {
    let begun_ns = now_ns();
    let total = look::end(tracker)?;
    let mut progress = Progress::new("folding", "events", Some(total), context);
    let stored = tracker.rebuild_index(move |lsn| progress.at(lsn))?;
    let events = look::end(tracker)?;
    let (rows, rows_written) = stored
        .as_ref()
        .map_or((0, 0), |stored| (stored.rows, stored.rows_written));
    tell_set_aside(stored.and_then(|stored| stored.set_aside).as_ref(), context);
    Ok(Report {
        projection: Projection::Index,
        is_same: true,
        events,
        rows,
        rows_written,
        differences: Vec::new(),
        state: "written",
        took_ns: now_ns() - begun_ns,
    })
}

fn tell_set_aside(set_aside: Option<&SetAside>, context: &Context) {
    if let Some(set_aside) = set_aside {
        context.note(&set_aside.to_string());
    }
}

/// In the order of [`FIELDS`].
fn item(report: &Report) -> Vec<Value> {
    vec![
        report.is_same.into(),
        report.events.into(),
        report.rows.into(),
        report.rows_written.into(),
        json!(report.differences),
        report.state.into(),
        json!(report.took_ns as f64 / 1e9),
        report.projection.word().into(),
    ]
}

fn text(reports: &[Report], context: &Context) -> String {
    let mut text = String::new();
    for report in reports {
        let rate = report.events as f64 / (report.took_ns.max(1) as f64 / 1e9);
        push_line(
            &mut text,
            &format!(
                "  {} folded from lsn 1 in {} ({} events/s), {}",
                counted(report.events, "event"),
                took(report.took_ns),
                grouped(rate as u64),
                counted(report.rows, "row")
            ),
        );
        let (words, tone) = words(report);
        let line = paint(&words, tone, context.terminal.colour);
        push_line(&mut text, &format!("  {line}"));
        for difference in &report.differences {
            push_line(&mut text, &format!("    {difference}"));
        }
    }
    text
}

fn words(report: &Report) -> (String, Tone) {
    let mending = match report.projection {
        Projection::Index => "`mltrack replay` writes it anew",
        Projection::Snapshots | Projection::Lineage => {
            "`mltrack snapshot rm` removes what is wrong"
        }
        Projection::Series => "removing the folder `series` has it made anew",
    };
    let (state, tone) = match report.state {
        "same" => ("same".to_owned(), Tone::Good),
        "none" => (
            "not kept: every answer is folded from the log".to_owned(),
            Tone::Plain,
        ),
        "written" => ("written".to_owned(), Tone::Good),
        "rewound" => (
            format!("knows records that the log no longer has; {mending}"),
            Tone::Bad,
        ),
        _ => (format!("different; {mending}"), Tone::Bad),
    };
    (format!("{} {state}", report.projection.word()), tone)
}
