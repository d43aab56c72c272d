//! The operation log: what was done to the store, by whom, and what of it was taken back.
//!
//! An operation is one batch of events that a person or a call caused. Metric points, lines, histograms and JSON values
//! are no operations: their record's writer says whose they are.
//!
//! Invariant: an operation counts as undone when the last word about it is an undo that is not undone itself.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use mltrack_event::{EndState, Event, ExperimentId, RunId, WallTime};
use mltrack_log::{Lsn, WriterId};
use mltrack_projector_runs::State;

use crate::artifact_edit::BY_HAND;
use crate::error::{Error, Result};
use crate::log_page::{LogPage, LogToken, Place};
use crate::operation_scan::{Deed, backwards};
use crate::operation_words::what;
use crate::store::Store;
use crate::tracker::Tracker;

/// One thing that was done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Its first record, which names it.
    pub first: Lsn,
    /// Its last record.
    pub last: Lsn,
    /// When it happened.
    pub time: WallTime,
    /// When it was appended.
    pub committed: WallTime,
    /// The handle that appended it.
    pub writer: WriterId,
    /// Who did it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
    /// The type of its most telling event, such as `run_deleted`.
    pub kind: &'static str,
    /// What it did, in words.
    pub what: String,
    /// The run it is about; `None` for one that was purged.
    pub run: Option<RunId>,
    /// The experiment that it, or its run, belongs to.
    pub experiment: Option<ExperimentId>,
    /// The operation that it took back.
    pub undoes: Option<Lsn>,
    /// The operation that took it back.
    pub undone_by: Option<Lsn>,
    /// Whether a run did it to itself: its process started, described or ended it.
    pub is_by_run: bool,
}

/// A question about operations; see [`Tracker::operations`].
#[must_use = "nothing is asked before `fetch`"]
pub struct OperationQuery {
    store: Option<Arc<Store>>,
    limit: Option<usize>,
    since: Option<WallTime>,
    run: Option<RunId>,
    experiment: Option<String>,
    is_without_runs: bool,
    page: Option<LogToken>,
}

impl Tracker {
    /// What was done to the store, newest first.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// tracker.experiment("resnet")?.set_tag("paper", "v2")?;
    /// let operations = tracker.operations().limit(10).fetch()?;
    /// assert_eq!(operations[0].what, "tagged experiment resnet: paper=v2");
    /// tracker.undo(operations[0].first).apply()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn operations(&self) -> OperationQuery {
        OperationQuery {
            store: self.store().cloned(),
            limit: None,
            since: None,
            run: None,
            experiment: None,
            is_without_runs: false,
            page: None,
        }
    }
}

impl OperationQuery {
    /// Only so many, the newest.
    pub fn limit(mut self, count: usize) -> OperationQuery {
        self.limit = Some(count);
        self
    }

    /// Only those that were appended at this time or later.
    pub fn since(mut self, time: WallTime) -> OperationQuery {
        self.since = Some(time);
        self
    }

    /// Only those about this run.
    pub fn run(mut self, run: RunId) -> OperationQuery {
        self.run = Some(run);
        self
    }

    /// Only those about the experiment of this name, or about its runs.
    pub fn experiment(mut self, name: impl Into<String>) -> OperationQuery {
        self.experiment = Some(name.into());
        self
    }

    /// Without what runs did to themselves: only what people did.
    pub fn without_runs(mut self) -> OperationQuery {
        self.is_without_runs = true;
        self
    }

