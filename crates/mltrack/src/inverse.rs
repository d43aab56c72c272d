//! What takes an operation back: events that set a thing to what it was before, from three states of it.
//!
//! Invariants: only what the operation changed is set back, and only while it still is what the operation made it;
//! undoing an undo is redoing, by the same rule.

use mltrack_event::{
    EndState, Event, NoteAdded, NoteRemoved, ParamsLogged, ParamsRemoved, RunDeleted, RunEnded,
    RunKey, RunLost, RunRenamed, RunRestored, RunResumed, RunState, TagRemoved, TagsSet,
};
use mltrack_projector_runs::Run;

use crate::aspect::{Aspect, OfRun};

/// Why something cannot be set back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hindrance {
    /// Something later changed it again.
    Changed(Aspect),
    /// Something later changed a thing again, in words.
    Thing(String),
    /// No legal move leads back.
    NoWay(String),
}

/// A thing before the operation, after it, and now.
pub(crate) struct Three<'a, T> {
    pub before: Option<&'a T>,
    pub after: &'a T,
    pub now: &'a T,
}

/// Who takes back, for the events.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub actor: &'a str,
    pub command: &'a str,
}

impl By<'_> {
    pub fn pair(self) -> (String, String) {
        (self.actor.to_owned(), self.command.to_owned())
    }
}

/// Sets a run back. `is_owned` says whether a living process owns it now.
pub(crate) fn of_run(
    three: &Three<'_, Run>,
    is_owned: bool,
    by: By<'_>,
) -> Result<Vec<Event>, Hindrance> {
    let key = three.after.key();
    let Some(before) = three.before else {
        return uncreate(three.now, is_owned, by);
    };
    let mut events = Vec::from_iter(deletion(three, before, by)?);
    events.extend(name(three, before, by)?);
    events.extend(tags(three, before, by)?);
    events.extend(params(three, before, by)?);
    events.extend(notes(three, before, by)?);
    if before.state != three.after.state {
        let changed = Hindrance::Changed(Aspect::Run(key, OfRun::State));
        if three.now.state != three.after.state {
            return Err(changed);
        }
        events.extend(state(three.now, before, is_owned, by)?);
    }
    Ok(events)
}

/// A run that was created is deleted: nothing of it is lost, and a redo brings it back.
fn uncreate(now: &Run, is_owned: bool, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    if now.deleted.is_some() {
        let deletion = Aspect::Run(now.key(), OfRun::Deletion);
        return Err(Hindrance::Changed(deletion));
    }
    if now.state == RunState::Running && is_owned {
        let what = format!(
            "the run {} is running in process {} on {}: end it first",
            now.id, now.pid, now.host
        );
        return Err(Hindrance::NoWay(what));
    }
    Ok(vec![deleted(now.key(), by)])
}

fn deleted(run: RunKey, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    RunDeleted {
        run,
        actor,
        command,
    }
    .into()
}

fn deletion(three: &Three<'_, Run>, before: &Run, by: By<'_>) -> Result<Option<Event>, Hindrance> {
    let run = three.after.key();
    if before.deleted.is_some() == three.after.deleted.is_some() {
        return Ok(None);
    }
    if three.now.deleted.is_some() != three.after.deleted.is_some() {
        return Err(Hindrance::Changed(Aspect::Run(run, OfRun::Deletion)));
    }
    if before.deleted.is_some() {
        return Ok(Some(deleted(run, by)));
    }
    let (actor, command) = by.pair();
    let restored = RunRestored {
        run,
        actor,
        command,
    };
    Ok(Some(restored.into()))
}

fn name(three: &Three<'_, Run>, before: &Run, by: By<'_>) -> Result<Option<Event>, Hindrance> {
    let run = three.after.key();
    if before.name == three.after.name {
        return Ok(None);
    }
    if three.now.name != three.after.name {
        return Err(Hindrance::Changed(Aspect::Run(run, OfRun::Name)));
    }
    let ((actor, command), name) = (by.pair(), before.name.clone());
    let renamed = RunRenamed {
        run,
        name,
        actor,
        command,
    };
    Ok(Some(renamed.into()))
}

fn tags(three: &Three<'_, Run>, before: &Run, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    let run = three.after.key();
    let (mut set, mut removed) = (Vec::new(), Vec::new());
    let keys = before.tags.keys().chain(three.after.tags.keys());
    let keys: std::collections::BTreeSet<&String> = keys.collect();
    for key in keys {
        let (was, made) = (before.tags.get(key), three.after.tags.get(key));
        if was == made {
            continue;
        }
        if three.now.tags.get(key) != made {
            let tag = Aspect::Run(run, OfRun::Tag(key.clone()));
            return Err(Hindrance::Changed(tag));
        }
        match was {
            Some(value) => set.push((key.clone(), value.clone())),
            None => removed.push(key.clone()),
        }
    }
    let mut events = Vec::new();
    if !set.is_empty() {
        let (actor, command) = by.pair();
        let tags = TagsSet {
            run,
            tags: set,
            actor,
            command,
        };
        events.push(tags.into());
    }
    for key in removed {
        let (actor, command) = by.pair();
        let removed = TagRemoved {
            run,
            key,
            actor,
            command,
        };
        events.push(removed.into());
    }
    Ok(events)
}

