//! `mltrack artifact put`: files, folders or standard input become artifacts of a run.

use std::io;
use std::path::{Path, PathBuf};

use mltrack::{Artifact, ArtifactKind, NewArtifact, RunId, Tracker};

use crate::artifact::{FIELDS, counted_bytes, print_all};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, list_fields};
use crate::store;

/// Keep files, folders or standard input as artifacts of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact put @last model.pt plots/
  mltrack artifact put @last out.bin --name ckpt/17.bin --kind checkpoint --step 17
  ./report | mltrack artifact put @last - --name report.md

The run must be running. A file keeps its own name, without the folders before it; a folder keeps its name and what is in
it. A path that is there already gets a new version.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Files and folders; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The path it gets, for one file or folder
    #[arg(long, value_name = "PATH")]
    name: Option<String>,
    /// What it is: model, checkpoint, dataset, visualization, log, config, report or another word [default: by its name]
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Its media type [default: by its name and its first bytes]
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// The step it belongs to
    #[arg(long, value_name = "STEP", allow_hyphen_values = true)]
    step: Option<i64>,
    /// What else is said of it, as JSON
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
    /// Keep the bytes in the root for data
    #[arg(long)]
    data: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let names = arguments.names()?;
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    if arguments.dry_run {
        for (file, name) in arguments.files.iter().zip(&names) {
            context.note(&format!(
                "would keep {} as {name} of run {}",
                file.display(),
                row.title()
            ));
        }
        return Ok(Exit::Done);
    }
    let mut logged: Vec<Artifact> = Vec::new();
    for (file, name) in arguments.files.iter().zip(names) {
        let new = arguments.described(&tracker, row.run_id, name)?;
        let upload = if is_stdin(file) {
            new.reader(io::stdin())?
        } else if file.is_dir() {
            new.folder(file)?
        } else {
            new.file(file)?
        };
        let artifacts = upload.wait()?;
        if let Some(first) = artifacts.first() {
            let (what, lsn) = (counted_bytes(&artifacts), first.lsn);
            context.note(&format!(
                "kept {what} from {}; undo: mltrack undo {lsn}",
                file.display()
            ));
        }
        logged.extend(artifacts);
    }
    print_all(&logged, &tracker, &arguments.output, context)?;
    Ok(Exit::Done)
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

impl Arguments {
    /// The path of each file.
    fn names(&self) -> Result<Vec<String>, Failure> {
        if let Some(name) = &self.name {
            if self.files.len() > 1 {
                return Err(Failure::usage(
                    "--name names one artifact, and there are several files",
                )
                .hint("put them one by one, or put a folder"));
            }
            return Ok(vec![name.clone()]);
        }
        self.files.iter().map(|file| own_name(file)).collect()
    }

    fn described(&self, tracker: &Tracker, run: RunId, name: String) -> Outcome<NewArtifact> {
        let mut new = tracker.new_artifact(run, name);
        if let Some(kind) = &self.kind {
            new = new.kind(ArtifactKind::from(kind.as_str()));
        }
        if let Some(media_type) = &self.media_type {
            new = new.media_type(media_type);
        }
        if let Some(step) = self.step {
            new = new.step(step);
        }
        if let Some(metadata) = &self.metadata {
            let value: serde_json::Value = serde_json::from_str(metadata).map_err(|error| {
                Failure::usage(format!("--metadata {metadata:?} is no JSON")).cause(error)
            })?;
            new = new.metadata(&value);
        }
        if self.data {
            new = new.data();
        }
        Ok(new)
    }
}

fn own_name(file: &Path) -> Result<String, Failure> {
    if is_stdin(file) {
        return Err(Failure::usage("standard input has no name of its own").hint("--name PATH"));
    }
    // `.` and `..` have a name only where they are.
    let absolute = std::path::absolute(file)
        .ok()
        .map(|path| path.components().as_path().to_owned());
    let name = match file.file_name() {
        Some(name) => Some(name.to_owned()),
        None => absolute.and_then(|path| path.file_name().map(ToOwned::to_owned)),
    };
    let name = name.and_then(|name| name.to_str().map(str::to_owned));
    name.ok_or_else(|| {
        Failure::usage(format!(
            "{} has no name that an artifact can have",
            file.display()
        ))
        .hint("--name PATH")
    })
}
