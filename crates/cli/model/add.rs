//! `mltrack model add`: adds a version made of artifacts of runs, of files, or of something that lies elsewhere.

use std::path::PathBuf;

use mltrack::{Bump, NewModelVersion, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, file_failure};
use crate::look::{self, At};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Add a version to a model, which is made when there is none
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack model add resnet --artifact @last/model.pt --flavour pytorch
  mltrack model add resnet --file weights/ --file card.md
  mltrack model add resnet --source s3://bucket/resnet.pt --run a3f9f00d --bump minor")]
pub struct Arguments {
    /// The model
    #[arg(value_name = "NAME")]
    name: String,
    /// An artifact that it is made of; its run made the version unless --run says another
    #[arg(long, value_name = "RUN/PATH[@vN]", required_unless_present_any = ["source", "file"])]
    artifact: Vec<String>,
    /// A file, or a folder with all its files, that is stored with it
    #[arg(long, value_name = "PATH")]
    file: Vec<PathBuf>,
    /// Where it lies, or came from
    #[arg(long, value_name = "URI")]
    source: Option<String>,
    /// The run that made it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// What can load it, such as pytorch
    #[arg(long, value_name = "WORD")]
    flavour: Option<String>,
    /// Its semantic version, such as 1.2.0
    #[arg(long, value_name = "VERSION")]
    semver: Option<String>,
    /// The semantic version that follows the highest one: major, minor or patch
    #[arg(long, value_name = "PART", conflicts_with = "semver")]
    bump: Option<Bump>,
    /// A tag; its key picks the version
    #[arg(short, long = "tag", value_name = "K[=V]", value_parser = crate::dataset::tag)]
    tag: Vec<(String, String)>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "selector",
    "number",
    "version",
    "run",
    "artifacts",
    "source",
    "lsn",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    if arguments.dry_run {
        context.note(&format!(
            "would add a version to model {:?}",
            arguments.name
        ));
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_begin(context)?;
    let version = arguments.version(&tracker, context)?.add()?;
    let (name, lsn) = (version.selector(), version.lsn);
    context.note(&format!("added {name}; undo: mltrack undo {lsn}"));
    let artifacts: Vec<String> = version.artifacts.iter().map(ToString::to_string).collect();
    let item = vec![
        name.into(),
        version.number.into(),
        version.version.clone().into(),
        version.run.map(|run| run.to_string()).into(),
        artifacts.into(),
        version.source.clone().into(),
        lsn.get().into(),
    ];
    let end = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, item, end, String::new()),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

impl Arguments {
    fn version(&self, tracker: &Tracker, context: &Context) -> Outcome<NewModelVersion> {
        // Looked up before the model is made: what fails leaves nothing behind.
        let mut run = None;
        if let Some(name) = &self.run {
            run = Some(look::run(tracker, name, At::default(), context)?.0.run_id);
        }
        let mut artifacts = Vec::new();
        for word in &self.artifact {
            let (name, path) = word.split_once('/').ok_or_else(|| {
                Failure::usage(format!("{word:?} names no artifact"))
                    .hint("RUN/PATH, such as @last/model.pt")
            })?;
            let (row, _) = look::run(tracker, name, At::default(), context)?;
            artifacts.push(tracker.artifact(row.run_id, path)?.id);
            run = run.or(Some(row.run_id));
        }
        for path in &self.file {
            std::fs::metadata(path).map_err(|error| file_failure("read", path, &error))?;
        }
        let mut new = tracker.model(&self.name)?.version();
        for artifact in artifacts {
            new = new.artifact(artifact);
        }
        if let Some(run) = run {
            new = new.made_by_run(run.key());
        }
        for path in &self.file {
            new = if path.is_dir() {
                new.folder(path)
            } else {
                new.file(path)
            };
        }
        if let Some(source) = &self.source {
            new = new.source(source);
        }
        if let Some(flavour) = &self.flavour {
            new = new.flavour(flavour);
        }
        if let Some(version) = &self.semver {
            new = new.version_name(version);
        }
        if let Some(part) = self.bump {
            new = new.bump(part);
        }
        for (key, value) in &self.tag {
            new = new.tag(key, value);
        }
        Ok(new)
    }
}
