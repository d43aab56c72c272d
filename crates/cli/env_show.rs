//! `mltrack env show`: on what machine and from which code a run ran.

use std::io::Write as _;

use mltrack::{Environment, Reproducible, Tracker};
use serde_json::{Value, json};

use crate::context::Context;
use crate::env_diff::captured;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::{bytes, rfc3339};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::{look, store};

/// Show the environment that a run was started in: machine, program, code
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack env show @last
  mltrack env show 3fe9 --json=document
  mltrack env show 3fe9 --patch | git apply --stat")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    /// Only the patch of what was not committed
    #[arg(long, conflicts_with = "form")]
    patch: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "run",
    "captured",
    "reproducible",
    "summary",
    "left_out",
    "documents",
    "document",
    "packages",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let environment = captured(&tracker, &arguments.run)?;
    if arguments.patch {
        let patch = tracker.environment_patch(&environment)?;
        let patch = patch.ok_or_else(|| {
            Failure::new(mltrack::Code::NotFound, "the run kept no patch")
                .cause("everything was committed when it began, or its code was not recorded")
        })?;
        let mut sink = arguments.output.sink()?;
        sink.write_all(&patch)?;
        sink.keep()?;
        return Ok(Exit::Done);
    }
    let sheet = Sheet::of_one(
        FIELDS,
        item(&tracker, &environment)?,
        look::end(&tracker)?,
        text(&environment),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(tracker: &Tracker, environment: &Environment) -> Outcome<Vec<Value>> {
    let documents = environment.documents.iter();
    let documents: serde_json::Map<String, Value> = documents
        .map(|(name, artifact)| (name.clone(), artifact.path.clone().into()))
        .collect();
    Ok(vec![
        environment.run.to_string().into(),
        rfc3339(environment.captured.0).into(),
        word(environment.reproducible).into(),
        json!(environment.summary),
        json!(environment.left_out),
        documents.into(),
        tracker
            .environment_document(environment)?
            .unwrap_or_default(),
        tracker
            .environment_dependencies(environment)?
            .unwrap_or_default(),
    ])
}

/// Whether the code can be restored, in a word.
pub fn word(reproducible: Reproducible) -> &'static str {
    match reproducible {
        Reproducible::Full => "full",
        Reproducible::Partial => "partial",
        Reproducible::No => "no",
    }
}

fn text(environment: &Environment) -> String {
    let mut text = String::new();
    let width = environment.summary.keys().map(String::len).max();
    let width = width.unwrap_or_default().max("reproducible".len()) + 2;
    let mut line =
        |name: &str, value: &str| push_line(&mut text, &format!("  {name:width$}{value}"));
    line("reproducible", word(environment.reproducible));
    for (name, value) in &environment.summary {
        line(name, value);
    }
    for (name, artifact) in &environment.documents {
        line(
            name,
            &format!("{} ({})", artifact.path, bytes(artifact.len)),
        );
    }
    for file in &environment.left_out {
        line("left out", file);
    }
    text
}
