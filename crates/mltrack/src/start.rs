//! Starting a run: one batch makes it and starts it, so nobody ever sees one without the other.

use std::sync::Arc;
use std::time::Duration;

use mltrack_event::{
    EdgeKind, Event, ExperimentId, ExperimentState, ExperimentStateMoved, LineageLinked, NameKind,
    NodeRef, ParamValue, RunAdmission, RunCreated, RunId, RunKey, RunStarted, Split, StreamId,
};
use mltrack_log::{Lsn, door};
use mltrack_projector_runs::{Experiment as Folded, Run as FoldedRun, State};
use serde::Serialize;

use crate::code::Code;
use crate::dataset_use;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::experiment::live;
use crate::flatten::{flatten, flatten_under};
use crate::names::Names;
use crate::nickname::nickname;
use crate::recorder::Recorder;
use crate::reproduce::VARIABLE;
use crate::run::{Facts, Role, Run};
use crate::store::Store;
use crate::system_metrics::Coming;

/// A run to be started; see [`Experiment::run`](crate::Experiment::run).
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// let experiment = tracker.experiment("resnet")?;
/// let run = experiment.run().name("kind-elk").param("lr", 3e-4).tag("paper", "v2").seed(7).start()?;
/// assert_eq!((run.number(), run.name()), (1, "kind-elk"));
/// run.finish()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is started before `start`"]
pub struct RunBuilder {
    store: Option<Arc<Store>>,
    experiment: ExperimentId,
    name: Option<String>,
    parent: Option<RunKey>,
    seed: Option<u64>,
    is_detached: bool,
    timeout: Option<Duration>,
    params: Vec<(String, ParamValue)>,
    pub(crate) tags: Vec<(String, String)>,
    datasets: Vec<(String, Split)>,
    /// A tag that no run may have that was made since.
    unique: Option<(String, String, Lsn)>,
    refused: Option<Error>,
}

impl RunBuilder {
    pub(crate) fn new(store: Option<Arc<Store>>, experiment: ExperimentId) -> RunBuilder {
        RunBuilder {
            store,
            experiment,
            name: None,
            parent: None,
            seed: None,
            is_detached: false,
            timeout: None,
            params: Vec::new(),
            tags: Vec::new(),
            datasets: Vec::new(),
            unique: None,
            refused: None,
        }
    }

    /// Its name, which need not be unique; two words such as `kind-elk` unless said otherwise.
    pub fn name(mut self, name: impl Into<String>) -> RunBuilder {
        self.name = Some(name.into());
        self
    }

