//! Runs and experiments as answers: copies that stay as they were when they were asked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;

use mltrack_event::{
    ExperimentId, ExperimentState, Goal, ParamValue, RunError, RunId, RunState, WallTime,
};
use mltrack_log::{Lsn, Reader, door};
use mltrack_projector_runs::{
    Experiment as Folded, ExperimentMove, MetricSummary, Run as FoldedRun, State, run_state_at,
    silent_ns,
};

use crate::moment::Sight;
use crate::store::Store;

/// Everything that the log says about a run, in short.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunSummary {
    /// Its id.
    pub id: RunId,
    /// Its experiment.
    pub experiment: ExperimentId,
    /// Its experiment's name.
    pub experiment_name: String,
    /// Its number there, from 1.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// Its state, with who is alive and its time limit taken into account.
    pub state: RunState,
    /// The run it is a part of.
    pub parent: Option<RunId>,
    /// The seed of its random numbers.
    pub seed: Option<u64>,
    /// When it was created.
    pub created: WallTime,
    /// When it was started for the first time.
    pub started: Option<WallTime>,
    /// When it ended, or was recorded as lost.
    pub ended: Option<WallTime>,
    /// When something was logged to it last.
    pub heard: WallTime,
    /// For how many ns nothing was logged to it, when it is detached and running.
    pub silent_ns: Option<i64>,
    /// Whether it outlives its writers.
    pub is_detached: bool,
    /// Whether it is deleted, by itself or with its experiment.
    pub is_deleted: bool,
    /// When it was deleted: by itself, or else with its experiment.
    pub deleted: Option<WallTime>,
    /// After how many seconds of running it counts as timed out.
    pub timeout_s: Option<u64>,
    /// The machine it was started or resumed on last.
    pub host: String,
    /// The process, likewise.
    pub pid: u32,
    /// Who created it.
    pub actor: String,
    /// By which command it was created.
    pub command: String,
    /// What went wrong, when it ended so.
    pub error: Option<RunError>,
    /// Its parameters.
    pub params: BTreeMap<String, ParamValue>,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Its metrics, by name: `loss`, or `loss{subset=val}` with a context.
    pub metrics: BTreeMap<String, MetricSummary>,
    /// Values logged for all metrics together.
    pub points: u64,
    /// Those logged when it was not running any more.
    pub points_late: u64,
    /// Lines of its log.
    pub lines: u64,
    /// How many notes it has.
    pub notes: u64,
    /// The last of them.
    pub last_note: Option<String>,
    /// The last record about it.
    pub lsn: Lsn,
}

/// Everything that the log says about an experiment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExperimentSummary {
    /// Its id.
    pub id: ExperimentId,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// What it is to show.
    pub hypothesis: String,
    /// Whose it is.
    pub owner: String,
    /// Who else works on it.
    pub collaborators: Vec<String>,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// What its runs are after.
    pub goal: Option<Goal>,
    /// Its metadata document, as JSON text.
    pub metadata: Option<String>,
    /// Its state.
    pub state: ExperimentState,
    /// The moves that led there, oldest first.
    pub moves: Vec<ExperimentMove>,
    /// When it was created.
    pub created: WallTime,
    /// When it was changed last.
    pub updated: WallTime,
    /// When it went to the archive.
    pub archived: Option<WallTime>,
    /// Whether it is deleted.
    pub is_deleted: bool,
    /// When it was deleted.
    pub deleted: Option<WallTime>,
    /// Who created it.
    pub actor: String,
    /// Its runs that are not deleted, by state.
    pub runs: BTreeMap<&'static str, u64>,
    /// The last record about it itself, not about its runs.
    pub lsn: Lsn,
}

impl ExperimentSummary {
    /// How many runs it has that are not deleted.
    #[must_use]
    pub fn run_count(&self) -> u64 {
        self.runs.values().sum()
    }
}

/// Who is alive and what time it is, for states.
pub(crate) struct Present<'a> {
    store: &'a Store,
    reader: &'a Reader,
    is_now: bool,
    now_ns: i64,
}

