//! What is asked of datasets and models when they are made or changed: the same of both.
//!
//! Invariant: an edit is one record of the log, whatever it changes.

use std::collections::BTreeMap;

use mltrack::{Bump, Lsn, ThingEdit, ThingVersionEdit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Answer, Fault};

/// A new dataset or model.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewThing {
    /// Its name, which no other has.
    #[schema(required = true, min_length = 1)]
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its tags; a plain one has an empty value.
    pub tags: BTreeMap<String, String>,
}

/// Changes to a dataset or a model; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThingChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is; an empty text takes that away.
    pub description: Option<String>,
    /// Tags: a text sets one, null removes it.
    pub tags: BTreeMap<String, Option<String>>,
}

/// Changes to a version of a dataset; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DatasetVersionChange {
    /// Its semantic version; an empty text takes it away.
    pub version: Option<String>,
    /// Tags: a text sets one, null removes it. Their keys pick the version.
    pub tags: BTreeMap<String, Option<String>>,
}

/// Changes to a version of a model; what is not named stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelVersionChange {
    /// Its semantic version; an empty text takes it away.
    pub version: Option<String>,
    /// What it is; an empty text takes that away.
    pub description: Option<String>,
    /// Tags: a text sets one, null removes it. Their keys pick the version.
    pub tags: BTreeMap<String, Option<String>>,
}

/// Which part of a semantic version is counted up.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BumpName {
    /// What was true of the version before may not hold.
    Major,
    /// Something was added.
    Minor,
    /// Something was corrected.
    Patch,
}

/// What a removal did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removal {
    /// What is removed.
    pub what: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The record to undo; null when nothing was done.
    pub lsn: Option<u64>,
}

impl Removal {
    /// Removes something, unless it is only to be said.
    pub fn of(
        what: String,
        dry_run: bool,
        remove: impl FnOnce() -> mltrack::Result<Option<Lsn>>,
    ) -> Answer<Removal> {
        let lsn = if dry_run { None } else { remove()? };
        Ok(Removal {
            what,
            dry_run,
            lsn: lsn.map(Lsn::get),
        })
    }
}

impl ThingChange {
    pub fn edit(self) -> ThingEdit {
        let (set, remove) = tags_of(self.tags);
        ThingEdit {
            name: self.name,
            description: self.description,
            set,
            remove,
        }
    }
}

impl DatasetVersionChange {
    pub fn edit(self) -> ThingVersionEdit {
        let (set, remove) = tags_of(self.tags);
        ThingVersionEdit {
            description: None,
            version: self.version,
            set,
            remove,
        }
    }
}

impl ModelVersionChange {
    pub fn edit(self) -> ThingVersionEdit {
        let (set, remove) = tags_of(self.tags);
        ThingVersionEdit {
            description: self.description,
            version: self.version,
            set,
            remove,
        }
    }
}

impl From<BumpName> for Bump {
    fn from(name: BumpName) -> Bump {
        match name {
            BumpName::Major => Bump::Major,
            BumpName::Minor => Bump::Minor,
            BumpName::Patch => Bump::Patch,
        }
    }
}

/// Tags to set, and keys of tags to remove.
fn tags_of(tags: BTreeMap<String, Option<String>>) -> (Vec<(String, String)>, Vec<String>) {
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for (key, value) in tags {
        match value {
            Some(value) => set.push((key, value)),
            None => remove.push(key),
        }
    }
    (set, remove)
}

/// The selector of a version that stands behind a name in a path: `3` is `v3`.
pub fn selector(name: &str, version: &str) -> String {
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    format!("{name}@{}{version}", if is_number { "v" } else { "" })
}

/// The number of a version, which alone names one that is removed.
pub fn number_of(version: &str) -> Answer<u64> {
    let digits = version.strip_prefix('v').unwrap_or(version);
    digits.parse().map_err(|_| {
        Fault::invalid(format!("{version:?} is no number of a version"))
            .hint("a removed version is named by its number, such as 3")
    })
}
