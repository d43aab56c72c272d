//! The fold of purges and scrubs: what is gone for good.
//!
//! Invariant: a fold that met what is gone, and one that met nothing of it, give the same state.

use std::collections::BTreeSet;

use mltrack_event::{ArtifactsPurged, ExperimentPurged, RecordsScrubbed, RunPurged};
use mltrack_projector::{Entry, Lsn};

use crate::apply::Outcome;
use crate::things::Things;
use crate::uses::Scrub;

impl Things {
    pub(crate) fn purge_run(&mut self, purged: &RunPurged) -> Outcome {
        let key = purged.run.key();
        self.purged_runs.insert(key);
        self.links.forget_run(key);
        if let Some(facts) = self.runs.take(key) {
            let Things { oddities, .. } = self;
            oddities.orphaned = oddities.orphaned.saturating_sub(facts.orphaned);
            oddities.refused = oddities.refused.saturating_sub(facts.refused);
            self.by_blob.drop_it();
        }
        Outcome::Applied
    }

    pub(crate) fn purge_experiment(&mut self, purged: &ExperimentPurged) -> Outcome {
        self.purged_experiments.insert(purged.experiment);
        self.links.forget_experiment(purged.experiment);
        if let Some(known) = self.experiments.remove(&purged.experiment) {
            let refused = &mut self.oddities.refused;
            *refused = refused.saturating_sub(known.refused);
        }
        Outcome::Applied
    }

    /// Those that are not known were of a run that is purged.
    pub(crate) fn purge_artifacts(&mut self, purged: &ArtifactsPurged, lsn: Lsn) -> Outcome {
        for id in &purged.artifacts {
            if let Some(artifact) = self.runs.artifact_mut(*id) {
                artifact.purged.get_or_insert(lsn);
            }
        }
        Outcome::Applied
    }

    /// What the named records said about the run is as if it had never been said.
    pub(crate) fn scrub(&mut self, scrubbed: &RecordsScrubbed, entry: &Entry<'_>) -> Outcome {
        let lsns: BTreeSet<u64> = scrubbed.lsns.iter().copied().collect();
        let is_out = |lsn: Lsn| lsns.contains(&lsn.get());
        let Some(facts) = self.runs.get_mut(scrubbed.run) else {
            return Outcome::Applied;
        };
        facts.datasets.retain(|used| !is_out(used.lsn));
        facts.models.retain(|used| !is_out(used.lsn));
        facts.artifacts_used.retain(|used| !is_out(used.lsn));
        facts.environments.retain(|captured| !is_out(captured.lsn));
        facts.scrubs.push(Scrub {
            run: scrubbed.run,
            lsns: scrubbed.lsns.clone(),
            blobs: scrubbed.blobs.clone(),
            why: scrubbed.why.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
        });
        let is_row_out = |row: &crate::artifact::Artifact| is_out(row.lsn);
        if self.runs.take_artifacts_out(scrubbed.run, is_row_out) {
            self.by_blob.drop_it();
        }
        Outcome::Applied
    }
}
