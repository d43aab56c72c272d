//! The fold of datasets.

use mltrack_event::Event;
use mltrack_projector::{Entry, Stamp};

use crate::apply::Outcome;
use crate::dataset::{Dataset, DatasetVersion};
use crate::registry::{Edit, edit_tags};
use crate::things::Things;

impl Things {
    /// `None` for an event that is not about a dataset.
    pub(crate) fn apply_dataset_event(
        &mut self,
        event: &Event,
        entry: &Entry<'_>,
    ) -> Option<Outcome> {
        let datasets = &mut self.datasets;
        let at = Stamp::of(entry);
        Some(match event {
            Event::DatasetCreated(created) => datasets.create(Dataset::new(created, entry)),
            Event::DatasetEdited(edited) => {
                let edit = Edit {
                    name: edited.name.as_deref(),
                    description: edited.description.as_deref(),
                    set: &edited.set,
                    remove: &edited.remove,
                };
                datasets.edit(edited.dataset, &edit)
            }
            Event::DatasetDeleted(deleted) => datasets.delete(deleted.dataset, at),
            Event::DatasetRestored(restored) => datasets.restore(restored.dataset),
            Event::DatasetVersionAdded(added) => {
                datasets.add_version(added.dataset, DatasetVersion::new(added, entry))
            }
            Event::DatasetVersionEdited(edited) => {
                let Some(version) = datasets.version_mut(edited.dataset, edited.number) else {
                    return Some(Outcome::Orphaned);
                };
                set_version(&mut version.version, edited.version.as_deref());
                edit_tags(&mut version.tags, &edited.set, &edited.remove);
                Outcome::Applied
            }
            Event::DatasetVersionRemoved(removed) => {
                datasets.remove_version(removed.dataset, removed.number, Some(at))
            }
            Event::DatasetVersionRestored(restored) => {
                datasets.remove_version(restored.dataset, restored.number, None)
            }
            Event::DatasetBytesPurged(purged) => {
                for number in &purged.numbers {
                    if let Some(version) = datasets.version_mut(purged.dataset, *number) {
                        version.content = None;
                    }
                }
                Outcome::Applied
            }
            _ => return None,
        })
    }
}

/// Takes over a semantic version; an empty one takes it away.
pub(crate) fn set_version(version: &mut Option<String>, edited: Option<&str>) {
    if let Some(edited) = edited {
        *version = (!edited.is_empty()).then(|| edited.to_owned());
    }
}
