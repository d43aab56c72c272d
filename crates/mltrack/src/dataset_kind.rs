//! Datasets as what a registry holds: which events say what, and how a selector looks at a version.
//!
//! Invariant: a word picks a version by the key of a tag that it has.

use mltrack_event::{
    DatasetCreated, DatasetDeleted, DatasetEdited, DatasetId, DatasetRestored,
    DatasetVersionEdited, DatasetVersionRemoved, DatasetVersionRestored, Event, NameKind, StreamId,
};
use mltrack_projector_lineage::{Dataset as Folded, Things};

use crate::error::Result;
use crate::registry::{By, Edit, Facts, Kind, New, VersionEdit};
use crate::selector::{Candidate, Pick};

/// Datasets.
pub(crate) enum Datasets {}

impl Kind for Datasets {
    const WORD: &'static str = "dataset";
    const NAME: NameKind = NameKind::Dataset;
    type Id = DatasetId;
    type Item = Folded;

    fn id_of(bytes: [u8; 16]) -> DatasetId {
        DatasetId::from_bytes(bytes)
    }

    fn all(things: &Things) -> Box<dyn DoubleEndedIterator<Item = &Folded> + '_> {
        Box::new(things.datasets())
    }

    fn get(things: &Things, id: DatasetId) -> Option<&Folded> {
        things.dataset(id)
    }

    fn named<'a>(things: &'a Things, name: &str) -> Option<&'a Folded> {
        things.dataset_named(name)
    }

    fn facts(item: &Folded) -> Facts<'_, DatasetId> {
        Facts {
            id: item.id,
            name: &item.name,
            deleted: item.deleted,
        }
    }

    fn is_removed(item: &Folded, number: u64) -> Option<bool> {
        item.version(number)
            .map(|version| version.removed.is_some())
    }

    fn pick(item: &Folded, pick: &Pick) -> Result<Option<u64>> {
        let live: Vec<_> = item
            .versions
            .iter()
            .filter(|version| version.removed.is_none())
            .map(|version| (version, |word: &str| version.tags.contains_key(word)))
            .collect();
        let candidates = live.iter().map(|(version, has_word)| Candidate {
            number: version.number,
            version: version.version.as_deref(),
            digest: Some(&version.digest),
            has_word,
        });
        pick.among(&format!("dataset {}", item.name), candidates)
    }

    fn names_stream() -> StreamId {
        StreamId::dataset_names()
    }

    fn stream(id: DatasetId) -> StreamId {
        StreamId::dataset(id)
    }

    fn created(dataset: DatasetId, new: &New, (actor, command): By) -> Event {
        DatasetCreated {
            dataset,
            name: new.name.clone(),
            description: new.description.clone(),
            tags: new.tags.clone(),
            actor,
            command,
        }
        .into()
    }

    fn edited(dataset: DatasetId, edit: &Edit, (actor, command): By) -> Event {
        DatasetEdited {
            dataset,
            name: edit.name.clone(),
            description: edit.description.clone(),
            set: edit.set.clone(),
            remove: edit.remove.clone(),
            actor,
            command,
        }
        .into()
    }

    fn deleted(dataset: DatasetId, (actor, command): By) -> Event {
        DatasetDeleted {
            dataset,
            actor,
            command,
        }
        .into()
    }

    fn restored(dataset: DatasetId, (actor, command): By) -> Event {
        DatasetRestored {
            dataset,
            actor,
            command,
        }
        .into()
    }

    fn version_removed(dataset: DatasetId, number: u64, (actor, command): By) -> Event {
        DatasetVersionRemoved {
            dataset,
            number,
            actor,
            command,
        }
        .into()
    }

    fn version_restored(dataset: DatasetId, number: u64, (actor, command): By) -> Event {
        DatasetVersionRestored {
            dataset,
            number,
            actor,
            command,
        }
        .into()
    }

    fn version_edited(
        dataset: DatasetId,
        number: u64,
        edit: &VersionEdit,
        (actor, command): By,
    ) -> Event {
        DatasetVersionEdited {
            dataset,
            number,

            version: edit.version.clone(),
            set: edit.set.clone(),
            remove: edit.remove.clone(),
            actor,
            command,
        }
        .into()
    }
}
