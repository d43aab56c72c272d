//! The fold of purges: what was deleted and is gone for good.
//!
//! Invariant: a fold that met every event of what was purged, and one that met none of them because their bytes are
//! gone, give the same state. So a purge takes back what its run or experiment added to the [`Oddities`] too.
//!
//! [`Oddities`]: crate::Oddities

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, ExperimentPurged, RunKey, RunPurged};
use mltrack_projector::Lsn;

use crate::apply::Outcome;
use crate::state::State;

/// What was purged, and by which records: what is about it before them may be dropped from the log.
#[derive(Clone, PartialEq, Eq, Default, Debug, Encode, Decode)]
pub struct Purges {
    pub(crate) runs: BTreeMap<RunKey, u64>,
    pub(crate) experiments: BTreeMap<ExperimentId, u64>,
}

impl Purges {
    /// Whether nothing was ever purged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.experiments.is_empty()
    }

    /// The record that purged a run.
    #[must_use]
    pub fn of_run(&self, run: RunKey) -> Option<Lsn> {
        self.runs.get(&run).copied().and_then(Lsn::new)
    }

    /// The record that purged an experiment.
    #[must_use]
    pub fn of_experiment(&self, experiment: ExperimentId) -> Option<Lsn> {
        self.experiments
            .get(&experiment)
            .copied()
            .and_then(Lsn::new)
    }

    /// Every run that was purged, with the record that did it.
    pub fn runs(&self) -> impl Iterator<Item = (RunKey, Lsn)> {
        let runs = self.runs.iter();
        runs.filter_map(|(run, lsn)| Some((*run, Lsn::new(*lsn)?)))
    }

    /// Every experiment that was purged, with the record that did it.
    pub fn experiments(&self) -> impl Iterator<Item = (ExperimentId, Lsn)> {
        let experiments = self.experiments.iter();
        experiments.filter_map(|(id, lsn)| Some((*id, Lsn::new(*lsn)?)))
    }

    /// The last record that purged anything.
    #[must_use]
    pub fn newest(&self) -> Option<Lsn> {
        let lsns = self.runs.values().chain(self.experiments.values());
        lsns.max().copied().and_then(Lsn::new)
    }
}

impl State {
    pub(crate) fn purge_run(&mut self, purged: &RunPurged, lsn: Lsn) -> Outcome {
        let key = purged.run.key();
        self.purges.runs.insert(key, lsn.get());
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

    pub(crate) fn purge_experiment(&mut self, purged: &ExperimentPurged, lsn: Lsn) -> Outcome {
        self.purges.experiments.insert(purged.experiment, lsn.get());
        self.experiment_id_max = self.experiment_id_max.max(purged.experiment.0);
        if let Some(experiment) = self.experiments.remove(&purged.experiment) {
            let refused = &mut self.oddities.refused;
            *refused = refused.saturating_sub(experiment.refused);
            self.settle_name(&experiment.name);
        }
        Outcome::Applied
    }
}
