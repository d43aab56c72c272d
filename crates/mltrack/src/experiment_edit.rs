//! Changing the fields, the tags and the state of an experiment.
//!
//! Invariant: an edit is one batch of the log, unless it gives a new name and a new state: no batch keeps others from both,
//! so that those are two, and the first is appended only where the second was possible.

use std::sync::Arc;

use mltrack_event::{
    Direction, Event, ExperimentEdited, ExperimentId, ExperimentState, ExperimentTagged, Goal,
    GoalEdit, NameKind, StreamId, canonical_json,
};
use mltrack_log::Lsn;
use mltrack_projector_runs::{Experiment as Folded, State};
use serde::Serialize;

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::experiment::{live, moves, name_taken};
use crate::run_edit::changed_since;
use crate::store::Store;

/// Changes to an experiment; see [`Experiment::edit`](crate::Experiment::edit). What is not named stays.
#[must_use = "nothing is changed before `save`"]
pub struct ExperimentEdit {
    store: Option<Arc<Store>>,
    edit: ExperimentEdited,
    set: Vec<(String, String)>,
    removed: Vec<String>,
    state: Option<ExperimentState>,
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
            set: Vec::new(),
            removed: Vec::new(),
            state: None,
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

    /// Sets a tag, replacing a value it had. A plain tag has an empty value.
    pub fn set_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> ExperimentEdit {
        self.set.push((key.into(), value.into()));
        self
    }

    /// Removes a tag, if it is there.
    pub fn remove_tag(mut self, key: impl Into<String>) -> ExperimentEdit {
        self.removed.push(key.into());
        self
    }

    /// The state to move it to. On its way to the archive an active one is paused.
    pub fn state(mut self, state: ExperimentState) -> ExperimentEdit {
        self.state = Some(state);
        self
    }

    /// Only while this record is the last one about the experiment itself, as
    /// [`ExperimentSummary::lsn`](crate::ExperimentSummary) told it; else the edit is a `CONFLICT`.
    pub fn based_on(mut self, lsn: Lsn) -> ExperimentEdit {
        self.based_on = Some(lsn);
        self
    }

    /// Makes the changes, all or none. Visible on return. Nothing is appended when nothing is named.
    ///
    /// A new name together with a new state is the one exception: they are two steps, the state last. Both are checked
    /// before the first, so that the second is refused only when somebody else moves the experiment in between.
    ///
    /// Errors: `CONFLICT` when the new name is taken, `VALIDATION_ERROR`, `NOT_FOUND`, `INVALID_STATE` when deleted, or for
    /// a move that is none.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::ExperimentState;
    ///
    /// let experiment = tracker.experiment("resnet")?;
    /// let edit = experiment.edit().owner("ada").set_tag("paper", "v2");
    /// assert!(edit.state(ExperimentState::Draft).save().is_err());
    /// assert!(tracker.experiments().fetch()?.items[0].tags.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn save(self) -> Result<()> {
        if let Some(error) = self.metadata_error {
            return Err(error);
        }
        self.check()?;
        let Some(store) = &self.store else {
            return Ok(());
        };
        let id = self.edit.experiment;
        store.decide(|state, _| {
            let known = self.known(state)?;
            let plan = self.plan(store, known)?;
            Ok(if plan.events.is_empty() {
                Decision::Already(())
            } else {
                Decision::Append(plan, ())
            })
        })?;
        if let Some(to) = self.state.filter(|_| self.edit.name.is_some()) {
            store.decide(|state, _| {
                let events = moves(store, live(state, id)?, to)?;
                let plan = Plan::on(StreamId::experiment(id), events);
                Ok(Decision::Append(plan, ()))
            })?;
        }
        Ok(())
    }

    /// Names that are none are refused before anything is looked at.
    fn check(&self) -> Result<()> {
        if let Some(name) = &self.edit.name {
            NameKind::Experiment.check(name)?;
        }
        if let Some(GoalEdit::Set(goal)) = &self.edit.goal {
            NameKind::Metric.check(&goal.metric)?;
        }
        let mut keys = self.set.iter().map(|(key, _)| key);
        Ok(keys.try_for_each(|key| NameKind::Tag.check(key))?)
    }

    /// The experiment, if the edit may be made to it.
    fn known<'a>(&self, state: &'a State) -> Result<&'a Folded> {
        let known = live(state, self.edit.experiment)?;
        if let Some(lsn) = self.based_on
            && known.updated.lsn != lsn
        {
            return Err(changed_since(known.updated.lsn));
        }
        if let Some(name) = &self.edit.name
            && let Some(holder) = state.experiment_by_name(name)
            && holder.id != known.id
        {
            return Err(name_taken(name));
        }
        Ok(known)
    }

    fn plan(&self, store: &Store, known: &Folded) -> Result<Plan> {
        let id = known.id;
        let mut events = Vec::new();
        let (actor, command) = (&self.edit.actor, &self.edit.command);
        let untouched = ExperimentEdit::new(None, id).edit;
        let said = ExperimentEdited {
            actor: String::new(),
            command: String::new(),
            ..self.edit.clone()
        };
        if said != untouched {
            events.push(Event::from(self.edit.clone()));
        }
        if !self.set.is_empty() || !self.removed.is_empty() {
            let tagged = ExperimentTagged {
                experiment: id,
                set: self.set.clone(),
                remove: self.removed.clone(),
                actor: actor.clone(),
                command: command.clone(),
            };
            events.push(tagged.into());
        }
        let moving = self.state.map(|to| moves(store, known, to)).transpose()?;
        let stream = if self.edit.name.is_some() {
            StreamId::experiment_names()
        } else {
            events.extend(moving.into_iter().flatten());
            StreamId::experiment(id)
        };
        // An edit that is no rename excludes nobody, but must not follow a deletion.
        let unchanged = vec![stream, StreamId::experiment(id)];
        Ok(Plan {
            stream,
            unchanged,
            events,
        })
    }
}
