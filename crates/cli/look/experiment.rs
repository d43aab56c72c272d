//! Experiments as the command line shows them.

use std::collections::BTreeMap;

use mltrack::{Code, Direction, ExperimentState, ExperimentSummary, Tracker};
use serde_json::{Value, json};

use super::{At, lsn_number};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::quantity::rfc3339;

pub const FIELDS: &[&str] = &[
    "id",
    "name",
    "state",
    "runs",
    "goal",
    "tags",
    "description",
    "created",
];

#[derive(Clone, Debug)]
pub struct ExperimentRow {
    pub id: u64,
    pub name: String,
    pub state: ExperimentState,
    pub runs: u64,
    pub goal: Option<(String, Direction)>,
    pub tags: BTreeMap<String, String>,
    pub description: String,
    pub created_ns: i64,
}

impl ExperimentRow {
    pub fn new(summary: ExperimentSummary) -> ExperimentRow {
        ExperimentRow {
            id: summary.id.0,
            runs: summary.run_count(),
            name: summary.name,
            state: summary.state,
            goal: summary.goal.map(|goal| (goal.metric, goal.direction)),
            tags: summary.tags,
            description: summary.description,
            created_ns: summary.created.0,
        }
    }

    /// In the order of [`FIELDS`].
    pub fn item(&self) -> Vec<Value> {
        let goal = self
            .goal
            .as_ref()
            .map(|(metric, direction)| json!({"metric": metric, "direction": direction}));
        vec![
            json!(self.id),
            json!(self.name),
            json!(self.state),
            json!(self.runs),
            json!(goal),
            json!(self.tags),
            json!(self.description),
            json!(rfc3339(self.created_ns)),
        ]
    }

    pub fn goal_text(&self) -> String {
        match &self.goal {
            None => String::new(),
            Some((metric, Direction::Min)) => format!("{metric} to its min"),
            Some((metric, Direction::Max)) => format!("{metric} to its max"),
        }
    }
}

/// Archived ones too, in the order of their creation.
fn experiments(tracker: &Tracker, at: At, context: &Context) -> Outcome<(Vec<ExperimentRow>, u64)> {
    let query = tracker.experiments().with_archived();
    let page = at.of_experiments(query, context).fetch()?;
    Ok((
        page.items.into_iter().map(ExperimentRow::new).collect(),
        lsn_number(page.lsn),
    ))
}

pub fn experiment(
    tracker: &Tracker,
    name: &str,
    at: At,
    context: &Context,
) -> Outcome<(ExperimentRow, u64)> {
    // Its error knows the name that was probably meant.
    let id = tracker.find_experiment(name)?.id();
    let (rows, lsn) = experiments(tracker, at, context)?;
    match rows.into_iter().find(|row| row.id == id.0) {
        Some(row) => Ok((row, lsn)),
        None => Err(Failure::new(
            Code::NotFound,
            format!("there was no experiment {name:?} then"),
        )
        .hint("mltrack exp ls")
        .into()),
    }
}
