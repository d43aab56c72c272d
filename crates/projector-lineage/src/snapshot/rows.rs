//! Everything but artifacts: small things in one part, runs in another, environments in a third.

use std::collections::BTreeSet;
use std::sync::Arc;

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, RunKey};
use mltrack_projector::Lsn;

use crate::coded;
use crate::dataset::Dataset;
use crate::environments::{Captured, Pack};
use crate::links::Link;
use crate::model::Model;
use crate::nodes::{ExperimentNode, RunNode};
use crate::run_facts::RunFacts;
use crate::things::{Oddities, Things};
use crate::uses::{ArtifactUse, DatasetUse, ModelUse, Scrub};

/// What there are few of.
#[derive(Encode, Decode)]
pub struct Small {
    experiments: Vec<ExperimentNode>,
    datasets: Vec<Dataset>,
    models: Vec<Model>,
    links: Vec<Link>,
    purged_runs: BTreeSet<RunKey>,
    purged_experiments: BTreeSet<ExperimentId>,
    oddities: Oddities,
}

impl Small {
    pub fn of(things: &Things) -> Small {
        Small {
            experiments: things.experiments.values().cloned().collect(),
            datasets: things.datasets().cloned().collect(),
            models: things.models().cloned().collect(),
            links: things.links().cloned().collect(),
            purged_runs: things.purged_runs.clone(),
            purged_experiments: things.purged_experiments.clone(),
            oddities: things.oddities.clone(),
        }
    }

    pub fn into_things(self, things: &mut Things) {
        for node in self.experiments {
            things.experiments.insert(node.id, node);
        }
        for dataset in self.datasets {
            things.datasets.create(dataset);
        }
        for model in self.models {
            things.models.create(model);
        }
        for link in self.links {
            things.links.add(link);
        }
        things.purged_runs = self.purged_runs;
        things.purged_experiments = self.purged_experiments;
        things.oddities = self.oddities;
    }
}

/// A run without its artifacts and environments.
#[derive(Encode, Decode)]
struct RunRow {
    node: RunNode,
    /// How many of the artifacts are its own.
    artifacts: u32,
    /// The record and the length of each of its environments.
    environments: Vec<(u64, u32)>,
    datasets: Vec<DatasetUse>,
    models: Vec<ModelUse>,
    artifacts_used: Vec<ArtifactUse>,
    scrubs: Vec<Scrub>,
    orphaned: u64,
    refused: u64,
}

/// Environments one behind the other, run by run.
pub fn environments(things: &Things) -> Vec<u8> {
    let mut bytes = Vec::new();
    for captured in things.runs.iter().flat_map(|facts| &facts.environments) {
        bytes.extend(captured.encode());
    }
    bytes
}

/// All runs.
pub fn runs(things: &Things) -> Vec<u8> {
    let rows: Vec<RunRow> = things.runs.iter().map(row).collect();
    coded::value(&rows)
}

fn row(facts: &RunFacts) -> RunRow {
    let environments = facts.environments.iter();
    RunRow {
        node: facts.node.clone(),
        artifacts: facts.artifacts.rows().len() as u32,
        environments: environments
            .map(|captured| (captured.lsn.get(), captured.encode().len() as u32))
            .collect(),
        datasets: facts.datasets.clone(),
        models: facts.models.clone(),
        artifacts_used: facts.artifacts_used.clone(),
        scrubs: facts.scrubs.clone(),
        orphaned: facts.orphaned,
        refused: facts.refused,
    }
}

/// Runs in their order, each with the number of its artifacts.
pub fn parse(bytes: &[u8], pack: &Arc<Pack>) -> Result<Vec<(RunFacts, usize)>, String> {
    let rows: Vec<RunRow> = coded::parse(bytes)?;
    let mut at = 0;
    rows.into_iter()
        .map(|row| {
            let mut facts = RunFacts::new(row.node);
            for (lsn, len) in row.environments {
                let lsn = Lsn::new(lsn).ok_or("an lsn is at least 1")?;
                let end = at + len as usize;
                facts
                    .environments
                    .push(Captured::packed(lsn, pack, at, end));
                at = end;
            }
            facts.datasets = row.datasets;
            facts.models = row.models;
            facts.artifacts_used = row.artifacts_used;
            facts.scrubs = row.scrubs;
            facts.orphaned = row.orphaned;
            facts.refused = row.refused;
            Ok((facts, row.artifacts as usize))
        })
        .collect()
}
