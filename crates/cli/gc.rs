//! `mltrack gc`: what was deleted and can no longer be undone goes for good.
//!
//! Invariant: nothing goes that was not shown, and nothing without consent: this is the one command that cannot be undone.

use std::sync::Mutex;
use std::time::Duration;

use mltrack::{
    Artifact, ArtifactGc, Code, Garbage, GcProgress, GcReport, NodeRef, PurgedVersion, Stays,
    Tracker,
};
use serde_json::Value;

use crate::ask::Consent;
use crate::compact;
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::moment::Length;
use crate::output::items::Envelope;
use crate::output::progress::Progress;
use crate::output::quantity::{ago, bytes, counted, grouped, rfc3339, took};
use crate::output::table::{Column, Table};
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print};
use crate::{look, store};

/// Purge what was deleted long ago, and give its bytes back; cannot be undone
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What was deleted goes when it can no longer be undone: 30 days, by the clock and by the log. Questions about the time
before are refused from then on, unless they are about a run that is still there.

  mltrack gc --dry-run
  mltrack gc --older-than 90d --yes")]
pub struct Arguments {
    /// How long ago it must have been deleted [default: 30d]
    #[arg(long, value_name = "LENGTH")]
    older_than: Option<Length>,
    /// Purge only; the bytes go at the next compaction
    #[arg(long)]
    keep_bytes: bool,
    /// Remove what was replaced at once, not after an hour; a copy of the folder that is being made may miss it
    #[arg(long)]
    free_now: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "id", "kind", "name", "deleted", "runs", "points", "purged", "stays", "bytes",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_write(context)?;
    let planned = collect(&tracker, arguments, true, context)?;
    let what = format!("purge {} for good", planned_text(&planned));
    let is_something = !planned.purged.is_empty() || is_about_artifacts(&planned.artifacts);
    // Asked even where nothing is left to purge by name: what was purged before may still have bytes.
    let goes_on = !is_something || arguments.consent.given(&what, context)?;
    let is_done = goes_on && !arguments.consent.is_dry_run();
    let begun_ns = now_ns();
    let report = if is_done {
        collect(&tracker, arguments, false, context)?
    } else {
        planned
    };
    let took_ns = now_ns() - begun_ns;
    let all: Vec<(&Garbage, bool)> = report
        .purged
        .iter()
        .map(|garbage| (garbage, true))
        .chain(report.kept.iter().map(|garbage| (garbage, false)))
        .collect();
    let mut items: Vec<Vec<Value>> = all
        .iter()
        .map(|(garbage, goes)| item(garbage, *goes && is_done))
        .collect();
    items.extend(artifact_items(&report.artifacts, is_done));
    let sheet = Sheet {
        fields: FIELDS,
        envelope: Envelope {
            total: items.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        items,
        people: People::Table(table(&all, &report, is_done, context.started_ns)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    if arguments.output.form(&context.terminal) == Form::People && is_something {
        eprint!("{}", compact::text(&report.compacted, took_ns, !is_done));
    }
    failed_roots(&report.artifacts)
}

/// `2 deleted runs and 3 removed artifacts (12.4 MB)`.
fn planned_text(planned: &GcReport) -> String {
    let runs = planned.purged.iter().map(|garbage| garbage.runs).sum();
    let mut text = counted(runs, "deleted run");
    let artifacts = &planned.artifacts;
    if is_about_artifacts(artifacts) {
        let removed = counted(artifacts.purged.len() as u64, "removed artifact");
        let versions = match artifacts.versions_purged.len() as u64 {
            0 => String::new(),
            count => format!(", the files of {}", counted(count, "removed version")),
        };
        text = format!(
            "{text} and {removed}{versions} ({} of bytes)",
            bytes(artifacts.bytes())
        );
    }
    if !artifacts.expired.is_empty() {
        let expired = counted(artifacts.expired.len() as u64, "artifact");
        text = format!("{text}, and remove {expired} that are kept long enough,");
    }
    text
}

fn is_about_artifacts(artifacts: &ArtifactGc) -> bool {
    !artifacts.purged.is_empty()
        || !artifacts.expired.is_empty()
        || !artifacts.versions_purged.is_empty()
        || artifacts.bytes() > 0
}

/// A root whose bytes could not be looked at or freed.
fn failed_roots(artifacts: &ArtifactGc) -> Outcome {
    let failed = artifacts.roots.iter();
    let mut failed = failed.filter_map(|root| Some((root.url.as_str(), root.error.as_ref()?)));
    match failed.next() {
        None => Ok(Exit::Done),
        Some((url, error)) => Err(Failure::new(
            Code::Partial,
            format!("no bytes were freed in {url}"),
        )
        .cause(error)
        .hint(error.hint().unwrap_or("mltrack gc"))
        .into()),
    }
}

/// In the order of [`FIELDS`].
fn artifact_items(artifacts: &ArtifactGc, is_done: bool) -> Vec<Vec<Value>> {
    let row = |artifact: &Artifact, purged: bool, stays: Option<String>| {
        let removed = artifact
            .removed
            .as_ref()
            .map(|removed| rfc3339(removed.time.0));
        vec![
            artifact.id.to_string().into(),
            "artifact".into(),
            format!("{}/{}", artifact.run_name, artifact.reference()).into(),
            removed.into(),
            0.into(),
            0.into(),
            purged.into(),
            stays.into(),
            artifact.len.into(),
        ]
    };
    let purged = artifacts
        .purged
        .iter()
        .map(|artifact| row(artifact, is_done, None));
    let kept = artifacts
        .kept
        .iter()
        .map(|(artifact, stays)| row(artifact, false, Some(stays_text(*stays))));
    let expired = artifacts.expired.iter().map(|artifact| {
        row(
            artifact,
            false,
            Some("is removed: kept long enough".to_owned()),
        )
    });
    let versions = artifacts.versions_purged.iter();
    let versions = versions.map(|version| version_item(version, is_done, None));
    let stay = artifacts.versions_kept.iter();
    let stay = stay.map(|(version, stays)| version_item(version, false, Some(*stays)));
    let artifacts = purged.chain(kept).chain(expired);
    artifacts.chain(versions).chain(stay).collect()
}

/// In the order of [`FIELDS`].
fn version_item(version: &PurgedVersion, is_purged: bool, stays: Option<Stays>) -> Vec<Value> {
    let kind = match version.version {
        NodeRef::ModelVersion(..) => "model_version",
        _ => "dataset_version",
    };
    vec![
        version.version.to_string().into(),
        kind.into(),
        version.selector.as_str().into(),
        rfc3339(version.removed.0).into(),
        0.into(),
        0.into(),
        is_purged.into(),
        stays.map(stays_text).into(),
        version.len.into(),
    ]
}

fn collect(
    tracker: &Tracker,
    arguments: &Arguments,
    is_dry_run: bool,
    context: &Context,
) -> Outcome<GcReport> {
    let progress = Mutex::new(Progress::new("packing", "segments", None, context));
    let mut gc = tracker
        .gc()
        .dry_run(is_dry_run)
        .free_at_once(arguments.free_now)
        .on_progress(move |at| {
            if let Ok(mut progress) = progress.lock() {
                tell(&mut progress, at);
            }
        });
    if let Some(Length(length)) = arguments.older_than {
        gc = gc.older_than(length);
    }
    if arguments.keep_bytes {
        gc = gc.without_bytes();
    }
    match gc.run()? {
        Some(report) => Ok(report),
        None => Err(Failure::usage("recording is switched off").into()),
    }
}

fn tell(progress: &mut Progress, at: GcProgress) {
    match at {
        GcProgress::Packing { done, all } => {
            progress.step("packing", "segments");
            progress.at_of(done, all);
        }
        GcProgress::Looking { done } => {
            progress.step("looking through", "objects");
            progress.at(done);
        }
        GcProgress::Freeing { done, all } => {
            progress.step("freeing", "objects");
            progress.at_of(done, all);
        }
        _ => {}
    }
}

fn kind(garbage: &Garbage) -> &'static str {
    if garbage.run.is_some() {
        "run"
    } else {
        "experiment"
    }
}

fn stays_text(stays: Stays) -> String {
    let length = |left: Duration| took(i64::try_from(left.as_nanos()).unwrap_or(i64::MAX));
    match stays {
        Stays::Undoable(left) => format!("can be undone for {}", length(left)),
        Stays::LogIsYoung => "goes after one more event".to_owned(),
        Stays::Running => "is running".to_owned(),
    }
}

/// In the order of [`FIELDS`].
fn item(garbage: &Garbage, is_purged: bool) -> Vec<Value> {
    let id = match garbage.run {
        Some(run) => run.to_string(),
        None => garbage.experiment.to_string(),
    };
    vec![
        id.into(),
        kind(garbage).into(),
        garbage.name.as_str().into(),
        rfc3339(garbage.deleted.0).into(),
        garbage.runs.into(),
        garbage.points.into(),
        is_purged.into(),
        garbage.stays.map(stays_text).into(),
        Value::Null,
    ]
}

fn table(all: &[(&Garbage, bool)], report: &GcReport, is_done: bool, now_ns: i64) -> Table {
    let cells = |(garbage, goes): &(&Garbage, bool)| {
        let fate = match (garbage.stays, *goes && is_done) {
            (Some(stays), _) => stays_text(stays),
            (None, true) => "purged".to_owned(),
            (None, false) => "would go".to_owned(),
        };
        let name = match garbage.run {
            Some(run) => format!("{} {}", run.short(), garbage.name),
            None => garbage.name.clone(),
        };
        vec![
            name.into(),
            kind(garbage).into(),
            ago(garbage.deleted.0, now_ns).into(),
            grouped(garbage.runs).into(),
            grouped(garbage.points).into(),
            fate.into(),
        ]
    };
    let goes = counted(report.purged.len() as u64, "thing");
    let verb = if is_done { "purged" } else { "would be purged" };
    let mut notes = vec![format!("{goes} {verb}, {} stay", report.kept.len())];
    if report.snapshots_removed > 0 {
        let snapshots = counted(report.snapshots_removed as u64, "snapshot");
        notes.push(format!("{snapshots} removed"));
    }
    notes.extend(artifact_notes(&report.artifacts, is_done));
    Table {
        columns: vec![
            Column::text("what"),
            Column::text("kind"),
            Column::text("deleted"),
            Column::number("runs"),
            Column::number("points"),
            Column::text("fate"),
        ],
        rows: all.iter().map(cells).collect(),
        notes,
    }
}

fn artifact_notes(artifacts: &ArtifactGc, is_done: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let count = |count: usize| counted(count as u64, "artifact");
    if !artifacts.purged.is_empty() || !artifacts.kept.is_empty() {
        let verb = if is_done { "purged" } else { "would be purged" };
        notes.push(format!(
            "{} {verb}, {} stay removed",
            count(artifacts.purged.len()),
            artifacts.kept.len()
        ));
    }
    if !artifacts.versions_purged.is_empty() || !artifacts.versions_kept.is_empty() {
        let verb = if is_done { "are" } else { "would be" };
        let purged = counted(artifacts.versions_purged.len() as u64, "removed version");
        notes.push(format!(
            "the files of {purged} of datasets and models {verb} purged, those of {} stay",
            artifacts.versions_kept.len()
        ));
    }
    if !artifacts.expired.is_empty() {
        let verb = if is_done {
            "removed"
        } else {
            "would be removed"
        };
        notes.push(format!(
            "{} {verb}: kept long enough",
            count(artifacts.expired.len())
        ));
    }
    if artifacts.bytes() > 0 {
        let verb = if is_done { "freed" } else { "would be freed" };
        let blobs = counted(artifacts.blobs() as u64, "blob");
        notes.push(format!("{} in {blobs} {verb}", bytes(artifacts.bytes())));
    }
    notes
}
