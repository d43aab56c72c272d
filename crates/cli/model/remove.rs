//! `mltrack model rm|restore`: deletes a model or removes one version by an event, and brings it back.
//!
//! Invariant: no byte is lost here.

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::counted;
use crate::store;

/// Delete a model, or remove one version; restore or undo brings it back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack model rm resnet@v3
  mltrack model rm resnet --yes")]
pub struct Arguments {
    /// A model, or one version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    #[command(flatten)]
    consent: Consent,
}

/// Bring a deleted model or a removed version back
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// A model, or the number of one version
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
        let version = tracker.model_version(name)?;
        let name = version.selector();
        let runs = version.users()?.len() as u64;
        let what = format!("remove {name}, which {} took in", counted(runs, "run"));
        if arguments.consent.given(&what, context)? {
            version.remove()?;
            context.note(&format!(
                "removed {name}; undo: mltrack model restore {name}"
            ));
        }
        return Ok(Exit::Done);
    }
    let model = tracker.find_model(name)?;
    let versions = model.summary()?.map_or(0, |known| known.versions.len());
    let what = format!(
        "delete model {name:?} with {}",
        counted(versions as u64, "version")
    );
    if arguments.consent.given(&what, context)? {
        model.delete()?;
        context.note(&format!(
            "deleted model {name:?}; undo: mltrack model restore {name}"
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
        Some((model, number)) => {
            let number = number.parse().map_err(|_| {
                Failure::usage(format!("{name:?} names no version by its number"))
                    .hint("mltrack model restore NAME@v3")
            })?;
            tracker.find_model(model)?.restore_version(number)?;
        }
        None => drop(tracker.restore_model(name)?),
    }
    context.note(&format!(
        "brought {name} back; undo: mltrack model rm {name}"
    ));
    Ok(Exit::Done)
}
