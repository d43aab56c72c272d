//! `mltrack dataset get`: the files of a version of a dataset, written where they are wanted.
//!
//! Invariant: those of `checkout.rs`.

use crate::checkout::{self, Place};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::list_fields;
use crate::store;

/// Write the files of a version to a folder or a file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A version of one file becomes the file DEST; below it goes when DEST is a folder, ends in `/`, or has no extension and the
version was added as a folder. Every byte is checked against the version's digest. What is there already is left alone, so
a command that was stopped goes on when it is repeated.

  mltrack dataset get imagenet@^1.2 data
  mltrack dataset get digits@gold digits.csv")]
pub struct Arguments {
    /// The version: NAME@latest, @v3, @1.2.0, @^1.2, a tag or a digest
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
    let version = tracker.dataset_version(&arguments.selector)?;
    let files = match arguments.checkout.place() {
        Place::Any(to) => version.checkout(to)?,
        Place::Folder(folder) => version.checkout_below(folder)?,
    };
    checkout::write(
        &arguments.checkout,
        (look::end(&tracker)?, &version.selector(), &files),
        context,
    )
}
