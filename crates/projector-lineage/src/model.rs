//! A model and its versions, as the log describes them.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{ArtifactId, BlobId, ModelCreated, ModelId, ModelVersionAdded, RunKey};
use mltrack_projector::{Entry, Lsn, Stamp};

use crate::coded::coded;
use crate::registry::{Common, Numbered, Registered};

/// The stage of a version that was never moved.
pub(crate) const FIRST_STAGE: &str = "None";

/// A model.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Model {
    /// Its id.
    pub id: ModelId,
    /// Its name, unique among the models that are not deleted.
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
    /// When it changed last, in ns since 1970: its name, its description, which versions it has, or a version's stage.
    pub updated_ns: i64,
    /// Its versions by number, removed ones included.
    pub versions: Vec<ModelVersion>,
    /// Names of versions, with the number that each leads to.
    pub aliases: BTreeMap<String, u64>,
}

/// A version of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelVersion {
    /// Its number, from 1.
    pub number: u64,
    /// Its semantic version.
    pub version: Option<String>,
    /// The run that made it; it may be purged by now.
    pub run: Option<RunKey>,
    /// The artifacts it is made of; they may be purged by now.
    pub artifacts: Vec<ArtifactId>,
    /// The manifest of its files, where it is more than one artifact.
    pub content: Option<BlobId>,
    /// What can load it; empty when not said.
    pub flavour: String,
    /// Where it came from: a URI or a path; empty when not said.
    pub source: String,
    /// What goes in and out, as JSON text; empty when not said.
    pub signature: String,
    /// What else is said of it, as JSON text; empty when nothing is.
    pub metadata: String,
    /// What it is.
    pub description: String,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Its stage; `None` before the first move.
    pub stage: String,
    /// The moves from stage to stage, oldest first.
    pub stage_history: Vec<StageMove>,
    /// Who added it.
    pub actor: String,
    /// The record that says so.
    pub lsn: Lsn,
    /// When it was added, in ns since 1970.
    pub time_ns: i64,
    /// When it changed last, in ns since 1970: its description, its semantic version, its stage, whether it is removed,
    /// or its model's name.
    pub updated_ns: i64,
    /// Set while it is removed.
    pub removed: Option<Stamp>,
}

/// A version of a model went from one stage to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StageMove {
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
    /// The stage before.
    pub from: String,
    /// The stage behind.
    pub to: String,
    /// Who moved it.
    pub actor: String,
}

impl Model {
    pub(crate) fn new(created: &ModelCreated, entry: &Entry<'_>) -> Model {
        Model {
            id: created.model,
            name: created.name.clone(),
            description: created.description.clone(),
            tags: created.tags.iter().cloned().collect(),
            created: Stamp::of(entry),
            actor: created.actor.clone(),
            deleted: None,
            updated_ns: entry.time_ns,
            versions: Vec::new(),
            aliases: BTreeMap::new(),
        }
    }

    /// A version, also a removed one.
    #[must_use]
    pub fn version(&self, number: u64) -> Option<&ModelVersion> {
        let place = self
            .versions
            .binary_search_by_key(&number, |version| version.number);
        self.versions.get(place.ok()?)
    }

    /// The newest version that is not removed.
    #[must_use]
    pub fn latest(&self) -> Option<&ModelVersion> {
        let mut newest_first = self.versions.iter().rev();
        newest_first.find(|version| version.removed.is_none())
    }
}

impl ModelVersion {
    pub(crate) fn new(added: &ModelVersionAdded, entry: &Entry<'_>) -> ModelVersion {
        ModelVersion {
            number: added.number,
            version: added.version.clone(),
            run: added.run,
            artifacts: added.artifacts.clone(),
            content: added.content,
            flavour: added.flavour.clone(),
            source: added.source.clone(),
            signature: added.signature.clone(),
            metadata: added.metadata.clone(),
            description: String::new(),
            tags: added.tags.iter().cloned().collect(),
            stage: FIRST_STAGE.into(),
            stage_history: Vec::new(),
            actor: added.actor.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
            updated_ns: entry.time_ns,
            removed: None,
        }
    }
}

impl Registered for Model {
    type Id = ModelId;
    type Version = ModelVersion;

    fn id(&self) -> ModelId {
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

    fn versions(&self) -> &[ModelVersion] {
        &self.versions
    }

    fn versions_mut(&mut self) -> &mut Vec<ModelVersion> {
        &mut self.versions
    }
}

impl Numbered for ModelVersion {
    fn number(&self) -> u64 {
        self.number
    }

    fn removed_mut(&mut self) -> &mut Option<Stamp> {
        &mut self.removed
    }
}

coded!(ModelVersion {
    number,
    version,
    run,
    artifacts,
    content,
    flavour,
    source,
    signature,
    metadata,
    description,
    tags,
    stage,
    stage_history,
    actor,
    time_ns,
    updated_ns,
    removed
});
coded!(StageMove {
    time_ns,
    from,
    to,
    actor
});
