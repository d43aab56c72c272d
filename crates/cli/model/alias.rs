//! `mltrack model alias`: lets a word name a version of a model.

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::store;

/// Let an alias name a version, or take the alias away
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack model alias resnet@v7 prod
  mltrack model alias resnet prod --remove")]
pub struct Arguments {
    /// The version that it names; with --remove, the model
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// The alias
    #[arg(value_name = "ALIAS")]
    alias: String,
    /// Take the alias away
    #[arg(long)]
    remove: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let (selector, alias) = (&arguments.selector, &arguments.alias);
    let name = selector.split('@').next().unwrap_or_default();
    let model = tracker.find_model(name)?;
    if arguments.remove {
        if selector.contains('@') {
            return Err(
                Failure::usage("an alias is taken from a model, not from a version")
                    .hint(format!("mltrack model alias {name} {alias} --remove"))
                    .into(),
            );
        }
        if arguments.dry_run {
            context.note(&format!("would take the alias {alias} from {name}"));
        } else if let Some(lsn) = model.remove_alias(alias)? {
            context.note(&format!(
                "took the alias {alias} from {name}; undo: mltrack undo {lsn}"
            ));
        }
        return Ok(Exit::Done);
    }
    let version = tracker.model_version(selector)?;
    let named = version.selector();
    if arguments.dry_run {
        context.note(&format!("would let {alias} name {named}"));
        return Ok(Exit::Done);
    }
    context.note(&match model.set_alias(alias, version.number)? {
        Some(lsn) => format!("{alias} names {named}; undo: mltrack undo {lsn}"),
        None => format!("{alias} names {named} already"),
    });
    Ok(Exit::Done)
}
