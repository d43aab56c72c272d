//! `mltrack dataset add`: adds a version of files, or of a reference to content that lies elsewhere.

use std::path::PathBuf;

use mltrack::{Bump, DatasetVersion, NewDatasetVersion, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Add a version to a dataset, which is made when there is none
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The same content again is the version that has it already.

  mltrack dataset add imagenet data/ --bump minor -t gold
  mltrack dataset add raw --reference s3://bucket/raw.tar --digest sha256:9f86d0..
  mltrack dataset add clean clean.csv --parent raw@v1 --transformation dedup")]
pub struct Arguments {
    /// The dataset
    #[arg(value_name = "NAME")]
    name: String,
    /// Files, or folders with all files in them
    #[arg(value_name = "PATH", required_unless_present = "reference")]
    paths: Vec<PathBuf>,
    /// Content that the store does not keep: where it lies
    #[arg(
        long,
        value_name = "URI",
        requires = "digest",
        conflicts_with = "paths"
    )]
    reference: Option<String>,
    /// The digest of that content, such as sha256:..
    #[arg(long, value_name = "KIND:VALUE", requires = "reference")]
    digest: Option<String>,
    /// Its semantic version, such as 1.2.0
    #[arg(long, value_name = "VERSION")]
    semver: Option<String>,
    /// The semantic version that follows the highest one: major, minor or patch
    #[arg(long, value_name = "PART", conflicts_with = "semver")]
    bump: Option<Bump>,
    /// A tag; its key picks the version
    #[arg(short, long = "tag", value_name = "K[=V]", value_parser = super::tag)]
    tag: Vec<(String, String)>,
    /// A version that it was made of
    #[arg(long, value_name = "NAME[@VERSION]")]
    parent: Vec<String>,
    /// What was done to it, such as dedup
    #[arg(long, value_name = "STEP")]
    transformation: Option<String>,
    /// The run that made it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// How many rows it has, where that is not found out
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "selector", "number", "version", "digest", "rows", "bytes", "new", "lsn",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    if let Some(missing) = arguments.paths.iter().find(|path| !path.exists()) {
        return Err(Failure::new(
            mltrack::Code::NotFound,
            format!("{} is not there", missing.display()),
        )
        .into());
    }
    if arguments.dry_run {
        context.note(&format!(
            "would add a version to dataset {:?}",
            arguments.name
        ));
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_begin(context)?;
    let version = arguments.version(&tracker, context)?.add()?;
    tell(&version, context);
    let lsn = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, item(&version), lsn, String::new()),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

impl Arguments {
    fn version(&self, tracker: &Tracker, context: &Context) -> Outcome<NewDatasetVersion> {
        // Looked up before the dataset is made: what fails leaves nothing behind.
        let parents: Result<Vec<DatasetVersion>, _> = self
            .parent
            .iter()
            .map(|parent| tracker.dataset_version(parent))
            .collect();
        let parents = parents?;
        let made_by = self
            .run
            .as_deref()
            .map(|name| look::run(tracker, name, At::default(), context))
            .transpose()?;
        let mut new = tracker.dataset(&self.name)?.version();
        for path in &self.paths {
            new = new.path(path);
        }
        if let (Some(uri), Some(digest)) = (&self.reference, &self.digest) {
            new = new.reference(uri, digest);
        }
        for parent in &parents {
            new = new.derived_from(parent);
        }
        if let Some((row, _)) = made_by {
            new = new.made_by_run(row.run_id.key());
        }
        if let Some(step) = &self.transformation {
            new = new.transformation(step);
        }
        if let Some(version) = &self.semver {
            new = new.version_name(version);
        }
        if let Some(part) = self.bump {
            new = new.bump(part);
        }
        if let Some(rows) = self.rows {
            new = new.rows(rows);
        }
        for (key, value) in &self.tag {
            new = new.tag(key, value);
        }
        Ok(new)
    }
}

/// In the order of [`FIELDS`].
fn item(version: &DatasetVersion) -> Vec<serde_json::Value> {
    vec![
        version.selector().into(),
        version.number.into(),
        version.version.clone().into(),
        version.digest.clone().into(),
        version.rows.into(),
        version.len.into(),
        version.is_new().into(),
        version.lsn.get().into(),
    ]
}

fn tell(version: &DatasetVersion, context: &Context) {
    let name = version.selector();
    context.note(&if version.is_new() {
        format!("added {name}; undo: mltrack undo {}", version.lsn)
    } else {
        format!("{name} has this content already")
    });
}
