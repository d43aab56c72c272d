//! `mltrack artifact ..`: what runs keep, and what the commands about it share.
//!
//! 1. A name means what the library takes it for: `model.pt`, `model.pt@v2`, `ckpt/*@best`; a folder means what is in it.
//! 2. Whatever a command changes is an event that one `undo` takes back.

use mltrack::{Artifact, Code, RunId, Tracker};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::items::Envelope;
use crate::output::quantity::{ago, bytes, counted, rfc3339};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, print};
use crate::{
    artifact_cat, artifact_get, artifact_link, artifact_ls, artifact_put, artifact_restore,
    artifact_rm, artifact_verify, look,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Ls(artifact_ls::Arguments),
    Get(artifact_get::Arguments),
    Put(artifact_put::Arguments),
    Cat(artifact_cat::Arguments),
    Verify(artifact_verify::Arguments),
    Rm(artifact_rm::Arguments),
    Restore(artifact_restore::Arguments),
    Link(artifact_link::Arguments),
}

pub fn run(command: &Command, context: &Context) -> Outcome {
    match command {
        Command::Ls(arguments) => artifact_ls::run(arguments, context),
        Command::Get(arguments) => artifact_get::run(arguments, context),
        Command::Put(arguments) => artifact_put::run(arguments, context),
        Command::Cat(arguments) => artifact_cat::run(arguments, context),
        Command::Verify(arguments) => artifact_verify::run(arguments, context),
        Command::Rm(arguments) => artifact_rm::run(arguments, context),
        Command::Restore(arguments) => artifact_restore::run(arguments, context),
        Command::Link(arguments) => artifact_link::run(arguments, context),
    }
}

pub const FIELDS: &[&str] = &[
    "path",
    "version",
    "kind",
    "media_type",
    "bytes",
    "step",
    "logged",
    "run",
    "run_name",
    "blob",
    "root",
    "lsn",
    "metadata",
    "removed",
    "id",
];

/// In the order of [`FIELDS`].
pub fn item(artifact: &Artifact) -> Vec<Value> {
    let removed = artifact.removed.as_ref().map(|removed| {
        json!({"lsn": removed.lsn.get(), "time": rfc3339(removed.time.0), "why": removed.why})
    });
    vec![
        artifact.path.as_str().into(),
        artifact.version.into(),
        artifact.kind.name().into(),
        (*artifact.media_type).into(),
        artifact.len.into(),
        artifact.step.into(),
        rfc3339(artifact.logged.0).into(),
        artifact.run.to_string().into(),
        (*artifact.run_name).into(),
        artifact.blob.to_string().into(),
        artifact.root.name().into(),
        artifact.lsn.get().into(),
        // What is stored is JSON; what cannot be read as such is shown as it is.
        serde_json::from_str(&artifact.metadata).unwrap_or_else(|_| {
            match artifact.metadata.as_str() {
                "" => Value::Null,
                text => text.into(),
            }
        }),
        removed.into(),
        artifact.id.to_string().into(),
    ]
}

/// What people see of artifacts; with the run where there can be several.
pub fn table(
    artifacts: &[Artifact],
    is_of_one_run: bool,
    now_ns: i64,
    notes: Vec<String>,
) -> Table {
    let mut columns = vec![
        Column::text("path"),
        Column::number("v"),
        Column::text("kind"),
        Column::number("size"),
        Column::number("step"),
        Column::text("logged"),
        Column::text("blake3"),
    ];
    if !is_of_one_run {
        columns.insert(0, Column::text("run"));
    }
    let cells = |artifact: &Artifact| {
        let path = match &artifact.removed {
            Some(removed) => format!("{}  ({})", artifact.path, removed.why),
            None => artifact.path.clone(),
        };
        let mut cells = vec![
            path.into(),
            artifact.version.to_string().into(),
            artifact.kind.name().to_owned().into(),
            bytes(artifact.len).into(),
            artifact
                .step
                .map_or(String::new(), |step| step.to_string())
                .into(),
            ago(artifact.logged.0, now_ns).into(),
            artifact.blob.to_string()[..12].to_owned().into(),
        ];
        if !is_of_one_run {
            cells.insert(0, title(artifact).into());
        }
        cells
    };
    Table {
        columns,
        rows: artifacts.iter().map(cells).collect(),
        notes,
    }
}

/// A run as tables name it.
pub fn title(artifact: &Artifact) -> String {
    format!("{} {}", artifact.run.short(), artifact.run_name)
}

/// Prints artifacts that something was done to; the notes on stderr have said what.
pub fn print_all(
    artifacts: &[Artifact],
    tracker: &Tracker,
    output: &OutputArguments,
    context: &Context,
) -> Outcome<()> {
    let sheet = Sheet {
        fields: FIELDS,
        items: artifacts.iter().map(item).collect(),
        envelope: Envelope {
            total: artifacts.len() as u64,
            lsn: look::end(tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(artifacts, true, context.started_ns, Vec::new())),
    };
    print(&sheet, output, &context.terminal)
}

/// `3 artifacts, 12.4 MB`.
pub fn counted_bytes(artifacts: &[Artifact]) -> String {
    let total = artifacts.iter().map(|artifact| artifact.len).sum();
    format!(
        "{}, {}",
        counted(artifacts.len() as u64, "artifact"),
        bytes(total)
    )
}

/// Which versions a name without a selector means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    Newest,
    Every,
    /// Every one that is removed.
    Removed,
}

/// The artifacts of a run that names mean; no name at all means all of them.
pub fn named(
    tracker: &Tracker,
    run: RunId,
    names: &[String],
    versions: Versions,
) -> Outcome<Vec<Artifact>> {
    if names.is_empty() {
        return of_pattern(tracker, run, "", versions);
    }
    let mut found: Vec<Artifact> = Vec::new();
    for name in names {
        for artifact in of_name(tracker, run, name, versions)? {
            if !found.iter().any(|known| known.id == artifact.id) {
                found.push(artifact);
            }
        }
    }
    Ok(found)
}

fn of_name(
    tracker: &Tracker,
    run: RunId,
    name: &str,
    versions: Versions,
) -> Outcome<Vec<Artifact>> {
    let found = of_pattern(tracker, run, name, versions)?;
    if !found.is_empty() {
        return Ok(found);
    }
    if versions == Versions::Removed {
        let (path, version) = split_version(name);
        let mut found = of_pattern(tracker, run, path, versions)?;
        found.retain(|artifact| version.is_none_or(|version| artifact.version == version));
        if found.is_empty() {
            let what = format!("no removed artifact of the run is named {name:?}");
            return Err(Failure::new(Code::NotFound, what)
                .hint(format!("mltrack artifact ls {run} --removed"))
                .into());
        }
        return Ok(found);
    }
    Ok(vec![tracker.artifact(run, name)?])
}

fn of_pattern(
    tracker: &Tracker,
    run: RunId,
    pattern: &str,
    versions: Versions,
) -> Outcome<Vec<Artifact>> {
    let query = tracker.artifacts().run(run).path(pattern);
    let mut found = match versions {
        Versions::Newest => query.fetch()?.items,
        Versions::Every => query.all_versions().fetch()?.items,
        Versions::Removed => query.with_removed().fetch()?.items,
    };
    found.retain(|artifact| artifact.removed.is_some() == (versions == Versions::Removed));
    Ok(found)
}

/// `model.pt@v2` is version 2 of `model.pt`.
fn split_version(name: &str) -> (&str, Option<u32>) {
    match name.rsplit_once("@v") {
        Some((path, digits)) if digits.parse::<u32>().is_ok() => (path, digits.parse().ok()),
        _ => (name, None),
    }
}
