//! `mltrack import wandb`: the files of Weights & Biases.

use std::path::PathBuf;

use mltrack_import::Wandb;

use super::Following;
use crate::context::Context;
use crate::failure::Outcome;

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
    #[command(flatten)]
    following: Following,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let open = |follows| Wandb::open(&arguments.place, follows);
    arguments.following.bring(open, context)
}
