//! The fold of what is said about runs: their lives, their artifacts, what they take in and what they run on.
//!
//! Invariant: an event of a run names things outside of it without asking whether they are there, since those may be
//! purged: what is dangling is shown as gone.

use mltrack_event::{ArtifactId, ArtifactLogged, Event, RunCreated, RunKey, RunMove};
use mltrack_projector::{Entry, Stamp};

use crate::apply::Outcome;
use crate::artifact::{Artifact, Removed};
use crate::environments::Captured;
use crate::nodes::RunNode;
use crate::run_facts::RunFacts;
use crate::things::Things;
use crate::uses::{ArtifactUse, DatasetUse, Environment, ModelUse};

impl Things {
    pub(crate) fn apply_run_event(
        &mut self,
        run: RunKey,
        event: &Event,
        entry: &Entry<'_>,
    ) -> Outcome {
        if let Event::RunCreated(created) = event
            && self.runs.get(run).is_none()
        {
            return self.create_run(created, entry);
        }
        if self.runs.get(run).is_none() {
            // A scrub stays in the log when its run is purged.
            let is_scrub = matches!(event, Event::RecordsScrubbed(_));
            return if is_scrub {
                Outcome::Applied
            } else {
                Outcome::Orphaned
            };
        }
        let outcome = match event {
            Event::ArtifactLogged(logged) => self.log_artifact(logged, entry),
            Event::ArtifactsRemoved(removed) => {
                let removal = Removed {
                    lsn: entry.lsn,
                    time_ns: entry.time_ns,
                    why: removed.why.as_str().into(),
                };
                self.set_removed(run, &removed.artifacts, Some(&removal))
            }
            Event::ArtifactsRestored(restored) => self.set_removed(run, &restored.artifacts, None),
            Event::RecordsScrubbed(scrubbed) => self.scrub(scrubbed, entry),
            event => self
                .runs
                .get_mut(run)
                .map_or(Outcome::Orphaned, |facts| facts.apply(event, entry)),
        };
        if let Some(facts) = self.runs.get_mut(run) {
            match outcome {
                Outcome::Orphaned => facts.orphaned += 1,
                Outcome::Refused => facts.refused += 1,
                Outcome::Applied | Outcome::Unknown => {}
            }
        }
        outcome
    }

    fn create_run(&mut self, created: &RunCreated, entry: &Entry<'_>) -> Outcome {
        if self.purged_runs.contains(&created.run.key()) {
            return Outcome::Refused;
        }
        let mut facts = RunFacts::new(RunNode::new(created, entry));
        let is_orphan = !self.experiments.contains_key(&created.experiment);
        facts.orphaned = u64::from(is_orphan);
        self.runs.push(facts);
        if is_orphan {
            // The run is real all the same: it can be found by its id.
            return Outcome::Orphaned;
        }
        Outcome::Applied
    }

    fn log_artifact(&mut self, logged: &ArtifactLogged, entry: &Entry<'_>) -> Outcome {
        let media_type = self.media_types.get(&logged.media_type);
        let artifact = Artifact::new(logged, 1, media_type, entry);
        if !self.runs.push_artifact(artifact) {
            return Outcome::Refused;
        }
        self.by_blob.drop_it();
        Outcome::Applied
    }

    /// Removes artifacts or brings them back. Those that are not known may have been scrubbed; those that are as they
    /// should be stay so.
    fn set_removed(&mut self, run: RunKey, ids: &[ArtifactId], to: Option<&Removed>) -> Outcome {
        for id in ids {
            let artifact = self.runs.artifact_mut(*id);
            let fits = |row: &&mut Artifact| {
                let is_other = row.removed.is_some() != to.is_some();
                row.run == run && row.purged.is_none() && is_other
            };
            if let Some(artifact) = artifact.filter(fits) {
                artifact.removed = to.cloned();
            }
        }
        Outcome::Applied
    }
}

impl RunFacts {
    fn apply(&mut self, event: &Event, entry: &Entry<'_>) -> Outcome {
        match event {
            Event::RunCreated(_) => return Outcome::Refused,
            Event::RunDeleted(_) if self.node.deleted.is_some() => return Outcome::Refused,
            Event::RunRestored(_) if self.node.deleted.is_none() => return Outcome::Refused,
            Event::RunDeleted(_) => self.node.deleted = Some(Stamp::of(entry)),
            Event::RunRestored(_) => self.node.deleted = None,
            Event::DatasetUsed(used) => self.datasets.push(DatasetUse::new(used, entry)),
            Event::ModelUsed(used) => self.models.push(ModelUse::new(used, entry)),
            Event::ArtifactUsed(used) => self.artifacts_used.push(ArtifactUse {
                run: used.run,
                artifact: used.artifact,
                lsn: entry.lsn,
                time_ns: entry.time_ns,
            }),
            Event::EnvironmentCaptured(captured) => {
                let environment = Environment::new(captured, entry);
                self.environments.push(Captured::new(environment));
            }
            event => return self.move_on(event),
        }
        Outcome::Applied
    }

    fn move_on(&mut self, event: &Event) -> Outcome {
        if let Some((_, step)) = RunMove::of(event) {
            match self.node.state.after(step) {
                Ok(state) => self.node.state = state,
                Err(_) => return Outcome::Refused,
            }
        }
        Outcome::Applied
    }
}
