//! What is asked: which run, which of its metrics, which steps and times, how exactly.

use std::num::NonZeroUsize;
use std::ops::{Bound, RangeBounds, RangeInclusive};

use mltrack_event::{MetricDefined, RunKey};

use crate::glob::glob_matches;

/// A question about the history of a run's metrics. Without further words: all of them, whole and exact.
#[derive(Clone, Debug)]
pub struct Query {
    run: RunKey,
    patterns: Vec<String>,
    context: Vec<(String, String)>,
    steps: RangeInclusive<i64>,
    times_ns: RangeInclusive<i64>,
    resolution: Resolution,
}

/// How exact the answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// Every point.
    Exact,
    /// At most so many buckets for each metric, with true extremes.
    Buckets(NonZeroUsize),
}

impl Query {
    /// All metrics of a run, every point.
    #[must_use]
    pub fn new(run: RunKey) -> Query {
        Query {
            run,
            patterns: Vec::new(),
            context: Vec::new(),
            steps: i64::MIN..=i64::MAX,
            times_ns: i64::MIN..=i64::MAX,
            resolution: Resolution::Exact,
        }
    }

    /// Only metrics of this name, or whose name matches this pattern of `*` and `?`; each call adds more.
    #[must_use]
    pub fn metric(mut self, pattern: impl Into<String>) -> Query {
        self.patterns.push(pattern.into());
        self
    }

    /// Only metrics whose context has this value for this key; each call demands more.
    #[must_use]
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Query {
        self.context.push((key.into(), value.into()));
        self
    }

    /// Only points at these steps.
    #[must_use]
    pub fn steps(mut self, steps: impl RangeBounds<i64>) -> Query {
        self.steps = inclusive(&steps);
        self
    }

    /// Only points of these times, in ns since 1970.
    #[must_use]
    pub fn times_ns(mut self, times: impl RangeBounds<i64>) -> Query {
        self.times_ns = inclusive(&times);
        self
    }

    /// At most so many buckets for each metric, instead of every point.
    #[must_use]
    pub fn buckets(mut self, count_max: NonZeroUsize) -> Query {
        self.resolution = Resolution::Buckets(count_max);
        self
    }

    /// Every point, whatever was said before.
    #[must_use]
    pub fn exact(mut self) -> Query {
        self.resolution = Resolution::Exact;
        self
    }

    /// The run that is asked about.
    #[must_use]
    pub fn run(&self) -> RunKey {
        self.run
    }

    /// How exact the answer is.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// Whether a metric is asked for. One that the log does not define has no name to ask for.
    pub(crate) fn wants_metric(&self, metric: Option<&MetricDefined>) -> bool {
        let Some(metric) = metric else {
            return self.patterns.is_empty() && self.context.is_empty();
        };
        self.wants_name(&metric.name, &metric.context)
    }

    /// Whether something of this name and context is asked for.
    pub(crate) fn wants_name(&self, name: &str, context: &[(String, String)]) -> bool {
        let is_named = self.patterns.is_empty()
            || self
                .patterns
                .iter()
                .any(|pattern| pattern == name || glob_matches(pattern, name));
        is_named && self.context.iter().all(|pair| context.contains(pair))
    }

    /// The lowest and the highest step that are asked for; the lowest is above the highest when none is.
    pub(crate) fn step_bounds(&self) -> (i64, i64) {
        (*self.steps.start(), *self.steps.end())
    }

    /// The earliest and the latest time that are asked for, likewise.
    pub(crate) fn time_bounds_ns(&self) -> (i64, i64) {
        (*self.times_ns.start(), *self.times_ns.end())
    }

    pub(crate) fn wants_point(&self, step: i64, time_ns: i64) -> bool {
        self.steps.contains(&step) && self.times_ns.contains(&time_ns)
    }
}

/// The same range with both ends in it. A range without members stays without.
fn inclusive(range: &impl RangeBounds<i64>) -> RangeInclusive<i64> {
    #[expect(
        clippy::reversed_empty_ranges,
        reason = "it has no members, which is what is meant"
    )]
    const EMPTY: RangeInclusive<i64> = 1..=0;
    let start = match range.start_bound() {
        Bound::Included(start) => Some(*start),
        Bound::Excluded(start) => start.checked_add(1),
        Bound::Unbounded => Some(i64::MIN),
    };
    let end = match range.end_bound() {
        Bound::Included(end) => Some(*end),
        Bound::Excluded(end) => end.checked_sub(1),
        Bound::Unbounded => Some(i64::MAX),
    };
    match (start, end) {
        (Some(start), Some(end)) => start..=end,
        _ => EMPTY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_range_means_its_members() {
        assert_eq!(inclusive(&(3..7)), 3..=6);
        assert_eq!(inclusive(&(3..=7)), 3..=7);
        assert_eq!(inclusive(&(..7)), i64::MIN..=6);
        assert_eq!(inclusive(&(3..)), 3..=i64::MAX);
        assert_eq!(inclusive(&(..)), i64::MIN..=i64::MAX);
        assert!(inclusive(&(..i64::MIN)).is_empty());
        assert!(inclusive(&(3..3)).is_empty());
    }
}