    /// The page that another one named as its next.
    pub fn page(mut self, token: LogToken) -> OperationQuery {
        self.page = Some(token);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for a run or an experiment, and those of reading.
    pub fn fetch(self) -> Result<Vec<Operation>> {
        Ok(self.fetch_page()?.items)
    }

    /// The same as a page of [`limit`](OperationQuery::limit) operations, which says how to ask for the next one.
    pub fn fetch_page(self) -> Result<LogPage<Operation>> {
        let Some(store) = &self.store else {
            return Ok(LogPage::empty());
        };
        let mut reader = store.reader()?;
        store.with_state(|state, present| {
            if let Some(run) = self.run {
                state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            }
            let experiment = match &self.experiment {
                Some(name) => Some(state.find_experiment(name)?.id),
                None => None,
            };
            let (mut found, mut undone, mut has_more) = (Vec::new(), Undone::default(), false);
            let end = self
                .page
                .map_or(present.next_lsn(), |page| page.end.min(present.next_lsn()));
            let before = self.page.map_or(end, |page| page.place.lsn);
            backwards(&mut reader, (Lsn::FIRST, end), |deed| {
                if self
                    .since
                    .is_some_and(|since| deed.commit_time_ns < since.0)
                {
                    return ControlFlow::Break(());
                }
                if deed.first >= before {
                    undone.meet(&deed);
                    return ControlFlow::Continue(());
                }
                let operation = undone.operation(&deed, state, store);
                let is_wanted = (self.run.is_none() || self.run == operation.run)
                    && (experiment.is_none() || experiment == operation.experiment)
                    && !(self.is_without_runs && operation.is_by_run);
                has_more = is_wanted && self.limit.is_some_and(|limit| found.len() >= limit);
                if has_more {
                    return ControlFlow::Break(());
                }
                if is_wanted {
                    found.push(operation);
                }
                ControlFlow::Continue(())
            })?;
            let last = found.last().filter(|_| has_more);
            let place = last.map(|last| Place {
                lsn: last.first,
                index: 0,
            });
            Ok(LogPage::before(found, end, place))
        })
    }
}

/// Which operations are undone, learnt from the newest to the oldest.
#[derive(Default)]
pub(crate) struct Undone {
    by: HashMap<Lsn, Lsn>,
}

impl Undone {
    /// Who took an operation back, when everything behind it has been met.
    pub fn by(&self, operation: Lsn) -> Option<Lsn> {
        self.by.get(&operation).copied()
    }

    /// Whether something was done and stays done. An undo is no deed of its own: it makes another one not stand.
    pub fn stands(&self, deed: &Deed) -> bool {
        deed.undoes().is_none() && self.by(deed.first).is_none()
    }

    /// Takes in what was done: the next older batch.
    pub fn meet(&mut self, deed: &Deed) {
        if let Some((first, _)) = deed.undoes()
            && self.by(deed.first).is_none()
        {
            self.by.entry(first).or_insert(deed.first);
        }
    }

