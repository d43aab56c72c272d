//! The fold of models.

use mltrack_event::{Event, ModelAliasSet, ModelStageMoved, ModelVersionEdited};
use mltrack_projector::{Entry, Stamp};

use crate::apply::Outcome;
use crate::apply_dataset::set_version;
use crate::model::{Model, ModelVersion, StageMove};
use crate::registry::{Edit, edit_tags};
use crate::things::Things;

impl Things {
    /// `None` for an event that is not about a model.
    pub(crate) fn apply_model_event(
        &mut self,
        event: &Event,
        entry: &Entry<'_>,
    ) -> Option<Outcome> {
        let models = &mut self.models;
        let at = Stamp::of(entry);
        let outcome = match event {
            Event::ModelCreated(created) => models.create(Model::new(created, entry)),
            Event::ModelEdited(edited) => {
                let edit = Edit {
                    name: edited.name.as_deref(),
                    description: edited.description.as_deref(),
                    set: &edited.set,
                    remove: &edited.remove,
                };
                models.edit(edited.model, &edit)
            }
            Event::ModelDeleted(deleted) => models.delete(deleted.model, at),
            Event::ModelRestored(restored) => models.restore(restored.model),
            Event::ModelVersionAdded(added) => {
                models.add_version(added.model, ModelVersion::new(added, entry))
            }
            Event::ModelVersionEdited(edited) => self.edit_model_version(edited),
            Event::ModelVersionRemoved(removed) => {
                models.remove_version(removed.model, removed.number, Some(at))
            }
            Event::ModelVersionRestored(restored) => {
                models.remove_version(restored.model, restored.number, None)
            }
            Event::ModelBytesPurged(purged) => {
                for number in &purged.numbers {
                    if let Some(version) = models.version_mut(purged.model, *number) {
                        version.content = None;
                    }
                }
                Outcome::Applied
            }
            Event::ModelAliasSet(set) => self.set_alias(set),
            Event::ModelStageMoved(moved) => self.move_stage(moved, entry),
            _ => return None,
        };
        if outcome == Outcome::Applied {
            self.touch_model(event, entry.time_ns);
        }
        Some(outcome)
    }

    /// Notes when a model and its versions changed; tags and aliases are not counted as changes.
    fn touch_model(&mut self, event: &Event, now_ns: i64) {
        let (id, number) = match event {
            Event::ModelEdited(edited) if edited.name.is_some() => {
                if let Some(model) = self.models.get_mut(edited.model) {
                    let versions = model.versions.iter_mut();
                    versions.for_each(|version| version.updated_ns = now_ns);
                }
                (edited.model, None)
            }
            Event::ModelEdited(edited) if edited.description.is_some() => (edited.model, None),
            Event::ModelDeleted(deleted) => (deleted.model, None),
            Event::ModelRestored(restored) => (restored.model, None),
            Event::ModelVersionAdded(added) => (added.model, Some(added.number)),
            Event::ModelVersionRemoved(removed) => (removed.model, Some(removed.number)),
            Event::ModelVersionRestored(restored) => (restored.model, Some(restored.number)),
            Event::ModelStageMoved(moved) => (moved.model, Some(moved.number)),
            Event::ModelVersionEdited(edited) => {
                let is_told = edited.description.is_some() || edited.version.is_some();
                let version = self.models.version_mut(edited.model, edited.number);
                if let Some(version) = version.filter(|_| is_told) {
                    version.updated_ns = now_ns;
                }
                return;
            }
            _ => return,
        };
        if let Some(model) = self.models.get_mut(id) {
            model.updated_ns = now_ns;
        }
        let version = number.and_then(|number| self.models.version_mut(id, number));
        if let Some(version) = version {
            version.updated_ns = now_ns;
        }
    }

    fn edit_model_version(&mut self, edited: &ModelVersionEdited) -> Outcome {
        let Some(version) = self.models.version_mut(edited.model, edited.number) else {
            return Outcome::Orphaned;
        };
        if let Some(description) = &edited.description {
            version.description.clone_from(description);
        }
        set_version(&mut version.version, edited.version.as_deref());
        edit_tags(&mut version.tags, &edited.set, &edited.remove);
        Outcome::Applied
    }

    fn set_alias(&mut self, set: &ModelAliasSet) -> Outcome {
        let Some(model) = self.models.get_mut(set.model) else {
            return Outcome::Orphaned;
        };
        match set.number {
            Some(number) if model.version(number).is_none() => Outcome::Orphaned,
            Some(number) => {
                model.aliases.insert(set.alias.clone(), number);
                Outcome::Applied
            }
            None if model.aliases.remove(&set.alias).is_none() => Outcome::Refused,
            None => Outcome::Applied,
        }
    }

    fn move_stage(&mut self, moved: &ModelStageMoved, entry: &Entry<'_>) -> Outcome {
        let Some(version) = self.models.version_mut(moved.model, moved.number) else {
            return Outcome::Orphaned;
        };
        version.stage.clone_from(&moved.to);
        version.stage_history.push(StageMove {
            lsn: entry.lsn,
            time_ns: entry.time_ns,
            from: moved.from.clone(),
            to: moved.to.clone(),
            actor: moved.actor.clone(),
        });
        Outcome::Applied
    }
}
