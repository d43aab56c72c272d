//! `mltrack model get`: the files of a version of a model, written below a folder.
//!
//! Invariant: those of `checkout.rs`.

use crate::checkout::{self, Place};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::list_fields;
use crate::store;

/// Write the files of a version into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Artifacts keep their paths, files that were stored with the version theirs. What is there already is left alone, so a
command that was stopped goes on when it is repeated.

  mltrack model get resnet@prod weights")]
pub struct Arguments {
    /// The version: NAME@latest, @v7, @1.2.0, @^1.2, an alias, a stage or a tag
    #[arg(value_name = "NAME[@VERSION]")]
    pub selector: String,
    #[command(flatten)]
    pub checkout: checkout::Arguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.checkout.output, checkout::FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let version = tracker.model_version(&arguments.selector)?;
    let (Place::Any(folder) | Place::Folder(folder)) = arguments.checkout.place();
    let files = version.checkout(folder)?;
    checkout::write(
        &arguments.checkout,
        (look::end(&tracker)?, &version.selector(), &files),
        context,
    )
}
