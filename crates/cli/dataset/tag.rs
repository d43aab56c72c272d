//! `mltrack dataset tag`: tags of a dataset or of one version, its semantic version, its name and what it is.

use mltrack::{DatasetVersion, Lsn, SemanticVersion, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::store;

/// Set or remove tags of a dataset or of a version; rename or describe a dataset
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key of a version's tag picks the version: imagenet@gold.

  mltrack dataset tag imagenet@v3 gold --remove draft
  mltrack dataset tag imagenet@v3 --semver 2.0.0
  mltrack dataset tag imagenet --rename imagenet-1k")]
pub struct Arguments {
    /// A dataset, or one version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// Tags to set
    #[arg(value_name = "K[=V]", value_parser = super::tag)]
    set: Vec<(String, String)>,
    /// The key of a tag to remove
    #[arg(long, value_name = "K")]
    remove: Vec<String>,
    /// The semantic version of a version
    #[arg(long, value_name = "VERSION")]
    semver: Option<SemanticVersion>,
    /// Another name for a dataset
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// What a dataset is
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_write(context)?;
    let name = &arguments.selector;
    let is_version = name.contains('@');
    arguments.check(is_version)?;
    if arguments.dry_run {
        context.note(&format!("would change {name}"));
        return Ok(Exit::Done);
    }
    let lsns = if is_version {
        arguments.change_version(&tracker.dataset_version(name)?)?
    } else {
        arguments.change_dataset(&tracker)?
    };
    for lsn in lsns.into_iter().flatten() {
        context.note(&format!("changed {name}; undo: mltrack undo {lsn}"));
    }
    Ok(Exit::Done)
}

impl Arguments {
    fn check(&self, is_version: bool) -> Outcome<()> {
        let has_tags = !self.set.is_empty() || !self.remove.is_empty();
        let of_dataset = self.rename.is_some() || self.description.is_some();
        let wrong = match is_version {
            _ if !has_tags && !of_dataset && self.semver.is_none() => "there is nothing to change",
            true if of_dataset => "only a dataset has a name and a description",
            false if self.semver.is_some() => "only a version has a semantic version",
            _ => return Ok(()),
        };
        Err(Failure::usage(wrong)
            .hint("mltrack dataset tag NAME@v3 gold, or mltrack dataset tag NAME --rename OTHER")
            .into())
    }

    fn change_version(&self, version: &DatasetVersion) -> Outcome<Vec<Option<Lsn>>> {
        let mut lsns = Vec::new();
        if let Some(semantic) = &self.semver {
            lsns.push(version.set_version(Some(semantic))?);
        }
        if !self.set.is_empty() || !self.remove.is_empty() {
            lsns.push(version.tag(&self.set, &self.remove)?);
        }
        Ok(lsns)
    }

    fn change_dataset(&self, tracker: &Tracker) -> Outcome<Vec<Option<Lsn>>> {
        let dataset = tracker.find_dataset(&self.selector)?;
        let mut lsns = Vec::new();
        if let Some(name) = &self.rename {
            lsns.push(dataset.rename(name)?);
        }
        if let Some(text) = &self.description {
            lsns.push(dataset.describe(text)?);
        }
        if !self.set.is_empty() || !self.remove.is_empty() {
            lsns.push(dataset.tag(&self.set, &self.remove)?);
        }
        Ok(lsns)
    }
}
