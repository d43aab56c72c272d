//! `mltrack dataset ..`: datasets, their versions, and which runs took them in.
//!
//! Invariant: what a command changed is named with what takes it back.

mod add;
mod diff;
pub mod get;
mod list;
mod new;
mod remove;
mod sample;
mod show;
pub mod split;
mod tag;
mod take;

use mltrack::{DatasetSummary, DatasetVersionSummary};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Outcome;
use crate::output::quantity::{rfc3339, time_value};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    New(new::Arguments),
    Ls(list::Arguments),
    Show(show::Arguments),
    Add(add::Arguments),
    Get(get::Arguments),
    Use(take::Arguments),
    Tag(tag::Arguments),
    Rm(remove::Arguments),
    Restore(remove::RestoreArguments),
    Sample(sample::Arguments),
    Split(split::Arguments),
    Diff(diff::Arguments),
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::New(arguments) => new::run(arguments, context),
        Command::Ls(arguments) => list::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
        Command::Add(arguments) => add::run(arguments, context),
        Command::Get(arguments) => get::run(arguments, context),
        Command::Use(arguments) => take::run(arguments, context),
        Command::Tag(arguments) => tag::run(arguments, context),
        Command::Rm(arguments) => remove::run(arguments, context),
        Command::Restore(arguments) => remove::restore(arguments, context),
        Command::Sample(arguments) => sample::run(arguments, context),
        Command::Split(arguments) => split::run(arguments, context),
        Command::Diff(arguments) => diff::run(arguments, context),
    }
}

/// What a version says of itself; the runs that took it in are added by who asks.
const VERSION_FIELDS: &[&str] = &[
    "selector",
    "dataset",
    "number",
    "version",
    "digest",
    "source",
    "kept",
    "bytes",
    "rows",
    "schema",
    "profile",
    "parents",
    "transformation",
    "run",
    "sampling",
    "tags",
    "actor",
    "added",
    "lsn",
    "removed",
    "runs",
];

/// In the order of [`VERSION_FIELDS`].
fn version_item(
    dataset: &DatasetSummary,
    row: &DatasetVersionSummary,
    parents: Vec<String>,
    runs: Vec<Value>,
) -> Vec<Value> {
    vec![
        format!("{}@v{}", dataset.name, row.number).into(),
        dataset.name.clone().into(),
        row.number.into(),
        row.version.clone().into(),
        row.digest.clone().into(),
        row.source.clone().into(),
        row.content.is_some().into(),
        row.len.into(),
        row.rows.into(),
        document(&row.schema),
        document(&row.profile),
        parents.into(),
        row.transformation.clone().into(),
        row.run.map(|run| run.to_string()).into(),
        document(&row.sampling),
        json!(row.tags),
        row.actor.clone().into(),
        rfc3339(row.time_ns).into(),
        row.lsn.get().into(),
        time_value(row.removed.map(|stamp| stamp.time_ns)),
        runs.into(),
    ]
}

/// JSON text as the value it is; null where nothing is said.
pub fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

/// Tags as a person writes them: a plain one is its key alone.
pub fn tag_words<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let words = tags.into_iter().map(|(key, value)| {
        if value.is_empty() {
            key.clone()
        } else {
            format!("{key}={value}")
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `KEY` or `KEY=VALUE`.
pub fn tag(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some(("", _)) => Err(format!(
            "{word:?} has no key: give a tag as KEY or KEY=VALUE"
        )),
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Ok((word.to_owned(), String::new())),
    }
}
