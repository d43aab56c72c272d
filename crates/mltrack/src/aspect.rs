//! What an undo would set back: one thing that can be said about a run, an experiment, a dataset or a model.
//!
//! Invariant: whatever changes an aspect is an event that [`Aspect::is_touched_by`] knows, so that the operation that
//! stands in the way of an undo can be named.

use mltrack_event::{Event, ExperimentId, RestoredFrom, RunKey, RunMove};

use crate::aspect_thing::{OfThing, Thing};

/// One thing that is said about one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Run(RunKey, OfRun),
    Experiment(ExperimentId, OfExperiment),
    Thing(Thing, OfThing),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OfRun {
    Deletion,
    State,
    Name,
    Tag(String),
    Param(String),
    Note(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OfExperiment {
    Deletion,
    State,
    Tag(String),
    Name,
    Description,
    Hypothesis,
    Owner,
    Collaborators,
    Goal,
    Metadata,
    /// That it has no runs.
    Runs,
}

impl Aspect {
    /// What an event sets. Only events that an undo consists of set anything here.
    pub fn of(event: &Event) -> Vec<Aspect> {
        if let Some(run) = event.run() {
            let of_run = OfRun::of(event).into_iter();
            return of_run.map(|of| Aspect::Run(run, of)).collect();
        }
        if let Some(thing) = Thing::of(event) {
            let of_thing = OfThing::of(event).into_iter();
            return of_thing.map(|of| Aspect::Thing(thing, of)).collect();
        }
        let Some(id) = event.experiment() else {
            return Vec::new();
        };
        let of_experiment = OfExperiment::of(event).into_iter();
        of_experiment.map(|of| Aspect::Experiment(id, of)).collect()
    }

    pub fn is_touched_by(&self, event: &Event) -> bool {
        match self {
            Aspect::Run(run, of) => event.run() == Some(*run) && of.is_touched_by(event),
            Aspect::Experiment(id, of) => {
                event.experiment() == Some(*id) && of.is_touched_by(event)
            }
            Aspect::Thing(thing, of) => Thing::of(event) == Some(*thing) && of.is_touched_by(event),
        }
    }

    /// What it is, after "of run ..", "of experiment .." or "of dataset ..".
    pub fn name(&self) -> String {
        match self {
            Aspect::Run(_, of) => of.name(),
            Aspect::Experiment(_, of) => of.name(),
            Aspect::Thing(_, of) => of.name(),
        }
    }
}

impl OfRun {
    fn of(event: &Event) -> Vec<OfRun> {
        match event {
            Event::RunDeleted(_) | Event::RunRestored(_) => vec![OfRun::Deletion],
            Event::TagsSet(set) => {
                let keys = set.tags.iter();
                keys.map(|(key, _)| OfRun::Tag(key.clone())).collect()
            }
            Event::TagRemoved(removed) => vec![OfRun::Tag(removed.key.clone())],
            Event::ParamsLogged(logged) => {
                let names = logged.params.iter();
                names.map(|(name, _)| OfRun::Param(name.clone())).collect()
            }
            Event::ParamsRemoved(removed) => {
                removed.names.iter().cloned().map(OfRun::Param).collect()
            }
            Event::NoteRemoved(removed) => vec![OfRun::Note(removed.note)],
            Event::RunRenamed(_) => vec![OfRun::Name],
            event if RunMove::of(event).is_some() => vec![OfRun::State],
            _ => Vec::new(),
        }
    }

    fn is_touched_by(&self, event: &Event) -> bool {
        match (self, event) {
            (OfRun::Deletion, Event::RunDeleted(_) | Event::RunRestored(_))
            | (OfRun::Name, Event::RunRenamed(_)) => true,
            (OfRun::State, event) => RunMove::of(event).is_some(),
            (OfRun::Tag(key), Event::TagsSet(set)) => {
                set.tags.iter().any(|(known, _)| known == key)
            }
            (OfRun::Tag(key), Event::TagRemoved(removed)) => removed.key == *key,
            (OfRun::Param(name), Event::ParamsLogged(logged)) => {
                logged.params.iter().any(|(known, _)| known == name)
            }
            (OfRun::Param(name), Event::ParamsRemoved(removed)) => removed.names.contains(name),
            (OfRun::Note(note), Event::NoteRemoved(removed)) => removed.note == *note,
            _ => false,
        }
    }

    fn name(&self) -> String {
        match self {
            OfRun::Deletion => "the deletion".into(),
            OfRun::State => "the state".into(),
            OfRun::Name => "the name".into(),
            OfRun::Tag(key) => format!("the tag {key:?}"),
            OfRun::Param(name) => format!("the parameter {name:?}"),
            OfRun::Note(_) => "the note".into(),
        }
    }
}

impl OfExperiment {
    fn of(event: &Event) -> Vec<OfExperiment> {
        let all = [
            OfExperiment::Name,
            OfExperiment::Description,
            OfExperiment::Hypothesis,
            OfExperiment::Owner,
            OfExperiment::Collaborators,
            OfExperiment::Goal,
            OfExperiment::Metadata,
        ];
        match event {
            Event::ExperimentDeleted(_) => vec![OfExperiment::Deletion],
            Event::ExperimentRestored(restored) if restored.from == RestoredFrom::Deletion => {
                vec![OfExperiment::Deletion]
            }
            Event::ExperimentTagged(tagged) => {
                let set = tagged.set.iter().map(|(key, _)| key);
                let keys = set.chain(&tagged.remove).cloned();
                keys.map(OfExperiment::Tag).collect()
            }
            Event::ExperimentEdited(_) => all
                .into_iter()
                .filter(|of| of.is_touched_by(event))
                .collect(),
            _ => vec![OfExperiment::State],
        }
    }

    fn is_touched_by(&self, event: &Event) -> bool {
        match event {
            Event::ExperimentDeleted(_) => *self == OfExperiment::Deletion,
            Event::ExperimentRestored(restored) => match restored.from {
                RestoredFrom::Deletion => *self == OfExperiment::Deletion,
                RestoredFrom::Archive => *self == OfExperiment::State,
            },
            Event::ExperimentStateMoved(_) | Event::ExperimentArchived(_) => {
                *self == OfExperiment::State
            }
            Event::RunCreated(_) => *self == OfExperiment::Runs,
            Event::ExperimentTagged(tagged) => match self {
                OfExperiment::Tag(key) => {
                    tagged.set.iter().any(|(known, _)| known == key) || tagged.remove.contains(key)
                }
                _ => false,
            },
            Event::ExperimentEdited(edited) => match self {
                OfExperiment::Name => edited.name.is_some(),
                OfExperiment::Description => edited.description.is_some(),
                OfExperiment::Hypothesis => edited.hypothesis.is_some(),
                OfExperiment::Owner => edited.owner.is_some(),
                OfExperiment::Collaborators => edited.collaborators.is_some(),
                OfExperiment::Goal => edited.goal.is_some(),
                OfExperiment::Metadata => edited.metadata.is_some(),
                _ => false,
            },
            _ => false,
        }
    }

    fn name(&self) -> String {
        let name = match self {
            OfExperiment::Tag(key) => return format!("the tag {key:?}"),
            OfExperiment::Deletion => "the deletion",
            OfExperiment::State => "the state",
            OfExperiment::Name => "the name",
            OfExperiment::Description => "the description",
            OfExperiment::Hypothesis => "the hypothesis",
            OfExperiment::Owner => "the owner",
            OfExperiment::Collaborators => "the collaborators",
            OfExperiment::Goal => "the goal",
            OfExperiment::Metadata => "the metadata",
            OfExperiment::Runs => "the list of runs",
        };
        name.into()
    }
}
