//! Adding a version to a model: which artifacts or files it is made of, which run made it, what loads it.
//!
//! Invariants: of two that add at the same time each gets a number of its own; what the event names is there by then.

use std::path::Path;
use std::sync::Arc;

use mltrack_event::{
    ArtifactId, BlobId, Event, ModelId, ModelVersionAdded, ModelVersionEdited, Root, RunKey,
    StreamId,
};
use mltrack_projector_lineage::{Model as Folded, Things};
use serde::Serialize;

use crate::code::Code;
use crate::dataset_add::{highest, json};
use crate::dataset_content::{Piece, StoredTree, pieces_at, store_pieces};
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::model_kind::Models;
use crate::model_version::{ModelVersion, check_free};
use crate::registry::{self, check_keys};
use crate::run::Run;
use crate::selector::check_word;
use crate::semantic::{Bump, SemanticVersion};
use crate::store::Store;

/// A version of a model to be added; see [`Model::version`](crate::Model::version).
#[must_use = "nothing is added before `add`"]
pub struct NewModelVersion {
    store: Option<Arc<Store>>,
    model: ModelId,
    named: Option<SemanticVersion>,
    bump: Option<Bump>,
    pieces: Vec<Piece>,
    described: Described,
    refused: Option<Error>,
}

/// What is said of it.
#[derive(Clone, Default)]
struct Described {
    run: Option<RunKey>,
    artifacts: Vec<ArtifactId>,
    flavour: String,
    source: String,
    signature: String,
    metadata: String,
    description: String,
    tags: Vec<(String, String)>,
    /// Tags that need not pick the version.
    notes: Vec<(String, String)>,
}

impl NewModelVersion {
    pub(crate) fn new(store: Option<Arc<Store>>, model: ModelId) -> NewModelVersion {
        NewModelVersion {
            store,
            model,
            named: None,
            bump: None,
            pieces: Vec::new(),
            described: Described::default(),
            refused: None,
        }
    }

    /// An artifact that it is made of; several calls name several.
    pub fn artifact(mut self, artifact: ArtifactId) -> NewModelVersion {
        self.described.artifacts.push(artifact);
        self
    }

    /// A file that is stored with it, under its name; several calls store several. Where it came from is its source
    /// unless that is said otherwise.
    pub fn file(self, path: impl AsRef<Path>) -> NewModelVersion {
        self.stored(path.as_ref(), false)
    }

    /// The same for every file of a folder, under their paths in it.
    pub fn folder(self, path: impl AsRef<Path>) -> NewModelVersion {
        self.stored(path.as_ref(), true)
    }

    fn stored(mut self, path: &Path, is_folder: bool) -> NewModelVersion {
        let place = path.display().to_string();
        match pieces_at(path) {
            Ok(_) if path.is_dir() != is_folder => {
                let (what, call) = if is_folder {
                    ("no folder", "file(..)")
                } else {
                    ("a folder", "folder(..)")
                };
                self.refused =
                    Some(Error::validation(format!("{place}: it is {what}")).with_hint(call));
            }
            Ok(pieces) => self.pieces.extend(pieces),
            Err(error) => self.refused = Some(error),
        }
        if self.described.source.is_empty() {
            self.described.source = place;
        }
        self
    }

    /// Where it lies, or came from: a URI or a path.
    pub fn source(mut self, uri: impl Into<String>) -> NewModelVersion {
        self.described.source = uri.into();
        self
    }

    /// The run that made it.
    pub fn run(self, run: &Run) -> NewModelVersion {
        self.made_by_run(run.id().key())
    }

    /// The run that made it, by its key.
    pub fn made_by_run(mut self, run: RunKey) -> NewModelVersion {
        self.described.run = Some(run);
        self
    }

    /// What can load it, such as `pytorch`.
    pub fn flavour(mut self, flavour: impl Into<String>) -> NewModelVersion {
        self.described.flavour = flavour.into();
        self
    }

