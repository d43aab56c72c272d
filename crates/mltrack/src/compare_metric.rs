//! Metrics of groups side by side, and the tests of whether they differ.
//!
//! Invariants: a difference is the group less the baseline. A test that has no answer says why, and is not part of the
//! family that the others are corrected for.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use mltrack_event::{Direction, RunId};
use mltrack_projector_runs::MetricSummary;
use mltrack_statistics::{self as statistics, Bootstrap, Describer, Description, Outcome};

use crate::compare_columns::Columns;
use crate::compare_group::CompareGroup;
use crate::error::{Error, Result};
use crate::side_by_side::each_side_by_side;

/// So many metrics are summed up and tested by one processor at a time.
const PART_LEN: usize = 8;

/// Metrics of the machine begin so.
const SYSTEM: &str = "system/";

/// How groups are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompareTest {
    /// Student's t, of equal spread.
    Student,
    /// Welch's t.
    Welch,
    /// Student's t over pairs of equal seeds.
    Paired,
    /// Wilcoxon's rank-sum test.
    RankSum,
    /// Wilcoxon's signed-rank test over pairs of equal seeds.
    SignedRank,
    /// Analysis of variance over all groups at once.
    Anova,
    /// Kruskal and Wallis' test over all groups at once.
    Kruskal,
    /// The difference of means over resamples; their seed is 0.
    Bootstrap,
}

/// How a group is to be tested, by name.
const NAMES: &[(&str, CompareTest)] = &[
    ("t", CompareTest::Student),
    ("welch", CompareTest::Welch),
    ("paired", CompareTest::Paired),
    ("wilcoxon", CompareTest::RankSum),
    ("signed-rank", CompareTest::SignedRank),
    ("anova", CompareTest::Anova),
    ("kruskal", CompareTest::Kruskal),
    ("bootstrap", CompareTest::Bootstrap),
];

impl FromStr for CompareTest {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<CompareTest, String> {
        let row = NAMES.iter().find(|(name, _)| *name == text);
        row.map(|(_, test)| *test).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("{text:?} is no test: give one of {}", names.join(", "))
        })
    }
}

/// A metric of all groups.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompareMetric {
    /// Its name, with its context when it has one.
    pub name: String,
    /// Which end is better, where the goal of the experiment or the caller says so.
    pub direction: Option<Direction>,
    /// Of each group.
    pub results: Vec<CompareResult>,
    /// The group with the best mean, where a direction is known.
    pub best: Option<usize>,
    /// Whether groups differ in it.
    pub differs: bool,
    /// What a test of all groups at once found.
    pub overall: Option<Tested>,
}

/// A metric of one group.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CompareResult {
    /// The last values of its runs that are finite, in the order of the runs.
    pub values: Vec<f64>,
    /// How many are not.
    pub not_finite: usize,
    /// What they come to; `None` when there are none.
    pub description: Option<Description>,
    /// Its mean less the baseline's.
    pub difference: Option<f64>,
    /// The same as a share of the size of the baseline's.
    pub relative: Option<f64>,
    /// Whether the difference is to the better, where a direction is known and there is a difference.
    pub is_better: Option<bool>,
    /// What the test against the baseline found.
    pub tested: Option<Tested>,
}

/// What a test found, or why it found nothing.
pub type Tested = std::result::Result<CompareOutcome, String>;

/// What a test found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CompareOutcome {
    /// Statistic, p-value, effect and intervals.
    pub outcome: Outcome,
    /// The p-value, corrected for all tests of the answer (Holm).
    pub corrected: f64,
    /// Whether that is below alpha.
    pub is_significant: bool,
}

/// What is asked about metrics.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub test: Option<CompareTest>,
    pub alpha: f64,
    pub all: bool,
}

impl Default for Question {
    fn default() -> Question {
        Question {
            test: None,
            alpha: 0.05,
            all: false,
        }
    }
}

