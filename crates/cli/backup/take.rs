//! `mltrack backup DST`: takes one.

use mltrack::{BackupPlace, BackupReport, Code, Lsn, PrunedBackups, TakeBackup};
use serde_json::{Value, json};

use super::{Arguments, Teller, place};
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::{Sheet, list_fields, print, push_line};
use crate::store;

const FIELDS: &[&str] = &[
    "id",
    "lsn",
    "segments",
    "bytes",
    "new_parts",
    "read_bytes",
    "new_bytes",
    "blobs",
    "new_blobs",
    "damaged",
    "left_out",
    "spools",
    "removed",
    "freed_bytes",
    "took_s",
    "dry_run",
    "place",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let store = store::existing(context)?;
    let place = place(arguments.dst.as_deref().unwrap_or_default())?;
    let wish = TakeBackup {
        is_without_artifacts: arguments.no_artifacts,
        is_without_keys: arguments.no_keys,
        is_dry_run: arguments.dry_run,
        takes_over: arguments.take_over,
    };
    let begun_ns = now_ns();
    let teller = Teller::new(context);
    let report = place.take(&store.path, &wish, &|at| teller.tell(at))?;
    let pruned = prune(arguments, &place, &teller)?;
    drop(teller);
    let took_ns = now_ns() - begun_ns;
    notes(arguments, &place, &report, context);
    let sheet = Sheet::of_one(
        FIELDS,
        item(arguments, &place, &report, &pruned, took_ns),
        report.last.map_or(0, Lsn::get),
        text(arguments, &place, &report, &pruned, took_ns),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    damaged(&report)
}

/// A dry run has nothing yet that an old backup could make room for.
fn prune(arguments: &Arguments, place: &BackupPlace, teller: &Teller) -> Outcome<PrunedBackups> {
    match arguments.keep {
        Some(keep) if !arguments.dry_run => {
            let told = |at| teller.tell(at);
            Ok(place.prune(keep as usize, false, arguments.take_over, &told)?)
        }
        _ => Ok(PrunedBackups::default()),
    }
}

fn notes(arguments: &Arguments, place: &BackupPlace, report: &BackupReport, context: &Context) {
    for url in &report.left_out {
        context.note(&format!(
            "{url} is not in the backup: it is no folder of this machine"
        ));
    }
    if report.spools > 0 {
        let spools = counted(report.spools as u64, "spool");
        context.note(&format!(
            "{spools} with batches that are not in the log yet: the next backup has them"
        ));
    }
    if !arguments.no_keys && !arguments.dry_run && place.is_open_to_others() {
        context.note(&format!(
            "others may read {}, where all of the store is: chmod 700 keeps it to you",
            place.name()
        ));
    }
}

/// In the order of [`FIELDS`].
fn item(
    arguments: &Arguments,
    place: &BackupPlace,
    report: &BackupReport,
    pruned: &PrunedBackups,
    took_ns: i64,
) -> Vec<Value> {
    let removed: Vec<&str> = pruned
        .removed
        .iter()
        .map(mltrack::BackupId::as_str)
        .collect();
    vec![
        json!(report.id.as_ref().map(mltrack::BackupId::as_str)),
        report.last.map_or(0, Lsn::get).into(),
        report.segments.into(),
        report.len.into(),
        report.new_parts.into(),
        report.read_bytes.into(),
        report.new_bytes.into(),
        report.blobs.into(),
        report.new_blobs.into(),
        json!(report.damaged),
        json!(report.left_out),
        report.spools.into(),
        json!(removed),
        pruned.freed_bytes.into(),
        json!(took_ns as f64 / 1e9),
        arguments.dry_run.into(),
        place.name().into(),
    ]
}

fn text(
    arguments: &Arguments,
    place: &BackupPlace,
    report: &BackupReport,
    pruned: &PrunedBackups,
    took_ns: i64,
) -> String {
    let mut text = String::new();
    let lsn = grouped(report.last.map_or(0, Lsn::get));
    let log = format!(
        "the log up to lsn {lsn}: {}, {}; {}",
        counted(report.segments, "segment"),
        bytes(report.len),
        counted(report.blobs, "blob")
    );
    let Some(id) = &report.id else {
        push_line(&mut text, &format!("  would back up {log}"));
        let new = format!(
            "  {} to read, {}, and {}; run without --dry-run to do it",
            counted(report.new_parts, "part"),
            bytes(report.read_bytes),
            counted(report.new_blobs, "blob")
        );
        push_line(&mut text, &new);
        return text;
    };
    push_line(&mut text, &format!("  {id}  {log}"));
    let new = format!(
        "  {} new: {} and {}, read back and right  ({})",
        bytes(report.new_bytes),
        counted(report.new_parts, "part"),
        counted(report.new_blobs, "blob"),
        took(took_ns)
    );
    push_line(&mut text, &new);
    if arguments.keep.is_some() {
        let removed = counted(pruned.removed.len() as u64, "old backup");
        let freed = bytes(pruned.freed_bytes);
        push_line(&mut text, &format!("  removed {removed}, {freed} freed"));
    }
    push_line(
        &mut text,
        &format!("  mltrack backup restore '{}' DIR", place.name()),
    );
    text
}

/// The backup stands; what was damaged before it could be copied is not in it.
fn damaged(report: &BackupReport) -> Outcome {
    let Some(first) = report.damaged.first() else {
        return Ok(Exit::Done);
    };
    let count = counted(report.damaged.len() as u64, "blob");
    Err(Failure::new(
        Code::Partial,
        format!("{count} of artifacts are damaged in the store and not in the backup"),
    )
    .cause(format!("the first is {first}"))
    .hint("mltrack artifact verify  (says whose they are)")
    .into())
}
