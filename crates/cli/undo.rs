//! `mltrack undo`: takes an operation back, by an event that names it.
//!
//! Invariant: what it says it did is what the log says it did; how to take the undo back stands below it.

use std::time::Duration;

use mltrack::{Lsn, Undone};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::moment::Length;
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::{look, store};

/// Take back what was done last, or what a record did
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without LSN it takes back your last operation that is not undone yet; again, it goes further back.
Undoing an undo does it again. Metric points stay. `mltrack op log` lists what there is to undo.
It ends with 3 when there is nothing to undo, and with 8 when it is too old, purged, or something was built upon it.")]
pub struct Arguments {
    /// The operation that this record is a part of
    #[arg(value_name = "LSN")]
    lsn: Option<Lsn>,
    /// How old it may be [default: 30d]
    #[arg(long, value_name = "LENGTH")]
    window: Option<Length>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "undoes", "what", "did", "remarks", "run"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let mut undo = match arguments.lsn {
        Some(lsn) => tracker.undo(lsn),
        None => tracker.undo_last(),
    };
    if let Some(Length(window)) = arguments.window {
        undo = undo.window(window.max(Duration::from_secs(1)));
    }
    let Some(undone) = undo.dry_run(arguments.dry_run).apply()? else {
        return Err(Failure::usage("recording is switched off").into());
    };
    let sheet = Sheet::of_one(
        FIELDS,
        item(&undone),
        look::end(&tracker)?,
        text(&undone, arguments.dry_run),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    if let Some(lsn) = undone.lsn {
        context.note(&format!("undo: mltrack undo {lsn}"));
    }
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(undone: &Undone) -> Vec<Value> {
    vec![
        json!(undone.lsn.map(Lsn::get)),
        undone.operation.first.get().into(),
        undone.what.as_str().into(),
        undone.operation.what.as_str().into(),
        json!(undone.remarks),
        json!(undone.operation.run.map(|run| run.to_string())),
    ]
}

fn text(undone: &Undone, is_dry_run: bool) -> String {
    let begin = if is_dry_run { "would take" } else { "took" };
    let operation = &undone.operation;
    let mut text = format!(
        "  {begin} back {}: {}\n  {}\n",
        operation.first, operation.what, undone.what
    );
    for remark in &undone.remarks {
        push_line(&mut text, &format!("  {remark}"));
    }
    text
}
