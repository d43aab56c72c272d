//! What operations did, in words that a person would use.
//!
//! Invariant: names are the present ones, because a person looks for a thing under the name it has now; what is gone for
//! good has only its id.

use mltrack_event::{Event, ExperimentEdited, ExperimentId, RunKey, RunState};
use mltrack_projector_runs::State;

use crate::operation_words_thing::of_thing;
use crate::store::Store;

/// A note is quoted up to so many characters.
const QUOTED_MAX: usize = 40;
/// So many things are named one by one.
const NAMED_MAX: usize = 3;

/// What a batch of events did.
pub(crate) fn what(events: &[Event], state: &State, store: &Store) -> String {
    let is_creation = events
        .iter()
        .any(|event| matches!(event, Event::RunCreated(_)));
    let told = events.iter().filter(|event| match event {
        // The creation says it all.
        Event::RunStarted(_) | Event::ExperimentStateMoved(_) => !is_creation,
        Event::OperationUndone(_) => events.len() == 1,
        Event::DocumentPart(_) => false,
        _ => true,
    });
    let mut told: Vec<String> = told
        .map(|event| of_thing(event, store).unwrap_or_else(|| one(event, state)))
        .collect();
    if told.len() > NAMED_MAX {
        let rest = told.len() - NAMED_MAX;
        told.truncate(NAMED_MAX);
        told.push(format!("{rest} more"));
    }
    let told = told.join(", ");
    match events.first() {
        Some(Event::OperationUndone(undone)) if events.len() > 1 => {
            format!("undid {}: {told}", undone.first)
        }
        _ => told,
    }
}

fn one(event: &Event, state: &State) -> String {
    match event {
        Event::ExperimentCreated(created) => format!("made experiment {}", created.name),
        Event::ExperimentEdited(edited) => {
            let fields = fields(edited).join(" and ");
            format!(
                "changed {fields} of {}",
                experiment(state, edited.experiment)
            )
        }
        Event::ExperimentStateMoved(moved) => format!(
            "moved {} from {} to {}",
            experiment(state, moved.experiment),
            moved.from,
            moved.to
        ),
        Event::ExperimentArchived(archived) => {
            format!("archived {}", experiment(state, archived.experiment))
        }
        Event::ExperimentRestored(restored) => {
            format!("restored {}", experiment(state, restored.experiment))
        }
        Event::ExperimentDeleted(deleted) => {
            format!("deleted {}", experiment(state, deleted.experiment))
        }
        Event::ExperimentTagged(tagged) => {
            let changes =
                pairs(&tagged.set).chain(tagged.remove.iter().map(|key| format!("-{key}")));
            format!(
                "tagged {}: {}",
                experiment(state, tagged.experiment),
                list(changes)
            )
        }
        Event::ExperimentPurged(purged) => {
            format!("purged experiment {} ({})", purged.name, purged.experiment)
        }
        Event::OperationUndone(undone) => format!("undid {}", undone.first),
        about_run => of_run(about_run, state),
    }
}

fn of_run(event: &Event, state: &State) -> String {
    let Some(key) = event.run() else {
        return event.type_name().replace('_', " ");
    };
    let name = run(state, key);
    match event {
        Event::RunCreated(created) => format!("started {}", run(state, created.run.key())),
        Event::RunStarted(_) => format!("started {name}"),
        Event::RunQueued(_) => format!("queued {name}"),
        Event::RunResumed(_) => format!("resumed {name}"),
        Event::RunAttached(_) => format!("joined {name}"),
        Event::RunEnded(ended) => format!("ended {name} as {}", RunState::from(ended.state).name()),
        Event::RunLost(_) => format!("recorded {name} as lost"),
        Event::RunDeleted(_) => format!("deleted {name}"),
        Event::RunRestored(_) => format!("restored {name}"),
        Event::RunPurged(_) => format!("purged {name}"),
        Event::ParamsLogged(logged) => {
            let params = logged.params.iter();
            let named = params.map(|(param, value)| format!("{param}={value}"));
            format!("logged {} to {name}", list(named))
        }
        Event::ParamsRemoved(removed) => {
            format!(
                "removed {} from {name}",
                list(removed.names.iter().cloned())
            )
        }
        Event::TagsSet(set) => format!("tagged {name}: {}", list(pairs(&set.tags))),
        Event::TagRemoved(removed) => format!("removed the tag {} from {name}", removed.key),
        Event::NoteAdded(added) => format!("noted {:?} on {name}", shorten(&added.text)),
        Event::RunRenamed(renamed) => format!("renamed {name} to {:?}", renamed.name),
        Event::NoteRemoved(_) => format!("removed a note from {name}"),
        Event::ArtifactLogged(logged) => format!("logged {} to {name}", logged.path),
        Event::ArtifactsRemoved(removed) => {
            let (count, why) = (removed.artifacts.len(), &removed.why);
            format!("removed {count} of the artifacts of {name} ({why})")
        }
        Event::ArtifactsRestored(restored) => {
            format!(
                "brought back {} of the artifacts of {name}",
                restored.artifacts.len()
            )
        }
        Event::ArtifactUsed(_) => format!("took an artifact into {name}"),
        other => format!("{} of {name}", other.type_name().replace('_', " ")),
    }
}

fn fields(edited: &ExperimentEdited) -> Vec<&'static str> {
    let changed = [
        (edited.name.is_some(), "the name"),
        (edited.description.is_some(), "the description"),
        (edited.hypothesis.is_some(), "the hypothesis"),
        (edited.owner.is_some(), "the owner"),
        (edited.collaborators.is_some(), "the collaborators"),
        (edited.goal.is_some(), "the goal"),
        (edited.metadata.is_some(), "the metadata"),
    ];
    let named: Vec<&str> = changed
        .iter()
        .filter(|(is_changed, _)| *is_changed)
        .map(|(_, name)| *name)
        .collect();
    if named.is_empty() {
        vec!["nothing"]
    } else {
        named
    }
}

/// `experiment resnet`, or its id when it is gone.
pub(crate) fn experiment(state: &State, id: ExperimentId) -> String {
    state.experiment(id).map_or_else(
        || format!("experiment {id}"),
        |known| format!("experiment {}", known.name),
    )
}

/// `run kind-elk (1a2b3c4d)`, or its short id when it is gone.
pub(crate) fn run(state: &State, key: RunKey) -> String {
    state.run(key).map_or_else(
        || format!("run {}", key.short()),
        |known| format!("run {} ({})", known.name, known.short_id()),
    )
}

pub(crate) fn pairs(pairs: &[(String, String)]) -> impl Iterator<Item = String> {
    pairs.iter().map(|(key, value)| {
        if value.is_empty() {
            key.clone()
        } else {
            format!("{key}={value}")
        }
    })
}

pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.map(|item| shorten(&item)).collect();
    if items.len() > NAMED_MAX {
        let rest = items.len() - NAMED_MAX;
        items.truncate(NAMED_MAX);
        items.push(format!("{rest} more"));
    }
    items.join(", ")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTED_MAX) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
