//! A dataset and its versions, as the log describes them.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{BlobId, DatasetCreated, DatasetId, DatasetVersionAdded, RunKey};
use mltrack_projector::{Entry, Lsn, Stamp};

use crate::coded::coded;
use crate::registry::{Common, Numbered, Registered};

/// A dataset.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Dataset {
    /// Its id.
    pub id: DatasetId,
    /// Its name, unique among the datasets that are not deleted.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    pub created: Stamp,
    /// Who created it.
    pub actor: String,
    /// Set while it is deleted.
    pub deleted: Option<Stamp>,
    /// Its versions by number, removed ones included.
    pub versions: Vec<DatasetVersion>,
}

/// A version of a dataset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatasetVersion {
    /// Its number, from 1.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// `<kind>:<value>`: what tells its content from any other.
    pub digest: String,
    /// Where it came from: a URI or a path.
    pub source: String,
    /// The manifest of its files, where the store holds them.
    pub content: Option<BlobId>,
    /// Its length in bytes.
    pub len: Option<u64>,
    /// How many rows it has.
    pub rows: Option<u64>,
    /// Its columns and their types, as JSON text; empty when not known.
    pub schema: String,
    /// Counts, ranges and means of its columns, as JSON text; empty when not known.
    pub profile: String,
    /// The versions it was made of.
    pub parents: Vec<(DatasetId, u64)>,
    /// What was done to them.
    pub transformation: Option<String>,
    /// The run that made it; it may be purged by now.
    pub run: Option<RunKey>,
    /// How its rows were chosen from its parents', as JSON text; empty when they were not.
    pub sampling: String,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Who added it.
    pub actor: String,
    /// The record that says so.
    pub lsn: Lsn,
    /// When it was added, in ns since 1970.
    pub time_ns: i64,
    /// Set while it is removed.
    pub removed: Option<Stamp>,
}

impl Dataset {
    pub(crate) fn new(created: &DatasetCreated, entry: &Entry<'_>) -> Dataset {
        Dataset {
            id: created.dataset,
            name: created.name.clone(),
            description: created.description.clone(),
            tags: created.tags.iter().cloned().collect(),
            created: Stamp::of(entry),
            actor: created.actor.clone(),
            deleted: None,
            versions: Vec::new(),
        }
    }

    /// A version, also a removed one.
    #[must_use]
    pub fn version(&self, number: u64) -> Option<&DatasetVersion> {
        let place = self
            .versions
            .binary_search_by_key(&number, |version| version.number);
        self.versions.get(place.ok()?)
    }

    /// The newest version that is not removed.
    #[must_use]
    pub fn latest(&self) -> Option<&DatasetVersion> {
        let mut newest_first = self.versions.iter().rev();
        newest_first.find(|version| version.removed.is_none())
    }
}

impl DatasetVersion {
    pub(crate) fn new(added: &DatasetVersionAdded, entry: &Entry<'_>) -> DatasetVersion {
        DatasetVersion {
            number: added.number,
            version: added.version.clone(),
            digest: added.digest.clone(),
            source: added.source.clone(),
            content: added.content,
            len: added.len,
            rows: added.rows,
            schema: added.schema.clone(),
            profile: added.profile.clone(),
            parents: added.parents.clone(),
            transformation: added.transformation.clone(),
            run: added.run,
            sampling: added.sampling.clone(),
            tags: added.tags.iter().cloned().collect(),
            actor: added.actor.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
            removed: None,
        }
    }
}

impl Registered for Dataset {
    type Id = DatasetId;
    type Version = DatasetVersion;

    fn id(&self) -> DatasetId {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn deleted(&self) -> Option<Stamp> {
        self.deleted
    }

    fn common(&mut self) -> Common<'_> {
        Common {
            name: &mut self.name,
            description: &mut self.description,
            tags: &mut self.tags,
            deleted: &mut self.deleted,
        }
    }

    fn versions(&self) -> &[DatasetVersion] {
        &self.versions
    }

    fn versions_mut(&mut self) -> &mut Vec<DatasetVersion> {
        &mut self.versions
    }
}

impl Numbered for DatasetVersion {
    fn number(&self) -> u64 {
        self.number
    }

    fn removed_mut(&mut self) -> &mut Option<Stamp> {
        &mut self.removed
    }
}

coded!(DatasetVersion {
    number,
    version,
    digest,
    source,
    content,
    len,
    rows,
    schema,
    profile,
    parents,
    transformation,
    run,
    sampling,
    tags,
    actor,
    time_ns,
    removed
});
