//! What datasets and models have in common: a name that is theirs alone, a description, tags, versions that are removed
//! and come back, and a deletion that frees the name.
//!
//! Invariants: of any number of processes that create one name, one does; whatever is appended was decided from everything
//! that stands before it on the streams it depends on; a version's number is never given again.

use std::fmt::Display;
use std::str::FromStr;

use mltrack_event::{Event, IdError, NameKind, StreamId};
use mltrack_log::{Lsn, door};
use mltrack_projector::Stamp;
use mltrack_projector_lineage::Things;

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::selector::{Pick, Selector, check_word};
use crate::semantic::SemanticVersion;
use crate::store::Store;

/// Who does something, and by which command.
pub(crate) type By = (String, String);

/// What is registered: datasets or models.
pub(crate) trait Kind {
    /// The word of messages and commands.
    const WORD: &'static str;
    const NAME: NameKind;
    type Id: Copy + Eq + Display + FromStr<Err = IdError>;
    type Item;

    fn id_of(bytes: [u8; 16]) -> Self::Id;
    fn all(things: &Things) -> Box<dyn DoubleEndedIterator<Item = &Self::Item> + '_>;
    fn get(things: &Things, id: Self::Id) -> Option<&Self::Item>;
    fn named<'a>(things: &'a Things, name: &str) -> Option<&'a Self::Item>;
    fn facts(item: &Self::Item) -> Facts<'_, Self::Id>;
    /// Whether a version is removed, if there is such a version.
    fn is_removed(item: &Self::Item, number: u64) -> Option<bool>;
    /// The number that a selector means among the versions that are not removed.
    fn pick(item: &Self::Item, pick: &Pick) -> Result<Option<u64>>;
    fn names_stream() -> StreamId;
    fn stream(id: Self::Id) -> StreamId;
    fn created(id: Self::Id, new: &New, by: By) -> Event;
    fn edited(id: Self::Id, edit: &Edit, by: By) -> Event;
    fn deleted(id: Self::Id, by: By) -> Event;
    fn restored(id: Self::Id, by: By) -> Event;
    fn version_removed(id: Self::Id, number: u64, by: By) -> Event;
    fn version_restored(id: Self::Id, number: u64, by: By) -> Event;
    fn version_edited(id: Self::Id, number: u64, edit: &VersionEdit, by: By) -> Event;
}

/// What all that is registered tells about itself.
pub(crate) struct Facts<'a, I> {
    pub id: I,
    pub name: &'a str,
    pub deleted: Option<Stamp>,
}

/// What is to be created.
#[derive(Clone, Debug, Default)]
pub(crate) struct New {
    pub name: String,
    pub description: String,
    pub tags: Vec<(String, String)>,
}

/// What is to be changed about a dataset or a model, in one record; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Its name.
    pub name: Option<String>,
    /// What it is; an empty text takes that away.
    pub description: Option<String>,
    /// Tags to set; a plain one has an empty value.
    pub set: Vec<(String, String)>,
    /// Keys of tags to remove, behind that.
    pub remove: Vec<String>,
}

/// What is to be changed about a version, in one record; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct VersionEdit {
    /// What it is; an empty text takes that away. Only versions of models have a description.
    pub description: Option<String>,
    /// Its semantic version; an empty text takes it away.
    pub version: Option<String>,
    /// Tags to set; their keys pick the version.
    pub set: Vec<(String, String)>,
    /// Keys of tags to remove, behind that.
    pub remove: Vec<String>,
}

impl VersionEdit {
    /// Refuses what is nothing, what is no semantic version, and keys that a selector reads as something else.
    pub(crate) fn check(&self) -> Result<()> {
        check_keys(&self.set)?;
        self.set.iter().try_for_each(|(key, _)| check_word(key))?;
        if let Some(version) = self
            .version
            .as_deref()
            .filter(|version| !version.is_empty())
        {
            version.parse::<SemanticVersion>()?;
        }
        let is_empty = self.description.is_none() && self.version.is_none();
        if is_empty && self.set.is_empty() && self.remove.is_empty() {
            return Err(Error::validation("the edit changes nothing"));
        }
        Ok(())
    }
}

impl Edit {
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.description.is_none()
            && self.set.is_empty()
            && self.remove.is_empty()
    }
}

