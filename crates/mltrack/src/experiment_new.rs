//! Making an experiment, once, however many processes want to.

use std::sync::Arc;

use mltrack_event::{Direction, Event, ExperimentCreated, Goal, NameKind, StreamId};
use mltrack_projector_runs::State;

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::experiment::Experiment;
use crate::store::Store;

/// An experiment to be made; see [`Tracker::new_experiment`](crate::Tracker::new_experiment).
#[must_use = "nothing is made before `create` or `get_or_create`"]
pub struct NewExperiment {
    store: Option<Arc<Store>>,
    name: String,
    description: String,
    hypothesis: String,
    owner: String,
    collaborators: Vec<String>,
    tags: Vec<(String, String)>,
    goal: Option<Goal>,
}

impl NewExperiment {
    pub(crate) fn new(store: Option<Arc<Store>>, name: &str) -> NewExperiment {
        NewExperiment {
            store,
            name: name.to_owned(),
            description: String::new(),
            hypothesis: String::new(),
            owner: String::new(),
            collaborators: Vec::new(),
            tags: Vec::new(),
            goal: None,
        }
    }

    /// What it is about.
    pub fn description(mut self, text: impl Into<String>) -> NewExperiment {
        self.description = text.into();
        self
    }

    /// What it is to show.
    pub fn hypothesis(mut self, text: impl Into<String>) -> NewExperiment {
        self.hypothesis = text.into();
        self
    }

    /// Whose it is.
    pub fn owner(mut self, owner: impl Into<String>) -> NewExperiment {
        self.owner = owner.into();
        self
    }

    /// Who else works on it; each call adds one.
    pub fn collaborator(mut self, name: impl Into<String>) -> NewExperiment {
        self.collaborators.push(name.into());
        self
    }

    /// A tag; a plain one has an empty value.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> NewExperiment {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// What its runs are after: the metric, and which end of it is better.
    pub fn goal(mut self, metric: impl Into<String>, direction: Direction) -> NewExperiment {
        self.goal = Some(Goal {
            metric: metric.into(),
            direction,
        });
        self
    }

    /// Makes it. Errors: `CONFLICT` when there is one of this name, `VALIDATION_ERROR` for a name that is no name.
    pub fn create(self) -> Result<Experiment> {
        self.make(false)
    }

    /// Makes it, or takes the one there is, as it is.
    pub fn get_or_create(self) -> Result<Experiment> {
        self.make(true)
    }

    fn make(self, may_exist: bool) -> Result<Experiment> {
        NameKind::Experiment.check(&self.name)?;
        self.tags
            .iter()
            .try_for_each(|(key, _)| NameKind::Tag.check(key))?;
        if let Some(goal) = &self.goal {
            NameKind::Metric.check(&goal.metric)?;
        }
        let Some(store) = &self.store else {
            return Ok(Experiment::disabled(&self.name));
        };
        let found = |state: &State| state.experiment_by_name(&self.name).map(|known| known.id);
        if !store.is_writable() && may_exist {
            let id = store.with_state(|state, _| found(state).ok_or_else(Error::read_only))?;
            return Ok(Experiment::of(Arc::clone(store), id, &self.name));
        }
        let (id, _) = store.decide(|state, _| match found(state) {
            Some(id) if may_exist => Ok(Decision::Already(id)),
            Some(_) => Err(self.exists()),
            None => {
                let id = state.next_experiment_id();
                let plan = Plan::on(StreamId::experiment_names(), vec![self.event(store, id)]);
                Ok(Decision::Append(plan, id))
            }
        })?;
        Ok(Experiment::of(Arc::clone(store), id, &self.name))
    }

    fn exists(&self) -> Error {
        Error::new(
            Code::Conflict,
            format!("there is an experiment {:?} already", self.name),
        )
        .with_hint(format!("mltrack exp show {}", self.name))
    }

    fn event(&self, store: &Store, id: mltrack_event::ExperimentId) -> Event {
        let (actor, command) = store.by();
        let created = ExperimentCreated {
            experiment: id,
            name: self.name.clone(),
            description: self.description.clone(),
            hypothesis: self.hypothesis.clone(),
            owner: self.owner.clone(),
            collaborators: self.collaborators.clone(),
            tags: self.tags.clone(),
            goal: self.goal.clone(),
            actor,
            command,
        };
        created.into()
    }
}
