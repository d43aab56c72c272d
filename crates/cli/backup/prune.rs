//! `mltrack backup prune`: old backups away, and what only they needed.

use mltrack::{BackupId, PrunedBackups};
use serde_json::{Value, json};

use super::{Teller, place};
use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::quantity::{bytes, counted};
use crate::output::{OutputArguments, Sheet, list_fields, print};

/// Remove all but the newest backups of each store, and the parts that only they needed
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A folder or an address
    #[arg(value_name = "DST")]
    dst: String,
    /// So many stay, of each store
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Go on where another machine's claim of a bucket is in the way, when it is known to be gone
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["removed", "kept", "objects", "freed_bytes", "dry_run"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = place(&arguments.dst)?;
    let teller = Teller::new(context);
    let keep = arguments.keep as usize;
    let prune = |is_dry_run| {
        let told = |at| teller.tell(at);
        place.prune(keep, is_dry_run, arguments.take_over, &told)
    };
    let mut pruned = prune(true)?;
    let is_something = !pruned.removed.is_empty() || pruned.objects > 0;
    let what = format!("remove {}", words(&pruned));
    let is_done = is_something && arguments.consent.given(&what, context)?;
    if is_done {
        pruned = prune(false)?;
    }
    // Where nothing is to be removed, nothing is left undone.
    let is_dry_run = arguments.consent.is_dry_run() || (is_something && !is_done);
    let sheet = Sheet::of_one(
        FIELDS,
        item(&pruned, is_dry_run),
        0,
        text(&pruned, is_dry_run),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn words(pruned: &PrunedBackups) -> String {
    format!(
        "{} and {} ({})",
        counted(pruned.removed.len() as u64, "backup"),
        counted(pruned.objects, "object"),
        bytes(pruned.freed_bytes)
    )
}

/// In the order of [`FIELDS`].
fn item(pruned: &PrunedBackups, is_dry_run: bool) -> Vec<Value> {
    let removed: Vec<&str> = pruned.removed.iter().map(BackupId::as_str).collect();
    vec![
        json!(removed),
        pruned.kept.into(),
        pruned.objects.into(),
        pruned.freed_bytes.into(),
        is_dry_run.into(),
    ]
}

fn text(pruned: &PrunedBackups, is_dry_run: bool) -> String {
    let verb = if is_dry_run {
        "would remove"
    } else {
        "removed"
    };
    let stay = counted(pruned.kept, "backup");
    format!("  {verb} {}; {stay} kept\n", words(pruned))
}
