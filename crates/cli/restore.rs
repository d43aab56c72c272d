//! `mltrack restore`: brings back what was deleted.

use mltrack::{ExperimentSummary, RunSummary, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::{OutputArguments, list_fields};
use crate::rm::{FIELDS, Thing, lsn_of, print_things};
use crate::{look, store};

/// Bring back deleted runs and experiments
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A deleted run: its id's beginning, its name, EXP/12; or a deleted experiment: its name or id
    #[arg(value_name = "RUN|EXP", required = true)]
    names: Vec<String>,
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
    let runs = tracker.runs().only_deleted().fetch()?.items;
    let mut experiments = tracker
        .experiments()
        .with_archived()
        .with_deleted()
        .fetch()?
        .items;
    experiments.retain(|experiment| experiment.is_deleted);
    let things: Result<Vec<Thing>, Failure> = arguments
        .names
        .iter()
        .map(|name| deleted(name, &runs, &experiments))
        .collect();
    let mut items = Vec::new();
    for thing in things? {
        if arguments.dry_run {
            context.note(&format!("would restore {}", thing.words()));
            continue;
        }
        let lsn = restore(&tracker, &thing)?;
        let (words, id) = (thing.words(), thing.id());
        context.note(&format!("restored {words}; undo: mltrack rm {id}"));
        items.push(thing.item(lsn));
    }
    print_things(items, look::end(&tracker)?, &arguments.output, context)
}

fn restore(tracker: &Tracker, thing: &Thing) -> Outcome<Option<u64>> {
    match thing {
        Thing::Run { id, .. } => Ok(lsn_of(tracker.restore_run(*id)?)),
        Thing::Experiment { id, .. } => {
            tracker.experiment_by_id(*id)?.restore()?;
            Ok(None)
        }
    }
}

/// What a name means among what is deleted.
fn deleted(
    name: &str,
    runs: &[RunSummary],
    experiments: &[ExperimentSummary],
) -> Result<Thing, Failure> {
    let experiments = experiments.iter().filter(|it| is_experiment(it, name));
    let runs = runs.iter().filter(|run| look::names_run(run, name));
    let mut things: Vec<Thing> = experiments
        .map(|known| Thing::Experiment {
            id: known.id,
            name: known.name.clone(),
        })
        .chain(runs.map(|run| Thing::Run {
            id: run.id,
            title: format!("{} {}", run.id.short(), run.name),
        }))
        .collect();
    match (things.pop(), things.len()) {
        (Some(thing), 0) => Ok(thing),
        (None, _) => Err(Failure::new(
            mltrack::Code::NotFound,
            format!("nothing that is deleted is called {name:?}"),
        )
        .hint("mltrack op log")),
        (Some(last), _) => {
            things.push(last);
            let names: Vec<String> = things
                .iter()
                .map(|thing| format!("{} ({})", thing.words(), thing.id()))
                .collect();
            Err(
                Failure::usage(format!("{name:?} can mean several things that are deleted"))
                    .cause(names.join("; "))
                    .hint("name it by its whole id"),
            )
        }
    }
}

fn is_experiment(experiment: &ExperimentSummary, name: &str) -> bool {
    experiment.name == name || experiment.id.to_string() == name
}
