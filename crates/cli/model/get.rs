//! `mltrack model get`: the files of a version of a model, written below a folder.
//!
//! Invariants: a file appears when it is whole and every byte of it is checked; what is there is replaced only with
//! `--force`.

use std::path::PathBuf;

use mltrack::Code;
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look;
use crate::output::items::Envelope;
use crate::output::quantity::counted;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Write the files of a version into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Artifacts keep their paths, files that were stored with the version theirs.

  mltrack model get resnet@prod --into weights")]
pub struct Arguments {
    /// The version: NAME@latest, @v7, @1.2.0, @^1.2, an alias, a stage or a tag
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// The folder to write into
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Say what would be written, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["file", "selector", "written"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let version = tracker.model_version(&arguments.selector)?;
    let files = version.files_below(&arguments.into)?;
    let mut others = files.iter().filter(|_| !arguments.force);
    if let Some(file) = others.find(|file| file.symlink_metadata().is_ok()) {
        let what = format!("{} is there already", file.display());
        return Err(Failure::new(Code::Conflict, what)
            .hint("--force replaces it, --into DIR writes elsewhere")
            .into());
    }
    if arguments.dry_run {
        for file in &files {
            context.note(&format!("would write {}", file.display()));
        }
    } else {
        version.get_to(&arguments.into)?;
    }
    let item = |file: &PathBuf| -> Vec<Value> {
        vec![
            file.display().to_string().into(),
            version.selector().into(),
            (!arguments.dry_run).into(),
        ]
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: files.iter().map(item).collect(),
        envelope: Envelope {
            total: files.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        people: People::Text(format!(
            "  {} of {} -> {}\n",
            counted(files.len() as u64, "file"),
            version.selector(),
            arguments.into.display()
        )),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}
