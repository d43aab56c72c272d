//! `mltrack exp ls`: the experiments of a store.

use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At, ExperimentRow};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, counted};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List experiments
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Archived ones too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, look::EXPERIMENT_FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (mut rows, lsn) = look::experiments(&tracker, arguments.at, context)?;
    let known = rows.len();
    rows.retain(|row| arguments.all || !row.is_archived());
    let hidden = (known - rows.len()) as u64;
    let sheet = Sheet {
        fields: look::EXPERIMENT_FIELDS,
        items: rows.iter().map(ExperimentRow::item).collect(),
        envelope: Envelope {
            total: rows.len() as u64,
            lsn,
            next: Value::Null,
        },
        people: People::Table(table(&rows, hidden, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn table(rows: &[ExperimentRow], hidden: u64, now_ns: i64) -> Table {
    let columns = vec![
        Column::number("id"),
        Column::text("experiment"),
        Column::text("state"),
        Column::number("runs"),
        Column::text("goal"),
        Column::text("created"),
    ];
    let cells = |row: &ExperimentRow| {
        vec![
            row.id.to_string().into(),
            row.name.clone().into(),
            row.state.to_string().into(),
            row.runs.to_string().into(),
            row.goal_text().into(),
            ago(row.created_ns, now_ns).into(),
        ]
    };
    let mut notes = vec![counted(rows.len() as u64, "experiment")];
    if hidden > 0 {
        notes.push(format!("{hidden} archived ones are hidden (--all)"));
    }
    Table {
        columns,
        rows: rows.iter().map(cells).collect(),
        notes,
    }
}
