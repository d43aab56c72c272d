//! An experiment as JSON.

use std::collections::BTreeMap;

use mltrack::{Direction, ExperimentState, ExperimentSummary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment::time_text;

/// What the log says about an experiment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Experiment {
    /// Its number in the store.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its state.
    #[schema(value_type = ExperimentStateName)]
    pub state: ExperimentState,
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
    /// Its metadata document.
    pub metadata: Option<serde_json::Value>,
    /// How many runs it has that are not deleted.
    pub runs: u64,
    /// Those by state.
    pub runs_by_state: BTreeMap<String, u64>,
    /// The moves that led to its state, oldest first.
    pub moves: Vec<Move>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it was changed last.
    #[schema(format = DateTime)]
    pub updated: String,
    /// When it went to the archive.
    #[schema(format = DateTime)]
    pub archived: Option<String>,
    /// Whether it is deleted.
    pub deleted: bool,
    /// Who created it.
    pub actor: String,
    /// The last record about it itself: what `If-Match` compares.
    pub lsn: u64,
}

/// What the runs of an experiment are after.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The metric.
    #[schema(example = "acc")]
    pub metric: String,
    /// Whether it is better when it is smaller or larger.
    pub direction: GoalDirection,
}

/// Whether a metric is better when it is smaller or larger.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoalDirection {
    /// Smaller is better.
    Min,
    /// Larger is better.
    Max,
}

/// A change of an experiment's state.
#[derive(Debug, Serialize, ToSchema)]
pub struct Move {
    /// The state before.
    #[schema(value_type = ExperimentStateName)]
    pub from: ExperimentState,
    /// The state after.
    #[schema(value_type = ExperimentStateName)]
    pub to: ExperimentState,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// The record that says so.
    pub lsn: u64,
    /// Who moved it.
    pub actor: String,
    /// By which command or call.
    pub command: String,
}

/// The state of an experiment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ExperimentState)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStateName {
    /// Without runs yet.
    Draft,
    /// It takes runs.
    Active,
    /// It takes none for a while.
    Paused,
    /// It has shown what it was to show.
    Completed,
    /// It is put away.
    Archived,
    /// It has not shown it.
    Failed,
}

impl From<Direction> for GoalDirection {
    fn from(direction: Direction) -> GoalDirection {
        match direction {
            Direction::Min => GoalDirection::Min,
            Direction::Max => GoalDirection::Max,
        }
    }
}

impl From<GoalDirection> for Direction {
    fn from(direction: GoalDirection) -> Direction {
        match direction {
            GoalDirection::Min => Direction::Min,
            GoalDirection::Max => Direction::Max,
        }
    }
}

impl From<ExperimentSummary> for Experiment {
    fn from(known: ExperimentSummary) -> Experiment {
        let counts = known.runs.iter();
        Experiment {
            id: known.id.0,
            runs: known.run_count(),
            runs_by_state: counts
                .map(|(state, count)| ((*state).to_owned(), *count))
                .collect(),
            name: known.name,
            state: known.state,
            description: known.description,
            hypothesis: known.hypothesis,
            owner: known.owner,
            collaborators: known.collaborators,
            tags: known.tags,
            goal: known.goal.map(|goal| Goal {
                metric: goal.metric,
                direction: goal.direction.into(),
            }),
            metadata: known
                .metadata
                .and_then(|text| serde_json::from_str(&text).ok()),
            moves: known.moves.into_iter().map(Move::from).collect(),
            created: time_text(known.created),
            updated: time_text(known.updated),
            archived: known.archived.map(time_text),
            deleted: known.is_deleted,
            actor: known.actor,
            lsn: known.lsn.get(),
        }
    }
}

impl From<mltrack::ExperimentMove> for Move {
    fn from(moved: mltrack::ExperimentMove) -> Move {
        Move {
            from: moved.from,
            to: moved.to,
            time: time_text(mltrack::WallTime(moved.at.time_ns)),
            lsn: moved.at.lsn.get(),
            actor: moved.actor,
            command: moved.command,
        }
    }
}
