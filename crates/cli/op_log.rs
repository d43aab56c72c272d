//! `mltrack op log`: what was done to the store, by whom, and what of it was taken back.

use std::collections::HashMap;

use mltrack::{ExperimentId, Lsn, Operation, Tracker, WallTime};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, About, about};
use crate::moment::When;
use crate::output::items::Envelope;
use crate::output::quantity::{ago, counted, rfc3339};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List what was done, newest first: what `undo` can take back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What runs did to themselves (their process started, described or ended them) is hidden without --all.

  mltrack op log --since 2d
  mltrack op log resnet --all --json")]
pub struct Arguments {
    /// Only what was done to this run or experiment
    #[arg(value_name = "RUN|EXP")]
    about: Option<String>,
    /// Only since: a length of time such as 2d, or a time
    #[arg(long, value_name = "2d|TIME", allow_hyphen_values = true)]
    since: Option<When>,
    /// Only so many [default on a terminal: 30]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// What runs did to themselves, too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "lsn",
    "last",
    "time",
    "kind",
    "what",
    "run",
    "experiment",
    "actor",
    "command",
    "undoes",
    "undone_by",
    "by_run",
];

const PEOPLE_TOP: usize = 30;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let operations = find(arguments, &tracker, context)?;
    let names = names(&tracker)?;
    let name = |operation: &Operation| {
        let id = operation.experiment?;
        names.get(&id)
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: operations.iter().map(|one| item(one, name(one))).collect(),
        envelope: Envelope {
            total: operations.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(&operations, arguments.all, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn find(arguments: &Arguments, tracker: &Tracker, context: &Context) -> Outcome<Vec<Operation>> {
    let mut query = tracker.operations();
    match &arguments.about {
        None => {}
        Some(name) => match about(tracker, name)? {
            About::Experiment(name) => query = query.experiment(name),
            About::Run(run) => query = query.run(run),
        },
    }
    if let Some(when) = arguments.since {
        query = query.since(WallTime(when.time_ns(context.started_ns)));
    }
    if !arguments.all {
        query = query.without_runs();
    }
    let top = match arguments.output.form(&context.terminal) {
        Form::People => arguments.top.or(Some(PEOPLE_TOP)),
        _ => arguments.top,
    };
    if let Some(top) = top {
        query = query.limit(top);
    }
    Ok(query.fetch()?)
}

fn names(tracker: &Tracker) -> Outcome<HashMap<ExperimentId, String>> {
    let page = tracker
        .experiments()
        .with_archived()
        .with_deleted()
        .fetch()?;
    let name = |known: mltrack::ExperimentSummary| (known.id, known.name);
    Ok(page.items.into_iter().map(name).collect())
}

/// In the order of [`FIELDS`].
fn item(operation: &Operation, experiment: Option<&String>) -> Vec<Value> {
    let number = |lsn: Option<Lsn>| json!(lsn.map(Lsn::get));
    vec![
        operation.first.get().into(),
        operation.last.get().into(),
        rfc3339(operation.time.0).into(),
        operation.kind.into(),
        operation.what.as_str().into(),
        json!(operation.run.map(|run| run.to_string())),
        json!(experiment),
        operation.actor.as_str().into(),
        operation.command.as_str().into(),
        number(operation.undoes),
        number(operation.undone_by),
        operation.is_by_run.into(),
    ]
}

fn table(operations: &[Operation], is_all: bool, now_ns: i64) -> Table {
    let cells = |operation: &Operation| {
        // A letter says what the colour says.
        let (mark, tone) = match (operation.undone_by, operation.undoes) {
            (Some(_), _) => ("x", Tone::Dim),
            (None, Some(_)) => ("u", Tone::Warning),
            (None, None) => ("", Tone::Plain),
        };
        let what = match operation.undone_by {
            Some(by) => format!("{} (undone by {by})", operation.what),
            None => operation.what.clone(),
        };
        vec![
            operation.first.to_string().into(),
            Cell::toned(mark, tone),
            Cell::toned(what, tone),
            operation.actor.clone().into(),
            ago(operation.time.0, now_ns).into(),
        ]
    };
    let mut notes = vec![counted(operations.len() as u64, "operation")];
    if !is_all {
        notes.push("what runs did to themselves is hidden (--all)".to_owned());
    }
    Table {
        columns: vec![
            Column::number("lsn"),
            Column::text(""),
            Column::text("what"),
            Column::text("who"),
            Column::text("when"),
        ],
        rows: operations.iter().map(cells).collect(),
        notes,
    }
}
