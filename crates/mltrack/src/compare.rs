//! Runs side by side: which differ in what, and whether groups of replicates really differ.
//!
//! Invariants: groups stand in the order in which their runs were named. Only finite last values of metrics are summed
//! up and tested; others are counted. The family that p-values are corrected for is every test of the answer.

use std::collections::BTreeMap;

use mltrack_event::{Direction, RunId, WallTime};
use mltrack_log::Lsn;

use crate::compare_alone::check_count;
use crate::compare_group::{self, CompareGroup, CompareParam};
use crate::compare_metric::{CompareMetric, CompareTest, Question};
use crate::compare_seen;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::summary::RunSummary;
use crate::tracker::Tracker;

/// The most runs that are named in one comparison.
pub const COMPARED_RUNS_MAX: usize = 100;

/// A question about runs side by side; see [`Tracker::compare`].
#[derive(Clone, Debug)]
#[must_use = "nothing is asked before `fetch`"]
pub struct CompareQuery<'a> {
    tracker: &'a Tracker,
    runs: Vec<RunId>,
    by: Option<Vec<String>>,
    baseline: Option<RunId>,
    directions: BTreeMap<String, Direction>,
    across: bool,
    moment: Moment,
    question: Question,
}

/// Runs side by side.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// What is compared: single runs, or groups of replicates.
    pub groups: Vec<CompareGroup>,
    /// Which of the groups the others are compared with.
    pub baseline: usize,
    /// Parameters, by name.
    pub params: Vec<CompareParam>,
    /// Metrics, by name.
    pub metrics: Vec<CompareMetric>,
    /// How many params and metrics were left out, since they are equal or of the machine.
    pub hidden: usize,
    /// How many p-values were corrected for one another.
    pub tests: usize,
    /// The last record that the answer takes into account.
    pub lsn: Option<Lsn>,
}

impl Tracker {
    /// Compares 2 to 100 runs with the first of them, or with another [`baseline`](CompareQuery::baseline).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// use mltrack::{CompareTest, Tracker};
    ///
    /// let tracker = Tracker::open(folder.path())?;
    /// let mut ids = Vec::new();
    /// for (lr, accuracies) in [(0.1, [0.91, 0.92, 0.93]), (0.2, [0.95, 0.96, 0.98])] {
    ///     for (seed, accuracy) in accuracies.into_iter().enumerate() {
    ///         ids.push(tracker.run("resnet", |run| {
    ///             run.log_param("lr", lr)?;
    ///             run.log_param("seed", seed as i64)?;
    ///             run.log_metric("acc", accuracy)?;
    ///             Ok(run.id())
    ///         })?);
    ///     }
    /// }
    /// // One run of each stands for all that are equal but for the seed.
    /// let compared = tracker.compare([ids[0], ids[3]]).test(CompareTest::Welch).fetch()?;
    /// assert_eq!(compared.groups[1].runs.len(), 3);
    /// let tested = compared.metrics[0].results[1].tested.as_ref().expect("asked for");
    /// assert!(tested.as_ref().expect("the groups vary").corrected < 0.05);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compare(&self, runs: impl IntoIterator<Item = RunId>) -> CompareQuery<'_> {
        CompareQuery {
            tracker: self,
            runs: runs.into_iter().collect(),
            by: None,
            baseline: None,
            directions: BTreeMap::new(),
            across: false,
            moment: Moment::Now,
            question: Question::default(),
        }
    }
}

