//! Things with an id, a name that is unique among those that are not deleted, and numbered versions.
//!
//! Invariants: they stand in the order of their creation; of several with one name the one that was created first has it.

use std::collections::BTreeMap;
use std::hash::Hash;

use mltrack_projector::{IntMap, Stamp};

use crate::apply::Outcome;

/// What a registry keeps.
pub(crate) trait Registered {
    type Id: Copy + Eq + Hash;
    type Version: Numbered;
    fn id(&self) -> Self::Id;
    fn name(&self) -> &str;
    fn deleted(&self) -> Option<Stamp>;
    fn common(&mut self) -> Common<'_>;
    fn versions(&self) -> &[Self::Version];
    fn versions_mut(&mut self) -> &mut Vec<Self::Version>;
}

/// What all registered things have.
pub(crate) struct Common<'a> {
    pub name: &'a mut String,
    pub description: &'a mut String,
    pub tags: &'a mut BTreeMap<String, String>,
    pub deleted: &'a mut Option<Stamp>,
}

/// A version of a registered thing.
pub(crate) trait Numbered {
    fn number(&self) -> u64;
    fn removed_mut(&mut self) -> &mut Option<Stamp>;
}

/// An edit of name, description and tags.
pub(crate) struct Edit<'a> {
    pub name: Option<&'a str>,
    pub description: Option<&'a str>,
    pub set: &'a [(String, String)],
    pub remove: &'a [String],
}

/// Registered things of one type.
#[derive(Clone, Debug)]
pub(crate) struct Registry<T: Registered> {
    items: Vec<T>,
    by_id: IntMap<T::Id, u32>,
    names: BTreeMap<String, u32>,
}

impl<T: Registered> Default for Registry<T> {
    fn default() -> Registry<T> {
        Registry {
            items: Vec::new(),
            by_id: IntMap::default(),
            names: BTreeMap::new(),
        }
    }
}

impl<T: Registered + PartialEq> PartialEq for Registry<T> {
    fn eq(&self, other: &Registry<T>) -> bool {
        self.items == other.items && self.names == other.names
    }
}

impl<T: Registered> Registry<T> {
    pub fn items(&self) -> &[T] {
        &self.items
    }

    pub fn get(&self, id: T::Id) -> Option<&T> {
        self.by_id
            .get(&id)
            .map(|place| &self.items[*place as usize])
    }

    pub fn get_mut(&mut self, id: T::Id) -> Option<&mut T> {
        let place = *self.by_id.get(&id)?;
        Some(&mut self.items[place as usize])
    }

    pub fn named(&self, name: &str) -> Option<&T> {
        self.names
            .get(name)
            .map(|place| &self.items[*place as usize])
    }

    pub fn create(&mut self, item: T) -> Outcome {
        if self.by_id.contains_key(&item.id()) {
            return Outcome::Refused;
        }
        let place = self.items.len() as u32;
        self.by_id.insert(item.id(), place);
        if item.deleted().is_none() {
            self.names.entry(item.name().to_owned()).or_insert(place);
        }
        self.items.push(item);
        Outcome::Applied
    }

    pub fn edit(&mut self, id: T::Id, edit: &Edit<'_>) -> Outcome {
        let Some(place) = self.by_id.get(&id).copied() else {
            return Outcome::Orphaned;
        };
        let holder = edit.name.and_then(|name| self.names.get(name));
        if holder.is_some_and(|holder| *holder != place) {
            return Outcome::Refused;
        }
        let common = self.items[place as usize].common();
        if let Some(description) = edit.description {
            description.clone_into(common.description);
        }
        edit_tags(common.tags, edit.set, edit.remove);
        if let Some(name) = edit.name {
            let given_up = std::mem::replace(common.name, name.to_owned());
            self.settle_name(&given_up);
            self.settle_name(name);
        }
        Outcome::Applied
    }

    pub fn delete(&mut self, id: T::Id, at: Stamp) -> Outcome {
        let Some(item) = self.get_mut(id) else {
            return Outcome::Orphaned;
        };
        let common = item.common();
        if common.deleted.is_some() {
            return Outcome::Refused;
        }
        *common.deleted = Some(at);
        let given_up = common.name.clone();
        self.settle_name(&given_up);
        Outcome::Applied
    }

    pub fn restore(&mut self, id: T::Id) -> Outcome {
        let Some(place) = self.by_id.get(&id).copied() else {
            return Outcome::Orphaned;
        };
        let item = &mut self.items[place as usize];
        if item.deleted().is_none() || self.names.contains_key(item.name()) {
            return Outcome::Refused;
        }
        *item.common().deleted = None;
        self.names.insert(item.name().to_owned(), place);
        Outcome::Applied
    }

    fn settle_name(&mut self, name: &str) {
        let has_it = |item: &T| item.deleted().is_none() && item.name() == name;
        match self.items.iter().position(has_it) {
            Some(place) => self.names.insert(name.to_owned(), place as u32),
            None => self.names.remove(name),
        };
    }

    pub fn version(&self, id: T::Id, number: u64) -> Option<&T::Version> {
        let versions = self.get(id)?.versions();
        let place = place_of(versions, number).ok()?;
        versions.get(place)
    }

    pub fn version_mut(&mut self, id: T::Id, number: u64) -> Option<&mut T::Version> {
        let versions = self.get_mut(id)?.versions_mut();
        let place = place_of(versions, number).ok()?;
        versions.get_mut(place)
    }

    pub fn add_version(&mut self, id: T::Id, version: T::Version) -> Outcome {
        let Some(item) = self.get_mut(id) else {
            return Outcome::Orphaned;
        };
        let versions = item.versions_mut();
        match place_of(versions, version.number()) {
            Ok(_) => Outcome::Refused,
            Err(place) => {
                versions.insert(place, version);
                Outcome::Applied
            }
        }
    }

    /// Removes a version, or brings it back.
    pub fn remove_version(&mut self, id: T::Id, number: u64, at: Option<Stamp>) -> Outcome {
        let Some(version) = self.version_mut(id, number) else {
            return Outcome::Orphaned;
        };
        let removed = version.removed_mut();
        if removed.is_some() == at.is_some() {
            return Outcome::Refused;
        }
        *removed = at;
        Outcome::Applied
    }
}

fn place_of<V: Numbered>(versions: &[V], number: u64) -> Result<usize, usize> {
    versions.binary_search_by_key(&number, Numbered::number)
}

/// Sets tags, then removes some.
pub(crate) fn edit_tags(
    tags: &mut BTreeMap<String, String>,
    set: &[(String, String)],
    remove: &[String],
) {
    tags.extend(set.iter().cloned());
    for key in remove {
        tags.remove(key);
    }
}
