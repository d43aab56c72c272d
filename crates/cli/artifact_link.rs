//! `mltrack artifact link`: an address under which anybody can fetch an artifact for a while.

use std::time::Duration;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::moment::Length;
use crate::output::quantity::rfc3339;
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Print an address that gives an artifact to anybody until it expires
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact link @last report.html --expires 7d

Only roots in S3 give addresses. Whoever has the address can fetch the artifact.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Its path, with @v2, @latest or @best behind it for another version than the newest
    #[arg(value_name = "PATH")]
    path: String,
    /// How long it can be fetched, from 1s to 7d [default: 1h]
    #[arg(long, value_name = "LENGTH")]
    expires: Option<Length>,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["url", "expires", "path", "version"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifact = tracker.artifact(row.run_id, &arguments.path)?;
    let expires = arguments
        .expires
        .map_or(Duration::from_hours(1), |Length(length)| length);
    let link = tracker.link_artifact(&artifact, expires)?;
    let item = vec![
        link.url.as_str().into(),
        rfc3339(link.expires.0).into(),
        artifact.path.as_str().into(),
        artifact.version.into(),
    ];
    let people = format!("{}\n", link.url);
    print(
        &Sheet::of_one(FIELDS, item, lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
