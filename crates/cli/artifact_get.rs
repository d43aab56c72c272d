//! `mltrack artifact get`: artifacts into files.
//!
//! Invariants: a file appears when it is whole and every byte of it is checked; what is there is replaced only with
//! `--force`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use mltrack::{Artifact, Code, Tracker};
use serde_json::Value;

use crate::artifact::{Versions, counted_bytes, named};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::progress::Progress;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Write artifacts into files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact get @last model.pt
  mltrack artifact get @last model.pt@v2 --to old.pt
  mltrack artifact get @last 'ckpt/*' plots --into out

One path is written under its own name; folders and patterns keep their paths. `*` is any text within a part of a path,
`**` any number of parts, `?` one character.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Paths, folders and patterns, with @v2, @latest or @best behind a path; all artifacts when there are none
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// The folder to write into
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// The file to write, for one artifact
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    to: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Say what would be written, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["file", "path", "version", "bytes", "blob", "written"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifacts = named(&tracker, row.run_id, &arguments.paths, Versions::Newest)?;
    let target = arguments.target(&artifacts)?;
    let files = target.files(&artifacts);
    if !arguments.force {
        refuse_others(&files)?;
    }
    if arguments.dry_run {
        for file in &files {
            context.note(&format!("would write {}", file.display()));
        }
    } else {
        fetch(&tracker, &artifacts, &target, context)?;
    }
    let items = artifacts.iter().zip(&files);
    let sheet = Sheet {
        fields: FIELDS,
        items: items
            .map(|(artifact, file)| item(artifact, file, !arguments.dry_run))
            .collect(),
        envelope: Envelope {
            total: files.len() as u64,
            lsn,
            next: Value::Null,
        },
        people: People::Text(format!(
            "  {} -> {}\n",
            counted_bytes(&artifacts),
            target.shown()
        )),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(artifact: &Artifact, file: &Path, is_written: bool) -> Vec<Value> {
    vec![
        file.display().to_string().into(),
        artifact.path.as_str().into(),
        artifact.version.into(),
        artifact.len.into(),
        artifact.blob.to_string().into(),
        is_written.into(),
    ]
}

/// Where artifacts are written.
enum Target {
    /// One artifact.
    File(PathBuf),
    /// Each under its path.
    Folder(PathBuf),
}

impl Arguments {
    fn target(&self, artifacts: &[Artifact]) -> Result<Target, Failure> {
        if let Some(file) = &self.to {
            return match artifacts {
                [_] => Ok(Target::File(file.clone())),
                _ => Err(Failure::usage(format!(
                    "--to names one file, and there are {}",
                    counted_bytes(artifacts)
                ))
                .hint("--into DIR")),
            };
        }
        let is_by_name = self.paths.len() == 1 && !self.paths[0].contains(['*', '?']);
        match artifacts {
            [one] if is_by_name && self.names_it(one) => {
                let name = one.path.rsplit('/').next().unwrap_or(&one.path);
                Ok(Target::File(self.into.join(name)))
            }
            _ => Ok(Target::Folder(self.into.clone())),
        }
    }

    /// Whether the one name is this artifact's, and not that of a folder it lies in.
    fn names_it(&self, artifact: &Artifact) -> bool {
        let name = self.paths[0].as_str();
        name == artifact.path
            || name
                .strip_prefix(artifact.path.as_str())
                .is_some_and(|rest| rest.starts_with('@'))
    }
}

impl Target {
    fn files(&self, artifacts: &[Artifact]) -> Vec<PathBuf> {
        match self {
            Target::File(file) => vec![file.clone()],
            Target::Folder(folder) => artifacts
                .iter()
                .map(|artifact| folder.join(&artifact.path))
                .collect(),
        }
    }

    fn shown(&self) -> String {
        match self {
            Target::File(path) | Target::Folder(path) => path.display().to_string(),
        }
    }
}

fn refuse_others(files: &[PathBuf]) -> Result<(), Failure> {
    for file in files {
        if file.symlink_metadata().is_ok() {
            let what = format!("{} is there already", file.display());
            return Err(Failure::new(Code::Conflict, what)
                .hint("--force replaces it, --into DIR writes elsewhere"));
        }
    }
    Ok(())
}

fn fetch(
    tracker: &Tracker,
    artifacts: &[Artifact],
    target: &Target,
    context: &Context,
) -> Outcome<()> {
    let progress = Mutex::new(Progress::new("fetching", "bytes", None, context));
    let tell = |done, total| {
        if let Ok(mut progress) = progress.lock() {
            progress.at_of(done, total);
        }
    };
    match (target, artifacts) {
        (Target::File(file), [artifact]) => drop(tracker.download(artifact, file)?),
        (Target::File(file), _) => {
            return Err(Failure::usage(format!("{} is one file", file.display())).into());
        }
        (Target::Folder(folder), _) => drop(tracker.download_all(artifacts, folder, &tell)?),
    }
    Ok(())
}
