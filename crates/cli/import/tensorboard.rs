//! `mltrack import tensorboard`: a folder of event files.

use std::path::PathBuf;

use mltrack_import::TensorBoard;

use super::Following;
use crate::context::Context;
use crate::failure::Outcome;

#[derive(Debug, clap::Args)]
#[command(
    about = "Bring in TensorBoard event files",
    after_help = "\
  mltrack import tensorboard runs/ --dry-run
  mltrack import tensorboard runs/ --into resnet
  mltrack import tensorboard runs/ --follow

Every folder with event files is a run, named by its path. Repeated, it adds only what is new; mltrack rm takes a run
back."
)]
pub struct Arguments {
    #[arg(
        value_name = "DIR",
        help = "What TensorBoard gets as --logdir, or one event file"
    )]
    folder: PathBuf,
    #[command(flatten)]
    following: Following,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let open = |follows| TensorBoard::open(&arguments.folder, follows);
    arguments.following.bring(open, context)
}
