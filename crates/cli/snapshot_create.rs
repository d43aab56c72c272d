//! `mltrack snapshot create`: what is known now as a file that later answers go on from.

use mltrack::Lsn;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Write a snapshot of what the log says now
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Snapshots are written without being asked for, too. They make opening and looking back fast, and hold nothing that the
log does not: all of them can be removed at any time.")]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "bytes", "path", "runs", "took_s", "kept"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let Some(report) = tracker.snapshot()? else {
        return Err(Failure::usage("recording is switched off").into());
    };
    let lsn = report.lsn.map_or(0, Lsn::get);
    let item = vec![
        lsn.into(),
        report.bytes.into(),
        report.path.display().to_string().into(),
        report.runs.into(),
        report.took.as_secs_f64().into(),
        report.kept.into(),
    ];
    let people = format!(
        "  snapshot up to lsn {}: {}, {} in {}\n  {}\n",
        grouped(lsn),
        counted(report.runs, "run"),
        bytes(report.bytes),
        took(report.took.as_nanos() as i64),
        report.path.display(),
    );
    print(
        &Sheet::of_one(FIELDS, item, lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
