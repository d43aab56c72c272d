//! `mltrack model tag`: tags of a model or of one version, its semantic version, its name and what it is.

use mltrack::{Lsn, ModelVersion, SemanticVersion, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::store;

/// Set or remove tags of a model or of a version; rename or describe it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key of a version's tag picks the version: resnet@gold.

  mltrack model tag resnet@v3 gold --remove draft
  mltrack model tag resnet@v3 --semver 2.0.0
  mltrack model tag resnet --rename resnet-1k")]
pub struct Arguments {
    /// A model, or one version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// Tags to set
    #[arg(value_name = "K[=V]", value_parser = crate::dataset::tag)]
    set: Vec<(String, String)>,
    /// The key of a tag to remove
    #[arg(long, value_name = "K")]
    remove: Vec<String>,
    /// The semantic version of a version
    #[arg(long, value_name = "VERSION")]
    semver: Option<SemanticVersion>,
    /// Another name for a model
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// What a model, or a version of it, is
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
        arguments.change_version(&tracker.model_version(name)?)?
    } else {
        arguments.change_model(&tracker)?
    };
    for lsn in lsns.into_iter().flatten() {
        context.note(&format!("changed {name}; undo: mltrack undo {lsn}"));
    }
    Ok(Exit::Done)
}

impl Arguments {
    fn check(&self, is_version: bool) -> Outcome<()> {
        let has_tags = !self.set.is_empty() || !self.remove.is_empty();
        let of_model = self.rename.is_some() || self.description.is_some();
        let wrong = match is_version {
            _ if !has_tags && !of_model && self.semver.is_none() => "there is nothing to change",
            true if self.rename.is_some() => "only a model has a name",
            false if self.semver.is_some() => "only a version has a semantic version",
            _ => return Ok(()),
        };
        Err(Failure::usage(wrong)
            .hint("mltrack model tag NAME@v3 gold, or mltrack model tag NAME --rename OTHER")
            .into())
    }

    fn change_version(&self, version: &ModelVersion) -> Outcome<Vec<Option<Lsn>>> {
        let mut lsns = Vec::new();
        if let Some(semantic) = &self.semver {
            lsns.push(version.set_version(Some(semantic))?);
        }
        if let Some(text) = &self.description {
            lsns.push(version.describe(text)?);
        }
        if !self.set.is_empty() || !self.remove.is_empty() {
            lsns.push(version.tag(&self.set, &self.remove)?);
        }
        Ok(lsns)
    }

    fn change_model(&self, tracker: &Tracker) -> Outcome<Vec<Option<Lsn>>> {
        let model = tracker.find_model(&self.selector)?;
        let mut lsns = Vec::new();
        if let Some(name) = &self.rename {
            lsns.push(model.rename(name)?);
        }
        if let Some(text) = &self.description {
            lsns.push(model.describe(text)?);
        }
        if !self.set.is_empty() || !self.remove.is_empty() {
            lsns.push(model.tag(&self.set, &self.remove)?);
        }
        Ok(lsns)
    }
}
