//! Writing to runs on behalf of somebody elsewhere: a client of a server, who has no process that owns the run.
//!
//! Invariants: what such a call logs is one batch, whole or nothing; a run that has ended takes it all the same, and one
//! that is deleted does not, whoever deleted it; logging points folds nothing.

use std::sync::Arc;

use mltrack_event::{ExperimentId, MetricBatchLogged, NameKind, RunId, RunKey, WallTime};
use mltrack_log::Batch;

use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::lock::guard;
use crate::names::Names;
use crate::recorder::{define, push_values};
use crate::remote_kept::Kept;
use crate::store::{Logged, Session, Store, push_event};
use crate::tracker::Tracker;

/// With more names than this the table of them begins anew: a definition that is written twice does no harm.
const NAMES_MAX: usize = 1 << 16;

/// A run that somebody elsewhere logs to, through this process. Clones are the same run, and all calls may be made from
/// any number of threads.
///
/// Unlike a [`Run`](crate::Run) it belongs to nobody here: dropping it ends nothing, nothing is captured or sampled, and it
/// goes on taking points, parameters and tags after the run has ended.
#[derive(Clone)]
pub struct RemoteRun {
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) known: Arc<KnownRun>,
}

/// What a process keeps of a run that others log to.
pub(crate) struct KnownRun {
    pub id: RunId,
    pub key: RunKey,
    pub experiment: ExperimentId,
    pub gate: Arc<Gate>,
}

/// What one writer needs to log for others.
#[derive(Default)]
pub(crate) struct RemoteDesk {
    pub kept: std::sync::Mutex<Kept>,
    pub pen: std::sync::Mutex<Pen>,
}

/// Names and buffers, for one call at a time.
pub(crate) struct Pen {
    pub names: Names,
    batch: Batch,
    payload: Vec<u8>,
    /// The slot and the place of each point of a call.
    order: Vec<(usize, u32)>,
}

impl Default for Pen {
    fn default() -> Pen {
        Pen {
            names: Names::default(),
            batch: Batch::new(),
            payload: Vec::new(),
            order: Vec::new(),
        }
    }
}

/// A value of a metric with the step and the time that its logger gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RemotePoint<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// The value.
    pub value: f64,
    /// Its step.
    pub step: i64,
    /// When it happened.
    pub time: WallTime,
}

impl KnownRun {
    pub fn new(id: RunId, experiment: ExperimentId) -> KnownRun {
        KnownRun {
            id,
            key: id.key(),
            experiment,
            gate: Arc::new(Gate::present(id, experiment)),
        }
    }
}

impl Tracker {
    /// A run for logging on behalf of somebody elsewhere. Quick for a run that was asked for lately.
    ///
    /// Errors: `NOT_FOUND`; `INVALID_STATE` for a run that is deleted, by itself or with its experiment.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{RemotePoint, WallTime};
    ///
    /// let experiment = tracker.experiment("resnet")?;
    /// let created = tracker.new_remote_run(experiment.id()).name("kind-elk").create()?;
    /// let run = tracker.remote_run(created.id())?;
    /// let time = WallTime(1_700_000_000_000_000_000);
    /// run.log_points(&[RemotePoint { name: "loss", value: 0.5, step: 7, time }])?;
    /// assert_eq!(tracker.run_summary(run.id())?.metrics["loss"].last.time_ns, time.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn remote_run(&self, id: RunId) -> Result<RemoteRun> {
        let Some(store) = self.store() else {
            return Err(Error::no_run(id));
        };
        Ok(RemoteRun {
            known: store.known_run(id)?,
            store: Some(Arc::clone(store)),
        })
    }
}

impl Store {
    fn known_run(&self, id: RunId) -> Result<Arc<KnownRun>> {
        let session = self.session()?;
        let kept = guard(&session.remote.kept).get(id);
        // One that seems deleted may have been restored by somebody whose records were not looked at yet.
        if let Some(known) = kept.filter(|known| known.gate.admit_present().is_ok()) {
            return Ok(known);
        }
        // The gate is registered while nobody in this process can delete the run.
        self.with_state(|state, reader| {
            let run = state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
            let known = Arc::new(KnownRun::new(id, run.experiment));
            if state.is_deleted(run) {
                return Err(is_deleted(id));
            }
            session.keep_remote(&known, reader.next_lsn());
            Ok(known)
        })
    }
}

impl Session {
    /// Keeps a run at hand that was present before `since`.
    pub fn keep_remote(&self, known: &Arc<KnownRun>, since: mltrack_log::Lsn) {
        self.watch.register(&known.gate, since);
        guard(&self.remote.kept).put(known);
    }
}

