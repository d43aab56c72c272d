//! What an undo would set back of a dataset or a model: one thing that can be said about it.
//!
//! Invariant: whatever changes an aspect is an event that sets it, so that the operation that stands in the way of an undo
//! can be named.

use mltrack_event::{DatasetId, Event, ModelId, StreamId};

/// What is neither a run nor an experiment and is changed by operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Dataset(DatasetId),
    Model(ModelId),
}

impl Thing {
    /// What an event changes.
    pub fn of(event: &Event) -> Option<Thing> {
        match event {
            Event::DatasetCreated(created) => Some(Thing::Dataset(created.dataset)),
            Event::DatasetEdited(edited) => Some(Thing::Dataset(edited.dataset)),
            Event::DatasetDeleted(deleted) => Some(Thing::Dataset(deleted.dataset)),
            Event::DatasetRestored(restored) => Some(Thing::Dataset(restored.dataset)),
            Event::DatasetVersionAdded(added) => Some(Thing::Dataset(added.dataset)),
            Event::DatasetVersionEdited(edited) => Some(Thing::Dataset(edited.dataset)),
            Event::DatasetVersionRemoved(removed) => Some(Thing::Dataset(removed.dataset)),
            Event::DatasetVersionRestored(restored) => Some(Thing::Dataset(restored.dataset)),
            Event::DatasetBytesPurged(purged) => Some(Thing::Dataset(purged.dataset)),
            Event::ModelCreated(created) => Some(Thing::Model(created.model)),
            Event::ModelEdited(edited) => Some(Thing::Model(edited.model)),
            Event::ModelDeleted(deleted) => Some(Thing::Model(deleted.model)),
            Event::ModelRestored(restored) => Some(Thing::Model(restored.model)),
            Event::ModelVersionAdded(added) => Some(Thing::Model(added.model)),
            Event::ModelVersionEdited(edited) => Some(Thing::Model(edited.model)),
            Event::ModelVersionRemoved(removed) => Some(Thing::Model(removed.model)),
            Event::ModelVersionRestored(restored) => Some(Thing::Model(restored.model)),
            Event::ModelAliasSet(set) => Some(Thing::Model(set.model)),
            Event::ModelStageMoved(moved) => Some(Thing::Model(moved.model)),
            Event::ModelBytesPurged(purged) => Some(Thing::Model(purged.model)),
            _ => None,
        }
    }

    /// On which everything that changes its versions stands.
    pub fn stream(self) -> StreamId {
        match self {
            Thing::Dataset(id) => StreamId::dataset(id),
            Thing::Model(id) => StreamId::model(id),
        }
    }

    /// On which it is made and comes back.
    pub fn names_stream(self) -> StreamId {
        match self {
            Thing::Dataset(_) => StreamId::dataset_names(),
            Thing::Model(_) => StreamId::model_names(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OfThing {
    Deletion,
    Name,
    Description,
    Tag(String),
    /// That it has no versions.
    Versions,
    /// Whether a version is there.
    Version(u64),
    SemanticVersion(u64),
    VersionDescription(u64),
    VersionTag(u64, String),
    Stage(u64),
    Alias(String),
}

impl OfThing {
    /// What an event sets.
    pub fn of(event: &Event) -> Vec<OfThing> {
        match event {
            Event::DatasetDeleted(_)
            | Event::DatasetRestored(_)
            | Event::ModelDeleted(_)
            | Event::ModelRestored(_) => vec![OfThing::Deletion],
            Event::DatasetEdited(edited) => {
                let named = (edited.name.is_some(), edited.description.is_some());
                of_edit(named, &edited.set, &edited.remove)
            }
            Event::ModelEdited(edited) => {
                let named = (edited.name.is_some(), edited.description.is_some());
                of_edit(named, &edited.set, &edited.remove)
            }
            Event::DatasetVersionAdded(added) => of_added(added.number),
            Event::ModelVersionAdded(added) => of_added(added.number),
            Event::DatasetVersionRemoved(removed) => vec![OfThing::Version(removed.number)],
            Event::DatasetVersionRestored(restored) => vec![OfThing::Version(restored.number)],
            Event::ModelVersionRemoved(removed) => vec![OfThing::Version(removed.number)],
            Event::ModelVersionRestored(restored) => vec![OfThing::Version(restored.number)],
            Event::DatasetVersionEdited(edited) => {
                let named = (edited.version.is_some(), false);
                of_version_edit(edited.number, named, &edited.set, &edited.remove)
            }
            Event::ModelVersionEdited(edited) => {
                let named = (edited.version.is_some(), edited.description.is_some());
                of_version_edit(edited.number, named, &edited.set, &edited.remove)
            }
            Event::ModelAliasSet(set) => vec![OfThing::Alias(set.alias.clone())],
            Event::ModelStageMoved(moved) => vec![OfThing::Stage(moved.number)],
            _ => Vec::new(),
        }
    }

    pub fn is_touched_by(&self, event: &Event) -> bool {
        OfThing::of(event).contains(self)
    }

    pub fn name(&self) -> String {
        match self {
            OfThing::Deletion => "the deletion".into(),
            OfThing::Name => "the name".into(),
            OfThing::Description => "the description".into(),
            OfThing::Tag(key) => format!("the tag {key:?}"),
            OfThing::Versions => "the list of versions".into(),
            OfThing::Version(number) => format!("v{number}"),
            OfThing::SemanticVersion(number) => format!("the semantic version of v{number}"),
            OfThing::VersionDescription(number) => format!("the description of v{number}"),
            OfThing::VersionTag(number, key) => format!("the tag {key:?} of v{number}"),
            OfThing::Stage(number) => format!("the stage of v{number}"),
            OfThing::Alias(alias) => format!("the alias {alias:?}"),
        }
    }
}

fn of_added(number: u64) -> Vec<OfThing> {
    vec![OfThing::Versions, OfThing::Version(number)]
}

fn keys<'a>(
    set: &'a [(String, String)],
    remove: &'a [String],
) -> impl Iterator<Item = String> + 'a {
    set.iter().map(|(key, _)| key).chain(remove).cloned()
}

fn of_edit(
    (has_name, has_description): (bool, bool),
    set: &[(String, String)],
    remove: &[String],
) -> Vec<OfThing> {
    let name = has_name.then_some(OfThing::Name);
    let description = has_description.then_some(OfThing::Description);
    let fields = name.into_iter().chain(description);
    fields.chain(keys(set, remove).map(OfThing::Tag)).collect()
}

fn of_version_edit(
    number: u64,
    (has_version, has_description): (bool, bool),
    set: &[(String, String)],
    remove: &[String],
) -> Vec<OfThing> {
    let version = has_version.then_some(OfThing::SemanticVersion(number));
    let description = has_description.then_some(OfThing::VersionDescription(number));
    let fields = version.into_iter().chain(description);
    let tags = keys(set, remove).map(|key| OfThing::VersionTag(number, key));
    fields.chain(tags).collect()
}
