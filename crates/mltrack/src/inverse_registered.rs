//! What takes back what an operation did to a dataset or a model, from three states of it.
//!
//! Invariants: as for runs, only what the operation changed is set back, and only while it still is what the operation made
//! it; what was made is deleted or removed, so that nothing is lost and a redo brings it back.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{Event, ModelAliasSet, ModelStageMoved};
use mltrack_projector_lineage::{Dataset, Model, Things};

use crate::aspect::Aspect;
use crate::aspect_thing::{OfThing, Thing};
use crate::dataset_kind::Datasets;
use crate::error::Result;
use crate::inverse::{By, Hindrance, Three};
use crate::model_kind::Models;
use crate::registry::{Edit, Kind, VersionEdit, name_taken};

/// What can be set back of a dataset or a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Registered {
    name: String,
    description: String,
    tags: BTreeMap<String, String>,
    is_deleted: bool,
    aliases: BTreeMap<String, u64>,
    versions: BTreeMap<u64, Version>,
}

/// What can be set back of a version. Datasets' have neither description nor stage.
#[derive(Clone, Debug, PartialEq, Default)]
struct Version {
    is_removed: bool,
    semantic: Option<String>,
    description: String,
    tags: BTreeMap<String, String>,
    stage: String,
}

impl Registered {
    pub fn of(things: &Things, thing: Thing) -> Option<Registered> {
        match thing {
            Thing::Dataset(id) => things.dataset(id).map(Registered::from),
            Thing::Model(id) => things.model(id).map(Registered::from),
        }
    }
}

impl From<&Dataset> for Registered {
    fn from(dataset: &Dataset) -> Registered {
        let version = |row: &mltrack_projector_lineage::DatasetVersion| Version {
            is_removed: row.removed.is_some(),
            semantic: row.version.clone(),
            tags: row.tags.clone(),
            ..Version::default()
        };
        let versions = dataset.versions.iter();
        Registered {
            name: dataset.name.clone(),
            description: dataset.description.clone(),
            tags: dataset.tags.clone(),
            is_deleted: dataset.deleted.is_some(),
            aliases: BTreeMap::new(),
            versions: versions.map(|row| (row.number, version(row))).collect(),
        }
    }
}

impl From<&Model> for Registered {
    fn from(model: &Model) -> Registered {
        let version = |row: &mltrack_projector_lineage::ModelVersion| Version {
            is_removed: row.removed.is_some(),
            semantic: row.version.clone(),
            description: row.description.clone(),
            tags: row.tags.clone(),
            stage: row.stage.clone(),
        };
        let versions = model.versions.iter();
        Registered {
            name: model.name.clone(),
            description: model.description.clone(),
            tags: model.tags.clone(),
            is_deleted: model.deleted.is_some(),
            aliases: model.aliases.clone(),
            versions: versions.map(|row| (row.number, version(row))).collect(),
        }
    }
}

/// Sets a dataset or a model back.
pub(crate) fn of_thing(
    thing: Thing,
    three: &Three<'_, Registered>,
    by: By<'_>,
) -> Result<Vec<Event>, Hindrance> {
    let inverse = Inverse { thing, by };
    match thing {
        Thing::Dataset(id) => inverse.of::<Datasets>(id, three),
        Thing::Model(id) => inverse.of::<Models>(id, three),
    }
}

/// A name that is to come back must be free.
pub(crate) fn check_names(things: &Things, thing: Thing, events: &[Event]) -> Result<()> {
    for event in events {
        let named = match event {
            Event::DatasetEdited(edited) => edited.name.clone(),
            Event::ModelEdited(edited) => edited.name.clone(),
            Event::DatasetRestored(_) | Event::ModelRestored(_) => {
                Registered::of(things, thing).map(|it| it.name)
            }
            _ => None,
        };
        let Some(name) = named else {
            continue;
        };
        match thing {
            Thing::Dataset(id) => check_free::<Datasets>(things, id, &name)?,
            Thing::Model(id) => check_free::<Models>(things, id, &name)?,
        }
    }
    Ok(())
}

fn check_free<K: Kind>(things: &Things, id: K::Id, name: &str) -> Result<()> {
    match K::named(things, name) {
        Some(holder) if K::facts(holder).id != id => Err(name_taken::<K>(name)),
        _ => Ok(()),
    }
}

struct Inverse<'a> {
    thing: Thing,
    by: By<'a>,
}

