//! `mltrack snapshot ls`: the snapshots that answers go on from.

use mltrack::SnapshotFile;
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::items::Envelope;
use crate::output::quantity::{bytes, counted, grouped};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List snapshots, newest first
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "bytes", "path"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let snapshots = tracker.snapshots();
    let sheet = Sheet {
        fields: FIELDS,
        items: snapshots.iter().map(item).collect(),
        envelope: Envelope {
            total: snapshots.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(&snapshots)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// The last record that is part of it.
pub fn lsn_of(snapshot: &SnapshotFile) -> u64 {
    snapshot.next.get() - 1
}

/// In the order of [`FIELDS`].
fn item(snapshot: &SnapshotFile) -> Vec<Value> {
    vec![
        lsn_of(snapshot).into(),
        snapshot.bytes.into(),
        snapshot.path.display().to_string().into(),
    ]
}

fn table(snapshots: &[SnapshotFile]) -> Table {
    let cells = |snapshot: &SnapshotFile| {
        let name = snapshot.path.file_name().unwrap_or_default();
        vec![
            grouped(lsn_of(snapshot)).into(),
            bytes(snapshot.bytes).into(),
            name.to_string_lossy().into_owned().into(),
        ]
    };
    let total = snapshots.iter().map(|snapshot| snapshot.bytes).sum();
    let count = counted(snapshots.len() as u64, "snapshot");
    Table {
        columns: vec![
            Column::number("lsn"),
            Column::number("size"),
            Column::text("file"),
        ],
        rows: snapshots.iter().map(cells).collect(),
        notes: vec![format!("{count}, {}", bytes(total))],
    }
}