    /// A parameter of any type; a struct or map becomes several, joined by dots.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> RunBuilder {
        self.take_params(flatten_under(name.into(), &value));
        self
    }

    /// The parameters of a struct or map.
    pub fn params(mut self, value: &(impl Serialize + ?Sized)) -> RunBuilder {
        self.take_params(flatten(value));
        self
    }

    fn take_params(&mut self, params: Result<Vec<(String, ParamValue)>>) {
        match params {
            Ok(params) => self.params.extend(params),
            Err(error) => self.refused = Some(error),
        }
    }

    /// A tag; a plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> RunBuilder {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// A version of a dataset that it takes in from its first moment on: `imagenet@v3`, `imagenet@^1.2`, `imagenet@gold`.
    /// What the selector means is decided by [`start`](RunBuilder::start), which fails when it means nothing.
    pub fn dataset(mut self, selector: impl Into<String>, split: Split) -> RunBuilder {
        self.datasets.push((selector.into(), split));
        self
    }

    /// Gives it this tag, and starts it only while no other run of the experiment that is not deleted and was made from
    /// the record `since` on has it. So of several programs that found before `since` that there is none, one makes it;
    /// the others get `CONFLICT`, and find it.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let experiment = tracker.experiment("resnet")?;
    /// let since = tracker.next_lsn()?.unwrap();
    /// let first = experiment.run().unique_tag("job", "17", since).start()?;
    /// let second = experiment.run().unique_tag("job", "17", since).start();
    /// assert_eq!(second.unwrap_err().code(), mltrack::Code::Conflict);
    /// # first.finish()
    /// # }
    /// ```
    pub fn unique_tag(
        mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        since: Lsn,
    ) -> RunBuilder {
        let (key, value) = (key.into(), value.into());
        self.unique = Some((key.clone(), value.clone(), since));
        self.tag(key, value)
    }

    /// The run it is a part of.
    pub fn parent(self, parent: &Run) -> RunBuilder {
        self.parent_id(parent.id())
    }

    /// The run it is a part of, by its id.
    pub fn parent_id(mut self, parent: RunId) -> RunBuilder {
        self.parent = Some(parent.key());
        self
    }

    /// The seed of its random numbers.
    pub fn seed(mut self, seed: u64) -> RunBuilder {
        self.seed = Some(seed);
        self
    }

    /// Whether it outlives its writers: a detached run is never lost, it ends by an event or its timeout. Dropping
    /// its handles leaves it running.
    pub fn detached(mut self, is_detached: bool) -> RunBuilder {
        self.is_detached = is_detached;
        self
    }

    /// After how much running it counts as timed out, in whole seconds. The next writer that looks records it.
    pub fn timeout(mut self, timeout: Duration) -> RunBuilder {
        self.timeout = Some(timeout);
        self
    }

    /// Starts it. Visible on return.
    ///
    /// Errors: `INVALID_STATE` when the experiment takes no runs, `VALIDATION_ERROR` for a name or value that is none,
    /// `CONFLICT` for a parameter with two values and for a unique tag that is taken, `BUSY` when the log does not move.
    pub fn start(mut self) -> Result<Run> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        self.check()?;
        let Some(store) = self.store.clone() else {
            return Ok(Run::disabled());
        };
        self.default_retention(store.artifact_settings.retention_days);
        let id = RunId::from_parts(
            (door::wall_time_ns() / 1_000_000) as u64,
            door::random_bytes(),
        );
        let name = self.name.take().unwrap_or_else(|| nickname(id));
        let takes_in = dataset_use::events(&store, id.key(), &self.datasets)?;
        let (number, lsn) = store.decide(|state, _| {
            let known = live(state, self.experiment)?;
            if let Some(parent) = self.parent
                && state.run(parent).is_none()
            {
                return Err(Error::validation(format!(
                    "the parent {} is no run of this store",
                    parent.short()
                )));
            }
            self.check_unique(state)?;
            let number = state.next_run_number(self.experiment);
            let mut events = self.events(&store, known, (id, number, &name))?;
            events.extend_from_slice(&takes_in);
            events.extend(reproduces(&store, state, id));
            let stream = StreamId::experiment(self.experiment);
            Ok(Decision::Append(Plan::on(stream, events), number))
        })?;
        let lsn = lsn.expect("a conditional append is never deferred");
        let (params, seed) = (self.params.into_iter().collect(), self.seed);
        let facts = Facts {
            id,
            experiment: self.experiment,
            number,
            name,
            role: if self.is_detached {
                Role::Guest
            } else {
                Role::Host
            },
        };
        let recorder = Recorder::new(Names::default(), params, lsn.plus(1));
        let run = Run::begin(store, facts, recorder, lsn)?;
        run.capture_environment(seed);
        Ok(run.sample_system(Coming::Started, 0))
    }

    fn check_unique(&self, state: &State) -> Result<()> {
        let Some((key, value, since)) = &self.unique else {
            return Ok(());
        };
        let newest = state.runs_of(self.experiment).rev();
        let mut newer = newest.take_while(|run| run.created.lsn >= *since);
        let has_it = |run: &&FoldedRun| run.tags.get(key) == Some(value) && !state.is_deleted(run);
        match newer.find(has_it) {
            Some(taken) => {
                let what = format!("the run {} has the tag {key} = {value}", taken.id.short());
                let hint = format!("tracker.resume(\"{}\".parse()?)", taken.id);
                Err(Error::new(Code::Conflict, what).with_hint(hint))
            }
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<()> {
        if let Some(name) = &self.name {
            NameKind::Run.check(name)?;
        }
        self.tags
            .iter()
            .try_for_each(|(key, _)| NameKind::Tag.check(key))?;
        for (at, (name, value)) in self.params.iter().enumerate() {
            let earlier = self.params[..at].iter().find(|(known, _)| known == name);
            if let Some((_, known)) = earlier.filter(|(_, known)| !known.same(value)) {
                return Err(crate::params::other_value(name, known, value));
            }
        }
        Ok(())
    }

    fn events(
        &self,
        store: &Store,
        experiment: &Folded,
        (id, number, name): (RunId, u64, &str),
    ) -> Result<Vec<Event>> {
        let mut events = admitted(store, experiment)?;
        let (actor, command) = store.by();
        let (host, pid) = (store.identity.host.clone(), std::process::id());
        let created = RunCreated {
            run: id,
            experiment: self.experiment,
            number,
            name: name.to_owned(),
            parent: self.parent,
            seed: self.seed,
            detached: self.is_detached,
            timeout_s: self.timeout.map(|timeout| timeout.as_secs().max(1)),
            host: host.clone(),
            pid,
            params: self.params.clone(),
            tags: self.tags.clone(),
            actor: actor.clone(),
            command: command.clone(),
        };
        let (run, attached) = (id.key(), !self.is_detached);
        events.push(created.into());
        events.push(
            RunStarted {
                run,
                attached,
                host,
                pid,
                actor,
                command,
            }
            .into(),
        );
        Ok(events)
    }
}

/// The link to the run that this process was started to reproduce, when the store has it.
fn reproduces(store: &Store, state: &State, run: RunId) -> Option<Event> {
    let old: RunId = std::env::var(VARIABLE).ok()?.parse().ok()?;
    state.run(old.key())?;
    let (actor, command) = store.by();
    let linked = LineageLinked {
        from: NodeRef::Run(old.key()),
        to: NodeRef::Run(run.key()),
        kind: EdgeKind::Reproduces,
        actor,
        command,
    };
    Some(linked.into())
}

/// What must happen to an experiment before a run of it. Errors: `INVALID_STATE` when it takes no runs.
pub(crate) fn admitted(store: &Store, experiment: &Folded) -> Result<Vec<Event>> {
    match experiment.state.admit_run() {
        Ok(RunAdmission::Admitted) => Ok(Vec::new()),
        Ok(RunAdmission::Activates) => Ok(vec![activated(store, experiment)]),
        Err(refused) => Err(Error::from(refused).with_hint(way_back(experiment))),
    }
}

/// What makes an experiment take runs again.
fn way_back(experiment: &Folded) -> String {
    let name = &experiment.name;
    match experiment.state {
        ExperimentState::Archived => format!("mltrack exp restore {name}"),
        ExperimentState::Paused => "experiment.activate()".to_owned(),
        _ => format!("mltrack exp archive {name} && mltrack exp restore {name}"),
    }
}

fn activated(store: &Store, experiment: &Folded) -> Event {
    let (actor, _) = store.by();
    let moved = ExperimentStateMoved {
        experiment: experiment.id,
        from: experiment.state,
        to: ExperimentState::Active,
        actor,
        command: "first run".into(),
    };
    moved.into()
}
