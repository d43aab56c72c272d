//! The files of a version of a dataset or a model, written below a folder or to a file.
//!
//! Invariants: a file appears when it is whole and every byte of it is checked; what has the right bytes already is left
//! alone, so that a call that was stopped goes on; what is something else is replaced only with `--force`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use mltrack::{Checkout, CheckoutFile, Code, Found};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::items::Envelope;
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted};
use crate::output::{OutputArguments, People, Sheet, print};

/// Where a version is written, and how.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub struct Arguments {
    /// Where to write to; the working folder when nothing is said
    #[arg(value_name = "DEST")]
    to: Option<PathBuf>,
    /// The same, and always a folder
    #[arg(long, value_name = "DIR", conflicts_with = "to")]
    into: Option<PathBuf>,
    /// Replace files that are something else
    #[arg(long)]
    force: bool,
    /// Say what would be written, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

pub const FIELDS: &[&str] = &["file", "selector", "bytes", "blob", "written"];

/// What was named.
pub enum Place<'a> {
    /// A folder, or the name of a file.
    Any(&'a Path),
    Folder(&'a Path),
}

impl Arguments {
    pub fn place(&self) -> Place<'_> {
        match (&self.into, &self.to) {
            (Some(folder), _) => Place::Folder(folder),
            (None, Some(to)) => Place::Any(to),
            (None, None) => Place::Folder(Path::new(".")),
        }
    }
}

/// Writes the files of the version `selector` and answers with them, in a store that ends with the record `lsn`.
pub fn write(
    arguments: &Arguments,
    (lsn, selector, checkout): (u64, &str, &Checkout),
    context: &Context,
) -> Outcome {
    let files = checkout.files()?;
    if !arguments.force {
        refuse_others(&files)?;
    }
    let left = |file: &&CheckoutFile| file.found == Found::Same;
    if arguments.dry_run {
        for file in files.iter().filter(|file| !left(file)) {
            context.note(&format!("would write {}", file.file.display()));
        }
    } else {
        let progress = Mutex::new(Progress::new("fetching", "bytes", None, context));
        checkout.write(&|done, total| {
            if let Ok(mut progress) = progress.lock() {
                progress.at_of(done, total);
            }
        })?;
    }
    let item = |file: &CheckoutFile| -> Vec<Value> {
        vec![
            file.file.display().to_string().into(),
            selector.into(),
            file.len.into(),
            file.blob.to_string().into(),
            (!arguments.dry_run && !left(&file)).into(),
        ]
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: files.iter().map(item).collect(),
        envelope: Envelope {
            total: files.len() as u64,
            lsn,
            next: Value::Null,
        },
        people: People::Text(summary(selector, &files, arguments)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn summary(selector: &str, files: &[CheckoutFile], arguments: &Arguments) -> String {
    let len: u64 = files.iter().map(|file| file.len).sum();
    let count = counted(files.len() as u64, "file");
    let place = match arguments.place() {
        Place::Any(place) | Place::Folder(place) => place.display(),
    };
    let same = files.iter().filter(|file| file.found == Found::Same);
    let left = match same.count() {
        0 => String::new(),
        count => format!(", {count} of them there already"),
    };
    format!("  {count} of {selector}, {} -> {place}{left}\n", bytes(len))
}

fn refuse_others(files: &[CheckoutFile]) -> Result<(), Failure> {
    let other = files.iter().find(|file| file.found == Found::Other);
    let Some(other) = other else {
        return Ok(());
    };
    let what = format!("{} is there and is something else", other.file.display());
    Err(Failure::new(Code::Conflict, what).hint("--force replaces it, --into DIR writes elsewhere"))
}