pub(crate) fn is_deleted(id: RunId) -> Error {
    let gate = Gate::present(id, ExperimentId(0));
    gate.set_deleted(crate::gate::Part::Run, true);
    match gate.admit_present() {
        Err(error) => error,
        Ok(()) => Error::no_run(id),
    }
}

impl RemoteRun {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.known.id
    }

    /// The experiment it belongs to.
    #[must_use]
    pub fn experiment_id(&self) -> ExperimentId {
        self.known.experiment
    }

    /// Logs points, all or none. Visible to every process on return.
    ///
    /// Errors: `INVALID_STATE` when the run is deleted, `VALIDATION_ERROR` for a name that is none, `DISK_FULL`.
    pub fn log_points(&self, points: &[RemotePoint<'_>]) -> Result<Logged> {
        let Some(store) = &self.store else {
            return Ok(Logged::Disabled);
        };
        let session = store.session()?;
        session.watch.look_soon(store.log()?.end()?);
        self.known.gate.admit_present()?;
        let mut pen = guard(&session.remote.pen);
        let pen = &mut *pen;
        pen.batch.clear();
        pen.add_points(session, self.known.key, points)?;
        if pen.batch.is_empty() {
            return Ok(Logged::Disabled);
        }
        let logged = store.append(session, &mut pen.batch)?;
        for (slot, _) in &pen.order {
            pen.names.slots[*slot].is_defined = true;
        }
        Ok(logged)
    }

    /// Adds points to a batch that somebody else appends.
    pub(crate) fn push_points(
        &self,
        session: &Session,
        points: &[RemotePoint<'_>],
        batch: &mut Batch,
    ) -> Result<()> {
        let mut pen = guard(&session.remote.pen);
        std::mem::swap(&mut pen.batch, batch);
        let added = pen.add_points(session, self.known.key, points);
        std::mem::swap(&mut pen.batch, batch);
        added
    }
}

impl Pen {
    /// Adds points to the batch: those of one metric as one record, in the order in which they were given.
    fn add_points(
        &mut self,
        session: &Session,
        run: RunKey,
        points: &[RemotePoint<'_>],
    ) -> Result<()> {
        if self.names.slots.len() > NAMES_MAX {
            self.names = Names::default();
        }
        self.order.clear();
        for (at, point) in points.iter().enumerate() {
            self.order.push((self.names.metric(point.name)?, at as u32));
        }
        if !self.order.is_sorted_by_key(|(slot, _)| *slot) {
            self.order.sort_unstable();
        }
        let mut rest = 0;
        while let Some((slot, first)) = self.order.get(rest).copied() {
            let same = self.order[rest..].iter();
            let count = same.take_while(|(other, _)| *other == slot).count();
            self.define(session, slot)?;
            if count == 1 {
                self.add_point(run, slot, &points[first as usize])?;
            } else {
                self.add_column(run, slot, points, rest..rest + count)?;
            }
            rest += count;
        }
        Ok(())
    }

    fn define(&mut self, session: &Session, slot: usize) -> Result<()> {
        let slot = &self.names.slots[slot];
        if slot.is_defined {
            return Ok(());
        }
        define(session, slot, &mut self.batch)
    }

    fn add_point(&mut self, run: RunKey, slot: usize, point: &RemotePoint<'_>) -> Result<()> {
        let at = (run, &self.names.slots[slot], point.step);
        let time = Some(point.time.0);
        push_values(&mut self.batch, &mut self.payload, at, &[point.value], time)
    }

    fn add_column(
        &mut self,
        run: RunKey,
        slot: usize,
        points: &[RemotePoint<'_>],
        rows: std::ops::Range<usize>,
    ) -> Result<()> {
        let columns = self.names.slots[slot].columns;
        let rows = self.order[rows].iter();
        let rows = rows.map(|(_, at)| &points[*at as usize]);
        let batch = MetricBatchLogged {
            run,
            columns,
            steps: rows.clone().map(|point| point.step).collect(),
            times: rows.clone().map(|point| point.time.0).collect(),
            values: rows.clone().map(|point| point.value).collect(),
        };
        let first_ns = batch.times.first().copied();
        push_event(&mut self.batch, &batch.into(), first_ns)
    }
}

/// The rules for the names of what is written beside points.
pub(crate) fn check_keys<V>(kind: NameKind, pairs: &[(String, V)]) -> Result<()> {
    pairs.iter().try_for_each(|(key, _)| Ok(kind.check(key)?))
}

impl std::fmt::Debug for RemoteRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteRun")
            .field("id", &self.known.id)
            .finish_non_exhaustive()
    }
}