fn params(three: &Three<'_, Run>, before: &Run, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    let run = three.after.key();
    let (was, made, now) = (&before.params, &three.after.params, &three.now.params);
    let (mut names, mut params) = (Vec::new(), Vec::new());
    for (name, value) in made.iter().filter(|(name, _)| !was.contains_key(*name)) {
        if !now.get(name).is_some_and(|now| now.same(value)) {
            let param = Aspect::Run(run, OfRun::Param(name.clone()));
            return Err(Hindrance::Changed(param));
        }
        names.push(name.clone());
    }
    for (name, value) in was.iter().filter(|(name, _)| !made.contains_key(*name)) {
        if now.contains_key(name) {
            let param = Aspect::Run(run, OfRun::Param(name.clone()));
            return Err(Hindrance::Changed(param));
        }
        params.push((name.clone(), value.clone()));
    }
    let mut events = Vec::new();
    if !names.is_empty() {
        let (actor, command) = by.pair();
        let removed = ParamsRemoved {
            run,
            names,
            actor,
            command,
        };
        events.push(removed.into());
    }
    if !params.is_empty() {
        let (actor, command) = by.pair();
        let logged = ParamsLogged {
            run,
            params,
            actor,
            command,
        };
        events.push(logged.into());
    }
    Ok(events)
}

fn notes(three: &Three<'_, Run>, before: &Run, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    let run = three.after.key();
    let has = |notes: &Run, lsn| notes.notes.iter().any(|note| note.at.lsn == lsn);
    let mut events = Vec::new();
    for note in &three.after.notes {
        if has(before, note.at.lsn) {
            continue;
        }
        let note = note.at.lsn;
        if !has(three.now, note) {
            let note = Aspect::Run(run, OfRun::Note(note.get()));
            return Err(Hindrance::Changed(note));
        }
        let (actor, command) = by.pair();
        let removed = NoteRemoved {
            run,
            note: note.get(),
            actor,
            command,
        };
        events.push(removed.into());
    }
    for note in &before.notes {
        if !has(three.after, note.at.lsn) {
            let (actor, command) = by.pair();
            let added = NoteAdded {
                run,
                text: note.text.clone(),
                actor,
                command,
            };
            events.push(added.into());
        }
    }
    Ok(events)
}

/// The moves that lead a run from where it is to where it was.
fn state(now: &Run, before: &Run, is_owned: bool, by: By<'_>) -> Result<Vec<Event>, Hindrance> {
    let no_way = |why: &str| {
        let what = format!(
            "the run {} is {} and cannot become {} again: {why}",
            now.id,
            now.state.name(),
            before.state.name()
        );
        Err(Hindrance::NoWay(what))
    };
    let end = end_state(before.state);
    match (now.state, before.state) {
        (RunState::Running, _) if is_owned => no_way("a process is running it; end it first"),
        (RunState::Running | RunState::Lost, _) if end.is_some() => {
            Ok(end.map(|end| ended(before, end, by)).into_iter().collect())
        }
        (RunState::Running, RunState::Lost) => Ok(vec![lost(now.key(), by)]),
        (RunState::Lost, RunState::Running) => no_way("its process is gone; resume it instead"),
        (state, RunState::Running) if state.is_terminal() => {
            // Whoever still owned it may go on; without a process it was lost, whoever takes the end back.
            let mut events = vec![resumed(before, before.attached && !is_owned, by)];
            if before.attached && !is_owned {
                events.push(lost(now.key(), by));
            }
            Ok(events)
        }
        (state, RunState::Lost) if state.is_terminal() => Ok(vec![
            resumed(before, before.attached, by),
            lost(now.key(), by),
        ]),
        (state, _) if state.is_terminal() && end.is_some() => {
            let resumed = resumed(before, before.attached, by);
            let ended = end.map(|end| ended(before, end, by));
            Ok(std::iter::once(resumed).chain(ended).collect())
        }
        _ => no_way("no move leads back; delete the run instead"),
    }
}

fn end_state(state: RunState) -> Option<EndState> {
    let ends = [
        EndState::Completed,
        EndState::Failed,
        EndState::Cancelled,
        EndState::TimedOut,
    ];
    ends.into_iter().find(|end| RunState::from(*end) == state)
}

fn ended(before: &Run, state: EndState, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    RunEnded {
        run: before.key(),
        state,
        error: before.error.clone(),
        actor,
        command,
    }
    .into()
}

fn lost(run: RunKey, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    RunLost {
        run,
        actor,
        command,
    }
    .into()
}

fn resumed(before: &Run, attached: bool, by: By<'_>) -> Event {
    let (actor, command) = by.pair();
    RunResumed {
        run: before.key(),
        attached,
        host: before.host.clone(),
        pid: before.pid,
        actor,
        command,
    }
    .into()
}
