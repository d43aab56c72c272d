//! Metric points, the dictionary of their names, and histograms, version 1.
//!
//! Invariants: as in `experiment.rs`, a `..V1` struct is frozen. A definition comes before the first
//! use of its id, in the same batch at the latest. Values keep every bit, NaN payloads included.
//! There is no actor: whose points these are is said by the events that made the writer an owner.

use bincode::{Decode, Encode};
use serde::Serialize;

use crate::ids::{ColumnsId, MetricId, RunKey};
use crate::metric_key::{MetricKey, metric_id, set_id};

/// The metrics of one step: one value, or one for each member of a set.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize)]
pub struct MetricsLoggedV1 {
    /// The run.
    pub run: RunKey,
    /// What the values stand for.
    pub columns: ColumnsId,
    /// The step.
    pub step: i64,
    /// One value, or the members' values in the set's order.
    #[serde(serialize_with = "crate::json::floats")]
    pub values: Vec<f64>,
}

/// Many steps of the same metrics, as columns.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize)]
pub struct MetricBatchLoggedV1 {
    /// The run.
    pub run: RunKey,
    /// What the columns stand for.
    pub columns: ColumnsId,
    /// The step of each row.
    pub steps: Vec<i64>,
    /// The time of each row in nanoseconds since the epoch; empty when all have the record's.
    pub times: Vec<i64>,
    /// All rows of the first column, then all of the second, and so on.
    #[serde(serialize_with = "crate::json::floats")]
    pub values: Vec<f64>,
}

/// A metric's name and context, before the first use of its id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct MetricDefinedV1 {
    /// The id, a hash of the other two.
    pub id: MetricId,
    /// The name.
    pub name: String,
    /// The context, sorted by key.
    #[serde(serialize_with = "crate::json::pairs")]
    pub context: Vec<(String, String)>,
}

/// An ordered set of metrics, before the first use of its id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct MetricSetDefinedV1 {
    /// The id, a hash of the members.
    pub id: ColumnsId,
    /// The metrics, in the order of the values.
    pub members: Vec<MetricId>,
}

/// A distribution at one step.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize)]
pub struct HistogramLoggedV1 {
    /// The run.
    pub run: RunKey,
    /// What is distributed.
    pub metric: MetricId,
    /// The step.
    pub step: i64,
    /// Bucket `i` holds values from edge `i` up to, but not at, edge `i + 1`; the last one also
    /// holds the last edge. One edge more than there are buckets.
    #[serde(serialize_with = "crate::json::floats")]
    pub edges: Vec<f64>,
    /// How many values each bucket holds.
    pub counts: Vec<u64>,
    /// How many finite values there were.
    pub count: u64,
    /// How many values were NaN or infinite; no bucket holds them.
    pub not_finite: u64,
    /// The sum of the finite values, like the next three.
    #[serde(serialize_with = "crate::json::float")]
    pub sum: f64,
    /// The sum of their squares, for the standard deviation.
    #[serde(serialize_with = "crate::json::float")]
    pub sum_of_squares: f64,
    /// The smallest.
    #[serde(serialize_with = "crate::json::float")]
    pub min: f64,
    /// The largest.
    #[serde(serialize_with = "crate::json::float")]
    pub max: f64,
    /// Chosen quantiles, such as (0.5, the median).
    #[serde(serialize_with = "crate::json::float_pairs")]
    pub quantiles: Vec<(f64, f64)>,
}

impl MetricDefinedV1 {
    /// The definition of a key.
    #[must_use]
    pub fn new(key: &MetricKey) -> MetricDefinedV1 {
        let (name, context) = (key.name().to_owned(), key.context().to_vec());
        MetricDefinedV1 {
            id: key.id(),
            name,
            context,
        }
    }

    /// Whether the id is the hash of the rest, as it is in everything this program writes.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        metric_id(&self.name, &self.context) == self.id
    }
}

impl MetricSetDefinedV1 {
    /// The definition of an ordered set.
    #[must_use]
    pub fn new(members: Vec<MetricId>) -> MetricSetDefinedV1 {
        MetricSetDefinedV1 {
            id: set_id(&members),
            members,
        }
    }

    /// Whether the id is the hash of the members, as it is in everything this program writes.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        set_id(&self.members) == self.id
    }
}

impl MetricBatchLoggedV1 {
    /// How many columns there are, or `None` when the lengths do not fit together.
    #[must_use]
    pub fn column_count(&self) -> Option<usize> {
        let rows = self.steps.len();
        let times_fit = self.times.is_empty() || self.times.len() == rows;
        let columns = self.values.len().checked_div(rows)?;
        (times_fit && columns > 0 && columns * rows == self.values.len()).then_some(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_knows_whether_its_id_is_right() {
        let key = MetricKey::with_context("loss", vec![("subset".into(), "val".into())]).unwrap();
        let mut metric = MetricDefinedV1::new(&key);
        assert!(metric.is_consistent());
        metric.name.push('2');
        assert!(!metric.is_consistent());

        let mut set = MetricSetDefinedV1::new(vec![MetricId(1), MetricId(2)]);
        assert!(set.is_consistent());
        set.members.reverse();
        assert!(!set.is_consistent(), "the order counts");
    }

    #[test]
    fn a_batch_whose_lengths_do_not_fit_has_no_columns() {
        let batch = |rows: i64, times: usize, values: usize| MetricBatchLoggedV1 {
            run: RunKey::from_bytes([0; 8]),
            columns: ColumnsId(0),
            steps: (0..rows).collect(),
            times: vec![0; times],
            values: vec![0.0; values],
        };
        assert_eq!(batch(3, 0, 6).column_count(), Some(2));
        assert_eq!(batch(3, 3, 3).column_count(), Some(1));
        for (rows, times, values) in [(3, 0, 7), (3, 2, 6), (0, 0, 0), (0, 0, 5), (3, 0, 0)] {
            assert_eq!(
                batch(rows, times, values).column_count(),
                None,
                "{rows} {times} {values}"
            );
        }
    }
}
