//! `mltrack import wandb`: the files of Weights & Biases.

use std::path::PathBuf;

use mltrack_import::Wandb;

use super::Common;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

#[derive(Debug, clap::Args)]
#[command(
    about = "Bring in W&B runs from their .wandb files",
    after_help = "\
  mltrack import wandb wandb/ --dry-run
  mltrack import wandb wandb/ --into resnet
  mltrack import wandb wandb/ --follow

Every .wandb file is a run, offline or not; nothing is asked of W&B's servers. Repeated, it adds only what is new;
mltrack rm takes a run back."
)]
pub struct Arguments {
    #[arg(
        value_name = "DIR|FILE.wandb",
        help = "The folder wandb, that of one run, or a .wandb file"
    )]
    place: PathBuf,
    /// Go on with what is written there until Ctrl-C; runs that have not ended stay running until then
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.common.lists_fields()? {
        return Ok(Exit::Done);
    }
    let mut source = Wandb::open(&arguments.place, arguments.follow)?;
    arguments
        .common
        .bring(&mut source, arguments.follow, context)
}
