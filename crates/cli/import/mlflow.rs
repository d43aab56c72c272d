//! `mltrack import mlflow`: a store of `MLflow`'s.

use mltrack_import::Mlflow;

use super::Common;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

#[derive(Debug, clap::Args)]
#[command(
    about = "Bring in an MLflow store",
    after_help = "\
  mltrack import mlflow mlruns --dry-run
  mltrack import mlflow sqlite:///mlflow.db
  mltrack import mlflow mlruns --copy --map Default=scratch

Experiments, runs and what they logged; artifacts stay where they are unless --copy is given. Repeated, it adds only
what is new; mltrack rm takes a run back."
)]
pub struct Arguments {
    #[arg(
        value_name = "DIR|sqlite:///FILE",
        help = "A folder such as mlruns, or a database that MLflow keeps in SQLite"
    )]
    place: String,
    /// Copy artifacts, instead of recording where they are
    #[arg(long)]
    copy: bool,
    #[command(flatten)]
    common: Common,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.common.lists_fields()? {
        return Ok(Exit::Done);
    }
    let mut source = Mlflow::open(&arguments.place, arguments.copy)?;
    arguments.common.bring(&mut source, false, context)
}
