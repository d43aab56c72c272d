//! `/api/v1/compare`: runs or groups of replicates side by side, and whether they really differ.
//!
//! Invariant: the library decides what differs and what is significant; here it is only asked and told.

use axum::Json;
use axum::extract::State;
use mltrack::{COMPARED_RUNS_MAX, CompareTest, Direction, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::compare_form::CompareForm;
use super::error::{Answer, Fault, Faults};
use super::moment::{Moment, at};
use super::named::{run_id, run_ids};
use super::page::{at_most, words};
use crate::blocking::blocking;
use crate::shared::Shared;

/// The most names of runs that are looked for, before it is known which of them mean the same run.
const NAMED_MAX: usize = 2 * COMPARED_RUNS_MAX;
/// The most params that tell replicates apart, or metrics with a goal.
const WORDS_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(compare))
}

/// Which runs, and what of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareAsk {
    /// 2 to 100 runs, with commas between them: ids, beginnings of them, or names.
    pub runs: Vec<String>,
    /// Params, with commas between them: each run stands for all completed ones that are equal but for these. `seed` also
    /// means names such as `data_seed` and `random_state`.
    pub by: Vec<String>,
    /// Tests every metric that is told, over replicates: those by seed unless `by` says otherwise.
    #[param(inline)]
    pub test: Option<TestName>,
    /// The run that the others are compared with; the first one otherwise.
    pub baseline: Option<String>,
    /// Which end of metrics is better, beside the goal of the experiment: `loss:min`.
    pub goal: Vec<String>,
    /// A corrected p-value below this is significant, and intervals are of 1 - alpha.
    #[param(exclusive_minimum = 0.0, exclusive_maximum = 1.0, default = 0.05)]
    pub alpha: Option<f64>,
    /// As it was then: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// Also what is equal in all groups, and metrics of the machine.
    pub all: bool,
    /// Runs of several experiments, too.
    pub across: bool,
}

/// How groups are tested.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TestName {
    /// Student's t: two means, their spread taken to be equal.
    T,
    /// Welch's t: two means of any spread.
    Welch,
    /// Student's t over pairs of equal seeds.
    Paired,
    /// Wilcoxon's rank-sum test.
    Wilcoxon,
    /// Wilcoxon's signed-rank test over pairs of equal seeds.
    SignedRank,
    /// Analysis of variance over all groups at once.
    Anova,
    /// Kruskal and Wallis' test over all groups at once.
    Kruskal,
    /// The difference of means over resamples.
    Bootstrap,
}

impl From<TestName> for CompareTest {
    fn from(name: TestName) -> CompareTest {
        match name {
            TestName::T => CompareTest::Student,
            TestName::Welch => CompareTest::Welch,
            TestName::Paired => CompareTest::Paired,
            TestName::Wilcoxon => CompareTest::RankSum,
            TestName::SignedRank => CompareTest::SignedRank,
            TestName::Anova => CompareTest::Anova,
            TestName::Kruskal => CompareTest::Kruskal,
            TestName::Bootstrap => CompareTest::Bootstrap,
        }
    }
}

/// Runs or groups of replicates, and whether they differ
#[utoipa::path(get, path = "/compare", tag = "runs", params(CompareAsk),
    responses((status = 200, description = "what `mltrack compare` answers", body = CompareForm), Faults))]
async fn compare(
    State(shared): State<Shared>,
    Ask(ask): Ask<CompareAsk>,
) -> Answer<Json<CompareForm>> {
    blocking(move || compared(shared.tracker(), &ask).map(Json)).await
}

fn compared(tracker: &Tracker, ask: &CompareAsk) -> Answer<CompareForm> {
    let names: Vec<String> = words(&ask.runs).into_iter().map(str::to_owned).collect();
    let by = words(&ask.by);
    at_most("params in by", by.len(), WORDS_MAX)?;
    at_most("goals", ask.goal.len(), WORDS_MAX)?;
    let query = tracker.compare(run_ids(tracker, &names, NAMED_MAX)?);
    let mut query = at!(query, Moment::of(ask.at.as_deref())?)
        .all(ask.all)
        .across(ask.across);
    if !by.is_empty() {
        query = query.by(by);
    }
    if let Some(name) = &ask.baseline {
        query = query.baseline(run_id(tracker, name)?);
    }
    if let Some(test) = ask.test {
        query = query.test(test.into());
    }
    if let Some(alpha) = ask.alpha {
        query = query.alpha(alpha);
    }
    for goal in &ask.goal {
        let (metric, direction) = goal_of(goal)?;
        query = query.direction(metric, direction);
    }
    Ok(CompareForm::from(query.fetch()?))
}

fn goal_of(text: &str) -> Answer<(&str, Direction)> {
    let parts = text.rsplit_once(':');
    let found = parts.and_then(|(metric, word)| match word {
        "min" => Some((metric, Direction::Min)),
        "max" => Some((metric, Direction::Max)),
        _ => None,
    });
    found
        .filter(|(metric, _)| !metric.is_empty())
        .ok_or_else(|| {
            Fault::invalid(format!("{text:?} is no goal")).hint("such as loss:min or acc:max")
        })
}
