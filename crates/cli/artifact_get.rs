//! `mltrack artifact get`: artifacts into files.
//!
//! Invariants: a file appears when it is whole and every byte of it is checked; what is there is replaced only with
//! `--force`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use mltrack::{Artifact, Code, Tracker};
use serde_json::Value;

use crate::artifact::{Versions, named};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted};
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
    pub run: String,
    /// Paths, folders and patterns, with @v2, @latest or @best behind a path; all artifacts when there are none
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
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
    pub output: OutputArguments,
}

pub const FIELDS: &[&str] = &["file", "path", "version", "bytes", "blob", "written"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let artifacts = named(&tracker, row.run_id, &arguments.paths, Versions::Newest)?;
    let known: Vec<Known> = artifacts.iter().map(Known::of).collect();
    arguments.write(&known, lsn, context, |target| {
        fetch(&tracker, &artifacts, target, context)
    })
}

/// What is said of an artifact.
#[derive(Clone, Debug)]
pub struct Known {
    pub path: String,
    pub version: u64,
    pub len: u64,
    pub blob: String,
}

impl Known {
    fn of(artifact: &Artifact) -> Known {
        Known {
            path: artifact.path.clone(),
            version: artifact.version.into(),
            len: artifact.len,
            blob: artifact.blob.to_string(),
        }
    }

    /// In the order of [`FIELDS`].
    fn item(&self, file: &Path, is_written: bool) -> Vec<Value> {
        vec![
            file.display().to_string().into(),
            self.path.as_str().into(),
            self.version.into(),
            self.len.into(),
            self.blob.as_str().into(),
            is_written.into(),
        ]
    }
}

/// Where artifacts are written.
pub enum Target {
    /// One artifact.
    File(PathBuf),
    /// Each under its path.
    Folder(PathBuf),
}

impl Arguments {
    /// Has `fetch` write the artifacts, unless only what would be written is asked for, and says which they are.
    pub fn write(
        &self,
        known: &[Known],
        lsn: u64,
        context: &Context,
        fetch: impl FnOnce(&Target) -> Outcome<()>,
    ) -> Outcome {
        let target = self.target(known)?;
        let files = target.files(known);
        if !self.force {
            refuse_others(&files)?;
        }
        refuse_devices(&files)?;
        if self.dry_run {
            for file in &files {
                context.note(&format!("would write {}", file.display()));
            }
        } else {
            fetch(&target)?;
        }
        let items = known.iter().zip(&files);
        let sheet = Sheet {
            fields: FIELDS,
            items: items
                .map(|(known, file)| known.item(file, !self.dry_run))
                .collect(),
            envelope: Envelope {
                total: files.len() as u64,
                lsn,
                next: Value::Null,
            },
            people: People::Text(format!("  {} -> {}\n", told(known), target.shown())),
        };
        print(&sheet, &self.output, &context.terminal)?;
        Ok(Exit::Done)
    }

    fn target(&self, artifacts: &[Known]) -> Result<Target, Failure> {
        if let Some(file) = &self.to {
            return match artifacts {
                [_] => Ok(Target::File(file.clone())),
                _ => Err(Failure::usage(format!(
                    "--to names one file, and there are {}",
                    told(artifacts)
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
    fn names_it(&self, artifact: &Known) -> bool {
        let name = self.paths[0].as_str();
        name == artifact.path
            || name
                .strip_prefix(artifact.path.as_str())
                .is_some_and(|rest| rest.starts_with('@'))
    }
}

impl Target {
    /// The file of each.
    pub fn files(&self, artifacts: &[Known]) -> Vec<PathBuf> {
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

/// `3 artifacts, 12.4 MB`.
fn told(artifacts: &[Known]) -> String {
    let total = artifacts.iter().map(|known| known.len).sum();
    let count = counted(artifacts.len() as u64, "artifact");
    format!("{count}, {}", bytes(total))
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

/// A device or a pipe would be gone for all who use it.
fn refuse_devices(files: &[PathBuf]) -> Result<(), Failure> {
    for file in files {
        let known = file.metadata();
        if known.is_ok_and(|known| !known.is_file() && !known.is_dir()) {
            let what = format!("{} is no file", file.display());
            return Err(Failure::usage(what)
                .hint("mltrack artifact cat writes into devices and pipes: -o, or a shell's >"));
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
