//! `mltrack snapshot rm`: snapshots off the disk.
//!
//! Invariant: no answer changes. What they hold is in the log, and is folded again when it is asked for.

use std::fs;
use std::io;

use mltrack::SnapshotFile;
use serde_json::Value;

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, file_failure};
use crate::output::items::Envelope;
use crate::output::quantity::{bytes, counted};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::snapshot_ls::lsn_of;
use crate::{look, store};

/// Remove snapshots; no answer changes, the next ones take longer
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct Arguments {
    /// Those up to these records, as `snapshot ls` names them
    #[arg(value_name = "LSN", group = "which")]
    lsns: Vec<u64>,
    /// All of them
    #[arg(long, group = "which")]
    all: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "bytes", "path"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let mut chosen = tracker.snapshots();
    if !arguments.all {
        let known: Vec<u64> = chosen.iter().map(lsn_of).collect();
        if let Some(lsn) = arguments.lsns.iter().find(|lsn| !known.contains(lsn)) {
            return Err(Failure::new(
                mltrack::Code::NotFound,
                format!("no snapshot goes up to lsn {lsn}"),
            )
            .hint("mltrack snapshot ls")
            .into());
        }
        chosen.retain(|snapshot| arguments.lsns.contains(&lsn_of(snapshot)));
    }
    let total = bytes(chosen.iter().map(|snapshot| snapshot.bytes).sum());
    let what = format!(
        "remove {}, {total}",
        counted(chosen.len() as u64, "snapshot")
    );
    if !chosen.is_empty() && !arguments.consent.given(&what, context)? {
        return Ok(Exit::Done);
    }
    for snapshot in &chosen {
        match fs::remove_file(&snapshot.path) {
            // Somebody else was as fast.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(file_failure("remove", &snapshot.path, &error).into());
            }
            _ => {}
        }
    }
    let sheet = Sheet {
        fields: FIELDS,
        items: chosen.iter().map(item).collect(),
        envelope: Envelope {
            total: chosen.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Text(format!(
            "  removed {}, {total}\n",
            counted(chosen.len() as u64, "snapshot")
        )),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(snapshot: &SnapshotFile) -> Vec<Value> {
    vec![
        lsn_of(snapshot).into(),
        snapshot.bytes.into(),
        snapshot.path.display().to_string().into(),
    ]
}
