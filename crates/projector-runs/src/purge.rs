//! The fold of purges: what was deleted and is gone for good.
//!
//! Invariant: a fold that met every event of what was purged, and one that met none of them because their bytes are
//! gone, give the same state. So a purge takes back what its run or experiment added to the [`Oddities`] too.
//!
//! [`Oddities`]: crate::Oddities

use mltrack_event::{ExperimentPurged, RunPurged};

use crate::apply::Outcome;
use crate::state::State;

impl State {
    pub(crate) fn purge_run(&mut self, purged: &RunPurged) -> Outcome {
        let key = purged.run.key();
        let mut experiment_created = None;
        if let Some(experiment) = self.experiments.get_mut(&purged.experiment) {
            experiment_created = Some(experiment.created.lsn);
            experiment.run_number_max = experiment.run_number_max.max(purged.number);
        }
        let Some(run) = self.take_run(key) else {
            return Outcome::Applied;
        };
        self.oddities.refused = self.oddities.refused.saturating_sub(run.refused);
        self.oddities.run_collisions.retain(|id| id.key() != key);
        if experiment_created.is_none_or(|created| created > run.created.lsn) {
            // It was created in an experiment that the log does not create, which was counted.
            self.oddities.orphaned = self.oddities.orphaned.saturating_sub(1);
        }
        Outcome::Applied
    }

    pub(crate) fn purge_experiment(&mut self, purged: &ExperimentPurged) -> Outcome {
        self.experiment_id_max = self.experiment_id_max.max(purged.experiment.0);
        if let Some(experiment) = self.experiments.remove(&purged.experiment) {
            let refused = &mut self.oddities.refused;
            *refused = refused.saturating_sub(experiment.refused);
            self.settle_name(&experiment.name);
        }
        Outcome::Applied
    }
}
