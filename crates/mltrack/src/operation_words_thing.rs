//! What operations did to datasets, models and links, in words that a person would use.
//!
//! Invariant: names are the present ones; what the log does not know any more has only its id.

use mltrack_event::Event;

use crate::aspect_thing::Thing;
use crate::dataset_kind::Datasets;
use crate::inverse_link::words;
use crate::model_kind::Models;
use crate::operation_words::{list, pairs};
use crate::registry::Kind;
use crate::store::Store;

/// What an event did to a dataset, a model or a link; `None` for any other event.
pub(crate) fn of_thing(event: &Event, store: &Store) -> Option<String> {
    if let Some(told) = of_link(event, store) {
        return Some(told);
    }
    match event {
        Event::DocumentPut(put) => return Some(format!("put {} {}", put.kind, put.id)),
        Event::DocumentRemoved(gone) => return Some(format!("removed {} {}", gone.kind, gone.id)),
        _ => {}
    }
    let thing = Thing::of(event)?;
    let (word, name) = match thing {
        Thing::Dataset(id) => ("dataset", name::<Datasets>(store, id)),
        Thing::Model(id) => ("model", name::<Models>(store, id)),
    };
    Some(match event {
        Event::DatasetCreated(created) => format!("made dataset {}", created.name),
        Event::ModelCreated(created) => format!("made model {}", created.name),
        Event::DatasetEdited(edited) => {
            let fields = (edited.name.is_some(), edited.description.is_some());
            edited_fields(
                fields,
                &edited.set,
                &edited.remove,
                &format!("{word} {name}"),
            )
        }
        Event::ModelEdited(edited) => {
            let fields = (edited.name.is_some(), edited.description.is_some());
            edited_fields(
                fields,
                &edited.set,
                &edited.remove,
                &format!("{word} {name}"),
            )
        }
        Event::DatasetDeleted(_) | Event::ModelDeleted(_) => format!("deleted {word} {name}"),
        Event::DatasetRestored(_) | Event::ModelRestored(_) => format!("restored {word} {name}"),
        event => of_version(event, word, &name)?,
    })
}

fn of_link(event: &Event, store: &Store) -> Option<String> {
    let (verb, from, to, kind) = match event {
        Event::LineageLinked(linked) => ("linked", &linked.from, &linked.to, linked.kind),
        Event::LineageUnlinked(linked) => ("unlinked", &linked.from, &linked.to, linked.kind),
        _ => return None,
    };
    let named = store.with_things(|things, _| Ok(words(things, from, to)));
    let named = named.unwrap_or_else(|_| format!("{from} -> {to}"));
    Some(format!("{verb} {named} ({kind})"))
}

fn of_version(event: &Event, word: &str, name: &str) -> Option<String> {
    let at = |number: u64| format!("{word} {name}@v{number}");
    Some(match event {
        Event::DatasetVersionAdded(added) => format!("added {}", at(added.number)),
        Event::ModelVersionAdded(added) => format!("added {}", at(added.number)),
        Event::DatasetVersionEdited(edited) => version_edited(
            edited.version.as_deref(),
            (false, &edited.set, &edited.remove),
            &at(edited.number),
        ),
        Event::ModelVersionEdited(edited) => version_edited(
            edited.version.as_deref(),
            (edited.description.is_some(), &edited.set, &edited.remove),
            &at(edited.number),
        ),
        Event::DatasetVersionRemoved(removed) => format!("removed {}", at(removed.number)),
        Event::ModelVersionRemoved(removed) => format!("removed {}", at(removed.number)),
        Event::DatasetVersionRestored(restored) => format!("restored {}", at(restored.number)),
        Event::ModelVersionRestored(restored) => format!("restored {}", at(restored.number)),
        Event::DatasetBytesPurged(purged) => bytes_purged(&purged.numbers, word, name),
        Event::ModelBytesPurged(purged) => bytes_purged(&purged.numbers, word, name),
        Event::ModelAliasSet(set) => match set.number {
            Some(number) => format!("let {} name {}", set.alias, at(number)),
            None => format!("took the alias {} from {word} {name}", set.alias),
        },
        Event::ModelStageMoved(moved) => {
            format!(
                "moved {} from {} to {}",
                at(moved.number),
                moved.from,
                moved.to
            )
        }
        _ => return None,
    })
}

fn bytes_purged(numbers: &[u64], word: &str, name: &str) -> String {
    let numbers = numbers.iter().map(|number| format!("v{number}"));
    let numbers: Vec<String> = numbers.collect();
    format!("purged the files of {word} {name}, {}", numbers.join(", "))
}

fn name<K: Kind>(store: &Store, id: K::Id) -> String {
    let known = store
        .with_things(|things, _| Ok(K::get(things, id).map(|item| K::facts(item).name.to_owned())));
    known.ok().flatten().unwrap_or_else(|| id.to_string())
}

fn edited_fields(
    (has_name, has_description): (bool, bool),
    set: &[(String, String)],
    remove: &[String],
    what: &str,
) -> String {
    let fields = [(has_name, "the name"), (has_description, "the description")];
    let named: Vec<&str> = fields
        .iter()
        .filter(|(is_changed, _)| *is_changed)
        .map(|(_, name)| *name)
        .collect();
    match named.as_slice() {
        [] => tagged(set, remove, what),
        named => format!("changed {} of {what}", named.join(" and ")),
    }
}

fn version_edited(
    version: Option<&str>,
    (has_description, set, remove): (bool, &[(String, String)], &[String]),
    what: &str,
) -> String {
    match version {
        Some("") => format!("took the semantic version from {what}"),
        Some(version) => format!("made {what} {version}"),
        None if has_description => format!("changed the description of {what}"),
        None => tagged(set, remove, what),
    }
}

fn tagged(set: &[(String, String)], remove: &[String], what: &str) -> String {
    let changes = pairs(set).chain(remove.iter().map(|key| format!("-{key}")));
    format!("tagged {what}: {}", list(changes))
}
