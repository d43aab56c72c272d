//! Changing many runs at once: tags, notes, deletion and taking it back.
//!
//! Invariants: all of the runs are changed or none, by one batch of events, so one undo takes it back; a run that is as
//! it is to be already gets no event.

use std::collections::BTreeSet;

use mltrack_event::{
    Event, NameKind, NoteAdded, RunDeleted, RunId, RunRestored, StreamId, TagRemoved, TagsSet,
};
use mltrack_log::Lsn;
use mltrack_projector_runs::{Run as Folded, State};

use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::run_edit::{is_deleted, not_deleted};
use crate::tracker::Tracker;

/// The most runs that are changed at once: a batch holds at most 65,535 records, and an undo compares what came later
/// with each of them.
pub const RUNS_AT_ONCE_MAX: usize = 10_000;
/// The most text that one change writes, over all of its runs: every run gets its own, and a batch holds no more.
const TEXT_AT_ONCE_MAX: usize = 8 << 20;

/// The same changes to many runs; see [`Tracker::change_runs`].
#[derive(Clone, Default, Debug)]
pub struct RunsChange {
    /// Tags to set.
    pub set: Vec<(String, String)>,
    /// Tags to remove.
    pub removed: Vec<String>,
    /// A note to add to each, in Markdown.
    pub note: Option<String>,
    /// Whether they are to be deleted, or to be brought back.
    pub deleted: Option<bool>,
}

/// What was done to many runs.
#[derive(Clone, Copy, Debug)]
pub struct RunsChanged {
    /// How many were changed; the others were so already.
    pub changed: usize,
    /// The last record of it, for [`undo`](Tracker::undo); `None` when there was nothing to do.
    pub lsn: Option<Lsn>,
}

impl Tracker {
    /// Makes the same changes to up to [`RUNS_AT_ONCE_MAX`] runs, all or none.
    ///
    /// Errors: `NOT_FOUND` for a run, `INVALID_STATE` for one that is deleted, or with its experiment when it is to be
    /// brought back, `VALIDATION_ERROR` for a key that is none, for too many runs, or when nothing is to be changed.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let best = tracker.runs().filter("acc > 0.9").fetch_ids()?.items;
    /// let change = mltrack::RunsChange { set: vec![("paper".into(), "v2".into())], ..Default::default() };
    /// assert_eq!(tracker.change_runs(&best, &change)?.changed, 1);
    /// tracker.undo_last().apply()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn change_runs(&self, runs: &[RunId], change: &RunsChange) -> Result<RunsChanged> {
        let nothing = RunsChanged {
            changed: 0,
            lsn: None,
        };
        check(runs.len(), change)?;
        let Some(store) = self.store() else {
            return Ok(nothing);
        };
        let ids: BTreeSet<RunId> = runs.iter().copied().collect();
        let (changed, lsn) = store.decide(|state, _| {
            let (mut events, mut changed) = (Vec::new(), 0);
            let (mut unchanged, mut experiments) = (Vec::new(), BTreeSet::new());
            for id in &ids {
                let known = state.run_by_id(*id).ok_or_else(|| Error::no_run(*id))?;
                unchanged.push(StreamId::run(known.key()));
                experiments.insert(known.experiment);
                let of_run = change.events(state, known, &store.by())?;
                changed += usize::from(!of_run.is_empty());
                events.extend(of_run);
            }
            let stream = unchanged.first().copied();
            let Some(stream) = stream.filter(|_| !events.is_empty()) else {
                return Ok(Decision::Already(0));
            };
            unchanged.extend(experiments.into_iter().map(StreamId::experiment));
            let plan = Plan {
                stream,
                unchanged,
                events,
            };
            Ok(Decision::Append(plan, changed))
        })?;
        Ok(RunsChanged { changed, lsn })
    }
}

fn check(count: usize, change: &RunsChange) -> Result<()> {
    let RunsChange {
        set,
        removed,
        note,
        deleted,
    } = change;
    let keys = set.iter().map(|(key, _)| key).chain(removed);
    keys.clone().try_for_each(|key| NameKind::Tag.check(key))?;
    if keys.count() == 0 && note.is_none() && deleted.is_none() {
        return Err(Error::validation("the change changes nothing"));
    }
    if count > RUNS_AT_ONCE_MAX {
        let what = format!(
            "{count} runs are to be changed at once, and it can be up to {RUNS_AT_ONCE_MAX}"
        );
        return Err(Error::validation(what).with_hint("change them in parts, by a narrower filter"));
    }
    let texts = set.iter().map(|(key, value)| key.len() + value.len());
    let texts = texts.chain(removed.iter().map(String::len));
    let len = texts.chain(note.iter().map(String::len)).sum::<usize>();
    if len.saturating_mul(count) > TEXT_AT_ONCE_MAX {
        let what = format!(
            "{len} bytes of tags and notes for each of {count} runs are more than {TEXT_AT_ONCE_MAX} bytes"
        );
        return Err(Error::validation(what).with_hint("change fewer runs at once, or write less"));
    }
    Ok(())
}

