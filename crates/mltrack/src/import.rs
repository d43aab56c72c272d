//! Bringing in runs that happened already, with times of their own.
//!
//! Invariants: a run's creation, its start and its end are appended conditionally, as those of a live run are, so that
//! numbers stay unique beside others that start runs at the same time; rows wait in memory until a batch is full, and are
//! appended before the end of any run; nothing is folded on the way.

use std::sync::Arc;

use mltrack_event::{
    EndState, Event, ExperimentId, ExperimentState, ExperimentStateMoved, MetricKey, NameKind,
    ParamValue, RunAdmission, RunCreated, RunEnded, RunError, RunId, RunKey, RunLost, RunStarted,
    StreamId, WallTime,
};
use mltrack_log::{Batch, Lsn, door};
use mltrack_projector::IntMap;

use crate::code::Code;
use crate::decide::Claim;
use crate::error::{Error, Result};
use crate::experiment::{Experiment, live};
use crate::names::Names;
use crate::recorder::{define, push_values};
use crate::store::{Store, push_event};

/// A batch is appended when it is about so large: large enough that the lock is taken seldom, small enough that
/// others who wait for it do not notice.
const BATCH_LEN: usize = 128 << 10;
/// Somebody else starts runs in the same experiment at each of so many tries.
const ROUNDS_MAX: usize = 10_000;

/// A run that happened already; see [`Importer::begin`].
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its id; a new one when absent.
    pub id: Option<RunId>,
    /// Its name, which need not be unique.
    pub name: String,
    /// When it was created and started.
    pub started: WallTime,
    /// The run it was a part of.
    pub parent: Option<RunId>,
    /// The seed of its random numbers.
    pub seed: Option<u64>,
    /// Whether it goes on without a process: an attached run that is not ended here is lost.
    pub is_detached: bool,
    /// The machine it ran on.
    pub host: String,
    /// The process it ran in.
    pub pid: u32,
    /// Its parameters.
    pub params: Vec<(String, ParamValue)>,
    /// Its tags; a plain tag has an empty value.
    pub tags: Vec<(String, String)>,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum PastEnd {
    /// It ended in this state, with an error or without.
    Ended(EndState, Option<RunError>),
    /// Its process went away without ending it.
    Lost,
}

/// Metrics that are logged together, known to an [`Importer`].
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    slot: usize,
    width: usize,
}

/// Brings runs into an experiment; see [`Experiment::import`].
pub struct Importer {
    store: Option<Arc<Store>>,
    experiment: ExperimentId,
    next_number: u64,
    /// Every control record of the experiment before this lsn is taken into account.
    seen: Lsn,
    /// The first run makes a draft active.
    is_draft: bool,
    /// Runs that are not ended, with the lsn behind their start.
    open: IntMap<RunKey, Lsn>,
    names: Names,
    batch: Batch,
    payload: Vec<u8>,
}

