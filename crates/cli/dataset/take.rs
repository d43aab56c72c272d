//! `mltrack dataset use`: records that a run took in a version.

use mltrack::Split;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Record that a run took in a version of a dataset
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What a run took in is a fact of its history, like its metrics: nothing takes it back.

  mltrack dataset use @last imagenet@^1.2 --split validation")]
pub struct Arguments {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    /// The version; what it means now stays with the run
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// What the run does with it: train, validation, test or any other word
    #[arg(long, value_name = "SPLIT", default_value = "train")]
    split: Split,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["run", "selector", "digest", "split", "lsn"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let version = tracker.dataset_version(&arguments.selector)?;
    let (title, name) = (row.title(), version.selector());
    if arguments.dry_run {
        context.note(&format!("would record that run {title} took in {name}"));
        return Ok(Exit::Done);
    }
    let lsn = tracker.use_dataset(row.run_id, &arguments.selector, &arguments.split)?;
    context.note(&format!("run {title} took in {name} ({})", arguments.split));
    let item = vec![
        row.run_id.to_string().into(),
        name.into(),
        version.digest.clone().into(),
        arguments.split.name().into(),
        lsn.map(mltrack::Lsn::get).into(),
    ];
    let end = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, item, end, String::new()),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
