//! `mltrack verify`: are the bytes of the store what was written?

use std::cell::RefCell;

use mltrack::{ArtifactCheck, Code, Damage, Depth, Lsn, Tracker, VerifyOptions, VerifyReport};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::{artifact_verify, context};

/// Check the bytes of the store
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 5 when damage is found that readers do not skip yet.")]
pub struct Arguments {
    /// Read every byte of every frame and the hash chain, not only headers and ends
    #[arg(long)]
    deep: bool,
    /// Take segments that end before this lsn on trust
    #[arg(long, value_name = "LSN")]
    since: Option<u64>,
    /// Read every byte of every artifact, too; with --since of those that were logged by that record or later
    #[arg(long)]
    artifacts: bool,
    /// Replace what is wrong or missing of artifacts by what this root has: a folder or an address
    #[arg(long, value_name = "URL", requires = "artifacts")]
    repair: Option<String>,
    /// A head hash that was kept elsewhere: it must be part of this history
    #[arg(long, value_name = "HASH", value_parser = parse_hash)]
    against: Option<Hash>,
    #[command(flatten)]
    output: OutputArguments,
}

/// A seal's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hash([u8; 32]);

const FIELDS: &[&str] = &[
    "sound",
    "segments",
    "sealed",
    "frames",
    "records",
    "bytes",
    "next",
    "head",
    "against_found",
    "verdict",
    "damages",
    "artifacts",
    "artifacts_intact",
    "artifact_bytes",
    "artifact_damages",
];

fn parse_hash(text: &str) -> Result<Hash, String> {
    let refused = || format!("{text:?} is no hash: give 64 hex digits");
    if text.len() != 64 || !text.is_ascii() {
        return Err(refused());
    }
    let mut hash = [0; 32];
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).map_err(|_| refused())?;
    }
    Ok(Hash(hash))
}

fn hash_text(hash: [u8; 32]) -> String {
    hash.map(|byte| format!("{byte:02x}")).concat()
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = artifact_verify::open(arguments.repair.as_deref(), context)?;
    let progress = RefCell::new(Progress::new("reading", "segments", None, context));
    let options = VerifyOptions {
        depth: if arguments.deep {
            Depth::Deep
        } else {
            Depth::Quick
        },
        since: arguments.since.and_then(Lsn::new),
        against: arguments.against.map(|Hash(hash)| hash),
        progress: Some(&|done, total| progress.borrow_mut().at_of(done, total)),
        ..VerifyOptions::default()
    };
    let begun_ns = context::now_ns();
    let report = tracker.verify_with(&options)?;
    let took_ns = context::now_ns() - begun_ns;
    drop(progress);
    let lsn = report.next.map_or(0, |next| next.get() - 1);
    let mut people = text(&report, arguments.deep, took_ns, context);
    let mut item = item(&report);
    let check = artifacts(arguments, &tracker, context)?;
    if let Some((check, took_ns)) = &check {
        people.push_str(&artifact_verify::text(check, *took_ns, context));
    }
    item.extend(artifact_item(check.as_ref().map(|(check, _)| check)));
    print(
        &Sheet::of_one(FIELDS, item, lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    match check {
        _ if !report.is_sound() => Err(failure(&report).into()),
        Some((check, _)) if !check.is_sound() => Err(artifact_verify::failure(&check).into()),
        _ => Ok(Exit::Done),
    }
}

/// The check of artifacts, when it is asked for, and how long it took.
fn artifacts(
    arguments: &Arguments,
    tracker: &Tracker,
    context: &Context,
) -> Outcome<Option<(ArtifactCheck, i64)>> {
    if !arguments.artifacts {
        return Ok(None);
    }
    let begun_ns = context::now_ns();
    let since = arguments.since.and_then(Lsn::new);
    let check = artifact_verify::check_all(tracker, since, arguments.repair.as_deref(), context)?;
    Ok(Some((check, context::now_ns() - begun_ns)))
}

/// The last fields: null when artifacts were not asked about.
fn artifact_item(check: Option<&ArtifactCheck>) -> Vec<Value> {
    vec![
        check.map(|check| check.artifacts).into(),
        check.map(|check| check.sound).into(),
        check.map(|check| check.bytes).into(),
        check.map_or(Value::Null, artifact_verify::damages),
    ]
}

fn item(report: &VerifyReport) -> Vec<Value> {
    vec![
        report.is_sound().into(),
        report.segments.into(),
        report.sealed.into(),
        report.frames.into(),
        report.records.into(),
        report.bytes.into(),
        json!(report.next.map(Lsn::get)),
        json!(report.head.map(hash_text)),
        json!(report.is_hash_found),
        json!(
            report
                .verdict
                .map(|verdict| format!("{verdict:?}").to_lowercase())
        ),
        report.damages.iter().map(damage_value).collect(),
    ]
}

fn damage_value(damage: &Damage) -> Value {
    json!({
        "path": damage.path.display().to_string(),
        "offset": damage.offset,
        "end_offset": damage.end_offset,
        "first": damage.first.get(),
        "end": damage.end.get(),
        "cause": damage.cause,
        "skipped": damage.is_quarantined,
    })
}

fn text(report: &VerifyReport, deep: bool, took_ns: i64, context: &Context) -> String {
    let colour = context.terminal.colour;
    let word = if report.damages.is_empty() {
        paint("ok", Tone::Good, colour)
    } else {
        paint("damaged", Tone::Bad, colour)
    };
    let depth = if deep {
        "every byte"
    } else {
        "headers and ends; --deep reads every byte"
    };
    let mut text = format!(
        "  segments {} ({} sealed)  {}  {} records in {} frames  {word}  ({depth}, {})\n",
        report.segments,
        report.sealed,
        bytes(report.bytes),
        grouped(report.records),
        grouped(report.frames),
        took(took_ns)
    );
    if let Some(head) = report.head {
        push_line(&mut text, &format!("  head {}", hash_text(head)));
    }
    for damage in &report.damages {
        push_line(&mut text, &format!("  {}", damage_text(damage)));
    }
    text
}

pub fn damage_text(damage: &Damage) -> String {
    let skipped = if damage.is_quarantined {
        ", skipped by readers"
    } else {
        ""
    };
    format!(
        "{}: bytes {} to {}, lsn {} to {}: {}{skipped}",
        damage.path.display(),
        damage.offset,
        damage.end_offset,
        damage.first.get(),
        damage.end.get() - 1,
        damage.cause
    )
}

fn failure(report: &VerifyReport) -> Failure {
    if report.is_hash_found == Some(false) {
        return Failure::new(
            Code::Corrupt,
            "the history of this store does not contain that hash",
        )
        .cause("it is another store, or somebody changed it");
    }
    let new = report
        .damages
        .iter()
        .filter(|damage| !damage.is_quarantined);
    let texts: Vec<String> = new.map(damage_text).collect();
    Failure::new(
        Code::Corrupt,
        format!("{} found", counted(texts.len() as u64, "damaged range")),
    )
    .cause(texts.join("; "))
    .hint("mltrack repair  (readers then skip it; no byte is removed)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_its_text() {
        let hash = Hash([0xa7; 32]);
        assert_eq!(parse_hash(&hash_text(hash.0)), Ok(hash));
        for text in ["", "a7", &"g".repeat(64), &"é".repeat(32)] {
            assert!(parse_hash(text).is_err(), "{text}");
        }
    }
}
