//! `mltrack artifact restore`: brings back artifacts that were removed.

use crate::artifact::{FIELDS, Versions, counted_bytes, named, print_all};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, list_fields};
use crate::rm::lsn_of;
use crate::store;

/// Bring back removed artifacts
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Paths, folders and patterns, with @v2 behind a path for one version of it
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifacts = named(&tracker, row.run_id, &arguments.paths, Versions::Removed)?;
    let what = counted_bytes(&artifacts);
    if arguments.dry_run {
        context.note(&format!("would restore {what} of run {}", row.title()));
        return Ok(Exit::Done);
    }
    let lsn = lsn_of(tracker.restore_artifacts(&artifacts)?).unwrap_or_default();
    context.note(&format!("restored {what}; undo: mltrack undo {lsn}"));
    print_all(&artifacts, &tracker, &arguments.output, context)?;
    Ok(Exit::Done)
}
