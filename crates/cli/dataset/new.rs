//! `mltrack dataset new`: makes a dataset before its first version.

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Make a dataset
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// A tag
    #[arg(short, long = "tag", value_name = "K[=V]", value_parser = super::tag)]
    tag: Vec<(String, String)>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["id", "name"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let name = &arguments.name;
    if arguments.dry_run {
        context.note(&format!("would make dataset {name:?}"));
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_begin(context)?;
    let mut new = tracker
        .new_dataset(name)
        .description(&arguments.description);
    for (key, value) in &arguments.tag {
        new = new.tag(key, value);
    }
    let id = new.create()?.id().to_string();
    context.note(&format!(
        "made dataset {name:?}; undo: mltrack dataset rm {name}"
    ));
    let people = format!("add a version with\n  mltrack dataset add {name} PATH\n");
    let item = vec![id.into(), name.clone().into()];
    let lsn = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, item, lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
