//! Why a question about samples has no answer, and what would give it one.
//!
//! Invariant: groups and places count from 1 in texts and from 0 in fields.

/// A question that these samples cannot answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is NaN or infinite. Nothing is skipped silently: the caller decides what such a value means.
    #[error(
        "value {} of group {} is {value}: leave the run out, or use another summary of the metric that is finite", .index + 1, .group + 1
    )]
    NotFinite {
        group: usize,
        index: usize,
        value: f64,
    },
    /// A group has fewer values than the question needs.
    #[error(
        "group {} has {count} of the {needed} values that this needs: add replicate runs, for example with other seeds", .group + 1
    )]
    TooFew {
        group: usize,
        count: usize,
        needed: usize,
    },
    /// Fewer groups than can be compared.
    #[error("{count} groups cannot be compared: select at least 2")]
    TooFewGroups { count: usize },
    /// Samples that are no pairs.
    #[error(
        "{first} values cannot be paired with {second}: pair runs of equal seeds, or use a test of independent groups (welch, wilcoxon)"
    )]
    UnequalLengths { first: usize, second: usize },
    /// Every value, or every difference of a pair, is the same: there is nothing to test.
    #[error(
        "all {count} values are equal, so that there is nothing to test: choose another metric"
    )]
    AllEqual { count: usize },
    /// The groups differ but no group varies within itself, so that a difference has nothing to be measured against.
    #[error(
        "no group varies within itself, so that a difference cannot be judged: add replicates that differ (other seeds), or use a test of ranks (wilcoxon, kruskal)"
    )]
    NoSpread,
    /// A level of confidence outside (0, 1).
    #[error(
        "a level of confidence of {level} means nothing: give one between 0 and 1, such as 0.95"
    )]
    Level { level: f64 },
    /// A quantile outside [0, 1].
    #[error("a quantile at {fraction} means nothing: give a fraction between 0 and 1")]
    Fraction { fraction: f64 },
    /// Fewer resamples than an interval needs.
    #[error("{resamples} resamples give no interval: use at least {needed}")]
    Resamples { resamples: u32, needed: u32 },
    /// What is no p-value.
    #[error("value {} of the family is {value}, which is no p-value: leave tests out that had no answer", .index + 1)]
    Probability { index: usize, value: f64 },
}