impl PastRun {
    /// A run of this name that started then, with nothing else known.
    #[must_use]
    pub fn new(name: impl Into<String>, started: WallTime) -> PastRun {
        PastRun {
            id: None,
            name: name.into(),
            started,
            parent: None,
            seed: None,
            is_detached: false,
            host: String::new(),
            pid: 0,
            params: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn check(&self) -> Result<()> {
        NameKind::Run.check(&self.name)?;
        let params = self.params.iter();
        params
            .map(|(name, _)| NameKind::Param.check(name))
            .chain(self.tags.iter().map(|(key, _)| NameKind::Tag.check(key)))
            .try_for_each(|checked| Ok(checked?))
    }
}

impl Experiment {
    /// Brings in runs that happened already: points with times and steps of their own, as fast as the log takes them.
    ///
    /// Errors: `INVALID_STATE` when the experiment takes no runs.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{EndState, PastEnd, PastRun, WallTime};
    ///
    /// let mut import = tracker.experiment("resnet")?.import()?;
    /// let columns = import.columns(["loss", "accuracy"])?;
    /// let started = WallTime(1_700_000_000_000_000_000);
    /// let run = import.begin(&PastRun::new("kind-elk", started))?;
    /// for step in 0..100 {
    ///     let time = WallTime(started.0 + step * 1_000_000_000);
    ///     import.log(run, columns, step, time, &[1.0 / (step + 1) as f64, 0.5])?;
    /// }
    /// import.end(run, WallTime(started.0 + 100_000_000_000), PastEnd::Ended(EndState::Completed, None))?;
    /// assert_eq!(tracker.run_summary(run)?.points, 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import(&self) -> Result<Importer> {
        let mut importer = Importer {
            store: self.store().cloned(),
            experiment: self.id(),
            next_number: 1,
            seen: Lsn::FIRST,
            is_draft: false,
            open: IntMap::default(),
            names: Names::default(),
            batch: Batch::new(),
            payload: Vec::new(),
        };
        importer.look()?;
        Ok(importer)
    }
}

impl Importer {
    /// Takes into account what others did to the experiment.
    fn look(&mut self) -> Result<()> {
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        store.with_state(|state, reader| {
            let known = live(state, self.experiment)?;
            self.is_draft = known.state.admit_run()? == RunAdmission::Activates;
            self.next_number = state.next_run_number(self.experiment);
            self.seen = reader.next_lsn();
            Ok(())
        })
    }

    /// Metrics without context that rows will have values of, in this order. Errors: `VALIDATION_ERROR`.
    pub fn columns(&mut self, names: impl IntoIterator<Item: Into<String>>) -> Result<Columns> {
        let keys: Vec<MetricKey> = names
            .into_iter()
            .map(MetricKey::new)
            .collect::<std::result::Result<_, _>>()?;
        let width = keys.len();
        let slot = self.names.keys(keys)?;
        Ok(Columns { slot, width })
    }

    /// Begins a run. Visible on return.
    ///
    /// Errors: `INVALID_STATE` when the experiment takes no runs any more, `VALIDATION_ERROR` for a name that is none,
    /// `CONFLICT` for an id that is in use.
    pub fn begin(&mut self, run: &PastRun) -> Result<RunId> {
        run.check()?;
        let id = run.id.unwrap_or_else(|| {
            let started_ms = (run.started.0 / 1_000_000).max(0) as u64;
            RunId::from_parts(started_ms, door::random_bytes())
        });
        let Some(store) = self.store.clone() else {
            return Ok(id);
        };
        if run.id.is_some() {
            store.with_state(|state, _| match state.run(id.key()) {
                Some(_) => Err(in_use(id)),
                None => Ok(()),
            })?;
        }
        self.flush()?;
        for _ in 0..ROUNDS_MAX {
            for event in self.beginning(&store, run, id) {
                push_event(&mut self.batch, &event, Some(run.started.0))?;
            }
            let stream = StreamId::experiment(self.experiment);
            let claim = Claim::on(stream, &[stream], self.seen);
            let Some(logged) = store.append_claim(&mut self.batch, &claim)? else {
                self.batch.clear();
                self.look()?;
                continue;
            };
            self.seen = logged.lsn().map_or(self.seen, |lsn| lsn.plus(1));
            self.next_number += 1;
            self.is_draft = false;
            self.open.insert(id.key(), self.seen);
            return Ok(id);
        }
        Err(Error::new(
            Code::Busy,
            "others keep starting runs in the same experiment",
        ))
    }

    fn beginning(&self, store: &Store, run: &PastRun, id: RunId) -> Vec<Event> {
        let (actor, command) = store.by();
        let mut events = Vec::new();
        if self.is_draft {
            let moved = ExperimentStateMoved {
                experiment: self.experiment,
                from: ExperimentState::Draft,
                to: ExperimentState::Active,
                actor: actor.clone(),
                command: "first run".into(),
            };
            events.push(moved.into());
        }
        let created = RunCreated {
            run: id,
            experiment: self.experiment,
            number: self.next_number,
            name: run.name.clone(),
            parent: run.parent.map(RunId::key),
            seed: run.seed,
            detached: run.is_detached,
            timeout_s: None,
            host: run.host.clone(),
            pid: run.pid,
            params: run.params.clone(),
            tags: run.tags.clone(),
            actor: actor.clone(),
            command: command.clone(),
        };
        let started = RunStarted {
            run: id.key(),
            attached: !run.is_detached,
            host: run.host.clone(),
            pid: run.pid,
            actor,
            command,
        };
        events.extend([created.into(), started.into()]);
        events
    }