/// Creates one, or takes the one there is where that is fine. Tells whether it is new.
pub(crate) fn create<K: Kind>(
    store: &Store,
    new: &New,
    may_exist: bool,
) -> Result<(K::Id, Option<Lsn>)> {
    K::NAME.check(&new.name)?;
    check_keys(&new.tags)?;
    let known = |things: &Things| K::named(things, &new.name).map(|item| K::facts(item).id);
    if !store.is_writable() && may_exist {
        let found = store.with_things(|things, _| known(things).ok_or_else(Error::read_only))?;
        return Ok((found, None));
    }
    // Drawn once: a plan that is made again is about the same thing.
    let id = K::id_of(door::random_bytes());
    store.decide_things(|things, _| match known(things) {
        Some(id) if may_exist => Ok(Decision::Already(id)),
        Some(_) => Err(Error::new(
            Code::Conflict,
            format!("there is a {} {:?} already", K::WORD, new.name),
        )
        .with_hint(format!("mltrack {} show {}", K::WORD, new.name))),
        None => {
            let events = vec![K::created(id, new, store.by())];
            Ok(Decision::Append(Plan::on(K::names_stream(), events), id))
        }
    })
}

/// Changes name, description or tags.
pub(crate) fn edit<K: Kind>(store: &Store, id: K::Id, edit: &Edit) -> Result<Option<Lsn>> {
    if let Some(name) = &edit.name {
        K::NAME.check(name)?;
    }
    check_keys(&edit.set)?;
    if edit.is_empty() {
        return Err(Error::validation("the edit changes nothing"));
    }
    let ((), lsn) = store.decide_things(|things, _| {
        live::<K>(things, id)?;
        let holder = edit.name.as_deref().and_then(|name| K::named(things, name));
        if let Some(holder) = holder.filter(|holder| K::facts(holder).id != id) {
            return Err(name_taken::<K>(K::facts(holder).name));
        }
        let event = K::edited(id, edit, store.by());
        // Only a rename excludes others, but nothing may follow a deletion.
        let stream = event.stream().unwrap_or(K::stream(id));
        let unchanged = vec![stream, K::stream(id)];
        let events = vec![event];
        Ok(Decision::Append(
            Plan {
                stream,
                unchanged,
                events,
            },
            (),
        ))
    })?;
    Ok(lsn)
}

/// Deletes one: it is hidden and its name is free.
pub(crate) fn delete<K: Kind>(store: &Store, id: K::Id) -> Result<Option<Lsn>> {
    let ((), lsn) = store.decide_things(|things, _| {
        live::<K>(things, id)?;
        let plan = Plan::on(K::stream(id), vec![K::deleted(id, store.by())]);
        Ok(Decision::Append(plan, ()))
    })?;
    Ok(lsn)
}

/// Brings a deleted one back, under the name it had.
pub(crate) fn restore<K: Kind>(store: &Store, id: K::Id) -> Result<Option<Lsn>> {
    let ((), lsn) = store.decide_things(|things, _| {
        let facts = K::facts(known::<K>(things, id)?);
        if facts.deleted.is_none() {
            return Err(Error::new(
                Code::InvalidState,
                format!("the {} {:?} is not deleted", K::WORD, facts.name),
            ));
        }
        if K::named(things, facts.name).is_some() {
            return Err(name_taken::<K>(facts.name));
        }
        let plan = Plan {
            stream: K::names_stream(),
            unchanged: vec![K::names_stream(), K::stream(id)],
            events: vec![K::restored(id, store.by())],
        };
        Ok(Decision::Append(plan, ()))
    })?;
    Ok(lsn)
}

/// Removes a version, or brings it back.
pub(crate) fn set_removed<K: Kind>(
    store: &Store,
    id: K::Id,
    number: u64,
    is_removed: bool,
) -> Result<Option<Lsn>> {
    let ((), lsn) = store.decide_things(|things, _| {
        let item = live::<K>(things, id)?;
        let name = K::facts(item).name;
        let was_removed =
            K::is_removed(item, number).ok_or_else(|| no_version::<K>(name, number))?;
        if was_removed == is_removed {
            let state = if is_removed { "" } else { "not " };
            let what = format!("{} {name} v{number} is {state}removed already", K::WORD);
            return Err(Error::new(Code::InvalidState, what));
        }
        let event = if is_removed {
            K::version_removed(id, number, store.by())
        } else {
            K::version_restored(id, number, store.by())
        };
        Ok(Decision::Append(Plan::on(K::stream(id), vec![event]), ()))
    })?;
    Ok(lsn)
}

