//! Moving a run through its life for somebody elsewhere.
//!
//! Invariants: every move is legal, also when it takes two; what is true of a run and not recorded yet is recorded
//! before, so that the log tells the story in order.

use mltrack_event::{
    EndState, Event, NameKind, RunEnded, RunMove, RunRenamed, RunResumed, RunStarted, RunState,
    StreamId, TagsSet, WallTime,
};
use mltrack_log::{Batch, Reader, door};
use mltrack_projector_runs::{Run as Folded, run_state_at};

use crate::decide::{Claim, Step};
use crate::error::{Error, Result};
use crate::remote::{RemoteRun, check_keys, is_deleted};
use crate::store::{Logged, Store, push_event};

/// Where a run is to stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemoteState {
    /// It runs, again if it had ended.
    Running,
    /// It has ended.
    Ended(EndState),
}

/// Changes to a run, made in one step; see [`RemoteRun::update`].
#[derive(Clone, Debug, Default)]
pub struct RemoteUpdate {
    /// Its name; as it is when absent.
    pub name: Option<String>,
    /// Where it is to stand; as it does when absent.
    pub state: Option<RemoteState>,
    /// When it came to stand there; now when absent.
    pub time: Option<WallTime>,
    /// Tags, replacing values they had.
    pub tags: Vec<(String, String)>,
}

impl RemoteRun {
    /// Makes the changes, all or none. Visible on return. A run that has ended already ends again, with the new state and
    /// time; one that stands so already stays as it is.
    ///
    /// Errors: `INVALID_STATE` when it is deleted, `VALIDATION_ERROR`.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{EndState, RemoteState, RemoteUpdate, RunState, WallTime};
    ///
    /// let experiment = tracker.experiment("resnet")?;
    /// let run = tracker.new_remote_run(experiment.id()).started(WallTime(1_000_000_000)).create()?;
    /// let (state, time) = (RemoteState::Ended(EndState::Failed), WallTime(3_000_000_000));
    /// run.update(&RemoteUpdate { state: Some(state), time: Some(time), ..RemoteUpdate::default() })?;
    /// let summary = tracker.run_summary(run.id())?;
    /// assert_eq!((summary.state, summary.ended), (RunState::Failed, Some(time)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, update: &RemoteUpdate) -> Result<Logged> {
        let Some(store) = &self.store else {
            return Ok(Logged::Disabled);
        };
        if let Some(name) = &update.name {
            NameKind::Run.check(name)?;
        }
        check_keys(NameKind::Tag, &update.tags)?;
        let ((), logged) = store.decide_batch(|state, reader, batch| {
            let id = self.id();
            let run = state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
            if state.is_deleted(run) {
                return Err(is_deleted(id));
            }
            let events = update.fill(store, reader, run, batch)?;
            if batch.is_empty() {
                return Ok(Step::Already(()));
            }
            let stream = StreamId::run(run.key());
            let unchanged = [stream, StreamId::experiment(run.experiment)];
            let claim = Claim::on(stream, &unchanged, reader.next_lsn());
            Ok(Step::Append(claim, events, ()))
        })?;
        Ok(logged.unwrap_or(Logged::Disabled))
    }
}

impl RemoteUpdate {
    /// Adds what happens to the batch, and says it.
    fn fill(
        &self,
        store: &Store,
        reader: &Reader,
        run: &Folded,
        batch: &mut Batch,
    ) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        if let Some(wanted) = self.state {
            let is_alive = |writer| store.is_alive(reader, writer);
            let now = run_state_at(run, door::wall_time_ns(), is_alive);
            if run.state == RunState::Running && now == RunState::Lost {
                push_event(batch, &store.lost(run), None)?;
            }
            events = self.moves(store, run, now, wanted)?;
        }
        for event in &events {
            push_event(batch, event, self.time.map(|time| time.0))?;
        }
        if let Some(name) = self.name.as_ref().filter(|name| **name != run.name) {
            let ((actor, command), name) = (store.by(), name.clone());
            let renamed = RunRenamed {
                run: run.key(),
                name,
                actor,
                command,
            };
            push_event(batch, &renamed.into(), None)?;
        }
        if !self.tags.is_empty() {
            let ((actor, command), tags) = (store.by(), self.tags.clone());
            let set = TagsSet {
                run: run.key(),
                tags,
                actor,
                command,
            };
            push_event(batch, &set.into(), None)?;
        }
        Ok(events)
    }

    fn moves(
        &self,
        store: &Store,
        run: &Folded,
        now: RunState,
        wanted: RemoteState,
    ) -> Result<Vec<Event>> {
        let end = match wanted {
            RemoteState::Running if now == RunState::Running => return Ok(Vec::new()),
            RemoteState::Running => return Ok(vec![goes_on(store, run, now)]),
            RemoteState::Ended(end) => end,
        };
        if now == end.into() && self.time.is_none() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let mut from = now;
        if now.after(RunMove::End(end)).is_err() {
            events.push(goes_on(store, run, now));
            from = RunState::Running;
        }
        from.after(RunMove::End(end))?;
        let (actor, command) = store.by();
        let ended = RunEnded {
            run: run.key(),
            state: end,
            error: None,
            actor,
            command,
        };
        events.push(ended.into());
        Ok(events)
    }
}

/// What makes a run that stands run.
fn goes_on(store: &Store, run: &Folded, now: RunState) -> Event {
    let ((actor, command), run) = (store.by(), run.key());
    let (attached, host, pid) = (false, String::new(), 0);
    if matches!(now, RunState::Pending | RunState::Queued) {
        return RunStarted {
            run,
            attached,
            host,
            pid,
            actor,
            command,
        }
        .into();
    }
    RunResumed {
        run,
        attached,
        host,
        pid,
        actor,
        command,
    }
    .into()
}
