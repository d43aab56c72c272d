//! `mltrack export runs|metrics|events|all`: everything, for other programs.
//!
//! Invariants: events and points are written as they are read, so a log of any size needs little memory; a file or a
//! folder that is named is what it was, or whole.

mod all;
mod events;
mod metrics;
mod runs;
mod target;

use mltrack::{Lsn, RunSummary, Tracker};

use crate::context::Context;
use crate::failure::Outcome;
use crate::look::At;
use crate::runs::pick::{Pick, Wish, summaries};
pub use target::stop;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Runs(runs::Arguments),
    Metrics(metrics::Arguments),
    Events(events::Arguments),
    All(all::Arguments),
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Runs(arguments) => runs::run(arguments, context),
        Command::Metrics(arguments) => metrics::run(arguments, context),
        Command::Events(arguments) => events::run(arguments, context),
        Command::All(arguments) => all::run(arguments, context),
    }
}

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Debug, clap::Args)]
struct Which {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    #[command(flatten)]
    pick: Pick,
    /// Deleted ones as well, until `gc` purges them
    #[arg(long)]
    deleted: bool,
    #[command(flatten)]
    at: At,
}

/// Runs, oldest first, and the record up to which the answer goes.
struct Picked {
    runs: Vec<RunSummary>,
    lsn: Option<Lsn>,
}

impl Which {
    fn pick(&self, tracker: &Tracker, context: &Context) -> Outcome<Picked> {
        let wish = Wish {
            experiment: self.experiment.as_deref(),
            pick: self.pick.clone(),
            at: self.at,
            with_deleted: self.deleted,
            ..Wish::default()
        };
        let page = summaries(tracker, &wish, context)?;
        for remark in &page.notes {
            context.note(remark);
        }
        let mut runs = page.items;
        runs.reverse();
        Ok(Picked {
            runs,
            lsn: page.lsn,
        })
    }
}
