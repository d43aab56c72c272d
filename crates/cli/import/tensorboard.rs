//! `mltrack import tensorboard`: a folder of event files.

use std::path::PathBuf;

use mltrack_import::TensorBoard;

use super::Common;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

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
    /// Go on with what is written there until Ctrl-C; the runs stay running until then
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.common.lists_fields()? {
        return Ok(Exit::Done);
    }
    let mut source = TensorBoard::open(&arguments.folder, arguments.follow)?;
    arguments
        .common
        .bring(&mut source, arguments.follow, context)
}
