//! Adding a version to a dataset: what it holds, where it came from, what it was made of.
//!
//! Invariants: the bytes of a version are stored before the event that names them; the same content again is the version
//! that has it; of two that add at the same time each gets a number of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mltrack_event::{DatasetId, DatasetVersionAdded, Root, RunKey, StreamId, canonical_json};
use mltrack_projector_lineage::{Dataset as Folded, DatasetVersion as Row, Things};
use serde::Serialize;
use serde_json::Value;

use crate::artifact_path::normal;
use crate::code::Code;
use crate::dataset_content::{Piece, StoredTree, pieces_at, store_pieces};
use crate::dataset_kind::Datasets;
use crate::dataset_version::{DatasetVersion, check_free};
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::registry::{self, check_keys, no_version};
use crate::run::Run;
use crate::sampling::Sampling;
use crate::selector::{check_digest, check_word};
use crate::semantic::{Bump, SemanticVersion};
use crate::store::Store;

/// A version to be added; see [`Dataset::version`](crate::Dataset::version).
#[must_use = "nothing is added before `add`"]
pub struct NewDatasetVersion {
    store: Option<Arc<Store>>,
    dataset: DatasetId,
    naming: Naming,
    content: Content,
    source: String,
    described: Described,
    refused: Option<Error>,
}

/// Its semantic version.
enum Naming {
    None,
    Named(SemanticVersion),
    Next(Bump),
}

/// What it holds.
enum Content {
    Files(Vec<Piece>),
    Reference { uri: String, digest: String },
}

/// What is said of it.
#[derive(Clone, Default)]
struct Described {
    len: Option<u64>,
    rows: Option<u64>,
    schema: String,
    profile: String,
    parents: Vec<(DatasetId, u64)>,
    transformation: Option<String>,
    run: Option<RunKey>,
    sampling: String,
    tags: Vec<(String, String)>,
}

/// The content, as the event says it.
struct Held {
    digest: String,
    source: String,
    tree: Option<StoredTree>,
}

impl NewDatasetVersion {
    pub(crate) fn new(store: Option<Arc<Store>>, dataset: DatasetId) -> NewDatasetVersion {
        NewDatasetVersion {
            store,
            dataset,
            naming: Naming::None,
            content: Content::Files(Vec::new()),
            source: String::new(),
            described: Described::default(),
            refused: None,
        }
    }

    /// A file, or every file of a folder. Several calls add up. Of CSV, JSON lines and `NumPy` arrays the columns, their types,
    /// counts and ranges are found out.
    pub fn path(mut self, path: impl AsRef<Path>) -> NewDatasetVersion {
        let path = path.as_ref();
        match pieces_at(path) {
            Ok(pieces) => self.add_pieces(pieces),
            Err(error) => self.refused = Some(error),
        }
        if self.source.is_empty() {
            self.source = path.display().to_string();
        }
        self
    }

    /// Files under names of their own.
    pub fn files<N: Into<String>, P: Into<PathBuf>>(
        mut self,
        files: impl IntoIterator<Item = (N, P)>,
    ) -> NewDatasetVersion {
        for (name, path) in files {
            match normal(&name.into()) {
                Ok(name) => {
                    let path = path.into();
                    self.add_pieces(vec![Piece::File { name, path }]);
                }
                Err(error) => self.refused = Some(error),
            }
        }
        self
    }