/// The one that has this name, or this id.
pub(crate) fn find<'a, K: Kind>(things: &'a Things, name: &str) -> Result<&'a K::Item> {
    if let Some(found) = K::named(things, name) {
        return Ok(found);
    }
    let by_id = name.parse().ok().and_then(|id| K::get(things, id));
    by_id.ok_or_else(|| {
        let mut error = Error::new(Code::NotFound, format!("no {} {name:?}", K::WORD));
        let is_it = |item: &&K::Item| {
            let facts = K::facts(item);
            facts.deleted.is_some() && facts.name == name
        };
        error = match K::all(things).rfind(is_it) {
            Some(_) => {
                error.with_hint(format!("it is deleted; mltrack {} restore {name}", K::WORD))
            }
            None => error.with_hint(format!("mltrack {} ls", K::WORD)),
        };
        error
    })
}

/// The deleted one that had this name last, or has this id.
pub(crate) fn find_deleted<'a, K: Kind>(things: &'a Things, name: &str) -> Result<&'a K::Item> {
    let is_it = |item: &&K::Item| {
        let facts = K::facts(item);
        facts.deleted.is_some() && (facts.name == name || facts.id.to_string() == name)
    };
    let mut items = K::all(things);
    items.rfind(is_it).ok_or_else(|| {
        Error::new(Code::NotFound, format!("no deleted {} {name:?}", K::WORD))
            .with_hint(format!("mltrack {} ls --deleted", K::WORD))
    })
}

/// The version that a selector means, which is neither removed nor of something deleted.
pub(crate) fn resolve<'a, K: Kind>(
    things: &'a Things,
    selector: &Selector,
) -> Result<(&'a K::Item, u64)> {
    let item = find::<K>(things, &selector.name)?;
    if K::facts(item).deleted.is_some() {
        return Err(is_deleted::<K>(K::facts(item).name));
    }
    let name = K::facts(item).name;
    if let Some(number) = K::pick(item, &selector.pick)? {
        return Ok((item, number));
    }
    let what = match &selector.pick {
        Pick::Latest => format!("{} {name} has no version yet", K::WORD),
        Pick::Number(number) if K::is_removed(item, *number).is_some() => {
            format!("{} {name} v{number} is removed", K::WORD)
        }
        pick => format!("{} {name} has no version {pick}", K::WORD),
    };
    Err(Error::new(Code::NotFound, what).with_hint(format!("mltrack {} show {name}", K::WORD)))
}

pub(crate) fn known<K: Kind>(things: &Things, id: K::Id) -> Result<&K::Item> {
    K::get(things, id).ok_or_else(|| {
        Error::new(Code::NotFound, format!("the store has no {id}"))
            .with_hint(format!("mltrack {} ls", K::WORD))
    })
}

/// One that is not deleted.
pub(crate) fn live<K: Kind>(things: &Things, id: K::Id) -> Result<&K::Item> {
    let item = known::<K>(things, id)?;
    let facts = K::facts(item);
    if facts.deleted.is_some() {
        return Err(is_deleted::<K>(facts.name));
    }
    Ok(item)
}

fn is_deleted<K: Kind>(name: &str) -> Error {
    Error::new(
        Code::InvalidState,
        format!("the {} {name:?} is deleted", K::WORD),
    )
    .with_hint(format!("mltrack {} restore {name}", K::WORD))
}

pub(crate) fn name_taken<K: Kind>(name: &str) -> Error {
    Error::new(
        Code::Conflict,
        format!("another {} is called {name:?}", K::WORD),
    )
    .with_hint("rename one of them first")
}

/// Refuses a version that is not there or is removed.
pub(crate) fn live_version<K: Kind>(item: &K::Item, number: u64) -> Result<()> {
    let name = K::facts(item).name;
    if !K::is_removed(item, number).ok_or_else(|| no_version::<K>(name, number))? {
        return Ok(());
    }
    let what = format!("{} {name} v{number} is removed", K::WORD);
    Err(Error::new(Code::InvalidState, what)
        .with_hint(format!("mltrack {} restore {name}@v{number}", K::WORD)))
}

pub(crate) fn no_version<K: Kind>(name: &str, number: u64) -> Error {
    Error::new(
        Code::NotFound,
        format!("{} {name} has no version v{number}", K::WORD),
    )
    .with_hint(format!("mltrack {} show {name}", K::WORD))
}

pub(crate) fn check_keys(tags: &[(String, String)]) -> Result<()> {
    let mut keys = tags.iter();
    Ok(keys.try_for_each(|(key, _)| NameKind::Tag.check(key))?)
}
