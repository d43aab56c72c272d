//! `mltrack snapshot verify`: is every snapshot what the log says?

use mltrack::{Code, SnapshotCheck};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look;
use crate::output::items::Envelope;
use crate::output::quantity::{counted, grouped};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::snapshot_ls::lsn_of;
use crate::store;

/// Compare every snapshot with the log, folded from its beginning
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 5 when one differs; it is never believed, and can be removed.")]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "same", "differences", "path"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let checked = tracker.check_snapshots()?;
    let sheet = Sheet {
        fields: FIELDS,
        items: checked.iter().map(item).collect(),
        envelope: Envelope {
            total: checked.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(&checked)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let mut different = checked.iter().filter(|one| !one.differences.is_empty());
    match different.next() {
        None => Ok(Exit::Done),
        Some(one) => Err(Failure::new(
            Code::Corrupt,
            format!(
                "{} of {} not what the log says",
                1 + different.count(),
                counted(checked.len() as u64, "snapshot")
            ),
        )
        .cause(one.differences.join("; "))
        .hint(format!("mltrack snapshot rm {}", lsn_of(&one.kept)))
        .into()),
    }
}

/// In the order of [`FIELDS`].
fn item(checked: &SnapshotCheck) -> Vec<Value> {
    vec![
        lsn_of(&checked.kept).into(),
        checked.differences.is_empty().into(),
        json!(checked.differences),
        checked.kept.path.display().to_string().into(),
    ]
}

fn table(checked: &[SnapshotCheck]) -> Table {
    let cells = |checked: &SnapshotCheck| {
        let state = match checked.differences.first() {
            None => Cell::toned("same", Tone::Good),
            Some(difference) => Cell::toned(format!("different: {difference}"), Tone::Bad),
        };
        vec![grouped(lsn_of(&checked.kept)).into(), state]
    };
    Table {
        columns: vec![Column::number("lsn"), Column::text("state")],
        rows: checked.iter().map(cells).collect(),
        notes: vec![counted(checked.len() as u64, "snapshot")],
    }
}
