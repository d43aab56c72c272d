//! `mltrack dataset rm|restore`: deletes a dataset or removes one version by an event, and brings it back.
//!
//! Invariant: no byte is lost here.

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::counted;
use crate::store;

/// Delete a dataset, or remove one version; restore or undo brings it back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack dataset rm imagenet@v3
  mltrack dataset rm imagenet --yes")]
pub struct Arguments {
    /// A dataset, or one version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    #[command(flatten)]
    consent: Consent,
}

/// Bring a deleted dataset or a removed version back
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// A dataset, or the number of one version
    #[arg(value_name = "NAME[@vN]")]
    selector: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let name = &arguments.selector;
    if name.contains('@') {
        let version = tracker.dataset_version(name)?;
        let name = version.selector();
        let runs = version.users()?.len() as u64;
        let what = format!("remove {name}, which {} took in", counted(runs, "run"));
        if arguments.consent.given(&what, context)? {
            version.remove()?;
            context.note(&format!(
                "removed {name}; undo: mltrack dataset restore {name}"
            ));
        }
        return Ok(Exit::Done);
    }
    let dataset = tracker.find_dataset(name)?;
    let versions = dataset.summary()?.map_or(0, |known| known.versions.len());
    let what = format!(
        "delete dataset {name:?} with {}",
        counted(versions as u64, "version")
    );
    if arguments.consent.given(&what, context)? {
        dataset.delete()?;
        context.note(&format!(
            "deleted dataset {name:?}; undo: mltrack dataset restore {name}"
        ));
    }
    Ok(Exit::Done)
}

pub fn restore(arguments: &RestoreArguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let name = &arguments.selector;
    if arguments.dry_run {
        context.note(&format!("would bring {name} back"));
        return Ok(Exit::Done);
    }
    match name.split_once("@v") {
        Some((dataset, number)) => {
            let number = number.parse().map_err(|_| {
                Failure::usage(format!("{name:?} names no version by its number"))
                    .hint("mltrack dataset restore NAME@v3")
            })?;
            tracker.find_dataset(dataset)?.restore_version(number)?;
        }
        None => drop(tracker.restore_dataset(name)?),
    }
    context.note(&format!(
        "brought {name} back; undo: mltrack dataset rm {name}"
    ));
    Ok(Exit::Done)
}