    /// What goes in and what comes out.
    pub fn signature(mut self, signature: &(impl Serialize + ?Sized)) -> NewModelVersion {
        match json(signature) {
            Ok(text) => self.described.signature = text,
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// What else is to be said of it.
    pub fn metadata(mut self, metadata: &(impl Serialize + ?Sized)) -> NewModelVersion {
        match json(metadata) {
            Ok(text) => self.described.metadata = text,
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Its semantic version, such as `1.2.0`.
    pub fn version_name(mut self, version: &str) -> NewModelVersion {
        match version.parse() {
            Ok(version) => self.named = Some(version),
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// The semantic version that follows the highest one of the model; the first one follows 0.0.0.
    pub fn bump(mut self, part: Bump) -> NewModelVersion {
        self.bump = Some(part);
        self
    }

    /// A tag; its key picks the version: `resnet@gold`. A plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewModelVersion {
        self.described.tags.push((key.into(), value.into()));
        self
    }

    /// A tag that need not pick the version: its key may be one that a selector reads as something else.
    pub fn note(mut self, key: impl Into<String>, value: impl Into<String>) -> NewModelVersion {
        self.described.notes.push((key.into(), value.into()));
        self
    }

    /// What it is.
    pub fn description(mut self, text: impl Into<String>) -> NewModelVersion {
        self.described.description = text.into();
        self
    }

    /// Adds it. Visible on return.
    ///
    /// Errors: `VALIDATION_ERROR` for a version that is made of nothing or a tag that is none; `NOT_FOUND` for an artifact
    /// or a run; `CONFLICT` for a semantic version that another one has; `INVALID_STATE` when the model is deleted.
    pub fn add(mut self) -> Result<ModelVersion> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        check_keys(&self.described.tags)?;
        check_keys(&self.described.notes)?;
        let mut keys = self.described.tags.iter();
        keys.try_for_each(|(key, _)| check_word(key))?;
        let Some(store) = self.store.clone() else {
            return Ok(ModelVersion::disabled());
        };
        let described = &self.described;
        if described.artifacts.is_empty() && self.pieces.is_empty() && described.source.is_empty() {
            return Err(
                Error::validation("a version of a model is made of something")
                    .with_hint("artifact(id), file(path), folder(path), or source(uri)"),
            );
        }
        let held = self.hold(&store)?;
        let content = held.as_ref().map(|tree| tree.blob);
        let (number, _) = store.decide_things(|things, _| self.plan(&store, things, content))?;
        // The event stands: who collects may look at the bytes again.
        drop(held);
        store.with_things(|things, _| {
            let model = registry::known::<Models>(things, self.model)?;
            let row = model.version(number).cloned();
            Ok(ModelVersion::of(&store, model, row))
        })
    }

    /// Stores its files, which nobody collects while the answer lives.
    fn hold(&self, store: &Store) -> Result<Option<StoredTree>> {
        if self.pieces.is_empty() {
            return Ok(None);
        }
        store_pieces(store, Root::Artifacts, &self.pieces).map(Some)
    }

    fn plan(
        &self,
        store: &Store,
        things: &Things,
        content: Option<BlobId>,
    ) -> Result<Decision<u64>> {
        let model = registry::live::<Models>(things, self.model)?;
        let described = &self.described;
        if let Some(run) = described.run.filter(|run| things.thing_run(*run).is_none()) {
            let what = format!("the store has no run {}", run.short());
            return Err(Error::new(Code::NotFound, what).with_hint("mltrack runs"));
        }
        for id in &described.artifacts {
            let known = things.artifact(*id);
            if known.is_none_or(|artifact| artifact.removed.is_some()) {
                let what = format!("the store has no {id}, or it is removed");
                return Err(Error::new(Code::NotFound, what).with_hint("mltrack artifact ls RUN"));
            }
        }
        let number = model.versions.last().map_or(1, |last| last.number + 1);
        let version = self.version(model, number)?;
        let events = self.events(store, number, version, content);
        let plan = Plan::on(StreamId::model(self.model), events);
        Ok(Decision::Append(plan, number))
    }

    /// That it is added, and what it is: one batch, so one operation.
    fn events(
        &self,
        store: &Store,
        number: u64,
        version: Option<String>,
        content: Option<BlobId>,
    ) -> Vec<Event> {
        let described = self.described.clone();
        let (actor, command) = store.by();
        let mut tags = described.tags;
        tags.extend(described.notes);
        let edited = ModelVersionEdited {
            model: self.model,
            number,
            description: Some(described.description),
            version: None,
            set: Vec::new(),
            remove: Vec::new(),
            actor: actor.clone(),
            command: command.clone(),
        };
        let added = ModelVersionAdded {
            model: self.model,
            number,
            version,
            run: described.run,
            artifacts: described.artifacts,
            content,
            flavour: described.flavour,
            source: described.source,
            signature: described.signature,
            metadata: described.metadata,
            tags,
            actor,
            command,
        };
        let is_described = edited
            .description
            .as_ref()
            .is_some_and(|text| !text.is_empty());
        let edited = is_described.then(|| edited.into());
        std::iter::once(added.into()).chain(edited).collect()
    }

    fn version(&self, model: &Folded, number: u64) -> Result<Option<String>> {
        let next = self.bump.map(|part| {
            highest(model.versions.iter().map(|row| row.version.as_deref()))
                .unwrap_or(SemanticVersion::new(0, 0, 0))
                .bump(part)
        });
        let version = self
            .named
            .clone()
            .or(next)
            .map(|version| version.to_string());
        if let Some(version) = &version {
            check_free(model, version, number)?;
        }
        Ok(version)
    }
}

impl std::fmt::Debug for NewModelVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewModelVersion").field(&self.model).finish()
    }
}
