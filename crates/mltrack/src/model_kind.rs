//! Models as what a registry holds: which events say what, and how a selector looks at a version.
//!
//! Invariant: an alias goes before a stage or a tag of the same word.

use mltrack_event::{
    Event, ModelCreated, ModelDeleted, ModelEdited, ModelId, ModelRestored, ModelVersionEdited,
    ModelVersionRemoved, ModelVersionRestored, NameKind, StreamId,
};
use mltrack_projector_lineage::{Model as Folded, Things};

use crate::error::Result;
use crate::registry::{By, Edit, Facts, Kind, New, VersionEdit};
use crate::selector::{Candidate, Pick};

/// Models.
pub(crate) enum Models {}

impl Kind for Models {
    const WORD: &'static str = "model";
    const NAME: NameKind = NameKind::Model;
    type Id = ModelId;
    type Item = Folded;

    fn id_of(bytes: [u8; 16]) -> ModelId {
        ModelId::from_bytes(bytes)
    }

    fn all(things: &Things) -> Box<dyn DoubleEndedIterator<Item = &Folded> + '_> {
        Box::new(things.models())
    }

    fn get(things: &Things, id: ModelId) -> Option<&Folded> {
        things.model(id)
    }

    fn named<'a>(things: &'a Things, name: &str) -> Option<&'a Folded> {
        things.model_named(name)
    }

    fn facts(item: &Folded) -> Facts<'_, ModelId> {
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

    /// A word is an alias, else a stage, else a tag.
    fn pick(item: &Folded, pick: &Pick) -> Result<Option<u64>> {
        let is_live = |number: &u64| {
            item.version(*number)
                .is_some_and(|version| version.removed.is_none())
        };
        if let Pick::Word(word) = pick
            && let Some(number) = item.aliases.get(word).filter(|number| is_live(number))
        {
            return Ok(Some(*number));
        }
        let live: Vec<_> = item
            .versions
            .iter()
            .filter(|version| version.removed.is_none())
            .map(|version| {
                let has_word = |word: &str| {
                    version.stage.eq_ignore_ascii_case(word) || version.tags.contains_key(word)
                };
                (version, has_word)
            })
            .collect();
        let candidates = live.iter().map(|(version, has_word)| Candidate {
            number: version.number,
            version: version.version.as_deref(),
            digest: None,
            has_word,
        });
        pick.among(&format!("model {}", item.name), candidates)
    }

    fn names_stream() -> StreamId {
        StreamId::model_names()
    }

    fn stream(id: ModelId) -> StreamId {
        StreamId::model(id)
    }

    fn created(model: ModelId, new: &New, (actor, command): By) -> Event {
        ModelCreated {
            model,
            name: new.name.clone(),
            description: new.description.clone(),
            tags: new.tags.clone(),
            actor,
            command,
        }
        .into()
    }

    fn edited(model: ModelId, edit: &Edit, (actor, command): By) -> Event {
        ModelEdited {
            model,
            name: edit.name.clone(),
            description: edit.description.clone(),
            set: edit.set.clone(),
            remove: edit.remove.clone(),
            actor,
            command,
        }
        .into()
    }

    fn deleted(model: ModelId, (actor, command): By) -> Event {
        ModelDeleted {
            model,
            actor,
            command,
        }
        .into()
    }

    fn restored(model: ModelId, (actor, command): By) -> Event {
        ModelRestored {
            model,
            actor,
            command,
        }
        .into()
    }

    fn version_removed(model: ModelId, number: u64, (actor, command): By) -> Event {
        ModelVersionRemoved {
            model,
            number,
            actor,
            command,
        }
        .into()
    }

    fn version_restored(model: ModelId, number: u64, (actor, command): By) -> Event {
        ModelVersionRestored {
            model,
            number,
            actor,
            command,
        }
        .into()
    }

    fn version_edited(
        model: ModelId,
        number: u64,
        edit: &VersionEdit,
        (actor, command): By,
    ) -> Event {
        ModelVersionEdited {
            model,
            number,
            description: edit.description.clone(),
            version: edit.version.clone(),
            set: edit.set.clone(),
            remove: edit.remove.clone(),
            actor,
            command,
        }
        .into()
    }
}