    /// Logs a value of each column at a step. In memory until a batch is full, a run ends, or [`flush`](Importer::flush).
    ///
    /// Errors: `VALIDATION_ERROR` for another number of values, `INVALID_STATE` for a run that this importer did not
    /// begin or has ended, and those of appending.
    pub fn log(
        &mut self,
        run: RunId,
        columns: Columns,
        step: i64,
        time: WallTime,
        values: &[f64],
    ) -> Result<()> {
        let Some(store) = &self.store else {
            return Ok(());
        };
        if values.len() != columns.width {
            let (given, width) = (values.len(), columns.width);
            return Err(Error::validation(format!(
                "{given} values for {width} metrics: pass one for each"
            )));
        }
        if !self.open.contains_key(&run.key()) {
            return Err(not_begun(run));
        }
        let slot = &mut self.names.slots[columns.slot];
        if !slot.is_defined {
            define(store.session()?, slot, &mut self.batch)?;
            slot.is_defined = true;
        }
        let at = (run.key(), &*slot, step);
        push_values(&mut self.batch, &mut self.payload, at, values, Some(time.0))?;
        if self.batch.body_len() >= BATCH_LEN || !self.batch.has_room(self.payload.len()) {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends a run that this importer began. Visible on return, as is every row before it.
    ///
    /// Errors: `INVALID_STATE` when it has ended already, here or by somebody else.
    pub fn end(&mut self, run: RunId, time: WallTime, end: PastEnd) -> Result<()> {
        let Some(store) = self.store.clone() else {
            return Ok(());
        };
        self.flush()?;
        let seen = self.open.remove(&run.key()).ok_or_else(|| not_begun(run))?;
        let (actor, command) = store.by();
        let run_key = run.key();
        let event: Event = match end {
            PastEnd::Ended(state, error) => RunEnded {
                run: run_key,
                state,
                error,
                actor,
                command,
            }
            .into(),
            PastEnd::Lost => RunLost {
                run: run_key,
                actor,
                command,
            }
            .into(),
        };
        push_event(&mut self.batch, &event, Some(time.0))?;
        let stream = StreamId::run(run_key);
        let claim = Claim::on(stream, &[stream], seen);
        if store.append_claim(&mut self.batch, &claim)?.is_none() {
            self.batch.clear();
            let what = format!("somebody else has changed the run {run} since it was begun");
            return Err(
                Error::new(Code::InvalidState, what).with_hint(format!("mltrack run show {run}"))
            );
        }
        Ok(())
    }

    /// Appends the rows that wait. Visible on return, unless the log stands still.
    pub fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        let appended = store.append(store.session()?, &mut self.batch);
        if appended.is_err() {
            // What a lost batch defined is not defined.
            let slots = self.names.slots.iter_mut();
            slots.for_each(|slot| slot.is_defined = false);
        }
        appended.map(drop)
    }
}

fn in_use(id: RunId) -> Error {
    let what = format!("the store has a run {id} already");
    Error::new(Code::Conflict, what).with_hint(format!("mltrack run show {id}"))
}

fn not_begun(run: RunId) -> Error {
    let what = format!("the run {run} is not open in this import");
    Error::new(Code::InvalidState, what).with_hint("import.begin(..) first")
}

impl Drop for Importer {
    /// Rows that nobody flushed are written all the same; who wants to know whether that went well calls `flush`.
    fn drop(&mut self) {
        self.flush().ok();
    }
}

impl std::fmt::Debug for Importer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importer")
            .field("experiment", &self.experiment)
            .field("open", &self.open.len())
            .finish_non_exhaustive()
    }
}
