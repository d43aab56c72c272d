//! `mltrack scrub`: what slipped into a run and must not be kept goes for good.
//!
//! Invariant: what is looked for is never shown: a secret that is typed here stands in nobody's terminal log twice.

use mltrack::{Code, Scrub, ScrubReport, Tracker};
use serde_json::Value;

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::items::Envelope;
use crate::output::quantity::{counted, grouped};
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::{look, store};

/// Take what slipped into a run away for good, from every record and file; cannot be undone
#[derive(Debug, clap::Args)]
#[command(after_help = "\
*** stands in its place. Without a part all of the run is searched: names, params, tags, notes, lines, errors, the
environment, the patch, and its files. A part without a text or pattern is emptied. What has leaked is known to others,
so make the secret worthless too.

  mltrack scrub @last --all-secrets --dry-run
  mltrack scrub kind-elk --text hunter2 --yes
  mltrack scrub 3fe9 --params --pattern 'sk-[a-z0-9]+' --yes
  mltrack scrub 3fe9 --patch --yes")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    /// This text; `-` reads it from standard input, so that no shell keeps it
    #[arg(long, value_name = "TEXT", group = "what", allow_hyphen_values = true)]
    text: Option<String>,
    /// What matches this regular expression
    #[arg(long, value_name = "RE", group = "what", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// What looks like a password, a key or a token
    #[arg(long, group = "what")]
    all_secrets: bool,
    /// In the values of parameters
    #[arg(long)]
    params: bool,
    /// In the lines of its log and its console
    #[arg(long)]
    lines: bool,
    /// In the captured environment
    #[arg(long)]
    environment: bool,
    /// In the captured patch
    #[arg(long)]
    patch: bool,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "type", "artifact", "scrubbed"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = if arguments.consent.is_dry_run() {
        store::open_to_look(context)?
    } else {
        store::open_to_write(context)?
    };
    let text = arguments.typed_text()?;
    let planned = arguments
        .scrub(&tracker, text.as_deref())?
        .dry_run(true)
        .run()?;
    let goes_on = planned.is_empty() || arguments.consent.given(&plan(&planned), context)?;
    let is_done = goes_on && !arguments.consent.is_dry_run();
    let report = if is_done {
        arguments.scrub(&tracker, text.as_deref())?.run()?
    } else {
        planned
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: items(&report, is_done),
        envelope: Envelope {
            total: (report.records.len() + report.artifacts.len()) as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Table(table(&report, is_done)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    if report.left.is_empty() {
        return Ok(Exit::Done);
    }
    let what = format!(
        "{} still hold it",
        counted(report.left.len() as u64, "place")
    );
    Err(Failure::new(Code::Partial, what)
        .cause(report.left.join("; "))
        .into())
}

impl Arguments {
    fn typed_text(&self) -> Outcome<Option<String>> {
        match self.text.as_deref() {
            Some("-") => {
                let text = std::io::read_to_string(std::io::stdin())
                    .map_err(|error| Failure::usage("standard input is no text").cause(error))?;
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Ok(Some(text.to_owned()))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    fn scrub(&self, tracker: &Tracker, text: Option<&str>) -> Outcome<Scrub> {
        let mut scrub = tracker.scrub(tracker.find_run(&self.run)?);
        if let Some(text) = text {
            scrub = scrub.text(text);
        }
        if let Some(pattern) = &self.pattern {
            scrub = scrub.pattern(pattern);
        }
        if self.all_secrets {
            scrub = scrub.secrets();
        }
        if self.params {
            scrub = scrub.params();
        }
        if self.lines {
            scrub = scrub.lines();
        }
        if self.environment {
            scrub = scrub.environment();
        }
        if self.patch {
            scrub = scrub.patch();
        }
        Ok(scrub)
    }
}

fn plan(report: &ScrubReport) -> String {
    let records = counted(report.records.len() as u64, "record");
    let artifacts = counted(report.artifacts.len() as u64, "file");
    format!("scrub {records} and {artifacts} for good")
}

/// In the order of [`FIELDS`].
fn items(report: &ScrubReport, is_done: bool) -> Vec<Vec<Value>> {
    let records = report.records.iter().map(|record| {
        let (lsn, kind) = (record.lsn.get().into(), record.kind.into());
        vec![lsn, kind, Value::Null, is_done.into()]
    });
    let artifacts = report.artifacts.iter().map(|artifact| {
        let kind = "artifact_logged".into();
        vec![Value::Null, kind, artifact.as_str().into(), is_done.into()]
    });
    records.chain(artifacts).collect()
}

fn table(report: &ScrubReport, is_done: bool) -> Table {
    let records = report.records.iter().map(|record| {
        vec![
            grouped(record.lsn.get()).into(),
            record.kind.into(),
            "".into(),
        ]
    });
    let artifacts = report
        .artifacts
        .iter()
        .map(|artifact| vec!["".into(), "".into(), artifact.as_str().into()]);
    let verb = if is_done {
        "scrubbed"
    } else {
        "would be scrubbed"
    };
    let found = report.records.len() + report.artifacts.len();
    let mut notes = vec![format!("{} {verb}", counted(found as u64, "place"))];
    if found == 0 {
        notes = vec!["nothing of it was found".to_owned()];
    }
    Table {
        columns: vec![
            Column::number("lsn"),
            Column::text("record"),
            Column::text("file"),
        ],
        rows: records.chain(artifacts).collect(),
        notes,
    }
}
