//! A run as JSON.

use std::collections::BTreeMap;

use mltrack::{MetricSummary, ParamValue, Point, RunState, RunSummary, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::time_text;
use super::number::Number;

/// What the log says about a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// Its id: 32 hex digits.
    pub id: String,
    /// The id as people write it: 8 hex digits of its random tail.
    pub short: String,
    /// Its name.
    pub name: String,
    /// Its experiment's name.
    pub experiment: String,
    /// Its experiment's id.
    pub experiment_id: u64,
    /// Its number there, from 1.
    pub number: u64,
    /// Its state, with who is alive and its time limit taken into account.
    #[schema(value_type = RunStateName)]
    pub state: RunState,
    /// The run it is a part of.
    pub parent: Option<String>,
    /// The seed of its random numbers.
    pub seed: Option<u64>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it was started for the first time.
    #[schema(format = DateTime)]
    pub started: Option<String>,
    /// When it ended, or was recorded as lost.
    #[schema(format = DateTime)]
    pub ended: Option<String>,
    /// When something was logged to it last.
    #[schema(format = DateTime)]
    pub heard: String,
    /// For how many seconds nothing was logged to it, when it is detached and running.
    pub silent_s: Option<f64>,
    /// Whether it outlives its writers.
    pub detached: bool,
    /// Whether it is deleted, by itself or with its experiment.
    pub deleted: bool,
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
    pub error: Option<RunFault>,
    /// Its parameters: what JSON has a form for as it is, the rest as text.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub params: BTreeMap<String, ParamValue>,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Its metrics, by name: `loss`, or `loss{subset=val}` with a context.
    pub metrics: BTreeMap<String, MetricFacts>,
    /// Values logged for all metrics together.
    pub points: u64,
    /// Those logged when it was not running any more.
    pub points_late: u64,
    /// Lines of its console and log.
    pub lines: u64,
    /// How many notes it has.
    pub notes: u64,
    /// The last of them.
    pub last_note: Option<String>,
    /// The last record about it: what `If-Match` compares.
    pub lsn: u64,
    /// The values of the columns that were asked for, by column.
    pub columns: BTreeMap<String, serde_json::Value>,
}

/// All points of a metric of a run, in short. The last point is the one at the highest step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MetricFacts {
    /// Points, those with NaN included.
    pub count: u64,
    /// Points whose value is NaN.
    pub nan_count: u64,
    /// The point at the lowest step.
    pub first: PointFacts,
    /// The point at the highest step.
    pub last: PointFacts,
    /// The smallest value that is a number.
    pub min: Option<PointFacts>,
    /// The largest value that is a number.
    pub max: Option<PointFacts>,
    /// The mean of the values that are numbers.
    pub mean: Option<Number>,
}

/// One value of a metric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PointFacts {
    /// The value.
    pub value: Number,
    /// Its step.
    pub step: i64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
}

/// What went wrong in a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunError)]
pub struct RunFault {
    /// The kind of error: a type's name, `panic`, ..
    pub kind: String,
    /// What it said.
    pub message: String,
    /// The stack trace.
    pub trace: Option<String>,
    /// What caused it.
    pub cause: Option<String>,
    /// Whether trying again may help.
    pub recoverable: bool,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RunState)]
#[serde(rename_all = "snake_case")]
pub enum RunStateName {
    /// It was created, and nothing more.
    Pending,
    /// It waits for a machine.
    Queued,
    /// It runs.
    Running,
    /// It ended well.
    Completed,
    /// It ended with an error.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It ran for longer than it was allowed to.
    TimedOut,
    /// Its last writer is gone without a word.
    Lost,
}

impl From<RunStateName> for RunState {
    fn from(name: RunStateName) -> RunState {
        match name {
            RunStateName::Pending => RunState::Pending,
            RunStateName::Queued => RunState::Queued,
            RunStateName::Running => RunState::Running,
            RunStateName::Completed => RunState::Completed,
            RunStateName::Failed => RunState::Failed,
            RunStateName::Cancelled => RunState::Cancelled,
            RunStateName::TimedOut => RunState::TimedOut,
            RunStateName::Lost => RunState::Lost,
        }
    }
}

impl From<Point> for PointFacts {
    fn from(point: Point) -> PointFacts {
        PointFacts {
            value: Number(point.value),
            step: point.step,
            time: time_text(WallTime(point.time_ns)),
        }
    }
}

impl From<&MetricSummary> for MetricFacts {
    fn from(summary: &MetricSummary) -> MetricFacts {
        MetricFacts {
            count: summary.count,
            nan_count: summary.nan_count,
            first: summary.first.into(),
            last: summary.last.into(),
            min: summary.min.map(PointFacts::from),
            max: summary.max.map(PointFacts::from),
            mean: summary.mean().map(Number),
        }
    }
}

impl From<mltrack::RunError> for RunFault {
    fn from(error: mltrack::RunError) -> RunFault {
        RunFault {
            kind: error.kind,
            message: error.message,
            trace: error.trace,
            cause: error.cause,
            recoverable: error.recoverable,
        }
    }
}

impl From<RunSummary> for Run {
    fn from(run: RunSummary) -> Run {
        let metrics = run.metrics.iter();
        Run {
            id: run.id.to_string(),
            short: run.id.short(),
            metrics: metrics
                .map(|(label, summary)| (label.clone(), summary.into()))
                .collect(),
            name: run.name,
            experiment: run.experiment_name,
            experiment_id: run.experiment.0,
            number: run.number,
            state: run.state,
            parent: run.parent.map(|parent| parent.to_string()),
            seed: run.seed,
            created: time_text(run.created),
            started: run.started.map(time_text),
            ended: run.ended.map(time_text),
            heard: time_text(run.heard),
            silent_s: run.silent_ns.map(|silent_ns| silent_ns as f64 / 1e9),
            detached: run.is_detached,
            deleted: run.is_deleted,
            timeout_s: run.timeout_s,
            host: run.host,
            pid: run.pid,
            actor: run.actor,
            command: run.command,
            error: run.error.map(RunFault::from),
            params: run.params,
            tags: run.tags,
            points: run.points,
            points_late: run.points_late,
            lines: run.lines,
            notes: run.notes,
            last_note: run.last_note,
            lsn: run.lsn.get(),
            columns: BTreeMap::new(),
        }
    }
}