    /// The same, and makes an operation of it.
    pub fn operation(&mut self, deed: &Deed, state: &State, store: &Store) -> Operation {
        self.meet(deed);
        let leading = leading(&deed.events);
        let run = deed.events.iter().find_map(Event::run);
        let known = run.and_then(|key| state.run(key));
        let named = deed.events.iter().find_map(Event::experiment);
        let (actor, command) = leading.and_then(by).unwrap_or_default();
        Operation {
            first: deed.first,
            last: deed.last,
            time: WallTime(deed.time_ns),
            committed: WallTime(deed.commit_time_ns),
            writer: deed.writer,
            actor: actor.to_owned(),
            command: command.to_owned(),
            kind: leading.map_or("unknown", Event::type_name),
            what: what(&deed.events, state, store),
            run: known.map(|run| run.id),
            experiment: known.map(|run| run.experiment).or(named),
            undoes: deed.undoes().map(|(first, _)| first),
            undone_by: self.by(deed.first),
            is_by_run: is_by_run(deed, state),
        }
    }
}

/// The event that says most about a batch: the undo, or the creation of a run before the move it causes.
fn leading(events: &[Event]) -> Option<&Event> {
    let mut creations = events.iter();
    creations
        .find(|event| matches!(event, Event::RunCreated(_)))
        .or(events.first())
}

/// Whether every event is about a run and was logged by a handle that owns it.
fn is_by_run(deed: &Deed, state: &State) -> bool {
    let becomes_owner = deed.events.iter().any(|event| match event {
        Event::RunStarted(started) => started.attached,
        Event::RunResumed(resumed) => resumed.attached,
        Event::RunAttached(_) => true,
        _ => false,
    });
    let mut runs = deed.events.iter().filter_map(Event::run);
    let owns = |key| {
        let owners = state.run(key).map(|run| run.owners.as_slice());
        let mut owners = owners.unwrap_or_default().iter();
        owners.any(|owner| owner.writer == deed.writer)
    };
    let is_beside = |event: &Event| is_observation(event) || is_preference(event);
    if deed.events.iter().all(is_beside) {
        return true;
    }
    deed.undoes().is_none()
        && deed.events.iter().any(|event| event.run().is_some())
        && !deed
            .events
            .iter()
            .any(|event| is_from_outside(event, deed.is_conditional))
        && (becomes_owner || runs.all(owns))
}

/// What no run does to itself, although the process that runs it may: [`Tracker::edit_run`] depends on the run's state,
/// which a run that describes itself need not.
fn is_from_outside(event: &Event, is_conditional: bool) -> bool {
    match event {
        Event::RunDeleted(_)
        | Event::RunRestored(_)
        | Event::NoteRemoved(_)
        | Event::RunRenamed(_)
        | Event::ArtifactsRestored(_) => true,
        Event::TagsSet(_) | Event::TagRemoved(_) | Event::NoteAdded(_) => is_conditional,
        // A rule of the run itself says another reason.
        Event::ArtifactsRemoved(removed) => removed.why == BY_HAND,
        _ => false,
    }
}

/// What whoever came by recorded because it was so already.
fn is_observation(event: &Event) -> bool {
    match event {
        Event::RunLost(_) => true,
        Event::RunEnded(ended) => ended.state == EndState::TimedOut,
        _ => false,
    }
}

/// What a user prefers to look at says nothing about runs: taking back what was done last does not mean it.
fn is_preference(event: &Event) -> bool {
    matches!(event, Event::DocumentPut(put) if put.kind == "preferences")
}

/// Who caused an event, and by which command.
pub(crate) fn by(event: &Event) -> Option<(&str, &str)> {
    /// One arm for each event that says so.
    macro_rules! named {
        ($($event:ident)+) => {
            match event {
                $(Event::$event(said) => Some((said.actor.as_str(), said.command.as_str())),)+
                _ => None,
            }
        };
    }
    named! {
        ExperimentCreated ExperimentEdited ExperimentStateMoved ExperimentArchived ExperimentRestored
        ExperimentDeleted ExperimentTagged ExperimentPurged RunCreated RunQueued RunStarted RunResumed
        RunEnded RunLost RunDeleted RunRestored RunAttached RunPurged ParamsLogged ParamsRemoved TagsSet
        TagRemoved NoteAdded NoteRemoved RunRenamed OperationUndone EnvironmentCaptured ArtifactLogged ArtifactsRemoved
        ArtifactsRestored ArtifactUsed ArtifactsPurged DatasetCreated DatasetEdited DatasetDeleted DatasetRestored
        DatasetVersionAdded DatasetVersionEdited DatasetVersionRemoved DatasetVersionRestored DatasetUsed
        DatasetBytesPurged ModelBytesPurged
        ModelCreated ModelEdited ModelDeleted ModelRestored ModelVersionAdded ModelVersionEdited
        DocumentPut DocumentRemoved
        ModelVersionRemoved ModelVersionRestored ModelAliasSet ModelStageMoved ModelUsed LineageLinked
        LineageUnlinked RecordsScrubbed
    }
}

impl std::fmt::Debug for OperationQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationQuery")
            .field("limit", &self.limit)
            .field("run", &self.run)
            .field("experiment", &self.experiment)
            .finish_non_exhaustive()
    }
}
