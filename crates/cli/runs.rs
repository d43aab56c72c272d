//! `mltrack runs`: the table of runs.

pub mod column;
pub mod row;
pub mod sheet;

use mltrack::{RunState, Tracker};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::moment::{Length, before};
use crate::output::items::Envelope;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;
use column::{Column, Sort};
use row::{FIELDS, RunRow};
use sheet::{Choice, table};

/// List runs, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns: loss (last value), loss.min, loss.min@step, =lr (parameter), .started (property);
max, mean, first and count alike.

  mltrack runs resnet -f 'metrics.acc > 0.9' --sort -acc --top 3 --only-changed")]
pub struct Arguments {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    #[command(flatten)]
    pick: Pick,
    /// Sort by a column; - before it for largest first
    #[arg(long, value_name = "[-]COL", allow_hyphen_values = true)]
    sort: Option<Sort>,
    /// Show only so many
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Columns of the table, instead of the usual ones
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    cols: Vec<Column>,
    /// Leave out parameters that are equal in all runs
    #[arg(long, conflicts_with = "cols")]
    only_changed: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Pick {
    /// Only runs that match: see `mltrack help filters`
    #[arg(short, long, value_name = "FILTER")]
    filter: Option<String>,
    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Option<RunState>,
    /// Only runs started within this length of time, such as 2d
    #[arg(long, value_name = "LENGTH")]
    since: Option<Length>,
}

fn parse_state(text: &str) -> Result<RunState, String> {
    text.parse()
        .map_err(|error: <RunState as std::str::FromStr>::Err| error.to_string())
}

/// Rows, and the lsn up to which they answer.
pub struct Found {
    pub rows: Vec<RunRow>,
    pub lsn: u64,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let Found { mut rows, lsn } = find(
        &tracker,
        arguments.experiment.as_deref(),
        &arguments.pick,
        arguments.at,
        context,
    )?;
    let now_ns = context.started_ns;
    if let Some(sort) = &arguments.sort {
        rows.sort_by(|a, b| sort.compare(a, b, now_ns));
    }
    let total = rows.len() as u64;
    rows.truncate(arguments.top.unwrap_or(usize::MAX));
    let choice = Choice {
        columns: arguments.cols.clone(),
        only_changed: arguments.only_changed,
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: rows.iter().map(RunRow::item).collect(),
        envelope: Envelope {
            total,
            lsn,
            next: Value::Null,
        },
        people: People::Table(table(&rows, total, &choice, now_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// Newest first.
pub fn find(
    tracker: &Tracker,
    experiment: Option<&str>,
    pick: &Pick,
    at: At,
    context: &Context,
) -> Outcome<Found> {
    let mut found = look::runs(tracker, experiment, pick.filter.as_deref(), at, context)?;
    if let Some(state) = pick.state {
        found.rows.retain(|row| row.state == state);
    }
    if let Some(Length(length)) = pick.since {
        let since_ns = before(context.started_ns, length);
        found.rows.retain(|row| {
            row.started_ns
                .is_some_and(|started_ns| started_ns >= since_ns)
        });
    }
    Ok(found)
}
