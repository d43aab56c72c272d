//! Runs grouped over what tells replicates apart, such as their seeds, with the numbers of each group.
//!
//! Invariants: every run of the list is in exactly one group, and a comparison would call the same runs replicates. Only
//! finite last values are summed up; others are counted.

use std::collections::{BTreeMap, BTreeSet};

use mltrack_event::{ParamValue, RunId};
use mltrack_log::Lsn;
use mltrack_statistics::{Describer, Description};

use crate::compare_group::{GroupKey, is_left_out};
use crate::error::Result;
use crate::run_query::RunQuery;
use crate::summary::RunSummary;

/// Of the intervals of means.
const LEVEL: f64 = 0.95;

/// Groups of replicates; see [`RunQuery::fetch_replicates`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunReplicates {
    /// In the order in which the first run of each is listed.
    pub groups: Vec<ReplicateGroup>,
    /// The last record that the answer takes into account; `None` in an empty store.
    pub lsn: Option<Lsn>,
}

/// Runs that are equal but for what tells replicates apart.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReplicateGroup {
    /// The name of their experiment.
    pub experiment: String,
    /// What all of them have: the params that do not tell replicates apart.
    pub params: BTreeMap<String, ParamValue>,
    /// In the order of the list.
    pub runs: Vec<RunId>,
    /// The last values of every metric that one of them has, by its name.
    pub metrics: BTreeMap<String, ReplicateNumbers>,
}

/// A metric of replicates.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ReplicateNumbers {
    /// Their number, mean, median, deviation and range, and the 95 % interval of the mean; `None` when no value is
    /// finite.
    pub description: Option<Description>,
    /// How many values are not finite.
    pub not_finite: usize,
}

impl RunQuery {
    /// Groups the runs that agree in everything but the params `by`, and sums up the last values of their metrics.
    /// `seed` also means names such as `data_seed`, `model/seed` and `random_state`.
    ///
    /// Errors: those of [`fetch`](RunQuery::fetch).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// for (seed, acc) in [(1, 0.91), (2, 0.92), (3, 0.96)] {
    ///     tracker.run("resnet", |run| { run.log_param("seed", seed)?; Ok(run.log_metric("acc", acc)?) })?;
    /// }
    /// let grouped = tracker.runs().experiment("resnet").fetch_replicates(&["seed"])?;
    /// let acc = grouped.groups[0].metrics["acc"].description.expect("its values are finite");
    /// assert_eq!((grouped.groups.len(), acc.count, acc.median), (1, 3, 0.92));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch_replicates(self, by: &[&str]) -> Result<RunReplicates> {
        let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
        let page = self.fetch()?;
        let mut places = BTreeMap::new();
        let mut members: Vec<Vec<RunSummary>> = Vec::new();
        for run in page.items {
            let key = GroupKey::of(run.experiment, &run.params, &by);
            let place = *places.entry(key).or_insert(members.len());
            if place == members.len() {
                members.push(Vec::new());
            }
            members[place].push(run);
        }
        let mut describer = Describer::new(LEVEL);
        let group = |runs: Vec<RunSummary>| group(&runs, &by, &mut describer);
        Ok(RunReplicates {
            groups: members.into_iter().map(group).collect(),
            lsn: page.lsn,
        })
    }
}

fn group(runs: &[RunSummary], by: &[String], describer: &mut Describer) -> ReplicateGroup {
    let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
    let metrics = names.into_iter().map(|name| {
        let values = runs.iter().filter_map(|run| run.metrics.get(name));
        let values: Vec<f64> = values.map(|metric| metric.last.value).collect();
        (name.clone(), numbers(values, describer))
    });
    let metrics = metrics.collect();
    let params = runs[0].params.iter();
    let params = params.filter(|(name, _)| !is_left_out(name, by));
    ReplicateGroup {
        experiment: runs[0].experiment_name.clone(),
        params: params
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        runs: runs.iter().map(|run| run.id).collect(),
        metrics,
    }
}

fn numbers(values: Vec<f64>, describer: &mut Describer) -> ReplicateNumbers {
    let (finite, others): (Vec<f64>, Vec<f64>) =
        values.into_iter().partition(|value| value.is_finite());
    ReplicateNumbers {
        description: describer.describe(&finite).ok(),
        not_finite: others.len(),
    }
}