impl Question {
    /// The metrics that are shown, those that differ first and those of the machine last; how many tests were made; and
    /// how many metrics were left out.
    pub fn metrics(
        &self,
        groups: &[CompareGroup],
        baseline: usize,
        directions: &BTreeMap<String, Direction>,
    ) -> Result<(Vec<CompareMetric>, usize, usize)> {
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            let error = Error::validation(format!("alpha is {}", self.alpha));
            return Err(error.with_hint("give a share between 0 and 1, such as 0.05"));
        }
        let runs = groups.iter().flat_map(|group| &group.runs);
        let columns = Columns::of(runs.map(|run| &run.metrics));
        let names = columns.names().iter().enumerate();
        let shown = names.filter(|(_, name)| self.all || !name.starts_with(SYSTEM));
        let shown: Vec<(usize, &&str)> = shown.collect();
        let made = each_side_by_side(&shown, PART_LEN, |(at, name)| {
            let mut describer = Describer::new(1.0 - self.alpha);
            let mut left = columns.column(*at);
            let summed = groups.iter().map(|group| {
                let of_group = left.by_ref().take(group.runs.len());
                summed(of_group.flatten(), &mut describer)
            });
            let direction = directions.get(**name).copied();
            let mut metric = metric(name, summed.collect(), baseline, direction);
            let is_shown = self.all || metric.differs;
            is_shown.then(|| {
                self.test(&mut metric, groups, baseline);
                metric
            })
        });
        let mut metrics: Vec<CompareMetric> = made.into_iter().flatten().collect();
        metrics.sort_by_key(|metric| (metric.name.starts_with(SYSTEM), !metric.differs));
        let tests = self.correct(&mut metrics)?;
        let left_out = columns.names().len() - metrics.len();
        Ok((metrics, tests, left_out))
    }

    fn test(&self, metric: &mut CompareMetric, groups: &[CompareGroup], baseline: usize) {
        let Some(test) = self.test else {
            return;
        };
        let level = 1.0 - self.alpha;
        if matches!(test, CompareTest::Anova | CompareTest::Kruskal) {
            let with_values = metric
                .results
                .iter()
                .filter(|result| !result.values.is_empty());
            let values: Vec<&[f64]> = with_values.map(|result| result.values.as_slice()).collect();
            let outcome = match test {
                CompareTest::Anova => statistics::anova(&values, level),
                _ => statistics::kruskal_wallis(&values, level),
            };
            metric.overall = Some(found(outcome));
            return;
        }
        let reference = metric.results[baseline].values.clone();
        for (place, result) in metric.results.iter_mut().enumerate() {
            if place == baseline {
                continue;
            }
            let (own, other) = if matches!(test, CompareTest::Paired | CompareTest::SignedRank) {
                pairs(&metric.name, &groups[place], &groups[baseline])
            } else {
                (result.values.clone(), reference.clone())
            };
            result.tested = Some(found(of_two(test, &own, &other, level)));
        }
    }

    /// Corrects all p-values of the answer for one another.
    fn correct(&self, metrics: &mut [CompareMetric]) -> Result<usize> {
        let mut outcomes: Vec<&mut CompareOutcome> = Vec::new();
        for metric in metrics {
            let of_groups = metric.results.iter_mut().map(|result| &mut result.tested);
            let tested = of_groups.chain([&mut metric.overall]);
            outcomes.extend(tested.filter_map(|tested| tested.as_mut()?.as_mut().ok()));
        }
        let values: Vec<f64> = outcomes.iter().map(|outcome| outcome.outcome.p).collect();
        let corrected =
            statistics::holm(&values).map_err(|error| Error::validation(error.to_string()))?;
        for (outcome, corrected) in outcomes.iter_mut().zip(corrected) {
            outcome.corrected = corrected;
            outcome.is_significant = corrected < self.alpha;
        }
        Ok(values.len())
    }
}

