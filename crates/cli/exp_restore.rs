//! `mltrack exp restore`: takes an experiment out of the archive.

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::store;

/// Restore an archived experiment
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_name = "EXP")]
    experiment: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let name = &arguments.experiment;
    let experiment = tracker.find_experiment(name)?;
    if arguments.dry_run {
        context.note(&format!("would restore experiment {name:?}"));
        return Ok(Exit::Done);
    }
    experiment.restore()?;
    context.note(&format!(
        "restored experiment {name:?}; undo: mltrack exp archive {name}"
    ));
    Ok(Exit::Done)
}
