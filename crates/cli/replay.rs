//! `mltrack replay`: folds the whole log again, and keeps the result or compares with what is kept.
//!
//! Invariant: the log is the truth. A difference means that the index is wrong, and folding again mends it.

use mltrack::{IndexCheck, SetAside, Tracker};
use serde_json::{Value, json};

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::progress::Progress;
use crate::output::quantity::{counted, grouped, took};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::runs::pick::{Wish, find};
use crate::store;

/// Fold the log again from its beginning, and keep the result as the index
#[derive(Debug, clap::Args)]
#[command(after_help = "With --check it ends with 1 when the kept index differs from the log.")]
pub struct Arguments {
    /// Compare with the index that is kept, and write nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "same",
    "events",
    "rows",
    "rows_written",
    "differences",
    "index",
    "took_s",
];

/// What a replay found or did.
struct Report {
    is_same: bool,
    events: u64,
    rows: u64,
    rows_written: u64,
    differences: Vec<String>,
    /// `same`, `different`, `none`, `rewound`, `written`.
    index: &'static str,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let begun_ns = now_ns();
    let report = if arguments.check {
        check(&tracker, context)?
    } else {
        rebuild(&tracker, context)?
    };
    let took_ns = now_ns() - begun_ns;
    let lsn = look::end(&tracker)?;
    let sheet = Sheet::of_one(
        FIELDS,
        item(&report, took_ns),
        lsn,
        text(&report, took_ns, context),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(if report.is_same { Exit::Done } else { Exit::No })
}

fn rebuild(tracker: &Tracker, context: &Context) -> Outcome<Report> {
    let total = look::end(tracker)?;
    let mut progress = Progress::new("folding", "events", Some(total), context);
    let stored = tracker.rebuild_index(move |lsn| progress.at(lsn))?;
    let events = look::end(tracker)?;
    let (rows, rows_written) = stored
        .as_ref()
        .map_or((0, 0), |stored| (stored.rows, stored.rows_written));
    tell_set_aside(stored.and_then(|stored| stored.set_aside).as_ref(), context);
    Ok(Report {
        is_same: true,
        events,
        rows,
        rows_written,
        differences: Vec::new(),
        index: "written",
    })
}

fn check(tracker: &Tracker, context: &Context) -> Outcome<Report> {
    let found = tracker.check_index()?;
    tell_set_aside(
        found.as_ref().and_then(|found| found.set_aside.as_ref()),
        context,
    );
    match found {
        Some(found) if found.checkpoint.is_some() => Ok(of_check(found)),
        _ => {
            // Every answer is folded anew, so there is nothing that could differ; that it can be folded is checked.
            let found = find(tracker, &Wish::default(), context)?;
            let rows = found.total;
            Ok(Report {
                is_same: true,
                events: found.lsn,
                rows,
                rows_written: 0,
                differences: Vec::new(),
                index: "none",
            })
        }
    }
}

fn of_check(found: IndexCheck) -> Report {
    let index = match (found.is_same(), found.is_rewound) {
        (true, _) => "same",
        (false, true) => "rewound",
        (false, false) => "different",
    };
    Report {
        is_same: found.is_same(),
        events: found.folded,
        rows: found.rows,
        rows_written: 0,
        differences: found.differences,
        index,
    }
}

fn tell_set_aside(set_aside: Option<&SetAside>, context: &Context) {
    if let Some(set_aside) = set_aside {
        context.note(&set_aside.to_string());
    }
}

fn item(report: &Report, took_ns: i64) -> Vec<Value> {
    vec![
        report.is_same.into(),
        report.events.into(),
        report.rows.into(),
        report.rows_written.into(),
        json!(report.differences),
        report.index.into(),
        json!(took_ns as f64 / 1e9),
    ]
}

fn text(report: &Report, took_ns: i64, context: &Context) -> String {
    let rate = report.events as f64 / (took_ns.max(1) as f64 / 1e9);
    let mut text = format!(
        "  {} folded from lsn 1 in {} ({} events/s), {}\n",
        counted(report.events, "event"),
        took(took_ns),
        grouped(rate as u64),
        counted(report.rows, "row")
    );
    let (word, tone) = match report.index {
        "same" => ("index same", Tone::Good),
        "none" => (
            "no index is kept: every answer is folded from the log",
            Tone::Plain,
        ),
        "written" => ("index written", Tone::Good),
        "rewound" => (
            "the index knows records that the log no longer has; `mltrack replay` writes it anew",
            Tone::Bad,
        ),
        _ => (
            "index different; `mltrack replay` writes it anew",
            Tone::Bad,
        ),
    };
    push_line(
        &mut text,
        &format!("  {}", paint(word, tone, context.terminal.colour)),
    );
    for difference in &report.differences {
        push_line(&mut text, &format!("    {difference}"));
    }
    text
}