impl Inverse<'_> {
    fn changed(&self, of: OfThing) -> Hindrance {
        Hindrance::Changed(Aspect::Thing(self.thing, of))
    }

    /// What a field is to be again, where the operation changed it.
    fn back<'v, T: PartialEq>(
        &self,
        (before, after, now): (&'v T, &T, &T),
        of: impl FnOnce() -> OfThing,
    ) -> Result<Option<&'v T>, Hindrance> {
        if before == after {
            return Ok(None);
        }
        if now != after {
            return Err(self.changed(of()));
        }
        Ok(Some(before))
    }

    fn of<K: Kind>(
        &self,
        id: K::Id,
        three: &Three<'_, Registered>,
    ) -> Result<Vec<Event>, Hindrance> {
        let (after, now) = (three.after, three.now);
        let Some(before) = three.before else {
            return self.uncreate::<K>(id, after, now);
        };
        let mut events = Vec::new();
        let deletions = (&before.is_deleted, &after.is_deleted, &now.is_deleted);
        match self.back(deletions, || OfThing::Deletion)? {
            Some(true) => events.push(K::deleted(id, self.by.pair())),
            Some(false) => events.push(K::restored(id, self.by.pair())),
            None => {}
        }
        let edit = self.edit(before, after, now)?;
        if !edit.is_empty() {
            events.push(K::edited(id, &edit, self.by.pair()));
        }
        for (number, made) in &after.versions {
            let (was, is) = (before.versions.get(number), &now.versions[number]);
            events.extend(self.version::<K>(id, *number, (was, made, is))?);
        }
        events.extend(self.aliases((before, after, now))?);
        Ok(events)
    }

    fn uncreate<K: Kind>(
        &self,
        id: K::Id,
        after: &Registered,
        now: &Registered,
    ) -> Result<Vec<Event>, Hindrance> {
        if now.is_deleted {
            return Err(self.changed(OfThing::Deletion));
        }
        let mut versions = now.versions.iter();
        let is_later = |(number, row): (&u64, &Version)| {
            !row.is_removed && !after.versions.contains_key(number)
        };
        if versions.any(is_later) {
            return Err(self.changed(OfThing::Versions));
        }
        Ok(vec![K::deleted(id, self.by.pair())])
    }

    fn edit(
        &self,
        before: &Registered,
        after: &Registered,
        now: &Registered,
    ) -> Result<Edit, Hindrance> {
        let names = (&before.name, &after.name, &now.name);
        let texts = (&before.description, &after.description, &now.description);
        let tags = (&before.tags, &after.tags, &now.tags);
        let (set, remove) = self.tags(tags, &OfThing::Tag)?;
        Ok(Edit {
            name: self.back(names, || OfThing::Name)?.cloned(),
            description: self.back(texts, || OfThing::Description)?.cloned(),
            set,
            remove,
        })
    }

    /// Tags to set and keys to remove.
    fn tags(
        &self,
        (before, after, now): Tags<'_>,
        of: &dyn Fn(String) -> OfThing,
    ) -> Result<TagEdit, Hindrance> {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let values = (&before.get(key), &after.get(key), &now.get(key));
            match self.back(values, || of(key.clone()))? {
                Some(Some(value)) => set.push((key.clone(), (*value).clone())),
                Some(None) => remove.push(key.clone()),
                None => {}
            }
        }
        Ok((set, remove))
    }

    fn version<K: Kind>(
        &self,
        id: K::Id,
        number: u64,
        (before, after, now): (Option<&Version>, &Version, &Version),
    ) -> Result<Vec<Event>, Hindrance> {
        let gone = Version {
            is_removed: true,
            ..after.clone()
        };
        // A version that was added is removed; what it says of itself stays.
        let before = before.unwrap_or(&gone);
        let mut events = Vec::new();
        let removals = (&before.is_removed, &after.is_removed, &now.is_removed);
        match self.back(removals, || OfThing::Version(number))? {
            Some(true) => events.push(K::version_removed(id, number, self.by.pair())),
            Some(false) => events.push(K::version_restored(id, number, self.by.pair())),
            None => {}
        }
        let versions = (&before.semantic, &after.semantic, &now.semantic);
        let version = self.back(versions, || OfThing::SemanticVersion(number))?;
        let texts = (&before.description, &after.description, &now.description);
        let description = self.back(texts, || OfThing::VersionDescription(number))?;
        let tags = (&before.tags, &after.tags, &now.tags);
        let (set, remove) = self.tags(tags, &|key| OfThing::VersionTag(number, key))?;
        let edit = VersionEdit {
            description: description.cloned(),
            version: version.map(|version| version.clone().unwrap_or_default()),
            set,
            remove,
        };
        let is_edited = edit.description.is_some() || edit.version.is_some();
        if is_edited || !edit.set.is_empty() || !edit.remove.is_empty() {
            events.push(K::version_edited(id, number, &edit, self.by.pair()));
        }
        let stages = (&before.stage, &after.stage, &now.stage);
        if let (Some(to), Thing::Model(model)) =
            (self.back(stages, || OfThing::Stage(number))?, self.thing)
        {
            let ((actor, command), from) = (self.by.pair(), now.stage.clone());
            let to = to.clone();
            events.push(
                ModelStageMoved {
                    model,
                    number,
                    from,
                    to,
                    actor,
                    command,
                }
                .into(),
            );
        }
        Ok(events)
    }

    fn aliases(
        &self,
        (before, after, now): (&Registered, &Registered, &Registered),
    ) -> Result<Vec<Event>, Hindrance> {
        let Thing::Model(model) = self.thing else {
            return Ok(Vec::new());
        };
        let names = before.aliases.keys().chain(after.aliases.keys());
        let mut events = Vec::new();
        for alias in names.collect::<BTreeSet<_>>() {
            let get = |of: &Registered| of.aliases.get(alias).copied();
            let numbers = (&get(before), &get(after), &get(now));
            if let Some(number) = self.back(numbers, || OfThing::Alias(alias.clone()))? {
                let (actor, command) = self.by.pair();
                let set = ModelAliasSet {
                    model,
                    alias: alias.clone(),
                    number: *number,
                    actor,
                    command,
                };
                events.push(set.into());
            }
        }
        Ok(events)
    }
}

/// Tags to set, and keys to remove.
type TagEdit = (Vec<(String, String)>, Vec<String>);

/// Tags before the operation, after it and now.
type Tags<'a> = (
    &'a BTreeMap<String, String>,
    &'a BTreeMap<String, String>,
    &'a BTreeMap<String, String>,
);
