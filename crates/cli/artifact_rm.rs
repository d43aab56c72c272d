//! `mltrack artifact rm`: removes artifacts by an event, so that they can be brought back.
//!
//! Invariant: no byte is lost here; bytes go with `gc` only.

use crate::artifact::{FIELDS, Versions, counted_bytes, named, print_all};
use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, list_fields};
use crate::rm::lsn_of;
use crate::store;

/// Remove artifacts; they can be brought back until gc
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact rm @last model.pt@v1
  mltrack artifact rm @last 'ckpt/*' --dry-run
  mltrack artifact restore @last 'ckpt/*'

A path without a version means every version of it.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Paths, folders and patterns, with @v2 behind a path for one version of it
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifacts = named(&tracker, row.run_id, &arguments.paths, Versions::Every)?;
    if artifacts.is_empty() {
        return Err(Failure::usage("nothing is named")
            .hint("mltrack artifact ls RUN")
            .into());
    }
    let what = format!(
        "remove {} of run {}",
        counted_bytes(&artifacts),
        row.title()
    );
    if !arguments.consent.given(&what, context)? {
        return Ok(Exit::Done);
    }
    let lsn = lsn_of(tracker.remove_artifacts(&artifacts)?).unwrap_or_default();
    context.note(&format!(
        "removed {}; undo: mltrack undo {lsn}",
        counted_bytes(&artifacts)
    ));
    print_all(&artifacts, &tracker, &arguments.output, context)?;
    Ok(Exit::Done)
}