    /// A file of these bytes.
    pub fn bytes(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> NewDatasetVersion {
        match normal(name) {
            Ok(name) => {
                let bytes = bytes.into();
                self.add_pieces(vec![Piece::Bytes { name, bytes }]);
            }
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// Where the content came from; the path that was passed unless said otherwise.
    pub fn source(mut self, uri: impl Into<String>) -> NewDatasetVersion {
        self.source = uri.into();
        self
    }

    fn add_pieces(&mut self, pieces: Vec<Piece>) {
        match &mut self.content {
            Content::Files(files) => files.extend(pieces),
            Content::Reference { .. } => {
                let what = "a version either refers to its content or has files";
                self.refused = Some(Error::validation(what));
            }
        }
    }

    /// Content that the store does not keep: where it lies, and the digest that tells it from any other, such as
    /// `sha256:..` or `git:..`.
    pub fn reference(
        mut self,
        uri: impl Into<String>,
        digest: impl Into<String>,
    ) -> NewDatasetVersion {
        let (uri, digest) = (uri.into(), digest.into());
        if matches!(&self.content, Content::Files(files) if !files.is_empty()) {
            let what = "a version either refers to its content or has files";
            self.refused = Some(Error::validation(what));
        }
        self.content = Content::Reference { uri, digest };
        self
    }

    /// Its semantic version, such as `1.2.0`.
    pub fn version_name(mut self, version: &str) -> NewDatasetVersion {
        match version.parse() {
            Ok(version) => self.naming = Naming::Named(version),
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// The semantic version that follows the highest one of the dataset; the first one follows 0.0.0.
    pub fn bump(mut self, part: Bump) -> NewDatasetVersion {
        self.naming = Naming::Next(part);
        self
    }

    /// A tag; its key picks the version: `imagenet@gold`. A plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewDatasetVersion {
        self.described.tags.push((key.into(), value.into()));
        self
    }

    /// Its columns and their types.
    pub fn schema(mut self, schema: &(impl Serialize + ?Sized)) -> NewDatasetVersion {
        match json(schema) {
            Ok(text) => self.described.schema = text,
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// What its columns hold: counts, ranges, means.
    pub fn profile(mut self, profile: &(impl Serialize + ?Sized)) -> NewDatasetVersion {
        match json(profile) {
            Ok(text) => self.described.profile = text,
            Err(error) => self.refused = Some(error),
        }
        self
    }

    /// How many rows it has.
    pub fn rows(mut self, count: u64) -> NewDatasetVersion {
        self.described.rows = Some(count);
        self
    }

    /// Its length in bytes, for content that the store does not keep.
    pub fn len(mut self, bytes: u64) -> NewDatasetVersion {
        self.described.len = Some(bytes);
        self
    }

    /// A version that it was made of; several calls name several.
    pub fn derived_from(mut self, parent: &DatasetVersion) -> NewDatasetVersion {
        let parent = (parent.dataset, parent.number);
        self.described.parents.push(parent);
        self
    }

    /// What was done to the versions that it was made of, such as `dedup`.
    pub fn transformation(mut self, name: impl Into<String>) -> NewDatasetVersion {
        self.described.transformation = Some(name.into());
        self
    }

    /// How its rows were chosen from those of its parent.
    pub fn sampled(mut self, sampling: &Sampling, of: u64, rows: &[u64]) -> NewDatasetVersion {
        self.described.sampling = canonical_json(&sampling.record(of, rows));
        self.described.rows = Some(rows.len() as u64);
        self
    }

    /// The run that made it.
    pub fn made_by(self, run: &Run) -> NewDatasetVersion {
        self.made_by_run(run.id().key())
    }

    /// The run that made it, by its key.
    pub fn made_by_run(mut self, run: RunKey) -> NewDatasetVersion {
        self.described.run = Some(run);
        self
    }

    /// Adds it. Visible on return. Where the dataset has this content already, that version is the answer, and its
    /// [`is_new`](DatasetVersion::is_new) is false.
    ///
    /// Errors: `VALIDATION_ERROR` for a version without content, a digest or a tag that is none; `CONFLICT` for a semantic
    /// version that another one has; `INVALID_STATE` when the dataset is deleted; `NOT_FOUND` for a parent or a run.
    pub fn add(mut self) -> Result<DatasetVersion> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        check_keys(&self.described.tags)?;
        let mut keys = self.described.tags.iter();
        keys.try_for_each(|(key, _)| check_word(key))?;
        let Some(store) = self.store.clone() else {
            return Ok(DatasetVersion::disabled());
        };
        let held = self.hold(&store)?;
        let ((number, is_new), _) =
            store.decide_things(|things, _| self.plan(&store, things, &held))?;
        // The event stands: who collects may look at the bytes again.
        drop(held);
        store.with_things(|things, _| {
            let dataset = registry::known::<Datasets>(things, self.dataset)?;
            let row = dataset.version(number).cloned();
            Ok(DatasetVersion::of(&store, dataset, row).marked_new(is_new))
        })
    }

    /// Sees to it that the content is where the event will say it is.
    fn hold(&self, store: &Store) -> Result<Held> {
        match &self.content {
            Content::Files(pieces) if pieces.is_empty() => {
                Err(Error::validation("a version needs content")
                    .with_hint("path(..), bytes(..), or reference(uri, digest)"))
            }
            Content::Files(pieces) => {
                let tree = store_pieces(store, Root::Data, pieces)?;
                Ok(Held {
                    digest: tree.blob.digest(),
                    source: self.source.clone(),
                    tree: Some(tree),
                })
            }
            Content::Reference { uri, digest } => {
                check_digest(digest)?;
                if uri.is_empty() {
                    return Err(Error::validation(
                        "a reference needs the place it refers to",
                    ));
                }
                Ok(Held {
                    digest: digest.clone(),
                    source: uri.clone(),
                    tree: None,
                })
            }
        }
    }

    fn plan(&self, store: &Store, things: &Things, held: &Held) -> Result<Decision<(u64, bool)>> {
        let dataset = registry::live::<Datasets>(things, self.dataset)?;
        let mut live = dataset.versions.iter().filter(|row| row.removed.is_none());
        // Of a version whose bytes are not kept the same content is a new one, which keeps them.
        let keeps = |row: &Row| row.content.is_some() || held.tree.is_none();
        if let Some(same) = live.find(|row| row.digest == held.digest && keeps(row)) {
            return Ok(Decision::Already((same.number, false)));
        }
        for (id, number) in &self.described.parents {
            let parent = registry::known::<Datasets>(things, *id)?;
            if parent.version(*number).is_none() {
                return Err(no_version::<Datasets>(&parent.name, *number));
            }
        }
        if let Some(run) = self
            .described
            .run
            .filter(|run| things.thing_run(*run).is_none())
        {
            return Err(Error::new(
                Code::NotFound,
                format!("the store has no run {}", run.short()),
            )
            .with_hint("mltrack runs"));
        }
        let number = dataset.versions.last().map_or(1, |last| last.number + 1);
        let version = self.version(dataset, number)?;
        let event = self.event(store, (number, version), held);
        let plan = Plan::on(StreamId::dataset(self.dataset), vec![event.into()]);
        Ok(Decision::Append(plan, (number, true)))
    }

    fn version(&self, dataset: &Folded, number: u64) -> Result<Option<String>> {
        let version = match &self.naming {
            Naming::None => return Ok(None),
            Naming::Named(version) => version.clone(),
            Naming::Next(part) => {
                highest(dataset.versions.iter().map(|row| row.version.as_deref()))
                    .unwrap_or(SemanticVersion::new(0, 0, 0))
                    .bump(*part)
            }
        };
        let version = version.to_string();
        check_free(dataset, &version, number)?;
        Ok(Some(version))
    }

    fn event(
        &self,
        store: &Store,
        (number, version): (u64, Option<String>),
        held: &Held,
    ) -> DatasetVersionAdded {
        let (actor, command) = store.by();
        let described = self.described.clone();
        // What was said goes before what was found.
        let profile = held.tree.as_ref().and_then(|tree| tree.profile.as_ref());
        let found = |said: String, find: fn(&Profile) -> Value| match profile {
            Some(profile) if said.is_empty() => canonical_json(&find(profile)),
            _ => said,
        };
        DatasetVersionAdded {
            dataset: self.dataset,
            number,
            version,
            digest: held.digest.clone(),
            source: held.source.clone(),
            content: held.tree.as_ref().map(|tree| tree.blob),
            len: held.tree.as_ref().map(|tree| tree.len).or(described.len),
            rows: described.rows.or(profile.map(|profile| profile.rows)),
            schema: found(described.schema, Profile::schema),
            profile: found(described.profile, Profile::figures),
            parents: described.parents,
            transformation: described.transformation,
            run: described.run,
            sampling: described.sampling,
            tags: described.tags,
            actor,
            command,
        }
    }
}

/// The highest semantic version of all that have one.
pub(crate) fn highest<'a>(
    versions: impl Iterator<Item = Option<&'a str>>,
) -> Option<SemanticVersion> {
    versions
        .flatten()
        .filter_map(|text| text.parse().ok())
        .max()
}

/// A document as canonical JSON text.
pub(crate) fn json(document: &(impl Serialize + ?Sized)) -> Result<String> {
    match serde_json::to_value(document) {
        Ok(value) => Ok(canonical_json(&value)),
        Err(error) => Err(Error::new(
            Code::SerializationError,
            format!("the document is no JSON: {error}"),
        )),
    }
}

impl std::fmt::Debug for NewDatasetVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NewDatasetVersion")
            .field(&self.dataset)
            .finish()
    }
}