impl RunsChange {
    /// What makes a run so.
    fn events(&self, state: &State, known: &Folded, by: &(String, String)) -> Result<Vec<Event>> {
        let run = known.key();
        let by = || by.clone();
        let mut events = Vec::new();
        if self.deleted == Some(false) && known.deleted.is_none() {
            if state.is_deleted(known) {
                return Err(not_deleted(state, known));
            }
        } else if self.deleted == Some(false) {
            let (actor, command) = by();
            events.push(Event::from(RunRestored {
                run,
                actor,
                command,
            }));
        } else if state.is_deleted(known) && self.deleted.is_none() {
            return Err(is_deleted(state, known));
        }
        let is_new = |(key, value): &&(String, String)| known.tags.get(key) != Some(value);
        let tags: Vec<_> = self.set.iter().filter(is_new).cloned().collect();
        if !tags.is_empty() {
            let (actor, command) = by();
            events.push(Event::from(TagsSet {
                run,
                tags,
                actor,
                command,
            }));
        }
        for key in self
            .removed
            .iter()
            .filter(|key| known.tags.contains_key(*key))
        {
            let ((actor, command), key) = (by(), key.clone());
            events.push(Event::from(TagRemoved {
                run,
                key,
                actor,
                command,
            }));
        }
        if let Some(text) = self.note.clone() {
            let (actor, command) = by();
            events.push(Event::from(NoteAdded {
                run,
                text,
                actor,
                command,
            }));
        }
        if self.deleted == Some(true) && known.deleted.is_none() {
            let (actor, command) = by();
            events.push(Event::from(RunDeleted {
                run,
                actor,
                command,
            }));
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn store() -> (tempfile::TempDir, Tracker, Vec<RunId>) {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let experiment = tracker.experiment("resnet").unwrap();
        let ids = (0..3).map(|_| {
            let run = experiment.start_run().unwrap();
            run.finish().unwrap();
            run.id()
        });
        let ids = ids.collect();
        (folder, tracker, ids)
    }

    fn tagged(tracker: &Tracker) -> usize {
        tracker
            .runs()
            .filter("tags.paper = 'v2'")
            .fetch()
            .unwrap()
            .total
    }

    #[test]
    fn one_undo_takes_a_change_of_many_runs_back() {
        let (_folder, tracker, ids) = store();
        tracker
            .edit_run(ids[0])
            .set_tag("paper", "v1")
            .save()
            .unwrap();
        tracker
            .edit_run(ids[1])
            .set_tag("paper", "v2")
            .save()
            .unwrap();
        let change = RunsChange {
            set: vec![("paper".into(), "v2".into())],
            ..RunsChange::default()
        };
        let changed = tracker.change_runs(&ids, &change).unwrap();
        assert_eq!((changed.changed, tagged(&tracker)), (2, 3));
        assert_eq!(tracker.change_runs(&ids, &change).unwrap().changed, 0);
        tracker.undo(changed.lsn.unwrap()).apply().unwrap().unwrap();
        assert_eq!(tagged(&tracker), 1);
        assert_eq!(tracker.run_summary(ids[0]).unwrap().tags["paper"], "v1");
    }

    #[test]
    fn runs_are_deleted_and_brought_back_together() {
        let (_folder, tracker, ids) = store();
        let to = |deleted| RunsChange {
            deleted: Some(deleted),
            ..RunsChange::default()
        };
        tracker.delete_run(ids[0]).unwrap();
        assert_eq!(tracker.change_runs(&ids, &to(true)).unwrap().changed, 2);
        assert_eq!(tracker.runs().fetch().unwrap().total, 0);
        assert_eq!(tracker.change_runs(&ids, &to(false)).unwrap().changed, 3);
        assert_eq!(tracker.runs().fetch().unwrap().total, 3);
    }

    #[test]
    fn nothing_is_changed_when_one_run_cannot_be() {
        let (_folder, tracker, ids) = store();
        tracker.delete_run(ids[2]).unwrap();
        let change = RunsChange {
            set: vec![("paper".into(), "v2".into())],
            ..RunsChange::default()
        };
        let error = tracker.change_runs(&ids, &change).unwrap_err();
        assert_eq!(error.code(), Code::InvalidState);
        assert_eq!(tagged(&tracker), 0);
        let nothing = tracker.change_runs(&ids, &RunsChange::default());
        assert_eq!(nothing.unwrap_err().code(), Code::ValidationError);
    }
}
