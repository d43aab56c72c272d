//! Changing the fields of an experiment.

use std::sync::Arc;

use mltrack_event::{
    Direction, Event, ExperimentEdited, ExperimentId, Goal, GoalEdit, NameKind, StreamId,
    canonical_json,
};
use mltrack_log::Lsn;
use serde::Serialize;

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::experiment::{live, name_taken};
use crate::run_edit::changed_since;
use crate::store::Store;

/// Changes to an experiment; see [`Experiment::edit`](crate::Experiment::edit). What is not named stays.
#[must_use = "nothing is changed before `save`"]
pub struct ExperimentEdit {
    store: Option<Arc<Store>>,
    edit: ExperimentEdited,
    metadata_error: Option<Error>,
    based_on: Option<Lsn>,
}

impl ExperimentEdit {
    pub(crate) fn new(store: Option<Arc<Store>>, experiment: ExperimentId) -> ExperimentEdit {
        let (actor, command) = store.as_ref().map(|store| store.by()).unwrap_or_default();
        let edit = ExperimentEdited {
            experiment,
            name: None,
            description: None,
            hypothesis: None,
            owner: None,
            collaborators: None,
            goal: None,
            metadata: None,
            actor,
            command,
        };
        ExperimentEdit {
            store,
            edit,
            metadata_error: None,
            based_on: None,
        }
    }

    /// Its name, unique among the experiments that are not deleted.
    pub fn name(mut self, name: impl Into<String>) -> ExperimentEdit {
        self.edit.name = Some(name.into());
        self
    }

    /// What it is about.
    pub fn description(mut self, text: impl Into<String>) -> ExperimentEdit {
        self.edit.description = Some(text.into());
        self
    }

    /// What it is to show.
    pub fn hypothesis(mut self, text: impl Into<String>) -> ExperimentEdit {
        self.edit.hypothesis = Some(text.into());
        self
    }

    /// Whose it is.
    pub fn owner(mut self, owner: impl Into<String>) -> ExperimentEdit {
        self.edit.owner = Some(owner.into());
        self
    }

    /// Who else works on it, all of them.
    pub fn collaborators(mut self, names: impl IntoIterator<Item: Into<String>>) -> ExperimentEdit {
        self.edit.collaborators = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// What its runs are after.
    pub fn goal(mut self, metric: impl Into<String>, direction: Direction) -> ExperimentEdit {
        self.edit.goal = Some(GoalEdit::Set(Goal {
            metric: metric.into(),
            direction,
        }));
        self
    }

    /// No goal any more.
    pub fn no_goal(mut self) -> ExperimentEdit {
        self.edit.goal = Some(GoalEdit::Clear);
        self
    }

    /// The whole metadata document: any value, kept as JSON.
    pub fn metadata(mut self, document: &(impl Serialize + ?Sized)) -> ExperimentEdit {
        match serde_json::to_value(document) {
            Ok(value) => self.edit.metadata = Some(canonical_json(&value)),
            Err(error) => {
                let what = format!("the metadata is no JSON: {error}");
                self.metadata_error = Some(Error::new(Code::SerializationError, what));
            }
        }
        self
    }

    /// Only while this record is the last one about the experiment itself, as
    /// [`ExperimentSummary::lsn`](crate::ExperimentSummary) told it; else the edit is a `CONFLICT`.
    pub fn based_on(mut self, lsn: Lsn) -> ExperimentEdit {
        self.based_on = Some(lsn);
        self
    }

    /// Makes the changes, all or none. Visible on return.
    ///
    /// Errors: `CONFLICT` when the new name is taken, `VALIDATION_ERROR`, `NOT_FOUND`, `INVALID_STATE` when deleted.
    pub fn save(self) -> Result<()> {
        if let Some(error) = self.metadata_error {
            return Err(error);
        }
        if let Some(name) = &self.edit.name {
            NameKind::Experiment.check(name)?;
        }
        if let Some(GoalEdit::Set(goal)) = &self.edit.goal {
            NameKind::Metric.check(&goal.metric)?;
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        let id = self.edit.experiment;
        store.decide(|state, _| {
            let known = live(state, id)?;
            if let Some(lsn) = self.based_on
                && known.updated.lsn != lsn
            {
                return Err(changed_since(known.updated.lsn));
            }
            if let Some(name) = &self.edit.name
                && state
                    .experiment_by_name(name)
                    .is_some_and(|holder| holder.id != id)
            {
                return Err(name_taken(name));
            }
            let event = Event::from(self.edit.clone());
            // An edit that is no rename excludes nobody, but must not follow a deletion.
            let stream = event.stream().unwrap_or(StreamId::experiment(id));
            let unchanged = vec![stream, StreamId::experiment(id)];
            Ok(Decision::Append(
                Plan {
                    stream,
                    unchanged,
                    events: vec![event],
                },
                (),
            ))
        })?;
        Ok(())
    }
}
