//! `mltrack run start`: begins a run that stays running until `run end`.

use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look;
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::{pairs, store};

/// Begin a detached run: it stays running until `run end`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The experiment, made when there is none of this name
    #[arg(value_name = "EXP")]
    experiment: String,
    /// A parameter: a JSON scalar keeps its type, everything else is text
    #[arg(short, long = "param", value_name = "K=V", value_parser = pairs::parameter)]
    param: Vec<(String, Value)>,
    /// A tag
    #[arg(short, long = "tag", value_name = "K=V", value_parser = pairs::split)]
    tag: Vec<(String, String)>,
    /// A name, instead of one that is made up
    #[arg(long)]
    name: Option<String>,
    /// The run it is a part of
    #[arg(long, value_name = "RUN")]
    parent: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["id"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    if arguments.dry_run {
        context.note(&format!("would start a run of {:?}", arguments.experiment));
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_begin_for_others(context)?;
    let mut builder = tracker
        .experiment(&arguments.experiment)?
        .run()
        .detached(true);
    for (name, value) in &arguments.param {
        builder = builder.param(name, value);
    }
    for (name, value) in &arguments.tag {
        builder = builder.tag(name, value);
    }
    if let Some(name) = &arguments.name {
        builder = builder.name(name);
    }
    if let Some(parent) = &arguments.parent {
        builder = builder.parent_id(tracker.find_run(parent)?);
    }
    let run = builder.start()?;
    let id = run.id().to_string();
    let people = format!(
        "run {} of {} is running; feed it with\n  mltrack run log {} loss=0.5\nand end it with\n  mltrack run end {}\n",
        run.number(),
        arguments.experiment,
        run.id().short(),
        run.id().short()
    );
    let lsn = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, vec![id.into()], lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
