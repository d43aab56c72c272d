//! `mltrack compact`: sealed segments become small, losing no bit, and what was purged loses its bytes.
//!
//! Invariant: every question gets the same answer before and after, or an error that names the floor of history. Who
//! writes or follows meanwhile notices nothing; Ctrl-C ends it between two segments.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;

use mltrack::{CompactReport, SkipReason};
use serde_json::{Value, json};

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::moment::Length;
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::{look, store};

/// Make the store smaller; nothing is lost but what gc purged
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Segments that can be packed become about a quarter of their size. They give every record back bit for bit, which is
checked before they take the place of what they were made from; that is kept for an hour.

  mltrack compact --dry-run
  mltrack compact --keep-raw 30d")]
pub struct Arguments {
    /// Say what would come of it, from packing in memory, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave segments with a record younger than this as they are
    #[arg(long, value_name = "LENGTH")]
    keep_raw: Option<Length>,
    /// Read at most so many megabytes of the log a second
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: Option<u64>,
    /// Remove what was replaced at once, not after an hour; a copy of the folder that is being made may miss it
    #[arg(long)]
    free_now: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "segments",
    "packed",
    "bytes_before",
    "bytes_after",
    "dropped_records",
    "skipped",
    "bytes_freed",
    "took_s",
    "dry_run",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = if arguments.dry_run {
        store::open_to_look(context)?
    } else {
        store::open_to_write(context)?
    };
    let interrupt = Interrupt::listen()?;
    let progress = Mutex::new(Progress::new("packing", "segments", None, context));
    let begun_ns = now_ns();
    let mut compact = tracker
        .compact()
        .dry_run(arguments.dry_run)
        .free_at_once(arguments.free_now)
        .on_progress(move |at| {
            if let Ok(mut progress) = progress.lock() {
                progress.at_of(at.done, at.all);
            }
            if interrupt.is_set() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
    if let Some(Length(length)) = arguments.keep_raw {
        compact = compact.keep_raw(length);
    }
    if let Some(rate) = arguments.rate {
        compact = compact.bytes_per_second(rate * 1_000_000);
    }
    let Some(report) = compact.run()? else {
        return Err(Failure::usage("recording is switched off").into());
    };
    let took_ns = now_ns() - begun_ns;
    let sheet = Sheet::of_one(
        FIELDS,
        item(&report, took_ns, arguments.dry_run),
        look::end(&tracker)?,
        text(&report, took_ns, arguments.dry_run),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    if report.is_stopped {
        return Err(Stop::Interrupted);
    }
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(report: &CompactReport, took_ns: i64, is_dry_run: bool) -> Vec<Value> {
    vec![
        report.segments_seen.into(),
        report.packed.into(),
        report.bytes_before.into(),
        report.bytes_after.into(),
        report.dropped_records.into(),
        json!(skipped(report)),
        report.bytes_freed.into(),
        json!(took_ns as f64 / 1e9),
        is_dry_run.into(),
    ]
}

/// How many segments stay as they are, by the reason.
fn skipped(report: &CompactReport) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for (_, reason) in &report.skipped {
        *counts.entry(word(reason)).or_default() += 1;
    }
    counts
}

fn word(reason: &SkipReason) -> &'static str {
    match reason {
        SkipReason::AlreadyPacked => "packed already",
        SkipReason::TooNew => "too new",
        SkipReason::KeptRaw => "kept as they are",
        SkipReason::DoesNotPay => "does not pay",
        SkipReason::Damaged(_) => "damaged",
        SkipReason::UnknownPacker(_) => "unknown packer",
        _ => "other",
    }
}

pub fn text(report: &CompactReport, took_ns: i64, is_dry_run: bool) -> String {
    let (packs, drops) = if is_dry_run {
        ("would pack", "would drop")
    } else {
        ("packed", "dropped")
    };
    let mut text = format!(
        "  {packs} {} of {}: {} -> {} in {}\n",
        grouped(report.packed),
        counted(report.segments_seen, "segment"),
        bytes(report.bytes_before),
        bytes(report.bytes_after),
        took(took_ns),
    );
    if report.dropped_records > 0 {
        let records = counted(report.dropped_records, "record");
        push_line(
            &mut text,
            &format!("  {drops} {records} of what was purged"),
        );
    }
    let skipped = skipped(report);
    if !skipped.is_empty() {
        let reasons = skipped
            .iter()
            .map(|(word, count)| format!("{count} {word}"));
        let reasons: Vec<String> = reasons.collect();
        push_line(&mut text, &format!("  left alone: {}", reasons.join(", ")));
    }
    if report.bytes_freed > 0 {
        let freed = bytes(report.bytes_freed);
        push_line(&mut text, &format!("  {freed} of replaced files removed"));
    }
    text
}
