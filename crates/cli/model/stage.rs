//! `mltrack model stage`: moves a version of a model to another stage.

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::store;

/// Move a version to a stage: None, Staging, Production or Archived
#[derive(Debug, clap::Args)]
#[command(after_help = "  mltrack model stage resnet@v7 production")]
pub struct Arguments {
    /// The version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// The stage, in any case of letters
    #[arg(value_name = "STAGE")]
    stage: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let version = tracker.model_version(&arguments.selector)?;
    let (name, from) = (version.selector(), &version.stage);
    if arguments.dry_run {
        context.note(&format!(
            "would move {name} from {from} to {}",
            arguments.stage
        ));
        return Ok(Exit::Done);
    }
    context.note(&match version.move_to(&arguments.stage)? {
        Some(lsn) => {
            let stage = tracker.model_version(&name)?.stage.clone();
            format!("moved {name} from {from} to {stage}; undo: mltrack undo {lsn}")
        }
        None => format!("{name} is in {from} already"),
    });
    Ok(Exit::Done)
}
