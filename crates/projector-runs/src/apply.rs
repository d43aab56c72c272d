//! The fold of experiments, and where each event goes.
//!
//! Invariant: total: every event, in any order, gives a state. What does not fit is counted in [`Oddities`] and
//! changes nothing else, so that a store written by several programs at once folds to one answer.

use mltrack_event::{
    Event, ExperimentCreated, ExperimentDeleted, ExperimentEdited, ExperimentId,
    ExperimentRestored, ExperimentState, ExperimentTagged, GoalEdit, RestoredFrom,
};
use mltrack_projector::{Body, Entry, Projector};

use crate::experiment::{Experiment, ExperimentMove};
use crate::state::{Oddities, State};
use mltrack_projector::Stamp;

/// The projector of experiments and runs.
#[derive(Clone, Copy, Debug)]
pub struct Runs;

impl Projector for Runs {
    const NAME: &'static str = "runs";
    const VERSION: u32 = 4;
    type State = State;

    fn apply(state: &mut State, entry: &Entry<'_>) {
        match &entry.body {
            Body::Metrics(view) => state.apply_metrics(view, entry),
            Body::Event(event) => state.apply_event(event, entry),
            Body::Unreadable(_) => state.oddities.unreadable += 1,
        }
        state.runs.tick(entry.lsn.get());
    }
}

/// What only the fold of artifacts, datasets, models and lineage keeps.
fn is_of_things(event: &Event) -> bool {
    (0x60..=0xDF).contains(&event.type_id().0) && event.run().is_none()
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// It is part of the state.
    Applied,
    /// What it is about does not exist.
    Orphaned,
    /// What it is about does not admit it.
    Refused,
    /// Its type is not known.
    Unknown,
}

impl Oddities {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Applied => {}
            Outcome::Orphaned => self.orphaned += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Unknown => self.unknown += 1,
        }
    }
}

impl State {
    fn apply_event(&mut self, event: &Event, entry: &Entry<'_>) {
        let outcome = match event {
            Event::MetricDefined(_) | Event::MetricSetDefined(_) => {
                self.dictionary.apply(event);
                Outcome::Applied
            }
            Event::ExperimentCreated(created) => self.create_experiment(created, entry),
            Event::ExperimentEdited(edited) => self.edit_experiment(edited, entry),
            Event::ExperimentStateMoved(moved) => {
                let by = (moved.actor.as_str(), moved.command.as_str());
                self.move_experiment(moved.experiment, moved.to, by, entry)
            }
            Event::ExperimentArchived(archived) => {
                let by = (archived.actor.as_str(), archived.command.as_str());
                self.move_experiment(archived.experiment, ExperimentState::Archived, by, entry)
            }
            Event::ExperimentRestored(restored) => self.restore_experiment(restored, entry),
            Event::ExperimentDeleted(deleted) => self.delete_experiment(deleted, entry),
            Event::ExperimentTagged(tagged) => self.tag_experiment(tagged, entry),
            Event::RunPurged(purged) => self.purge_run(purged, entry.lsn),
            Event::ExperimentPurged(purged) => self.purge_experiment(purged, entry.lsn),
            // The events behind it in its batch do what it announces.
            Event::OperationUndone(_) => Outcome::Applied,
            Event::RecordsScrubbed(scrubbed) => {
                // What is kept of the run elsewhere, such as columns, is asked for anew when something was heard of it.
                if let Some(run) = self.run_mut(scrubbed.run) {
                    run.hear(entry);
                }
                Outcome::Applied
            }
            Event::Unknown { .. } => Outcome::Unknown,
            other if is_of_things(other) => Outcome::Applied,
            about_run => self.apply_run_event(about_run, entry),
        };
        if event.run().is_none() || matches!(event, Event::RunCreated(_) | Event::RunPurged(_)) {
            self.small_version += 1;
        }
        if outcome == Outcome::Refused {
            self.count_refused(event);
        }
        self.oddities.count(outcome);
    }

    /// A purge must know how many refused events were about what it purges; those of runs are counted with the run.
    fn count_refused(&mut self, event: &Event) {
        let about = event.experiment().filter(|_| event.run().is_none());
        if let Some(experiment) = about.and_then(|id| self.experiments.get_mut(&id)) {
            experiment.refused += 1;
        }
    }

    fn create_experiment(&mut self, created: &ExperimentCreated, entry: &Entry<'_>) -> Outcome {
        if self.experiments.contains_key(&created.experiment) {
            return Outcome::Refused;
        }
        let at = Stamp::of(entry);
        let experiment = Experiment {
            id: created.experiment,
            name: created.name.clone(),
            description: created.description.clone(),
            hypothesis: created.hypothesis.clone(),
            owner: created.owner.clone(),
            collaborators: created.collaborators.clone(),
            tags: created.tags.iter().cloned().collect(),
            goal: created.goal.clone(),
            metadata: None,
            state: ExperimentState::Draft,
            moves: Vec::new(),
            created: at,
            updated: at,
            archived: None,
            deleted: None,
            actor: created.actor.clone(),
            command: created.command.clone(),
            run_number_max: 0,
            refused: 0,
        };
        let id = experiment.id;
        let holder = self.names.entry(created.name.clone()).or_insert(id);
        *holder = id.min(*holder);
        self.experiments.insert(id, experiment);
        Outcome::Applied
    }

