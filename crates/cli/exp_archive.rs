//! `mltrack exp archive`: takes an experiment out of sight; nothing is deleted.

use crate::ask;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::store;

/// Archive an experiment: hidden, and closed for new runs
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_name = "EXP")]
    experiment: String,
    #[command(flatten)]
    consent: ask::Consent,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let name = &arguments.experiment;
    let (row, _) = look::experiment(&tracker, name, At::default(), context)?;
    if !arguments.consent.given(
        &format!("archive experiment {name:?} with {} runs", row.runs),
        context,
    )? {
        return Ok(Exit::Done);
    }
    tracker.find_experiment(name)?.archive()?;
    context.note(&format!(
        "archived experiment {name:?}; undo: mltrack exp restore {name}"
    ));
    Ok(Exit::Done)
}
