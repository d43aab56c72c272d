//! `mltrack backup ls`: what lies in a place.

use mltrack::KeptBackup;
use serde_json::{Value, json};

use super::place;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, bytes, counted, grouped, rfc3339};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};

/// List the backups in a place, the oldest first
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder or an address
    #[arg(value_name = "DST")]
    dst: String,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "id", "time", "lsn", "bytes", "segments", "blobs", "store", "host", "path", "program", "damage",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let kept = place(&arguments.dst)?.list()?;
    let newest = kept
        .last()
        .and_then(|kept| Some(kept.manifest.as_ref()?.lsn));
    let sheet = Sheet {
        fields: FIELDS,
        items: kept.iter().map(item).collect(),
        envelope: Envelope {
            total: kept.len() as u64,
            lsn: newest.unwrap_or(0),
            next: Value::Null,
        },
        people: People::Table(table(&kept, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(kept: &KeptBackup) -> Vec<Value> {
    let manifest = kept.manifest.as_ref();
    let blobs = manifest.and_then(|it| Some(it.artifacts.as_ref()?.count));
    vec![
        kept.id.as_str().into(),
        json!(manifest.map(|it| rfc3339(it.time_ns))),
        json!(manifest.map(|it| it.lsn)),
        json!(manifest.map(mltrack::BackupManifest::len)),
        json!(manifest.map(|it| it.log.len())),
        json!(blobs),
        json!(manifest.map(|it| it.store.clone())),
        json!(manifest.map(|it| it.host.clone())),
        json!(manifest.map(|it| it.path.clone())),
        json!(manifest.map(|it| it.program.clone())),
        json!(kept.flaw),
    ]
}

fn table(kept: &[KeptBackup], now_ns: i64) -> Table {
    Table {
        columns: vec![
            Column::text("backup"),
            Column::text("taken"),
            Column::number("lsn"),
            Column::number("log"),
            Column::number("blobs"),
            Column::text("of"),
        ],
        rows: kept.iter().map(|backup| row(backup, now_ns)).collect(),
        notes: vec![counted(kept.len() as u64, "backup")],
    }
}

fn row(backup: &KeptBackup, now_ns: i64) -> Vec<Cell> {
    let id = backup.id.to_string();
    let Some(it) = &backup.manifest else {
        let flaw = backup.flaw.clone().unwrap_or_default();
        let blank = || Cell::from("");
        return vec![
            id.into(),
            Cell::toned("damaged", Tone::Bad),
            blank(),
            blank(),
            blank(),
            flaw.into(),
        ];
    };
    let blobs = it.artifacts.as_ref();
    vec![
        id.into(),
        ago(it.time_ns, now_ns).into(),
        grouped(it.lsn).into(),
        bytes(it.len()).into(),
        blobs
            .map_or("none".to_owned(), |all| grouped(all.count))
            .into(),
        format!("{}:{}", it.host, it.path).into(),
    ]
}