    fn edit_experiment(&mut self, edited: &ExperimentEdited, entry: &Entry<'_>) -> Outcome {
        let Some(experiment) = self.experiments.get_mut(&edited.experiment) else {
            return Outcome::Orphaned;
        };
        let holder = edited.name.as_ref().and_then(|name| self.names.get(name));
        if holder.is_some_and(|holder| *holder != experiment.id) {
            return Outcome::Refused;
        }
        experiment.set_fields(edited);
        experiment.updated = Stamp::of(entry);
        if let Some(name) = &edited.name {
            let given_up = std::mem::replace(&mut experiment.name, name.clone());
            self.settle_name(&given_up);
            self.settle_name(name);
        }
        Outcome::Applied
    }

    fn move_experiment(
        &mut self,
        experiment: ExperimentId,
        to: ExperimentState,
        (actor, command): (&str, &str),
        entry: &Entry<'_>,
    ) -> Outcome {
        let Some(experiment) = self.experiments.get_mut(&experiment) else {
            return Outcome::Orphaned;
        };
        let from = experiment.state;
        if from.move_to(to).is_err() {
            return Outcome::Refused;
        }
        let at = Stamp::of(entry);
        let (actor, command) = (actor.to_owned(), command.to_owned());
        experiment.moves.push(ExperimentMove {
            from,
            to,
            at,
            actor,
            command,
        });
        experiment.state = to;
        // A first run may say that it was started long ago.
        experiment.updated = Stamp {
            time_ns: at.time_ns.max(experiment.updated.time_ns),
            ..at
        };
        experiment.archived = (to == ExperimentState::Archived).then_some(at);
        Outcome::Applied
    }

    fn restore_experiment(&mut self, restored: &ExperimentRestored, entry: &Entry<'_>) -> Outcome {
        if restored.from == RestoredFrom::Archive {
            let by = (restored.actor.as_str(), restored.command.as_str());
            let known = self.experiments.get(&restored.experiment);
            if known.is_some_and(|known| known.state != ExperimentState::Archived) {
                return Outcome::Refused;
            }
            return self.move_experiment(restored.experiment, ExperimentState::Active, by, entry);
        }
        let Some(experiment) = self.experiments.get_mut(&restored.experiment) else {
            return Outcome::Orphaned;
        };
        if experiment.deleted.is_none() || self.names.contains_key(&experiment.name) {
            return Outcome::Refused;
        }
        self.names.insert(experiment.name.clone(), experiment.id);
        experiment.deleted = None;
        experiment.updated = Stamp::of(entry);
        Outcome::Applied
    }

    fn delete_experiment(&mut self, deleted: &ExperimentDeleted, entry: &Entry<'_>) -> Outcome {
        let Some(experiment) = self.experiments.get_mut(&deleted.experiment) else {
            return Outcome::Orphaned;
        };
        if experiment.deleted.is_some() {
            return Outcome::Refused;
        }
        experiment.deleted = Some(Stamp::of(entry));
        experiment.updated = Stamp::of(entry);
        let given_up = experiment.name.clone();
        self.settle_name(&given_up);
        Outcome::Applied
    }

    fn tag_experiment(&mut self, tagged: &ExperimentTagged, entry: &Entry<'_>) -> Outcome {
        let Some(experiment) = self.experiments.get_mut(&tagged.experiment) else {
            return Outcome::Orphaned;
        };
        experiment.tags.extend(tagged.set.iter().cloned());
        for key in &tagged.remove {
            experiment.tags.remove(key);
        }
        experiment.updated = Stamp::of(entry);
        Outcome::Applied
    }
}

impl Experiment {
    /// Takes over the fields that an edit names, other than the name.
    fn set_fields(&mut self, edited: &ExperimentEdited) {
        let texts = [
            (&mut self.description, &edited.description),
            (&mut self.hypothesis, &edited.hypothesis),
            (&mut self.owner, &edited.owner),
        ];
        for (field, edit) in texts {
            if let Some(text) = edit {
                field.clone_from(text);
            }
        }
        if let Some(collaborators) = &edited.collaborators {
            self.collaborators.clone_from(collaborators);
        }
        match &edited.goal {
            None => {}
            Some(GoalEdit::Clear) => self.goal = None,
            Some(GoalEdit::Set(goal)) => self.goal = Some(goal.clone()),
        }
        if let Some(metadata) = &edited.metadata {
            self.metadata = (!metadata.is_empty()).then(|| metadata.clone());
        }
    }
}
