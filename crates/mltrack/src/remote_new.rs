//! Making a run on behalf of somebody elsewhere, and moving it through its life.
//!
//! Invariants: a creation is one batch and is conditional, as that of a local run is; no run made here is ever lost,
//! because no process owns it.

use std::sync::Arc;

use mltrack_event::{
    Event, ExperimentId, NameKind, ParamValue, RunCreated, RunId, RunQueued, RunStarted, StreamId,
    WallTime,
};
use mltrack_log::door;
use mltrack_projector_runs::State;

use crate::code::Code;
use crate::decide::{Claim, Step};
use crate::error::{Error, Result};
use crate::experiment::live;
use crate::nickname::nickname;
use crate::remote::{KnownRun, RemoteRun, check_keys};
use crate::start::admitted;
use crate::store::{Store, push_event};
use crate::tracker::Tracker;

/// A run to be made for somebody elsewhere; see [`Tracker::new_remote_run`].
#[must_use = "nothing is made before `create`"]
#[derive(Clone)]
pub struct NewRemoteRun {
    store: Option<Arc<Store>>,
    experiment: ExperimentId,
    id: Option<RunId>,
    name: Option<String>,
    started: Option<WallTime>,
    is_queued: bool,
    parent: Option<RunId>,
    user: Option<String>,
    params: Vec<(String, ParamValue)>,
    tags: Vec<(String, String)>,
}

impl Tracker {
    /// A run of somebody elsewhere: detached, with the times that he gives. Nothing happens before
    /// [`create`](NewRemoteRun::create).
    pub fn new_remote_run(&self, experiment: ExperimentId) -> NewRemoteRun {
        NewRemoteRun {
            store: self.store().cloned(),
            experiment,
            id: None,
            name: None,
            started: None,
            is_queued: false,
            parent: None,
            user: None,
            params: Vec::new(),
            tags: Vec::new(),
        }
    }
}

impl NewRemoteRun {
    /// Its id; a new one unless said otherwise.
    pub fn id(mut self, id: RunId) -> NewRemoteRun {
        self.id = Some(id);
        self
    }

    /// Its name, which need not be unique; two words such as `kind-elk` unless said otherwise.
    pub fn name(mut self, name: impl Into<String>) -> NewRemoteRun {
        self.name = Some(name.into());
        self
    }

    /// When it was created and started; now unless said otherwise.
    pub fn started(mut self, time: WallTime) -> NewRemoteRun {
        self.started = Some(time);
        self
    }

    /// Whether it only waits for a machine. It is running otherwise.
    pub fn queued(mut self, is_queued: bool) -> NewRemoteRun {
        self.is_queued = is_queued;
        self
    }

    /// The run it is a part of.
    pub fn parent(mut self, parent: RunId) -> NewRemoteRun {
        self.parent = Some(parent);
        self
    }

    /// Who makes it; whoever opened the store unless said otherwise.
    pub fn user(mut self, user: impl Into<String>) -> NewRemoteRun {
        self.user = Some(user.into());
        self
    }

    /// A parameter known from the beginning.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<ParamValue>) -> NewRemoteRun {
        self.params.push((name.into(), value.into()));
        self
    }

    /// A tag; a plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewRemoteRun {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// The name it will have, chosen now when none was given.
    pub fn settled_name(&mut self) -> &str {
        let id = *self.id.get_or_insert_with(|| {
            let now_ms = (door::wall_time_ns() / 1_000_000) as u64;
            RunId::from_parts(now_ms, door::random_bytes())
        });
        self.name.get_or_insert_with(|| nickname(id))
    }

    /// Makes it. Visible on return.
    ///
    /// Errors: `NOT_FOUND` for the experiment, `INVALID_STATE` when it takes no runs, `CONFLICT` for an id that is in
    /// use, `VALIDATION_ERROR` for a name that is none or a parent that is not there.
    pub fn create(mut self) -> Result<RemoteRun> {
        let name = self.settled_name().to_owned();
        NameKind::Run.check(&name)?;
        check_keys(NameKind::Param, &self.params)?;
        check_keys(NameKind::Tag, &self.tags)?;
        let id = self.id.expect("a settled name has an id");
        let known = Arc::new(KnownRun::new(id, self.experiment));
        let Some(store) = self.store.clone() else {
            return Ok(RemoteRun { store: None, known });
        };
        let session = store.session()?;
        let ((), logged) = store.decide_batch(|state, reader, batch| {
            let events = self.events(&store, state, id, &name)?;
            for event in &events {
                push_event(batch, event, self.started.map(|time| time.0))?;
            }
            let stream = StreamId::experiment(self.experiment);
            let claim = Claim::on(stream, &[stream], reader.next_lsn());
            Ok(Step::Append(claim, events, ()))
        })?;
        if let Some(lsn) = logged.and_then(crate::store::Logged::lsn) {
            session.keep_remote(&known, lsn.plus(1));
        }
        let store = Some(store);
        Ok(RemoteRun { store, known })
    }

    fn events(&self, store: &Store, state: &State, id: RunId, name: &str) -> Result<Vec<Event>> {
        let experiment = live(state, self.experiment)?;
        if state.run(id.key()).is_some() {
            let what = format!("the store has a run {id} already");
            return Err(
                Error::new(Code::Conflict, what).with_hint(format!("mltrack run show {id}"))
            );
        }
        if let Some(parent) = self
            .parent
            .filter(|parent| state.run_by_id(*parent).is_none())
        {
            let what = format!("the parent {parent} is no run of this store");
            return Err(Error::validation(what));
        }
        let (actor, command) = store.by();
        let actor = self.user.clone().unwrap_or(actor);
        let created = RunCreated {
            run: id,
            experiment: self.experiment,
            number: state.next_run_number(self.experiment),
            name: name.to_owned(),
            parent: self.parent.map(RunId::key),
            seed: None,
            detached: true,
            timeout_s: None,
            host: String::new(),
            pid: 0,
            params: self.params.clone(),
            tags: self.tags.clone(),
            actor: actor.clone(),
            command: command.clone(),
        };
        let mut events = admitted(store, experiment)?;
        events.push(created.into());
        events.push(self.first_move(id, actor, command));
        Ok(events)
    }

    fn first_move(&self, id: RunId, actor: String, command: String) -> Event {
        let run = id.key();
        if self.is_queued {
            return RunQueued {
                run,
                actor,
                command,
            }
            .into();
        }
        RunStarted {
            run,
            attached: false,
            host: String::new(),
            pid: 0,
            actor,
            command,
        }
        .into()
    }
}

impl std::fmt::Debug for NewRemoteRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewRemoteRun")
            .field("experiment", &self.experiment)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
