//! What is answered: one history for each metric.

use mltrack_event::MetricId;
use mltrack_projector::Lsn;

use crate::buckets::Bucket;

/// The points of one metric of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct History {
    /// The metric.
    pub metric: MetricId,
    /// Its name; the id in words when the log does not define it.
    pub name: String,
    /// Its context, sorted by key.
    pub context: Vec<(String, String)>,
    /// The points, or what stands for them.
    pub series: Series,
}

/// The points of a history, or what stands for them.
#[derive(Clone, PartialEq, Debug)]
pub enum Series {
    /// Every point.
    Points(Points),
    /// Neighbouring points together, in the order of their steps.
    Buckets(Vec<Bucket>),
}

impl Series {
    /// Whether there is no point at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Series::Points(points) => points.is_empty(),
            Series::Buckets(buckets) => buckets.is_empty(),
        }
    }

    /// Every point; `None` when the query asked for buckets.
    #[must_use]
    pub fn points(&self) -> Option<&Points> {
        match self {
            Series::Points(points) => Some(points),
            Series::Buckets(_) => None,
        }
    }

    /// The buckets; `None` when the query asked for every point.
    #[must_use]
    pub fn buckets(&self) -> Option<&[Bucket]> {
        match self {
            Series::Points(_) => None,
            Series::Buckets(buckets) => Some(buckets),
        }
    }
}

/// Points as columns of one length, in the order (step, lsn): of several at one step, the one logged first comes first.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Points {
    /// The step of each.
    pub steps: Vec<i64>,
    /// The time of each, in ns since 1970.
    pub times_ns: Vec<i64>,
    /// The value of each, bit for bit.
    pub values: Vec<f64>,
    /// The record that each came with. Several can share one.
    pub lsns: Vec<Lsn>,
}

impl Points {
    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn push(&mut self, step: i64, time_ns: i64, value: f64, lsn: Lsn) {
        self.steps.push(step);
        self.times_ns.push(time_ns);
        self.values.push(value);
        self.lsns.push(lsn);
    }

    /// From the order of the log to the order of the steps.
    pub(crate) fn sort_by_step(&mut self) {
        if self.steps.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        // Stable, so points of one step stay in the order of the log.
        order.sort_by_key(|at| self.steps[*at]);
        self.steps = order.iter().map(|at| self.steps[*at]).collect();
        self.times_ns = order.iter().map(|at| self.times_ns[*at]).collect();
        self.values = order.iter().map(|at| self.values[*at]).collect();
        self.lsns = order.iter().map(|at| self.lsns[*at]).collect();
    }
}