impl<'a> Present<'a> {
    pub fn new(store: &'a Store, reader: &'a Reader, sight: &Sight<'_>) -> Present<'a> {
        Present {
            store,
            reader,
            is_now: sight.is_now,
            now_ns: door::wall_time_ns(),
        }
    }

    /// The store that is looked at.
    pub fn store(&self) -> &'a Store {
        self.store
    }

    /// What time it is.
    pub fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// The state of a run at the moment that is looked at: about the past, the log alone decides.
    pub fn state_of(&self, run: &FoldedRun) -> RunState {
        if !self.is_now {
            return run.state;
        }
        run_state_at(run, self.now_ns, |writer| {
            self.store.is_alive(self.reader, writer)
        })
    }

    pub fn run(&self, state: &State, run: &FoldedRun) -> RunSummary {
        let experiment = state.experiment(run.experiment);
        let deleted = run.deleted.or(experiment.and_then(|known| known.deleted));
        let metrics = run.metrics.summaries().iter();
        RunSummary {
            id: run.id,
            experiment: run.experiment,
            experiment_name: experiment
                .map(|known| known.name.clone())
                .unwrap_or_default(),
            number: run.number,
            name: run.name.clone(),
            state: self.state_of(run),
            parent: run
                .parent
                .and_then(|parent| state.brief(parent))
                .map(|parent| parent.id),
            seed: run.seed,
            created: WallTime(run.created.time_ns),
            started: run.started.map(|at| WallTime(at.time_ns)),
            ended: run.ended.map(|at| WallTime(at.time_ns)),
            heard: WallTime(run.heard.time_ns),
            silent_ns: silent_ns(run, self.now_ns).filter(|_| self.is_now),
            is_detached: !run.attached,
            is_deleted: state.is_deleted(run),
            deleted: deleted.map(|at| WallTime(at.time_ns)),
            timeout_s: run.timeout_s,
            host: run.host.clone(),
            pid: run.pid,
            actor: run.actor.clone(),
            command: run.command.clone(),
            error: run.error.clone(),
            params: run.params.clone(),
            tags: run.tags.clone(),
            metrics: metrics
                .map(|summary| (state.dictionary().label(summary.metric), summary.clone()))
                .collect(),
            points: run.points,
            points_late: run.points_late,
            lines: run.lines,
            notes: run.notes.len() as u64,
            last_note: run.last_note().map(str::to_owned),
            lsn: run.heard.lsn,
        }
    }

    /// The same of a run that may be given away: what it has is moved where it can be.
    pub fn run_of(&self, state: &State, run: Cow<'_, FoldedRun>) -> RunSummary {
        let mut run = match run {
            Cow::Borrowed(run) => return self.run(state, run),
            Cow::Owned(run) => run,
        };
        let (params, tags) = (mem::take(&mut run.params), mem::take(&mut run.tags));
        RunSummary {
            params,
            tags,
            ..self.run(state, &run)
        }
    }

    pub fn experiment(&self, state: &State, known: &Folded) -> ExperimentSummary {
        let mut runs = BTreeMap::new();
        for (slot, brief) in state.briefs_of(known.id).filter(|(_, run)| !run.is_deleted) {
            // Only a run that seems to be running can stand otherwise than the log says.
            let may_lapse = brief.state == RunState::Running && state.may_lapse(slot);
            let run = may_lapse.then(|| state.run_at(slot)).flatten();
            let now = run.map_or(brief.state, |run| self.state_of(run));
            *runs.entry(now.name()).or_default() += 1;
        }
        ExperimentSummary {
            id: known.id,
            name: known.name.clone(),
            description: known.description.clone(),
            hypothesis: known.hypothesis.clone(),
            owner: known.owner.clone(),
            collaborators: known.collaborators.clone(),
            tags: known.tags.clone(),
            goal: known.goal.clone(),
            metadata: known.metadata.clone(),
            state: known.state,
            moves: known.moves.clone(),
            created: WallTime(known.created.time_ns),
            updated: WallTime(known.updated.time_ns),
            archived: known.archived.map(|at| WallTime(at.time_ns)),
            is_deleted: known.deleted.is_some(),
            deleted: known.deleted.map(|at| WallTime(at.time_ns)),
            actor: known.actor.clone(),
            runs,
            lsn: known.updated.lsn,
        }
    }
}