/// A metric with what each group has of it.
fn metric(
    name: &str,
    mut results: Vec<CompareResult>,
    baseline: usize,
    direction: Option<Direction>,
) -> CompareMetric {
    let reference = results[baseline].description;
    for (place, result) in results.iter_mut().enumerate() {
        if let (Some(own), Some(reference)) = (result.description, reference)
            && place != baseline
        {
            let difference = own.mean - reference.mean;
            result.difference = Some(difference);
            result.relative = (reference.mean != 0.0).then(|| difference / reference.mean.abs());
            result.is_better = direction
                .filter(|_| difference != 0.0)
                .map(|direction| (difference > 0.0) == (direction == Direction::Max));
        }
    }
    let differ = |one: &CompareResult, other: &CompareResult| {
        one.values != other.values || one.not_finite != other.not_finite
    };
    CompareMetric {
        name: name.to_owned(),
        direction,
        best: direction.and_then(|direction| best(&results, direction)),
        differs: results.windows(2).any(|pair| differ(&pair[0], &pair[1])),
        results,
        overall: None,
    }
}

fn of_two(
    test: CompareTest,
    own: &[f64],
    other: &[f64],
    level: f64,
) -> std::result::Result<Outcome, statistics::Error> {
    match test {
        CompareTest::Student => statistics::student(own, other, level),
        CompareTest::Paired => statistics::paired_t(own, other, level),
        CompareTest::RankSum => statistics::rank_sum(own, other, level),
        CompareTest::SignedRank => statistics::signed_rank(own, other, level),
        CompareTest::Bootstrap => statistics::bootstrap(own, other, level, Bootstrap::default()),
        // Tests of all groups do not come here.
        CompareTest::Welch | CompareTest::Anova | CompareTest::Kruskal => {
            statistics::welch(own, other, level)
        }
    }
}

/// Before it is corrected.
fn found(outcome: std::result::Result<Outcome, statistics::Error>) -> Tested {
    let outcome = outcome.map_err(|error| error.to_string())?;
    Ok(CompareOutcome {
        corrected: outcome.p,
        is_significant: false,
        outcome,
    })
}

fn last(name: &str, group: &CompareGroup, place: usize) -> Option<f64> {
    let metric = group.runs[place].metrics.get(name)?;
    Some(metric.last.value)
}

fn summed<'a>(
    metrics: impl Iterator<Item = &'a MetricSummary>,
    describer: &mut Describer,
) -> CompareResult {
    let mut summed = CompareResult::default();
    for value in metrics.map(|metric| metric.last.value) {
        if value.is_finite() {
            summed.values.push(value);
        } else {
            summed.not_finite += 1;
        }
    }
    summed.description = describer.describe(&summed.values).ok();
    summed
}

fn best(results: &[CompareResult], direction: Direction) -> Option<usize> {
    let means = results.iter().enumerate().filter_map(|(place, result)| {
        let mean = result.description?.mean;
        Some((
            place,
            if direction == Direction::Max {
                -mean
            } else {
                mean
            },
        ))
    });
    means
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(place, _)| place)
}

/// Finite values of runs that have one partner in the other group; each run has one partner at most.
fn pairs(name: &str, group: &CompareGroup, other: &CompareGroup) -> (Vec<f64>, Vec<f64>) {
    let mut taken: BTreeSet<RunId> = BTreeSet::new();
    let mut pairs = (Vec::new(), Vec::new());
    for (place, key) in group.pair_keys.iter().enumerate() {
        let Some(own) = last(name, group, place).filter(|value| value.is_finite()) else {
            continue;
        };
        let partner = other
            .pair_keys
            .iter()
            .enumerate()
            .find_map(|(place, other_key)| {
                let value = last(name, other, place).filter(|value| value.is_finite())?;
                let id = other.runs[place].id;
                (key == other_key && !key.is_empty() && !taken.contains(&id)).then_some((id, value))
            });
        if let Some((id, value)) = partner {
            taken.insert(id);
            pairs.0.push(own);
            pairs.1.push(value);
        }
    }
    pairs
}
