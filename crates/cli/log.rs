//! `mltrack log`: what happened, newest first.

use mltrack::Tracker;
use serde_json::Value;

use crate::context::Context;
use crate::event_line::{EventRow, FIELDS};
use crate::failure::{Exit, Outcome};
use crate::look::{self, EventWish};
use crate::moment::Moment;
use crate::output::items::Envelope;
use crate::output::quantity::{ago, counted};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Browse what happened, newest first
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only events of this run or experiment
    #[arg(value_name = "RUN|EXP")]
    about: Option<String>,
    /// Metric points, too
    #[arg(long)]
    points: bool,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only events since then
    #[arg(long, value_name = "LSN|TIME|-10m", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// Only events before then
    #[arg(long, value_name = "LSN|TIME|-10m", allow_hyphen_values = true)]
    until: Option<Moment>,
    /// Only so many
    #[arg(short, value_name = "N")]
    n: Option<usize>,
    #[command(flatten)]
    output: OutputArguments,
}

/// Types of events that a training loop writes at every step.
const POINT_TYPES: [&str; 5] = [
    "metrics_logged",
    "metric_batch_logged",
    "metric_defined",
    "metric_set_defined",
    "histogram_logged",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (rows, hidden) = events(&tracker, arguments, context)?;
    let lsn = look::end(&tracker)?;
    let sheet = Sheet {
        fields: FIELDS,
        items: rows.iter().map(EventRow::item).collect(),
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

/// The newest events that are asked for, and how many points were left out.
fn events(
    tracker: &Tracker,
    arguments: &Arguments,
    context: &Context,
) -> Outcome<(Vec<EventRow>, u64)> {
    let wish = EventWish {
        about: arguments.about.as_deref(),
        types: &arguments.types,
        from: arguments.from.unwrap_or(Moment::Start),
        until: arguments.until,
    };
    let with_points = arguments.points || !arguments.types.is_empty();
    let kept_max = arguments.n.unwrap_or(usize::MAX);
    let mut kept = std::collections::VecDeque::new();
    let mut hidden = 0;
    for event in look::events(tracker, &wish, context)? {
        let event = event?;
        if !with_points && POINT_TYPES.contains(&event.type_name.as_str()) {
            hidden += 1;
            continue;
        }
        kept.push_front(event);
        kept.truncate(kept_max);
    }
    Ok((kept.into(), hidden))
}

fn table(rows: &[EventRow], hidden: u64, now_ns: i64) -> Table {
    let columns = vec![
        Column::number("lsn"),
        Column::text("when"),
        Column::text("run"),
        Column::text("experiment"),
        Column::text("what"),
    ];
    let cells = |row: &EventRow| {
        vec![
            row.lsn.to_string().into(),
            ago(row.time_ns, now_ns).into(),
            row.run.as_ref().map_or("", |(_, short)| short).into(),
            row.experiment.as_deref().unwrap_or("").into(),
            row.summary().into(),
        ]
    };
    let mut notes = vec![counted(rows.len() as u64, "event")];
    if hidden > 0 {
        notes.push(format!(
            "{} of metrics hidden (--points)",
            counted(hidden, "event")
        ));
    }
    Table {
        columns,
        rows: rows.iter().map(cells).collect(),
        notes,
    }
}
