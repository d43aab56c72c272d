//! `mltrack artifact verify`: are the bytes of artifacts what the log says? `verify --artifacts` asks it of all of them.

use std::sync::Mutex;

use mltrack::{ArtifactCheck, ArtifactDamage, ArtifactVerify, Code, Lsn, Tracker};
use serde_json::{Value, json};

use crate::artifact::{Versions, named};
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::store;

/// Check the bytes of artifacts against the log
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact verify @last
  mltrack artifact verify @last model.pt --repair s3://backup/artifacts

Ends with 5 when bytes are wrong or missing. All artifacts of the store: mltrack verify --artifacts")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Only this path, folder or pattern
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Replace what is wrong or missing by what this root has: a folder or an address
    #[arg(long, value_name = "URL")]
    repair: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
}

pub const FIELDS: &[&str] = &["sound", "artifacts", "intact", "blobs", "bytes", "damages"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = open(arguments.repair.as_deref(), context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let mut question = tracker.verify_artifacts().of_run(row.run_id);
    if let Some(pattern) = &arguments.pattern {
        // A name that means nothing must not pass for one that is sound.
        let meant = named(
            &tracker,
            row.run_id,
            std::slice::from_ref(pattern),
            Versions::Every,
        )?;
        question = match meant.as_slice() {
            [one] => question.path(&one.path),
            _ => question.path(pattern),
        };
    }
    let begun_ns = now_ns();
    let check = ask(question, arguments.repair.as_deref(), context)?;
    let people = text(&check, now_ns() - begun_ns, context);
    print(
        &Sheet::of_one(FIELDS, item(&check), lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    if check.is_sound() {
        Ok(Exit::Done)
    } else {
        Err(failure(&check).into())
    }
}

/// Looking needs no right to write; repairing does.
pub fn open(repair: Option<&str>, context: &Context) -> Outcome<Tracker> {
    match repair {
        Some(_) => store::open_to_write(context),
        None => store::open_to_look(context),
    }
}

/// All artifacts, or those that were logged by a record or later.
pub fn check_all(
    tracker: &Tracker,
    since: Option<Lsn>,
    repair: Option<&str>,
    context: &Context,
) -> Outcome<ArtifactCheck> {
    let mut question = tracker.verify_artifacts();
    if let Some(since) = since {
        question = question.since(since);
    }
    ask(question, repair, context)
}

fn ask(
    question: ArtifactVerify<'_>,
    repair: Option<&str>,
    context: &Context,
) -> Outcome<ArtifactCheck> {
    let progress = Mutex::new(Progress::new("checking", "bytes", None, context));
    let tell = |done, total| {
        if let Ok(mut progress) = progress.lock() {
            progress.at_of(done, total);
        }
    };
    let question = match repair {
        Some(url) => question.repair_from(url),
        None => question,
    };
    Ok(question.on_progress(&tell).run()?)
}

/// In the order of [`FIELDS`].
pub fn item(check: &ArtifactCheck) -> Vec<Value> {
    vec![
        check.is_sound().into(),
        check.artifacts.into(),
        check.sound.into(),
        check.blobs.into(),
        check.bytes.into(),
        damages(check),
    ]
}

pub fn damages(check: &ArtifactCheck) -> Value {
    let damage = |damage: &ArtifactDamage| {
        json!({
            "run": damage.run.map(|run| run.to_string()),
            "path": damage.path,
            "version": damage.version,
            "lsn": damage.lsn.get(),
            "blob": damage.blob.to_string(),
            "missing": damage.is_missing,
            "what": damage.what,
            "repaired": damage.is_repaired,
        })
    };
    check.damages.iter().map(damage).collect()
}

/// `artifacts 1,902/1,903  3.1 GB  ok`, and what is wrong.
pub fn text(check: &ArtifactCheck, took_ns: i64, context: &Context) -> String {
    let colour = context.terminal.colour;
    let word = if check.is_sound() {
        paint("ok", Tone::Good, colour)
    } else {
        paint("damaged", Tone::Bad, colour)
    };
    let mut text = format!(
        "  artifacts {}/{}  {}  {word}  (every byte of {}, {})\n",
        grouped(check.sound),
        grouped(check.artifacts),
        bytes(check.bytes),
        counted(check.blobs, "blob"),
        took(took_ns)
    );
    for damage in &check.damages {
        let fate = if damage.is_repaired { "repaired: " } else { "" };
        push_line(
            &mut text,
            &format!("  {fate}{}: {}", name(damage), damage.what),
        );
    }
    text
}

/// `run 7be0d1c2, model.pt`.
fn name(damage: &ArtifactDamage) -> String {
    match damage.run {
        Some(run) => format!("run {}, {}", run.short(), damage.path),
        None => damage.path.clone(),
    }
}

/// The first of what is wrong, and how many more.
pub fn failure(check: &ArtifactCheck) -> Failure {
    let mut wrong = check.damages.iter().filter(|damage| !damage.is_repaired);
    let Some(first) = wrong.next() else {
        return Failure::new(Code::ArtifactMismatch, "artifacts are damaged");
    };
    let (name, lsn) = (name(first), first.lsn);
    let what = if first.is_missing {
        format!("{name}: the bytes that the event at lsn {lsn} names are gone")
    } else {
        format!("{name}: blake3 differs from the event at lsn {lsn}")
    };
    let what = match wrong.count() {
        0 => what,
        more => format!("{what}; and {more} more"),
    };
    let path = &first.path;
    let hint = match first.run {
        Some(run) => format!(
            "mltrack artifact verify {} {path} --repair URL  (of a root that has the bytes)",
            run.short()
        ),
        None => {
            "mltrack verify --artifacts --repair URL  (of a root that has the bytes)".to_owned()
        }
    };
    Failure::new(Code::ArtifactMismatch, what)
        .cause(&first.what)
        .hint(hint)
}