impl CompareQuery<'_> {
    /// Each run stands for its replicates: the completed runs of its experiment whose params are equal but for these.
    /// `seed` also means names such as `data_seed`, `model/seed` and `random_state`.
    pub fn by<T: Into<String>>(mut self, params: impl IntoIterator<Item = T>) -> Self {
        self.by = Some(params.into_iter().map(Into::into).collect());
        self
    }

    /// The run, or the group of it, that the others are compared with; it must be among them. Else it is the first.
    pub fn baseline(mut self, run: RunId) -> Self {
        self.baseline = Some(run);
        self
    }

    /// Tests every metric that is shown, over replicates: without [`by`](CompareQuery::by), over those by seed.
    pub fn test(mut self, test: CompareTest) -> Self {
        self.question.test = Some(test);
        self
    }

    /// A corrected p-value below this is significant, and intervals are of 1 - alpha; 0.05 unless set.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.question.alpha = alpha;
        self
    }

    /// Which end of a metric is better, where the goal of the experiment does not say.
    pub fn direction(mut self, metric: impl Into<String>, direction: Direction) -> Self {
        self.directions.insert(metric.into(), direction);
        self
    }

    /// Also what is equal in all groups, and metrics of the machine (`system/..`).
    pub fn all(mut self, all: bool) -> Self {
        self.question.all = all;
        self
    }

    /// Allows runs of several experiments.
    pub fn across(mut self, across: bool) -> Self {
        self.across = across;
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> Self {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> Self {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. Errors: `NOT_FOUND` for a run, `VALIDATION_ERROR` for too few or too many runs, runs of several experiments,
    /// and a baseline that is not among them, `HISTORY_FLOOR` for a moment of which records were purged.
    pub fn fetch(self) -> Result<Comparison> {
        let ids = self.ids();
        check_count(self.tracker, &ids, self.moment)?;
        let by = self.left_out();
        let seen = match &by {
            Some(by) => compare_seen::with_replicates(self.tracker, &ids, by, self.moment)?,
            None => compare_seen::singles(self.tracker, &ids, self.moment)?,
        };
        self.check_experiments(&seen.named)?;
        let groups = match &by {
            Some(by) => compare_group::replicates(seen.named, seen.replicates, by),
            None => compare_group::singles(seen.named),
        };
        if groups.len() < 2 {
            let error = Error::validation(
                "these runs are replicates of one another, so that there is one group",
            );
            return Err(error
                .with_hint("name a run whose other params differ, or leave out --by and --test"));
        }
        let baseline = self.baseline_among(&groups)?;
        let mut directions = seen.directions;
        directions.extend(self.directions);
        let (params, equal) = compare_group::params(&groups, self.question.all);
        let (metrics, tests, left_out) = self.question.metrics(&groups, baseline, &directions)?;
        Ok(Comparison {
            groups,
            baseline,
            params,
            metrics,
            hidden: equal + left_out,
            tests,
            lsn: seen.lsn,
        })
    }

    /// The runs that were named, each once.
    fn ids(&self) -> Vec<RunId> {
        let mut ids: Vec<RunId> = Vec::new();
        for run in self.runs.iter().chain(&self.baseline) {
            if !ids.contains(run) {
                ids.push(*run);
            }
        }
        ids
    }

    /// The params that tell replicates apart; `None` when each run stands for itself.
    fn left_out(&self) -> Option<Vec<String>> {
        match (&self.by, self.question.test) {
            (Some(by), _) => Some(by.clone()),
            (None, Some(_)) => Some(vec!["seed".to_owned()]),
            (None, None) => None,
        }
    }

    fn check_experiments(&self, named: &[RunSummary]) -> Result<()> {
        let first = &named[0];
        let stranger = named.iter().find(|run| run.experiment != first.experiment);
        match stranger {
            Some(run) if !self.across => Err(Error::validation(format!(
                "{} is of {}, and {} is of {}",
                first.id.short(),
                first.experiment_name,
                run.id.short(),
                run.experiment_name
            ))
            .with_hint("--across compares runs of several experiments")),
            _ => Ok(()),
        }
    }

    fn baseline_among(&self, groups: &[CompareGroup]) -> Result<usize> {
        let Some(baseline) = self.baseline else {
            return Ok(0);
        };
        let has = |group: &CompareGroup| group.runs.iter().any(|run| run.id == baseline);
        let place = groups.iter().position(has);
        place.ok_or_else(|| Error::validation("the baseline is not among the runs"))
    }
}
